"""What was predicted of a change, and what the change really gave: both settings measured in turns."""

from collections.abc import Iterator
from typing import Any

from llmscope.analysis.bottleneck import stored_finding
from tests.proofs.running import SMALL, cell, measure_ceilings, run

#: A test, the change that its finding predicts, and the settings before and after.
CHANGES: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any], int | None], ...] = (
    ("pp", "threads", "one thread to two", {"seq": 256, "threads": 1}, {"seq": 256, "threads": 2}, 1),
    ("tg", "batch", "batch 1 to 8", {"new": 8}, {"new": 8, "batch": 8}, None),
    ("pp", "16-bit weights", "float32 to bfloat16", {"seq": 128}, {"seq": 128, "dtype": "bfloat16"}, None),
    ("tg", "threads", "one thread to two", {"new": 8, "threads": 1}, {"new": 8, "threads": 2}, 1),
)


def lines() -> Iterator[str]:
    """Yield a line for each change."""
    measure_ceilings()
    yield f"{'test':<10} {'change':<22} {'predicted':<11} {'measured, in turns':<28} sign"
    for workload, change, words, before, after, threads in CHANGES:
        alone = {name: value for name, value in before.items() if name != "threads"}
        row = run(cell(SMALL, workload, **alone), threads=threads)[0]
        found = stored_finding(row)
        remedies = (*found.would_help, *found.would_not_help) if found else ()
        predicted = next((r.speedup for r in remedies if r.change == change), None)
        pair = run(cell(SMALL, workload, **before), cell(SMALL, workload, **after), in_turns=True, limit_s=20)
        got = pair[1].extra.get("compared")
        if predicted is None or got is None:
            yield f"{row.test:<10} {words:<22} could not be compared: {pair[1].reason or row.reason or 'no prediction'}"
            continue
        ratio = f"{got['ratio']:.2f} [{got['low']:.2f}, {got['high']:.2f}]"
        same = "no difference resolved" if not got["resolved"] else (
            "same" if (predicted > 1) == (got["ratio"] > 1) else "OPPOSITE")
        yield f"{row.test:<10} {words:<22} {predicted:<11.2f} {ratio:<28} {same}"
