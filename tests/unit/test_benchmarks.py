"""What the benchmarks make of what they measured."""

from itertools import product

from llmscope.core.events import Sample
from tests.benchmarks.drawing import PAIRS, SPAN_S, Span, _found, _speed

SECOND = 1_000_000_000


def sample(ended_s: float, seconds: float) -> Sample:
    return Sample(t_ns=round(ended_s * SECOND), cell=0, index=0, seconds=seconds, work=8)


def span(pair: int, drawn: bool, start_s: float) -> Span:
    return Span(pair, drawn, round(start_s * SECOND), round((start_s + SPAN_S) * SECOND), 9.0 if drawn else 0.5)


def test_only_samples_that_lie_wholly_inside_a_span_that_they_fill_count() -> None:
    inside = [sample(10.4, 0.3), sample(10.8, 0.4)]
    across = [sample(10.1, 0.2), sample(11.2, 0.4)]
    assert _speed([*inside, *across], span(0, True, 10.0)) == 2 / 0.7
    assert _speed([*inside[:1], *across], span(0, True, 10.0)) is None


def test_drawing_is_compared_within_pairs_and_nothing_is_said_of_none() -> None:
    spans = [span(pair, drawn, 4 * pair + 2 * drawn) for pair, drawn in product(range(PAIRS), (True, False))]
    samples = [sample(s.start_ns / SECOND + 0.9, 0.8 if s.drawn else 0.76) for s in spans if s.pair]
    ratio, drawing, resting = _found(spans, samples)
    assert ratio.value == f"0.950 [0.950, 0.950], n {PAIRS - 1}" and not ratio.met
    assert drawing.value.startswith("9.0 ms") and resting.value.startswith("0.5 ms")
    nothing, = _found(spans, [])
    assert nothing.value == "no sample fits into a span" and not nothing.met
