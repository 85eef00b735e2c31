import os
import sys

import pytest

from llmscope.hardware import portable
from llmscope.hardware.readings import Memory, descendants

linux = pytest.importorskip("llmscope.hardware.linux") if sys.platform == "linux" else None
needs_linux = pytest.mark.skipif(linux is None, reason="reads /proc")


@needs_linux
def test_stolen_time_is_busy_and_waiting_for_a_disk_is_idle() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    times = linux.parse_stat(b"cpu  100 10 20 500 70 3 7 90 55 5\ncpu0 1 2 3 4\n")
    assert times is not None
    assert times.busy_s * ticks == pytest.approx(230)
    assert times.total_s * ticks == pytest.approx(800)


@needs_linux
def test_memory_in_use_is_what_is_not_available() -> None:
    text = b"MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nBuffers:  5 kB\n"
    assert linux.parse_meminfo(text) == Memory(600 * 1024, 1000 * 1024)


@needs_linux
def test_a_process_name_with_spaces_and_brackets_does_not_shift_the_fields() -> None:
    fields = [str(n) for n in range(3, 53)]
    fields[11], fields[12], fields[19], fields[21] = "250", "50", "4000", "7"
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    use = linux.parse_process(f"42 (a) b (c)) {' '.join(fields)}\n".encode())
    assert use is not None
    assert (use.cpu_s * ticks, use.started * ticks) == (pytest.approx(300), pytest.approx(4000))
    assert use.rss_bytes == 7 * page


@needs_linux
@pytest.mark.parametrize("parse", ["parse_stat", "parse_meminfo", "parse_process"])
def test_an_unreadable_file_is_none(parse: str) -> None:
    assert getattr(linux, parse)(b"") is None


@needs_linux
def test_the_portable_counters_agree_with_proc() -> None:
    one, other = linux.machine_times(), portable.machine_times()
    assert other.total_s == pytest.approx(one.total_s, rel=0.01)
    assert other.busy_s == pytest.approx(one.busy_s, rel=0.01)
    assert portable.memory().total_bytes == linux.memory().total_bytes
    mine, also_mine = linux.process_use(os.getpid()), portable.process_use(os.getpid())
    assert also_mine.cpu_s == pytest.approx(mine.cpu_s, abs=0.1)
    assert also_mine.rss_bytes == pytest.approx(mine.rss_bytes, rel=0.1)
    assert portable.parents()[os.getpid()] == linux.parents()[os.getpid()] == os.getppid()


def test_a_process_that_is_gone_is_none() -> None:
    assert portable.process_use(2**22 + 1) is None
    if linux is not None:
        assert linux.process_use(2**22 + 1) is None


def test_a_tree_holds_its_root_and_all_that_it_started() -> None:
    parents = {2: 1, 3: 2, 4: 2, 5: 1, 6: 6}
    assert descendants((2, 5, 6, 99), parents) == [{2, 3, 4}, {5}, {6}, {99}]
