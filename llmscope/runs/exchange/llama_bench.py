"""llama-bench's results: read by the names of their fields, all of which are kept as they stand.

The format: tools/llama-bench/llama-bench.cpp of https://github.com/ggml-org/llama.cpp. Its fields change from version
to version, so none is asked for but the test and its speed.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.models.headers import one_line
from llmscope.runs.exchange.llama_bench_table import SETTINGS
from llmscope.runs.exchange.measured import Measured, run_name, values
from llmscope.runs.exchange.numbers import moment, positive, whole

TOOL = "llama-bench"
#: What a row keeps the fields under.
KEPT = "llama_bench"
#: Names of fields that are whole numbers, truths and fractions; all others are texts.
WHOLE = frozenset(("build_number", "model_size", "model_n_params", "n_batch", "n_ubatch", "n_threads", "poll",
                   "n_gpu_layers", "n_cpu_moe", "main_gpu", "flash_attn", "no_op_offload", "fit_target", "fit_min_ctx",
                   "n_prompt", "n_gen", "n_depth", "avg_ns", "stddev_ns"))
TRUTHS = frozenset(("f16_kv", "no_kv_offload", "cpu_strict", "embeddings", "no_host", "cuda", "opencl", "vulkan",
                    "kompute", "metal", "sycl", "gpu_blas", "blas", "mul_mat_q", "use_mmap", "use_direct_io"))
FRACTIONS = frozenset(("avg_ts", "stddev_ts"))
_DEVICES = {"CUDA": "cuda:0", "ROCm": "cuda:0", "HIP": "cuda:0", "Metal": "mps:0", "MTL": "mps:0", "SYCL": "xpu:0"}
#: The name of a quantisation at the end of a model's type: `llama 7B mostly Q4_0`, `qwen3 4B Q4_K - Medium`.
_TYPE = re.compile(r"(?:mostly )?\b((?:I?Q\d\w*|[BF]?F\d+|MXFP4|TQ\d\w*)(?: - [A-Z]\w+)?)\b.*$")
#: In the grammar of spreadsheets these begin a formula; `'` before them, here or there, says that they do not.
FORMULA = ("=", "+", "-", "@", "\t", "'")
#: More than any machine has.
MOST_THREADS, MOST_PARAMETERS = 2**20, 2**50

Fields = dict[str, Any]


def is_one(found: Any) -> bool:
    """Return whether decoded JSON is what llama-bench says of a test."""
    return isinstance(found, Mapping) and {"n_prompt", "n_gen", "avg_ts"} <= found.keys()


def from_csv(text: str) -> list[Fields]:
    """Return the fields of each line, numbers and truths as such where they are written as llama-bench does."""
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        names = next(lines, [])
        if "n_prompt" not in names:
            return []
        return [{name: _typed(name, cell) for name, cell in zip(names, line, strict=True)} for line in lines if line]
    except (csv.Error, ValueError) as error:
        raise BadInput(f"This table is damaged ({one_line(error)}): write it again with 'llama-bench -o csv'."
                       ) from error


def measured(tests: Sequence[Fields], content: bytes) -> Measured:
    """Return llama-bench's tests as a run; raises BadInput where a test has no lengths."""
    first = tests[0]
    utc, build = moment(first.get("test_time")), _build(first)
    name = run_name(TOOL, utc, content)
    gpu = str(first.get("gpu_info") or "")
    cpu = str(first.get("cpu_info") or "")
    machine = {"label": " · ".join(part for part in (cpu, gpu) if part), "cpu": cpu,
               "gpus": [{"name": gpu}] if gpu else []}
    return Measured(name=name, program=f"{TOOL} {build}".strip(), utc=utc, machine=machine,
                    versions={"llama.cpp": build} if build else {}, rows=tuple(_row(name, test) for test in tests))


def _row(name: str, test: Fields) -> Row:
    prompt, new, depth = (whole(test.get(field), field) for field in ("n_prompt", "n_gen", "n_depth"))
    test_id, definition, differs = _test(prompt, new, depth)
    type_ = str(test.get("model_type") or test.get("model_filename") or "unknown model")
    samples, timed_s = positive(test.get("samples_ts")), sum(positive(test.get("samples_ns"))) / 1e9
    how = "steadiness not checked"
    if not samples:
        samples, timed_s = positive([test.get("avg_ts")]), sum(positive([test.get("avg_ns")])) / 1e9
        how = "a mean, its repeats are not in the file"
    backend = str(test.get("backends") or "").strip()
    options, found = _options(test), values(samples, timed_s)
    return Row(run=name, test=test_id, definition=definition, model=type_, device=_device(backend, test),
               backend=f"llama.cpp {backend}".strip(), dtype=_dtype(type_), batch=1,
               seq=prompt or 512, new=new or 128, depth=depth, options=options, unit="tok/s",
               verdict="warn" if found else "failed",
               reason=f"{TOOL}: {differs}{how}" if found else f"{TOOL} tells no speed",
               extra={KEPT: test, "threads": options.get("threads")} | _model(test), **found)


def _model(test: Fields) -> dict[str, Any]:
    """Return what the file is called, whose type is no name, and how many parameters it has."""
    count = test.get("model_n_params")
    return {"model_name": PurePath(str(test.get("model_filename") or "").replace("\\", "/")).name} | (
        {"parameters": count} if isinstance(count, int) and 0 < count <= MOST_PARAMETERS else {})


def _options(test: Fields) -> dict[str, str | bool | int]:
    """Return the settings that tell tests of one id apart, as llama-bench's own table has them."""
    found = {name: value for name in SETTINGS if isinstance(value := test.get(name), str | bool | int)}
    threads = found.pop("n_threads", None)
    return found | ({"threads": threads} if type(threads) is int and 0 < threads <= MOST_THREADS else {})


def _test(prompt: int, new: int, depth: int) -> tuple[str, str, str]:
    """Return id and definition of a test, and how it differs from the nearest one of llmscope."""
    at_depth = f" @ d{depth}" if depth else ""
    if prompt and new:
        return (f"pp{prompt}+tg{new}{at_depth}", f"gen/{TOOL}",
                "prompt and new tokens counted together, no tokenizer, no sampling; ")
    if not prompt and not new:
        raise BadInput("A test in it has neither a prompt nor new tokens: it cannot be imported.")
    if prompt:
        # llmscope reads a prompt into an empty cache: with a depth it is another test.
        return f"pp{prompt}{at_depth}", f"pp/{TOOL}" if depth else DEFINITIONS["pp"].label, ""
    return f"tg{new}{at_depth}", DEFINITIONS["tg"].label, ""


def _dtype(type_: str) -> str:
    """Return the quantisation that a model's type names, `Q4_K_M` for `Q4_K - Medium`."""
    found = _TYPE.search(type_)
    return re.sub(r" - (\w)\w*", r"_\1", found[1]) if found else "not told"


def _device(backend: str, test: Fields) -> str:
    if backend in ("", "CPU", "BLAS") and not test.get("gpu_info"):
        return "cpu"
    kinds = backend.split(",")
    known = next((device for kind, device in _DEVICES.items() if kind in kinds), None)
    return known or ("cpu" if backend in ("CPU", "BLAS") else f"{kinds[0].lower() or 'gpu'}:0")


def _build(test: Fields) -> str:
    commit, count = test.get("build_commit"), test.get("build_number")
    return " ".join(part for part in (str(commit or ""), f"({count})" if count is not None else "") if part)


def _typed(name: str, cell: str) -> Any:
    if name in TRUTHS and cell in ("0", "1"):
        return cell == "1"
    try:
        if name in WHOLE:
            return int(cell)
        if name in FRACTIONS:
            return float(cell)
    except ValueError:
        return cell or None
    return cell[1:] if cell.startswith("'") and cell[1:2] in FORMULA else cell
