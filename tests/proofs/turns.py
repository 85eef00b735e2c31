"""The comparison in turns with nothing to compare: how often it finds a difference, and the smallest it can."""

from collections.abc import Iterator

import numpy as np

from tests.proofs.running import SMALL, cell, run
from tests.unit.core.test_paired import TRIALS, trial

REPEATS = 5


def lines() -> Iterator[str]:
    """Yield false alarms on a made-up machine, then the same cell against itself on this one."""
    for rounds in (8, 16, 33, 64):
        chance = np.random.default_rng(rounds)
        found = sum(trial(chance, rounds) for _ in range(TRIALS))
        yield f"virtual, {rounds:>2} rounds: {found} of {TRIALS:,} comparisons of A with A find a difference (bar 5 %)"
    for workload, settings in (("pp", {"seq": 128}), ("tg", {"new": 8})):
        same = cell(SMALL, workload, **settings)
        widths = []
        for _ in range(REPEATS):
            got = run(same, same, in_turns=True, limit_s=10)[1].extra["compared"]
            widths.append(got["half_width"])
            yield (f"real, {same.test} against itself: {got['ratio']:.3f} [{got['low']:.3f}, {got['high']:.3f}], "
                   f"{got['rounds']} rounds, {'a DIFFERENCE' if got['resolved'] else 'no difference resolved'}")
        yield f"smallest effect that {same.test} can show here in 10 s: about {np.median(widths):.1%}"
