"""Two cells measured in turns, round by round and in an order that chance decides, in one process."""

import random
import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from llmscope.core.events import Event, Sample
from llmscope.core.paired import Ratio, paired_ratio, rounds_within
from llmscope.core.results import Verdict
from llmscope.core.spec import Accuracy
from llmscope.core.statistics import median_interval
from llmscope.core.stopping import EPSILON
from llmscope.engine import conditions
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads.base import Workload

WARM_UP_PASSES = 3


class Side(Struct):
    """One of the two: its cell's place in the plan, its work and network, and what makes the process ready for it."""

    cell: int
    workload: Workload
    loaded: Loaded
    take_up: Callable[[], None]
    times_s: list[float] = []

    def one(self, meter: Meter) -> float:
        """Do the work once and return its seconds; raises NotTrustworthy."""
        self.take_up()
        meter.cell = self.cell
        self.workload.prepare()
        meter.begin_sample(len(self.times_s), self.workload.request)
        before = conditions.read()
        block = self.workload.run(Stopwatch(self.loaded.device))
        asleep_s = conditions.between(before, conditions.read()).suspended_s
        self.workload.finish()
        if block.seconds <= 0 or asleep_s:
            raise NotTrustworthy(f"a sample took {block.seconds} s, and the computer slept for {asleep_s:.1f} s")
        return block.seconds


def compare(a: Side, b: Side, meter: Meter, seconds: float, seed: int, send: Callable[[Event], None]) -> Ratio:
    """Warm both up, then measure rounds of both for about so many seconds; at least 8 rounds.

    The ratio is of tokens a second, so that the two may differ in their batch.
    """
    round_s = 0.0
    for side in (a, b):
        meter.cell = side.cell
        meter.phase("warm-up")
        warm_s = [side.one(meter) for _ in range(WARM_UP_PASSES)]
        side.workload.reset()
        round_s += warm_s[-1]
    rounds = rounds_within(seconds, round_s)
    for side in (a, b):
        meter.cell = side.cell
        meter.phase(side.workload.phase)
    chance = random.Random(seed)
    for index in range(rounds):
        for side in chance.sample((a, b), 2):
            taken_s = side.one(meter)
            side.times_s.append(taken_s)
            send(Sample(t_ns=time.perf_counter_ns(), cell=side.cell, index=index, seconds=taken_s,
                        work=side.workload.work))
    per_token_s = (np.array(side.times_s) / (side.workload.work or 1) for side in (a, b))
    return paired_ratio(*per_token_s)


def width_reached(times_s: list[float], accuracy: Accuracy) -> tuple[Verdict, str | None]:
    """Return the verdict of one side's own value: how wide its interval is does not depend on the comparison."""
    width = median_interval(np.array(times_s)).half_width
    if width is not None and width <= EPSILON[accuracy]:
        return "valid", None
    return "not_converged", f"±{100 * EPSILON[accuracy]:g} % not reached in {len(times_s)} rounds"


def as_extra(ratio: Ratio) -> dict[str, Any]:
    """Return a ratio as rows keep it under `compared`."""
    shown = {"resolved": ratio.is_resolved, "half_width": ratio.half_width}
    return {"compared": msgspec.to_builtins(ratio) | shown}
