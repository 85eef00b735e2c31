"""A race in words: who leads, who has won, and what of the work was not the same."""

from llmscope.analysis.compare import LETTERS
from llmscope.core.units import NBSP, measured, plus_minus, significant
from llmscope.gui import words
from llmscope.gui.looks import when
from llmscope.gui.race import Entrant, Race
from llmscope.gui.words import tr

#: Below this a ratio would read 1.00×.
LEAST_RATIO = 1.005
SECOND_NS = 1_000_000_000


def seconds(ns: int) -> str:
    """Return a duration as `1.31 s` or `74.0 ms`."""
    return f"{significant(ns / 1e9)}{NBSP}s" if ns >= SECOND_NS else f"{significant(ns / 1e6)}{NBSP}ms"


def moment(ns: int, end_ns: int) -> str:
    """Return a moment of a race with as many digits as all its moments have: `0.52 s` or `74 ms`."""
    return f"{ns / 1e9:.2f}{NBSP}s" if end_ns >= SECOND_NS else f"{ns / 1e6:.0f}{NBSP}ms"


def tokens(count: int) -> str:
    """Return `128 tokens`."""
    return tr("1 token") if count == 1 else tr("{0} tokens").format(f"{count:,}")


def name(race: Race, place: int) -> str:
    """Return what an entrant is called; what tells it from another of the same name stands first."""
    own, other = race.entrants[place], race.entrants[1 - place]
    if _called(own) != _called(other):
        return _called(own)
    differing = next((part for part in _parts(own) if part not in _parts(other)), "")
    return ", ".join(part for part in (differing, _called(own)) if part)


def _called(entrant: Entrant) -> str:
    """Return the name that a person gave a run, else its model and the kind of its device."""
    return entrant.entry.name or _model_and_device(entrant)


def _model_and_device(entrant: Entrant) -> str:
    return f"{words.model_name(entrant.cell.model)}, {words.short_device(entrant.cell.device)}"


def _parts(entrant: Entrant) -> list[str]:
    return [*words.settings_line(entrant.cell).split(" · "), entrant.entry.device,
            when(entrant.entry.at.isoformat()), f"run {entrant.entry.id}"]


def settings(entrant: Entrant) -> str:
    """Return the settings of an entrant's test, the device's name and when it was measured."""
    called = [_model_and_device(entrant)] if entrant.entry.name else []
    return " · ".join(part for part in (*called, *_parts(entrant)[:-1]) if part)


def settings_and_device(entrant: Entrant) -> tuple[str, str]:
    """Return the settings of an entrant's test, and what it was measured on and when."""
    *settings, device, at, _ = _parts(entrant)
    return " · ".join(settings), " · ".join(part for part in (device, at) if part)


def value(entrant: Entrant) -> str:
    """Return the value of the test that the request is one of: `gen128: 193.2 tok/s ±1.0 %, steady`; may be empty."""
    row = entrant.row
    if row is None or row.median is None:
        return ""
    plus = "" if row.half_width is None else f" {plus_minus(row.half_width)}"
    text = f"{measured(row.median, row.half_width)}{NBSP}{row.unit}{plus}"
    return tr("{0}: {1}, {2}").format(row.test, text, words.verdict_text(row.verdict, row.reason or ""))


def behind(entrant: Entrant) -> str:
    """Return the value of the whole test that the request is one of, and which one of its requests is shown."""
    which = tr("shown: the median one of {0}").format(requests(entrant.requests))
    if entrant.sequences > 1:
        which = tr("{0}, with the text of the first of {1} answers").format(which, f"{entrant.sequences:,}")
    return "; ".join(part for part in (value(entrant), which) if part)


def requests(count: int) -> str:
    """Return `24 requests`."""
    return tr("1 request") if count == 1 else tr("{0} requests").format(f"{count:,}")


def standing(race: Race, at_ns: int) -> str:
    """Return who leads at a moment, at the end who has won."""
    if at_ns >= race.end_ns:
        return headline(race)
    counts = [entrant.track.tokens_at(at_ns) for entrant in race.entrants]
    if not any(counts):
        return tr("Race to {0}").format(tokens(race.tokens))
    ahead = counts[1] - counts[0]
    if not ahead:
        return tr("Level at {0}").format(tokens(counts[0]))
    leader = int(ahead > 0)
    if counts[leader] == race.tokens:
        return tr("{0} is at the finish, {1} has {2} to go").format(LETTERS[leader], LETTERS[1 - leader],
                                                                    tokens(abs(ahead)))
    return tr("{0} leads by {1}").format(LETTERS[leader], tokens(abs(ahead)))


def headline(race: Race) -> str:
    """Return `B wrote 128 tokens in 1.31 s, 2.40× as fast as A`.

    Where the tests do not tell B to be faster, no ratio of two single requests stands in its place: `…, A in 3.14 s`.
    """
    winner, took = race.winner, [entrant.track.end_ns for entrant in race.entrants]
    if winner is None or race.times_as_fast < LEAST_RATIO:
        return tr("A and B wrote {0} in the same time, {1}").format(tokens(race.tokens), seconds(min(took)))
    if race.is_doubtful:
        return tr("{0} wrote {1} in {2}, {3} in {4}").format(
            LETTERS[winner], tokens(race.tokens), seconds(took[winner]), LETTERS[1 - winner], seconds(took[1 - winner]))
    return tr("{0} wrote {1} in {2}, {3}× as fast as {4}").format(
        LETTERS[winner], tokens(race.tokens), seconds(took[winner]), significant(race.times_as_fast),
        LETTERS[1 - winner])


def about(race: Race, at_ns: int) -> str:
    """Return what is shown, at the end by how many seconds the winner was ahead and what that is worth."""
    if at_ns < race.end_ns:
        return tr("One request of each run; every token stands there when it came.")
    a, b = (entrant.track.end_ns for entrant in race.entrants)
    one = tr("One request of each run, without an interval: the tests' own values stand below.")
    if race.is_doubtful:
        one = tr("One request of each run: by all of their requests, A and B cannot be told apart.")
    if race.winner is None:
        return one
    return tr("{0} ahead. {1}").format(seconds(abs(a - b)), one)


def not_the_same(race: Race) -> str:
    """Return what of the two requests' work differs, empty where it is the same."""
    a, b = race.entrants
    parts = [tr("{0} and {1}").format(words.model_name(a.cell.model), words.model_name(b.cell.model))] \
        if a.cell.model != b.cell.model else []
    for text, one, other in (
            (tr("batch {0} and {1}"), a.cell.batch, b.cell.batch),
            (tr("{0} and {1} answers to each prompt"), a.answers, b.answers),
            (tr("prompts of {0} and {1} tokens"), a.cell.seq, b.cell.seq),
            (tr("{0} and {1} new tokens"), a.new_tokens, b.new_tokens)):
        if one != other:
            parts.append(text.format(f"{one:,}", f"{other:,}"))
    return tr("Not the same work: {0}.").format("; ".join(parts)) if parts else ""
