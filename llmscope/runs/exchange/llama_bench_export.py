"""Rows as llama-bench would print them: its field names and order, what it does not know as `llmscope_…`.

A row that llama-bench measured goes out with the fields that came in. Of llmscope's own tests only those that
llama-bench has are told: pp and tg of one sequence.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import numpy as np

from llmscope import __version__
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import DTYPE_SHORT
from llmscope.core.statistics import Floats
from llmscope.hardware.host import gpus_of
from llmscope.runs.entry import title
from llmscope.runs.exchange.llama_bench import FORMULA, FRACTIONS, KEPT, TRUTHS, Fields
from llmscope.runs.exchange.llama_bench_table import table
from llmscope.runs.exchange.numbers import positive
from llmscope.runs.store import StoredRun

Form = Literal["llama-bench-json", "llama-bench-jsonl", "llama-bench-csv", "llama-bench-md"]
_BACKENDS = {"cpu": "CPU", "cuda": "CUDA", "mps": "Metal", "xpu": "SYCL"}
#: In llama-bench's order; what is None here has no counterpart in llmscope and goes out as null.
_OWN = ("build_commit", "build_number", "cpu_info", "gpu_info", "backends", "model_filename", "model_type",
        "model_size", "model_n_params", "n_batch", "n_ubatch", "n_threads", "cpu_mask", "cpu_strict", "poll",
        "type_k", "type_v", "n_gpu_layers", "n_cpu_moe", "split_mode", "main_gpu", "no_kv_offload", "flash_attn",
        "devices", "tensor_split", "tensor_buft_overrides", "load_mode", "embeddings", "no_op_offload", "no_host",
        "fit_target", "fit_min_ctx", "n_prompt", "n_gen", "n_depth", "test_time", "avg_ns", "stddev_ns", "avg_ts",
        "stddev_ts", "samples_ns", "samples_ts")


def tests(runs: Iterable[StoredRun]) -> tuple[list[Fields], list[str]]:
    """Return the fields of every row that llama-bench can tell, and the ids of those that it cannot."""
    told: list[Fields] = []
    others: list[str] = []
    for run in runs:
        for row in run.rows:
            if isinstance(row.extra.get(KEPT), dict):
                told.append(row.extra[KEPT])
            elif _has_counterpart(row):
                told.append(_own(row, run))
            else:
                others.append(row.test)
    return told, others


def text(told: Sequence[Fields], form: Form) -> str:
    """Return the fields in a format, ending with a newline."""
    if form == "llama-bench-json":
        return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"
    if form == "llama-bench-jsonl":
        return "".join(msgspec.json.encode(test).decode() + "\n" for test in told)
    return _csv(told) if form == "llama-bench-csv" else table(told)


def _has_counterpart(row: Row) -> bool:
    kind, _, version = row.definition.partition("/")  # what others define in their way has a name for a version
    has_value = bool(row.samples) and len(positive(list(row.samples))) == len(row.samples)
    return kind in ("pp", "tg") and version.isdigit() and row.batch == 1 and row.verdict in COUNTED and has_value


def _own(row: Row, run: StoredRun) -> Fields:
    started, is_prompt = run.manifest.started, row.definition.startswith("pp/")
    tokens = row.seq if is_prompt else row.new
    rates = np.array(row.samples, dtype=float)
    times_ns = 1e9 * tokens / rates
    spread_ns, spread = _spread(times_ns), _spread(rates)
    found = {
        "build_commit": f"llmscope {__version__}", "cpu_info": started.machine.get("cpu"),
        "gpu_info": ", ".join(str(gpu["name"]) for gpu in gpus_of(started.machine) if gpu.get("name")),
        "backends": _BACKENDS.get(row.device.partition(":")[0], row.device), "model_filename": row.model,
        "model_type": f"{title(row.model)} {DTYPE_SHORT.get(row.dtype, row.dtype)}",
        "model_n_params": row.extra.get("parameters"), "n_threads": row.extra.get("threads"),
        "n_prompt": row.seq if is_prompt else 0, "n_gen": 0 if is_prompt else row.new,
        "n_depth": 0 if is_prompt else row.depth,  # pp reads into an empty cache, whatever depth its run was asked for
        "test_time": _test_time(started.utc), "avg_ns": round(times_ns.mean()),
        "stddev_ns": None if spread_ns is None else round(spread_ns), "avg_ts": float(rates.mean()),
        "stddev_ts": spread, "samples_ns": [round(ns) for ns in times_ns], "samples_ts": list(row.samples)}
    told = ("run", "test", "definition", "backend", "device", "dtype", "median", "low", "high", "n", "timed_s",
            "verdict", "reason")
    return {name: found.get(name) for name in _OWN} | {f"llmscope_{name}": getattr(row, name) for name in told}


def _spread(values: Floats) -> float | None:
    """Return the sample standard deviation, which a single value does not have."""
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _test_time(utc: str) -> str | None:
    try:
        return f"{datetime.fromisoformat(utc).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        return None


def _csv(told: Sequence[Fields]) -> str:
    out = io.StringIO()
    names = list(dict.fromkeys(name for test in told for name, value in test.items() if not isinstance(value, list)))
    out.write(",".join(names) + "\n")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for test in told:
        writer.writerow([_cell(name, test.get(name)) for name in names])
    return out.getvalue()


def _cell(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value)) if name in TRUTHS else str(value).lower()
    if isinstance(value, float):
        short = f"{value:.6f}"  # as std::to_string writes it, unless that loses something
        return short if name in FRACTIONS and float(short) == value else repr(value)
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
