"""The stopwatch: waits for the device on both ends, and splits a block at its marks."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from llmscope.engine import timers
from llmscope.engine.timers import Stopwatch, TimerFacts, timer_facts

CUDA = torch.device("cuda")


class Machine:
    """A program's clock and a device that runs behind it; 1 ms passes with every reading of either."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self._ms = itertools.count(1)

    def perf_counter_ns(self) -> int:
        self.did.append("read")
        return next(self._ms) * 10**6

    def synchronize(self, _device: Any) -> None:
        self.did.append("wait")

    def event(self, **_: Any) -> "Event":
        return Event(self)

    def at_ms(self) -> int:
        return next(self._ms)


class Event:
    """A CUDA event: the time at which the device got to it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def record(self, _stream: Any) -> None:
        self._machine.did.append("event")
        self.ms = self._machine.at_ms()

    def elapsed_time(self, end: "Event") -> float:
        return float(end.ms - self.ms)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine()
    monkeypatch.setattr(timers, "time", machine)
    monkeypatch.setattr(torch.accelerator, "synchronize", machine.synchronize)
    monkeypatch.setattr(torch.cuda, "Event", machine.event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: None)
    yield machine


def test_an_accelerator_is_waited_for_before_the_clock_is_read_at_both_ends(machine: Machine) -> None:
    watch = Stopwatch(CUDA)
    watch.start()
    watch.mark("forward")
    block = watch.stop()
    assert machine.did == ["wait", "read", "event", "event", "event", "read", "wait", "read"]
    assert block.seconds == pytest.approx(0.005) and block.device_seconds == pytest.approx(0.002)
    assert block.issued_s == pytest.approx(0.004)  # one reading of the clock before the last wait
    assert block.phases_s == {"forward": pytest.approx(0.001)}


def test_nothing_inside_a_block_waits_for_the_device(machine: Machine) -> None:
    watch = Stopwatch(CUDA)
    watch.start()
    machine.did.clear()
    for name in "abc":
        watch.mark(name)
    assert "wait" not in machine.did


def test_other_accelerators_have_the_wall_clock_alone(machine: Machine) -> None:
    watch = Stopwatch(torch.device("mps"))
    watch.start()
    watch.mark("forward")  # there are no events: without a wait, the part would end before its work
    block = watch.stop()
    assert machine.did.count("wait") == 3 and block.device_seconds is None and block.seconds > 0


def test_a_cpu_is_not_waited_for_and_its_marks_are_the_clock_s(machine: Machine) -> None:
    watch = Stopwatch(torch.device("cpu"))
    for _ in range(2):  # a stopwatch forgets the block before
        watch.start()
        watch.mark("a")
        watch.mark("b")
        block = watch.stop()
        assert block.phases_s == {"a": pytest.approx(0.001), "b": pytest.approx(0.001)}
        assert block.seconds == pytest.approx(0.004) and block.device_seconds is None
    assert "wait" not in machine.did


def test_the_shortest_block_is_long_against_the_clock() -> None:
    assert TimerFacts(50.0, 1).shortest_block_s == pytest.approx(500e-6)
    assert TimerFacts(10.0, 1000).shortest_block_s == pytest.approx(1e-3)
    facts = timer_facts()
    assert 0 < facts.overhead_ns < 1e6 and facts.resolution_ns > 0
