"""optimum-benchmark's reports: its targets as the nearest tests, each with a note on how they differ.

The format: https://github.com/huggingface/optimum-benchmark, `benchmark.json` or `benchmark_report.json` with the
`benchmark_config.json` beside it. Latencies are seconds of one call for the whole batch.
"""

from collections.abc import Mapping
from typing import Any

from llmscope.core.definitions import DEFINITIONS, test_id
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.runs.exchange.measured import Measured, run_name, values
from llmscope.runs.exchange.numbers import positive, whole

TOOL = "optimum-benchmark"
CONFIG = "benchmark_config.json"
#: Targets, the nearest test, and how they differ from it.
TARGETS = {
    "load_model": ("load-warm", "page cache not told"),
    "load": ("load-warm", "page cache not told"),
    "prefill": ("pp", "choosing a token included"),
    "decode": ("tg", "choosing each token included"),
    "generate": ("gen", "random ids, no tokenizer, no sampling"),
    "train": ("train", "a step of transformers' Trainer, told in tokens instead of samples"),
}


def is_report(found: Any) -> bool:
    """Return whether decoded JSON is a report without its config."""
    return isinstance(found, Mapping) and any(
        isinstance(target := found.get(name), Mapping) and "latency" in target for name in (*TARGETS, "forward"))


def is_whole(found: Any) -> bool:
    """Return whether decoded JSON is config and report together."""
    return isinstance(found, Mapping) and isinstance(found.get("config"), Mapping) and is_report(found.get("report"))


def measured(config: Mapping[str, Any], report: Mapping[str, Any], content: bytes) -> Measured:
    """Return a report as a run; raises BadInput where none of its targets has a test."""
    name = run_name(TOOL, "", content)
    environment, backend = _part(config, "environment"), _part(config, "backend")
    rows = tuple(_row(name, config, target, report[target]) for target in TARGETS
                 if isinstance(report.get(target), Mapping))
    if not rows:
        raise BadInput(f"It has none of the targets that llmscope knows: {', '.join(TARGETS)}.")
    gpus = environment.get("gpu")
    names = [str(gpu) for gpu in gpus] if isinstance(gpus, list) else []
    cpu = str(environment.get("cpu") or "").strip()
    version = environment.get("optimum_benchmark_version")
    versions = {"transformers": environment.get("transformers_version"),
                str(backend.get("name")): backend.get("version")}
    rest = {target: found for target, found in report.items() if target not in TARGETS}
    return Measured(
        name=name, program=f"{TOOL} {version or ''}".strip(), utc="", rows=rows,
        machine={"label": " · ".join([cpu, *names] if cpu else names), "cpu": cpu, "gpus": [{"name": n} for n in names],
                 "optimum_benchmark": {"config": config, "other_targets": rest}},
        versions={key: str(value) for key, value in versions.items() if value and key != "None"})


def _row(name: str, config: Mapping[str, Any], target: str, found: Mapping[str, Any]) -> Row:
    kind, differs = TARGETS[target]
    backend = _part(config, "backend")
    batch, seq, new = _lengths(config, target)
    depth = seq if kind == "tg" else 0
    latency = _part(found, "latency")
    seconds = positive(latency.get("values")) or positive([latency.get("mean")])
    tokens = {"pp": batch * seq, "tg": batch * new, "gen": batch * new, "train": batch * seq, "load-warm": None}[kind]
    definition = DEFINITIONS[kind]
    told = values([definition.value(s, tokens) for s in seconds], sum(seconds),
                  are_rates=definition.higher_is_better)
    device, model = str(backend.get("device") or "cpu"), str(backend.get("model") or "unknown model")
    return Row(run=name, test=test_id(kind, seq=seq, new=new, depth=depth, batch=batch), definition=f"{kind}/{TOOL}",
               model=model, backend=f"{TOOL} {backend.get('name') or ''}".strip(),
               device=f"{device}:0" if device in ("cuda", "mps", "xpu") else device, dtype=_dtype(backend),
               batch=batch, seq=seq, new=new, depth=depth, unit=definition.unit, verdict="warn" if told else "failed",
               reason=f"{TOOL} {target}: {differs}" if told else f"{TOOL} tells no latency of {target}",
               extra={"optimum_benchmark": {"target": target, **found}}, **told)


def _lengths(config: Mapping[str, Any], target: str) -> tuple[int, int, int]:
    """Return batch, sequence length and new tokens of a target's calls; raises BadInput where one is not told."""
    scenario = _part(config, "scenario")
    if target == "train":
        arguments, shapes = _part(scenario, "training_arguments"), _part(scenario, "dataset_shapes")
        steps = whole(arguments.get("gradient_accumulation_steps"), "gradient_accumulation_steps", 1)
        return _told(arguments, "per_device_train_batch_size") * steps, _told(shapes, "sequence_length"), 1
    shapes, generated = _part(scenario, "input_shapes"), _part(scenario, "generate_kwargs")
    if target in ("load", "load_model"):
        return 1, 1, 1
    new = 1 if target == "prefill" else _told(generated, "max_new_tokens") - (target == "decode")
    return _told(shapes, "batch_size"), _told(shapes, "sequence_length"), new


def _told(found: Mapping[str, Any], name: str) -> int:
    value = whole(found.get(name), name)
    if not value:
        raise BadInput(f"{CONFIG} does not tell {name}: it cannot be imported.")
    return value


def _dtype(backend: Mapping[str, Any]) -> str:
    told = backend.get("torch_dtype") or backend.get("dtype")
    return str(told or "not told")


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, Mapping) else {}
