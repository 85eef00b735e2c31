"""A race as a function of time: exactly the tokens that are due, whatever the clock and the person do."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.core import events as ev
from llmscope.core.spec import Cell
from llmscope.gui.race_clock import SPEEDS, RaceClock
from llmscope.gui.race_requests import Request, measured_requests, middle
from llmscope.gui.race_track import Recorder, Track

SECOND = 1_000_000_000
REQUEST_NS = 5 * SECOND
#: Gaps in ns, each with what its id brought, in batches as they were written down.
Batches = st.lists(st.lists(st.tuples(st.integers(0, 10**8), st.text("ab ß\n", max_size=4)), min_size=1, max_size=5),
                   min_size=1, max_size=12)


def record(batches: list[list[tuple[int, str]]], with_chars: bool = True) -> tuple[Track, list[tuple[int, str]]]:
    """Return a track, and its ids one by one: when each came and what it brought."""
    recorder, at_ns, ids = Recorder(REQUEST_NS), 0, []
    for batch in batches:
        times = []
        for gap_ns, piece in batch:
            at_ns += gap_ns
            times.append(REQUEST_NS + at_ns)
            ids.append((at_ns, piece))
        recorder.add_text(0, "".join(piece for _, piece in batch), times,
                          [len(piece) for _, piece in batch] if with_chars else ())
    return recorder.track(), ids


def moments(track: Track, others: list[int]) -> list[int]:
    """Return moments right before, at and after each id, and others."""
    return [0, *others, *(at + step for at in track.token_ns for step in (-1, 0, 1))]


@settings(max_examples=40)
@given(Batches, st.lists(st.integers(0, 10**10), max_size=20))
def test_at_any_moment_exactly_the_ids_that_had_come_are_shown(
        batches: list[list[tuple[int, str]]], others: list[int]) -> None:
    track, ids = record(batches)
    for at_ns in moments(track, others):
        due = [piece for came_ns, piece in ids if came_ns <= at_ns]
        assert track.tokens_at(at_ns) == track.steps_at(at_ns) == len(due)
        assert track.text_at(at_ns) == "".join(due)


@settings(max_examples=40)
@given(Batches)
def test_text_without_its_ids_lengths_is_spread_over_each_batch_and_exact_at_its_end(
        batches: list[list[tuple[int, str]]]) -> None:
    track, ids = record(batches, with_chars=False)
    lengths = [len(track.text_at(at)) for at in track.token_ns]
    assert lengths == sorted(lengths) and [track.tokens_at(at) for at, _ in ids] == [
        sum(came <= at for came, _ in ids) for at, _ in ids]
    place = 0
    for batch in batches:
        place += len(batch)
        if place == len(ids) or ids[place][0] > ids[place - 1][0]:
            assert track.text_at(ids[place - 1][0]) == "".join(piece for _, piece in ids[:place])


@pytest.mark.parametrize("chars", [(1,), (1, 2, 3), (-1, 4), (2, 2)])
def test_lengths_that_do_not_fit_the_text_are_not_believed(chars: tuple[int, ...]) -> None:
    recorder = Recorder(0)
    recorder.add_text(0, "abc", (10, 20), chars)
    assert recorder.track().text_ends == (2, 3)


@settings(max_examples=40)
@given(Batches, st.data())
def test_up_to_a_number_of_tokens_all_is_as_before_and_then_it_ends(
        batches: list[list[tuple[int, str]]], data: st.DataObject) -> None:
    track, ids = record(batches)
    count = data.draw(st.integers(1, len(ids)))
    cut = track.up_to(count)
    assert cut.end_ns == track.token_ns[count - 1] and cut.tokens_at(10**12) == count
    assert all(cut.text_at(at) == track.text_at(at) for at in cut.token_ns)


def test_all_sequences_count_and_the_first_ones_text_is_shown() -> None:
    recorder = Recorder(0)
    recorder.add_text(1, "xy", (10, 20), (1, 1))
    recorder.add_text(0, "ab", (10, 20), (1, 1))
    track = recorder.track()
    assert track.tokens_at(10) == 2 and track.tokens_at(20) == 4 and track.text_at(10) == "a"
    assert track.up_to(3).tokens_at(20) == 3 and track.up_to(3).text == "ab"


def test_a_reading_holds_until_the_next() -> None:
    recorder = Recorder(100)
    recorder.add_text(0, "a", (400,), (1,))
    recorder.add_reading(150, 20.0, None)
    recorder.add_reading(300, None, 40.0)
    track = recorder.track()
    assert track.reading_at(49) is None
    first, second = track.reading_at(50), track.reading_at(200)
    assert first is not None and (first.busy_percent, first.memory_percent) == (20.0, None)
    assert second is not None and second.busy_percent is None


class FakeClock:
    def __init__(self) -> None:
        self.ns = 77 * SECOND

    def __call__(self) -> int:
        return self.ns


def test_frames_that_come_late_never_show_another_moment_than_the_due_one() -> None:
    now, random = FakeClock(), Random(1)
    clock, due, errors_ms = RaceClock(3600 * SECOND, now), 0.0, []
    clock.play()
    for _ in range(20_000):
        step = random.choice((1, 16_700_000, random.randrange(400_000_000)))
        now.ns += step
        due += step * clock.speed
        errors_ms.append(abs(clock.position_ns - due) / 1e6)
        if random.random() < 0.05:
            clock.set_speed(random.choice(SPEEDS))
        if random.random() < 0.02:
            clock.pause()
            now.ns += random.randrange(SECOND)
            clock.play()
        if random.random() < 0.02:
            due = random.randrange(100 * SECOND)
            clock.seek(int(due))
    assert np.percentile(errors_ms, 99) <= 5.0 and max(errors_ms) < 0.01


def test_the_clock_stops_at_both_ends_and_starts_anew_from_the_last() -> None:
    now = FakeClock()
    clock = RaceClock(SECOND, now)
    assert not clock.is_playing and clock.position_ns == 0
    clock.play()
    now.ns += 400_000_000
    clock.set_speed(0.5)
    now.ns += 400_000_000
    assert clock.position_ns == 600_000_000 and clock.is_playing
    clock.seek(-5)
    assert clock.position_ns == 0 and clock.is_playing
    now.ns += 3 * SECOND
    assert clock.position_ns == SECOND and not clock.is_playing
    clock.seek(2 * SECOND)
    assert clock.position_ns == SECOND
    clock.play()
    assert clock.position_ns == 0 and clock.is_playing
    clock.pause()
    now.ns += SECOND
    assert clock.position_ns == 0 and not clock.is_playing


CELLS = (Cell("bundled", "gen", "cpu", "float32", new=2), Cell("bundled", "tg", "cpu", "float32"))


def texts(request_ns: int, took_ns: int, sample: int = 0, sequences: int = 1, ids: int = 2) -> list[ev.Event]:
    times = [request_ns + took_ns * (n + 1) // ids for n in range(ids)]
    return [ev.Text(t_ns=times[-1], cell=0, sample=sample, sequence=number, text="ab", request_ns=request_ns,
                    token_ns=tuple(times)) for number in range(sequences)]


def phase(at_ns: int, name: ev.Phase) -> ev.Event:
    return ev.PhaseStarted(t_ns=at_ns, cell=0, phase=name)


def starts(events: list[ev.Event]) -> list[int]:
    return [request.request_ns for request in measured_requests(events, CELLS).get(0, [])]


def test_requests_of_the_warm_up_cut_off_ones_and_dropped_samples_are_not_raced() -> None:
    dropped = ev.Sample(t_ns=1, cell=0, index=2, seconds=1.0, excluded="the machine slept")
    events = [phase(0, "warm-up"), *texts(10, 10), phase(30, "generate"), *texts(20, 15),  # told late
              *texts(40, 10), *texts(60, 10, sample=1, sequences=4), *texts(80, 10, sample=2), dropped,
              *texts(100, 10, sample=3, ids=1)]
    assert starts(events) == [40, 60]
    assert measured_requests(events, CELLS)[0][1].tokens == 8
    assert starts(events[:3]) == [] and measured_requests([], CELLS) == {}


def test_what_a_dead_worker_had_written_is_not_raced() -> None:
    events = [phase(0, "generate"), *texts(10, 10), ev.CellStarted(t_ns=50, cell=0), *texts(60, 10),
              phase(70, "generate"), *texts(80, 10)]
    assert starts(events) == [80]


def test_impossible_times_and_cells_are_no_requests() -> None:
    early = [phase(0, "generate"), ev.Text(t_ns=9, cell=0, sample=0, sequence=0, text="a", request_ns=50,
                                           token_ns=(40, 60))]
    other = [ev.PhaseStarted(t_ns=0, cell=7, phase="generate"),
             ev.Text(t_ns=9, cell=7, sample=0, sequence=0, text="a", request_ns=50, token_ns=(60,))]
    assert measured_requests([*early, *other], CELLS) == {}


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=9))
def test_the_middle_request_has_as_many_shorter_as_longer_ones(took: list[int]) -> None:
    requests = [Request(0, n, 0, end_ns) for n, end_ns in enumerate(took)]
    found = middle(requests).end_ns
    assert sum(t < found for t in took) <= len(took) // 2 and sum(t > found for t in took) <= len(took) // 2
