"""Counting, drawing, explaining, checking: the small parts of the engine."""

import json
import time
from pathlib import Path

import pytest
import torch

from llmscope.core import events
from llmscope.core.errors import ModelRefused
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.engine import checks, failures
from llmscope.engine.backends import eager
from llmscope.engine.devices import probe_dtypes
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make
from llmscope.models.catalog import resolve

CPU = torch.device("cpu")


def test_the_live_rate_is_tokens_per_second_since_the_last_tick() -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    meter.begin_cell(3)
    meter.begin_sample(0)
    for _ in range(30):
        time.sleep(0.01)
        meter.add(5)
    meter.end_cell()
    rates = [e.tokens_per_s for e in heard if isinstance(e, events.Progress) and e.tokens_per_s]
    assert rates and all(100 < rate <= 500 for rate in rates)
    assert all(e.cell == 3 for e in heard if isinstance(e, events.Progress))


def test_a_stop_is_raised_at_the_next_token() -> None:
    meter = Meter(lambda _: None)
    meter.add(1)
    meter.cancel()
    with pytest.raises(Cancelled):
        meter.add(1)
    with pytest.raises(Cancelled):
        meter.phase("decode")


def test_text_travels_by_sequence_with_the_time_of_each_id() -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    meter.begin_cell(0)
    meter.begin_sample(4, request=True)
    for i, piece in enumerate(("To ", "be ", "or")):
        meter.add_text(i % 2, piece, 100 + i)
    meter.end_cell()
    texts = [e for e in heard if isinstance(e, events.Text)]
    assert {(e.sequence, e.text, e.token_ns) for e in texts} == {(0, "To or", (100, 102)), (1, "be ", (101,))}
    assert {e.sample for e in texts} == {4}


def test_inputs_are_seeded_fresh_and_ordinary() -> None:
    first, again, other = (Inputs(seed, 50, frozenset({0, 7})) for seed in (1, 1, 2))
    a, b = first.ids(2, 100), first.ids(2, 100)
    assert torch.equal(a, again.ids(2, 100)) and not torch.equal(a, b) and not torch.equal(a, other.ids(2, 100))
    assert not {0, 7} & set(a.flatten().tolist()) and int(a.max()) < 50
    first.note(a)
    first.note(b)
    assert not first.repeated
    first.note(a)
    assert first.repeated


def test_windows_of_a_text_are_whole_and_wrap() -> None:
    text = torch.arange(10)
    for window in Inputs(0, 10).windows(text, 20, 6):
        assert ((window[1:] - window[:-1]) % 10 == 1).all()


@pytest.mark.parametrize(("message", "wanted"), [
    ("[enforce fail at alloc_cpu.cpp:125] . DefaultCPUAllocator: can't allocate memory: you tried to allocate "
     "17179869184 bytes. Error code 12 (Cannot allocate memory)", 17179869184),
    ("CUDA out of memory. Tried to allocate 594.00 MiB. GPU 0 has a total capacity of 8.00 GiB", 594 * 1024**2)])
def test_out_of_memory_says_what_was_needed_and_what_there_was(message: str, wanted: int) -> None:
    error = torch.OutOfMemoryError(message) if "CUDA" in message else RuntimeError(message)
    failure = failures.explain(error, CPU)
    assert failure.extra["memory"]["wanted_bytes"] == wanted and failure.recycle
    assert failure.extra["memory"]["free_bytes"] > 0
    assert failure.reason.startswith("out of memory") and "lower the batch size" in failure.reason


def test_a_refused_model_leaves_the_worker_usable_and_a_surprise_does_not() -> None:
    assert not failures.explain(ModelRefused("no"), CPU).recycle
    surprise = failures.explain(KeyError("x"), CPU)
    assert surprise.recycle and "KeyError" in surprise.reason and "traceback" in surprise.extra


def test_a_probe_proves_float32_and_calls_it_fast() -> None:
    found = {probe.dtype: probe.fast for probe in probe_dtypes(CPU)}
    assert found["float32"] is True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers whose output layer always prefers the end token."""
    import shutil

    from transformers import AutoConfig, AutoModelForCausalLM

    from llmscope import paths

    folder = tmp_path_factory.mktemp("eager-to-end")
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "llama", architectures=["LlamaForCausalLM"], vocab_size=4096, hidden_size=32, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
        tie_word_embeddings=False, bos_token_id=0, eos_token_id=0)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        model.model.norm.weight.fill_(1.0)
        model.lm_head.weight[0] = 0.0
        model.lm_head.weight[1:] *= 1e-6
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.resources() / "bundled_model" / name, folder / name)
    return folder


def _passes(folder: Path, workload: str, n: int = 3, **settings: object):  # type: ignore[no-untyped-def]
    cell = Cell(str(folder), workload, "cpu", "float32", **({"seq": 24, "new": 9} | settings))  # type: ignore[arg-type]
    spec = RunSpec((cell,), sampling=Sampling(sequences=2 if workload == "gen" else 1), prompt="Enter a ghost.")
    source = resolve(str(folder))
    loaded = eager.load(source, CPU, "float32")
    meter = Meter(lambda _: None)
    made = make(cell, 0, spec, source, loaded, CPU, meter)
    watch, blocks, parts = Stopwatch(CPU), [], []
    for _ in range(n):
        made.prepare()
        blocks.append(made.run(watch))
        parts.append(made.finish())
    return made, blocks, parts, meter


def test_every_token_is_counted_though_the_model_wants_to_end(folder: Path) -> None:
    made, blocks, parts, meter = _passes(folder, "gen", batch=2)
    assert made.work == 2 * 9 * 2 and meter._tokens == 3 * made.work
    for block, part in zip(blocks, parts, strict=True):
        assert len(part["token_ns"]) == 9 and part["token_ns"] == sorted(part["token_ns"])
        assert part["token_ns"][-1] / 1e9 == pytest.approx(block.seconds)
        assert part["ttft_ms"] == pytest.approx(part["token_ns"][0] / 1e6)
    summary = made.summary()
    assert summary["itl_ms"]["n"] == 3 * 8 and summary["itl_ms"]["p99"] is None
    assert not made._inputs.repeated


def test_decoding_fills_the_cache_to_depth_and_new(folder: Path) -> None:
    _, blocks, _, meter = _passes(folder, "tg", depth=11)
    assert meter._tokens == 3 * 9 and all(block.seconds > 0 for block in blocks)


def test_phases_of_a_training_step_add_up(folder: Path) -> None:
    made, blocks, parts, _ = _passes(folder, "train", 6)
    for block, part in zip(blocks, parts, strict=True):
        assert set(part["phases_s"]) == {"data", "forward", "backward", "optimizer"}
        assert sum(part["phases_s"].values()) == pytest.approx(block.seconds, rel=0.03)
    assert made.summary()["loss"]["first"] == pytest.approx(8.3, abs=0.1)  # ln 4096: nothing is learned yet


def test_checks_find_wrong_places_wrong_dtypes_and_wrong_numbers(folder: Path) -> None:
    loaded = eager.load(resolve(str(folder)), CPU, "float32")
    checks.placement(loaded)
    assert checks.numerics(loaded)["float32_product_error"] < 1e-5
    loaded.dtype = "bfloat16"
    with pytest.raises(checks.NotTrustworthy, match="float32, not bfloat16"):
        checks.numerics(loaded)
    loaded.network.lm_head.to("meta")
    with pytest.raises(checks.NotTrustworthy, match="meta"):
        checks.placement(loaded)
    with pytest.raises(checks.NotTrustworthy, match="not finite"):
        checks.finite(torch.tensor([1.0, float("nan")]), "a logit")


def test_loaded_weights_do_not_lie_in_the_file(folder: Path) -> None:
    loaded = eager.load(resolve(str(folder)), CPU, "float32")
    mapped = [tuple(int(end, 16) for end in line.split()[0].split("-"))
              for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith("model.safetensors")]
    assert not any(low <= p.data_ptr() < high for p in loaded.network.parameters() for low, high in mapped)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "llama"
