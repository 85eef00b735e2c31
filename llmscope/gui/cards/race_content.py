"""What the card of a race says: how long one request took each of two runs, and in what else these differ."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from llmscope.analysis.compare import LETTERS, compare
from llmscope.core.units import NBSP, significant
from llmscope.gui import race_words, words
from llmscope.gui.cards.compare_content import conditions, differing, test_of, unsteady
from llmscope.gui.cards.content import Content, Machine, Test, Value
from llmscope.gui.race import Race
from llmscope.gui.race_track import Track
from llmscope.gui.words import tr


def race_content(race: Race, labels: Sequence[str] = ()) -> Content:
    """Return what a card says of a race that is over; `labels` stand for what the runs are called, by place."""
    found = compare([entrant.side for entrant in race.entrants], baseline=int(race.winner == 0))
    named = [*labels, *default_labels(race)[len(labels):]]
    machines = tuple(_machine(race, place, label, bool(found.lines)) for place, label in enumerate(named))
    cell = race.entrants[0].cell
    about = race_words.not_the_same(race) or tr("{0}: the same request of the test {1}, answered by both").format(
        words.model_name(cell.model), f"{cell.test} · {tr('sequence {0}').format(f'{cell.seq:,}')}".replace(" ", NBSP))
    requests = ", ".join(f"{letter} {tr('of')} {entrant.requests:,}"
                         for letter, entrant in zip(LETTERS, race.entrants, strict=False))
    foot = tr("One request of each run, the median one by duration ({0}), has no interval{1}.").format(
        requests, tr("; whiskers are of all") if found.lines else "")
    warned = unsteady([[(entrant.cell.test, entrant.row)] for entrant in race.entrants])
    title = race_words.headline(race)
    tests = (*_tests(race), *(test_of(found, line) for line in found.lines))
    return Content(title, about, machines, tests, warned, (foot, *conditions(found, not warned)),
                   differing(found), {"Title": title, "Results": results(race)})


def default_labels(race: Race) -> list[str]:
    """Return how the runs are called where nobody gave them another name."""
    return [race_words.name(race, place) for place in range(2)]


def results(race: Race) -> str:
    """Return the figures in a line, for whoever reads the file's text."""
    return "; ".join(f"{test.title}: " + ", ".join(f"{LETTERS[value.place]} {value.text} {value.unit}"
                                                  for value in test.values) for test in _tests(race))


def _machine(race: Race, place: int, label: str, has_bars: bool) -> Machine:
    entrant = race.entrants[place]
    settings, measured_on = race_words.settings_and_device(entrant)
    own = () if has_bars else (race_words.value(entrant),)  # of tests that cannot stand beside each other
    return Machine(label, (measured_on, settings, *own), LETTERS[place])


def _tests(race: Race) -> list[Test]:
    lower, tracks = tr("lower is better"), [entrant.track for entrant in race.entrants]
    answers = [track.end_ns for track in tracks]
    firsts = [track.step_ns[0] for track in tracks]
    gaps = [_gap_ns(track) for track in tracks]
    found = [_test(race, race_words.tokens(race.tokens), lower, answers), _test(race, tr("First token"), lower, firsts)]
    if all(gaps):
        found.append(_test(race, tr("Between tokens"), tr("median, {0}").format(lower), gaps))
    return found


def _gap_ns(track: Track) -> int:
    """Return the median time from one token to the next, 0 where there is only one."""
    steps = track.step_ns
    return round(median([after - before for before, after in pairwise(steps)] or [0]))


def _test(race: Race, title: str, name: str, times_ns: Sequence[int]) -> Test:
    """Return a time of both; the ratio is that of the winner to the other one, whichever was first in this.

    There is none where the tests do not tell the winner to be the faster one.
    """
    winner = race.winner if all(times_ns) and not race.is_doubtful else None
    return Test(title, name, tuple(_value(place, times_ns, winner) for place in range(2)))


def _value(place: int, times_ns: Sequence[int], winner: int | None) -> Value:
    text, _, unit = race_words.seconds(times_ns[place]).partition(NBSP)
    value = Value(place, text, unit, median=float(times_ns[place]))
    if place != winner:
        return value
    times = f"{significant(times_ns[1 - winner] / times_ns[winner])}×"
    return replace(value, times=times, times_plus=tr("{0} vs {1}").format(LETTERS[winner], LETTERS[1 - winner]))
