"""The host's share of a pass: what is not spent in operations."""

import time
from pathlib import Path

import pytest
import torch

from llmscope.engine import conditions
from llmscope.engine.operations import host_share
from tests.unit.engine.test_turns import rows, run


def timed(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


def test_large_products_leave_nothing_to_the_host_and_are_counted() -> None:
    x = torch.randn(700, 700)
    found = min((host_share(lambda: timed(lambda: [x @ x for _ in range(5)])) for _ in range(5)), key=lambda f: f.share)
    assert found.share < 0.3 and found.operations == 5
    assert list(found.heaviest) == ["mm"] and found.heaviest["mm"] == pytest.approx(1 - found.share)


def test_the_kinds_of_operations_that_work_longest_are_named_the_longest_first() -> None:
    large, number = torch.randn(500, 500), torch.ones(1)
    found = host_share(lambda: timed(lambda: [(large @ large, large.exp(), large.exp(), -number) for _ in range(20)]))
    assert set(found.heaviest) <= {"mm", "exp"}  # a single number is no work
    shares = list(found.heaviest.values())
    assert shares == sorted(shares, reverse=True) and 0.3 < sum(shares) <= 1


def test_python_between_operations_is_the_host_s() -> None:
    x = torch.randn(4, 4)

    def slow() -> None:
        for _ in range(5):
            x @ x
            time.sleep(0.01)
    assert host_share(lambda: timed(slow)).share > 0.8


def test_tiny_operations_are_the_host_s_too() -> None:
    x = torch.ones(1)
    # Another program that takes the core for a moment lengthens what it interrupts: one pass of five is left alone.
    assert max(host_share(lambda: timed(lambda: [x + x for _ in range(300)])).share for _ in range(5)) > 0.5


def test_a_pass_without_operations_is_all_the_host_s() -> None:
    assert host_share(lambda: timed(lambda: time.sleep(0.005))).share == 1.0


def test_only_the_timed_part_of_a_sample_is_looked_at(folder: Path) -> None:
    operations = {kind: rows(run(folder, {}, workload=kind, in_turns=False))[0].extra["host"]["operations"]
                  for kind in ("fwd", "bwd", "opt", "train")}
    # The step has all three; each of them alone is prepared by what goes before it in the step.
    assert operations["fwd"] + operations["bwd"] + operations["opt"] == pytest.approx(operations["train"], rel=0.1)


def test_a_process_that_sleeps_stands_still_and_one_that_works_does_not() -> None:
    before = conditions.cpu_use()
    time.sleep(0.1)
    asleep = conditions.cpu_shares(before, conditions.cpu_use())
    before, until = conditions.cpu_use(), time.thread_time() + 0.1
    while time.thread_time() < until:
        continue
    working = conditions.cpu_shares(before, conditions.cpu_use())
    assert asleep["still"] is None or asleep["still"] > 0.5
    assert working["still"] is None or working["still"] < 0.5
    assert (working["cores"] or 0) > (asleep["cores"] or 0)
