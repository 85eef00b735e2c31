import pytest
from msgspec import structs

from llmscope.core.events import Device, DtypeProbe, RunStarted, Telemetry
from llmscope.core.spec import Cell, RunSpec
from llmscope.core.units import GIB
from llmscope.models.catalog import resolve
from llmscope.runs.fit import memory_now, shortfalls, too_large
from llmscope.terminal import Progress

CPU = Device("cpu", "AMD EPYC", "cpu", 16 * GIB, (DtypeProbe("float32", True),))
LARGE = RunSpec((Cell("arch:gpt2", "train", "cpu", "float32", batch=512, seq=1024),
                 Cell("arch:gpt2", "pp", "cpu", "float32"), Cell("machine", "gemm", "cpu", "float32", size=256)))


def telemetry(used: int) -> Telemetry:
    return Telemetry(t_ns=0, cpu_percent=1.0, others_percent=1.0, memory_used_bytes=used, memory_total_bytes=16 * GIB,
                     worker_rss_bytes=GIB)


def test_what_the_worker_holds_is_not_that_of_other_programs() -> None:
    assert memory_now(CPU, telemetry(4 * GIB)) == (16 * GIB, 3 * GIB)
    assert memory_now(CPU, None) == (None, None)


def test_a_run_that_is_expected_not_to_fit_is_told_in_one_line_a_model() -> None:
    (line,) = too_large(LARGE, (CPU,), telemetry(4 * GIB))
    assert line.startswith("arch:gpt2 on cpu is expected not to fit. Needs about ") and "lower" in line
    small = RunSpec(LARGE.cells[1:])
    assert not [*too_large(small, (CPU,), telemetry(4 * GIB))]
    assert [*too_large(small, (CPU,), telemetry(17 * GIB))]


def test_two_networks_in_turns_are_both_in_memory() -> None:
    """GPT-2 has 0.46 GiB of weights in float32: beside it there is no room for a second one."""
    one = Cell("arch:gpt2", "tg", "cpu", "float32")
    used = 17 * GIB - 3 * GIB // 4
    cells = {"another backend": (one, structs.replace(one, backend="compile")),
             "the same network": (one, structs.replace(one, cache="static"))}
    told = {name: [*shortfalls(RunSpec(pair, in_turns=True), (CPU,), telemetry(used), resolve)]
            for name, pair in cells.items()}
    assert not told["the same network"]
    ((ref, device, text),) = told["another backend"]
    assert (ref, device) == ("arch:gpt2", "cpu") and text.startswith("Needs about ")
    assert text.endswith("Beside it the other setting holds 0.46\u00a0GiB of weights.")
    ((_, _, none_free),) = shortfalls(RunSpec(cells["the same network"], in_turns=True), (CPU,), telemetry(18 * GIB),
                                      resolve)
    assert "0\u00a0MiB is free" in none_free
    assert not [*shortfalls(RunSpec(cells["another backend"]), (CPU,), telemetry(used), resolve)]


def test_more_threads_than_cores_are_warned_of_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for threads, lines in ((2, 0), (8, 1)):
        spec = RunSpec(LARGE.cells[1:], threads=threads)
        Progress()(RunStarted(t_ns=0, run="r", utc="", spec=spec, machine={"threads_usable": 2}, versions={}))
        assert capsys.readouterr().err.count("8 threads share 2 cores") == lines
