"""The measuring loop: warm up, repeat until the interval is narrow enough, and say what came of it."""

import gc
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import torch
from msgspec import Struct

from llmscope.core.definitions import Definition
from llmscope.core.events import Estimate, Sample
from llmscope.core.results import Verdict
from llmscope.core.statistics import Interval, is_stationary, median_interval, outliers
from llmscope.core.stopping import Decision, StoppingRule
from llmscope.engine import conditions
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.operations import HostShare, host_share
from llmscope.engine.timers import Block, Stopwatch, timer_facts
from llmscope.engine.workloads.base import Workload

WARM_UP_PASSES, WARM_UP_CAP_S = 3, 30.0
WARM_UP_S = {"cpu": 1.0}
WARM_UP_ACCELERATOR_S = 3.0
#: Longest pass of which one more is run to see what it is made of.
LOOK_INSIDE_S = 3.0
#: Where the median of rates and total work ÷ total time differ by more than this, the row shows both.
SUSTAINED_DIFFERS = 0.02


class Measured(Struct):
    """Block times in seconds, tokens of each, and what the loop concluded; `verdict` may be cancelled or invalid."""

    times: tuple[float, ...]
    work: int | None
    verdict: Verdict
    reason: str | None
    extra: dict[str, Any]


def measure(workload: Workload, definition: Definition, rule: StoppingRule, meter: Meter, device: torch.device,
            warm_up_cap_s: float = WARM_UP_CAP_S, looks_inside: bool = True) -> Measured:
    """Warm a workload up and measure it; a stop or a failed check keeps the samples before it.

    `looks_inside` runs one more pass to see how much of it its operations are; what is compiled has none to see.
    """
    loop = Loop(workload, definition, rule, meter, device)

    def all_of_it() -> Decision | None:
        meter.phase("warm-up")
        loop.warm_up(warm_up_cap_s)
        if looks_inside:
            loop.look_inside()
        meter.phase(workload.phase)
        return loop.repeat()

    with no_garbage_collection():
        measured = loop.concluded(all_of_it)
    assert measured is not None  # it went on until the rule had heard enough
    return measured


class Loop:
    """One workload's measuring, which may pause between samples and go on."""

    def __init__(self, workload: Workload, definition: Definition, rule: StoppingRule, meter: Meter,
                 device: torch.device) -> None:
        self._workload, self._definition, self._rule, self._meter = workload, definition, rule, meter
        self._watch, self._device = Stopwatch(device), device
        self._warm_up: dict[str, Any] = {}
        self._disturbed: list[conditions.Disturbance] = []
        self._device_shares: list[float] = []
        self._issued_shares: list[float] = []
        self._host: HostShare | None = None
        self._cpu: dict[str, float | None] = {}
        self._taken_s = 0.0
        self._unsaid: deque[Sample] = deque()

    def concluded(self, some_of_it: Callable[[], Decision | None]) -> Measured | None:
        """Do some of the measuring; returns what came of it as soon as that is known.

        A stop or a failed check keeps the samples before it.
        """
        try:
            decision = some_of_it()
        except Cancelled:
            return self._result("cancelled", "stopped" if len(self._rule.times) else "stopped before its first sample")
        except NotTrustworthy as failed:
            return self._result("invalid", str(failed))
        return None if decision is None else self._result(decision.verdict or "not_converged", decision.reason)

    def warm_up(self, cap_s: float) -> None:
        """Run the very pass that will be timed: 3 times and 1 s (3 s on accelerators), until it is steady."""
        least_s = WARM_UP_S.get(self._device.type, WARM_UP_ACCELERATOR_S)
        times: list[float] = []
        started = time.perf_counter()
        while True:
            times.append(self._one(len(times)).seconds)
            elapsed = time.perf_counter() - started
            steady = is_stationary(np.array(times[1:] or times), self._rule.epsilon)
            if elapsed >= cap_s or (len(times) >= WARM_UP_PASSES and elapsed >= least_s and steady):
                break
        self._warm_up = {"n": len(times), "seconds": elapsed, "first_s": times[0], "steady": steady}
        self._last_s = times[-1]

    def look_inside(self) -> None:
        """Learn from one more pass how much of it its operations are; not where that would take long."""
        if "model" in self._definition.needs and self._device.type == "cpu" and self._last_s <= LOOK_INSIDE_S:
            self._begin(self._warm_up["n"])
            self._host = host_share(lambda: self._workload.run(self._watch).seconds)  # what prepares it is not in it
            self._workload.finish()

    def settle(self) -> None:
        """Run one pass that does not count, after something else had the machine."""
        self._one(len(self._rule.times))

    def repeat(self, until_s: float = math.inf) -> Decision | None:
        """Take samples until the stopping rule has heard enough; with `until_s` until this and earlier turns took that.

        Before its last turn a test goes on also where the rule would stop: its best may be still to come.
        """
        if not len(self._rule.times):
            self._workload.reset()  # what it did so far was warm-up
        try:
            return self._repeat(until_s)
        finally:
            while self._unsaid:
                self._meter.send(self._unsaid.popleft())

    def _repeat(self, until_s: float) -> Decision | None:
        started, used = time.perf_counter() - self._taken_s, conditions.cpu_use()
        while True:
            index = len(self._rule.times)
            before = conditions.read()
            block = self._one(index)
            disturbed = conditions.between(before, conditions.read())
            if block.seconds <= 0:
                raise NotTrustworthy(f"a sample took {block.seconds} s")
            if disturbed.suspended_s:
                raise NotTrustworthy(f"the computer slept for {disturbed.suspended_s:.1f} s while a sample was timed")
            self._keep(index, block, disturbed)
            self._taken_s = time.perf_counter() - started
            decision = self._rule.add(block.seconds, self._taken_s)
            if decision.checked and decision.interval is not None:
                self._say(decision.interval)
            if decision.stop and until_s == math.inf:
                self._cpu = conditions.cpu_shares(used, conditions.cpu_use())
                return decision
            if self._taken_s >= until_s:
                return None

    def _begin(self, index: int) -> None:
        self._workload.prepare()
        self._meter.begin_sample(index, self._workload.request)

    def _one(self, index: int) -> Block:
        self._begin(index)
        block = self._workload.run(self._watch)
        self._parts = self._workload.finish()
        return block

    def _keep(self, index: int, block: Block, disturbed: conditions.Disturbance) -> None:
        self._disturbed.append(disturbed)
        if block.device_seconds is not None:
            if block.device_seconds > 1.01 * block.seconds and not self._workload.request:
                raise NotTrustworthy("the device's clock ran longer than the wall clock")
            self._device_shares.append(block.device_seconds / block.seconds)
        if block.issued_s is not None:
            self._issued_shares.append(block.issued_s / block.seconds)
        parts = self._parts | msgspec.to_builtins(disturbed)
        sample = Sample(t_ns=time.perf_counter_ns(), cell=self._meter.cell, index=index, seconds=block.seconds,
                        work=self._workload.work, parts=parts)
        if self._definition.of_machine:  # whoever hears of it takes a core from the next, some milliseconds long
            self._unsaid.append(sample)
        else:
            self._meter.send(sample)

    def _value(self, seconds: float) -> float:
        return self._definition.value(seconds, self._workload.work)

    def _say(self, interval: Interval) -> None:
        ends = [None if s is None else self._value(s) for s in (interval.low, interval.high)]
        low, high = reversed(ends) if self._definition.higher_is_better else ends
        self._meter.send(Estimate(t_ns=time.perf_counter_ns(), cell=self._meter.cell, n=interval.n,
                                  median=self._value(interval.median), low=low, high=high))

    def _result(self, verdict: Verdict, reason: str | None) -> Measured:
        times = self._rule.times
        summary = self._workload.summary()
        warning = summary.pop("warning", None)
        extra = {"warm_up": self._warm_up, **summary}
        if len(times):
            extra |= self._about(times)
            short = float(np.median(times)) < timer_facts().shortest_block_s
            warning = warning or ("a sample is too short for this clock" if short else None)
        if warning and verdict in ("valid", "warn", "not_converged"):
            verdict, reason = "warn", f"{warning}, {reason}" if reason else warning
        return Measured(tuple(float(t) for t in times), self._workload.work, verdict, reason, extra)

    def _about(self, times: np.ndarray) -> dict[str, Any]:
        clock = timer_facts()
        spread = outliers(times, max(clock.resolution_ns / 1e9, 0.001 * float(np.median(times))))
        q1, q3 = np.quantile(times, [0.25, 0.75])
        about: dict[str, Any] = {
            "outliers": {"mild": spread.mild, "severe": spread.severe,
                         "far": [{"sample": i, **msgspec.to_builtins(self._disturbed[i])} for i in spread.far]},
            "block": {"iterations": 1, "timer_overhead_ns": clock.overhead_ns,
                      "timer_resolution_ns": clock.resolution_ns},
            "effective_n": median_interval(times).n_effective,
            "seconds": float(np.median(times)),
            "cpu": self._cpu,
        }
        faults = [d.major_faults for d in self._disturbed if d.major_faults is not None]
        if faults:
            about["major_faults"] = float(np.median(faults))
        if self._host is not None:
            about["host"] = msgspec.to_builtins(self._host)
        self._warm_up["first_sample_stood_out"] = bool(times[0] > q3 + 1.5 * (q3 - q1))
        mean, median = float(times.mean()), float(np.median(times))
        if abs(mean / median - 1) > SUSTAINED_DIFFERS:
            about["sustained"] = self._value(mean)
        if self._device_shares:
            busy = float(np.median(self._device_shares))
            about["device_share_of_wall"] = busy
            if busy < 1 / 1.10:
                about["bound"] = "host or launch"
        if self._issued_shares:
            about["issued_share"] = float(np.median(self._issued_shares))
        return about


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect once, then keep the collector out of the timed region."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


