import pytest

from llmscope.core.events import Device, Devices, DtypeProbe, RunStarted, Telemetry
from llmscope.core.spec import Cell, RunSpec
from llmscope.core.units import GIB
from llmscope.runs.fit import memory_now, too_large
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


def test_bench_warns_once_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    progress, now = Progress(), telemetry(4 * GIB)
    started = RunStarted(t_ns=0, run="r", utc="", spec=LARGE, machine={}, versions={})
    for event in (Devices(t_ns=0, devices=(CPU,), complete=True), now, started, now, now):
        progress(event)
    assert capsys.readouterr().err.count("expected not to fit") == 1
