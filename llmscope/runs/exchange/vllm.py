"""vLLM's `bench serve`: what a server gives many requests at once, as the nearest tests with a note on each.

The format: vllm/benchmarks/serve.py of https://github.com/vllm-project/vllm. Its TPOT is (last - first token) ÷
(tokens - 1) of a request; its time to first token has the server's queue in it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from llmscope.core.definitions import DEFINITIONS, test_id
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.runs.exchange.measured import Measured, run_name, values
from llmscope.runs.exchange.numbers import positive, whole

TOOL = "vLLM bench serve"
LABEL = "vllm-serve"
#: Lists with an entry for each request, which are not kept: of them, the times to the first token are samples.
LISTS = ("input_lens", "output_lens", "ttfts", "itls", "latencies", "start_times", "generated_texts", "errors")


def is_one(found: Any) -> bool:
    """Return whether decoded JSON is a result of `vllm bench serve`."""
    return isinstance(found, Mapping) and {"total_output_tokens", "duration", "mean_ttft_ms"} <= found.keys()


def measured(found: Mapping[str, Any], content: bytes) -> Measured:
    """Return a result as a run of up to three rows; raises BadInput where it does not tell how long requests were."""
    utc = _utc(found.get("date"))
    name = run_name(LABEL, utc, content)
    backend = str(found.get("backend") or found.get("endpoint_type") or "")
    requests, n_in, n_out = (whole(found.get(key), key) for key in (
        "completed", "total_input_tokens", "total_output_tokens"))
    if not requests or n_in < requests or n_out < requests:
        raise BadInput("No request in it was answered with tokens: there is nothing to import.")
    seq, new = round(n_in / requests), round(n_out / requests)
    common = {"run": name, "model": str(found.get("model_id") or "unknown model"), "backend": backend or "vllm",
              "device": "server", "dtype": "not told", "batch": 1, "seq": seq, "new": new,
              "options": _options(found), "extra": {"vllm": {k: v for k, v in found.items() if k not in LISTS}}}
    machine = {"label": f"a server, asked by {TOOL}", "cpu": "", "gpus": []}
    return Measured(name=name, program=TOOL, utc=utc, machine=machine, versions={}, rows=_rows(found, common),
                    seconds=sum(positive([found.get("duration")])))


def _rows(found: Mapping[str, Any], common: dict[str, Any]) -> tuple[Row, ...]:
    duration_s = sum(positive([found.get("duration")]))
    failed = whole(found.get("failed"), "failed")
    more = f"; {failed:,} requests failed" if failed else ""
    first_ms = [1e3 * s for s in positive(found.get("ttfts"))] or positive([found.get("median_ttft_ms")])
    each_ms, rate = positive([found.get("median_tpot_ms")]), positive([found.get("output_throughput")])
    return (
        _row("ttft", first_ms, duration_s, f"queue and network included{more}", common),
        _row("tg", [1e3 / ms for ms in each_ms], duration_s, f"1000 ÷ median TPOT, which is without the first "
             f"token; other requests at the same time{more}", common),
        _row("gen", rate, duration_s, f"all requests' new tokens ÷ the whole time{more}", common))


def _row(kind: str, samples: Sequence[float], timed_s: float, differs: str, common: dict[str, Any]) -> Row:
    """Return a row; requests that were served together are no independent samples, and give no interval."""
    are_rates = DEFINITIONS[kind].higher_is_better
    told = values(samples, timed_s, are_rates=are_rates) | {"low": None, "high": None} if samples else {}
    depth = common["seq"] if kind == "tg" else 0
    at_once = common["options"].get("concurrency")
    test = test_id(kind, seq=common["seq"], new=common["new"], depth=depth)
    return Row(test=f"{test} {at_once}-at-once" if at_once else test, definition=f"{kind}/{LABEL}", depth=depth,
               unit=DEFINITIONS[kind].unit, verdict="warn" if told else "failed",
               reason=f"{TOOL}: {differs}" if told else f"{TOOL} tells no such time", **common, **told)


def _options(found: Mapping[str, Any]) -> dict[str, str | bool | int]:
    rate, at_once = found.get("request_rate"), found.get("max_concurrency")
    return ({"concurrency": whole(at_once, "max_concurrency")} if at_once is not None else {}) | (
        {"request_rate": str(rate)} if rate is not None else {})


def _utc(date: Any) -> str:
    """Return vLLM's `20260131-120000`, which is in the time of its machine, in ISO 8601 and without a zone."""
    try:
        return datetime.strptime(str(date), "%Y%m%d-%H%M%S").isoformat()
    except ValueError:
        return ""
