"""What the card of a comparison says: who is how many times as fast, and in what else the runs differ."""

from collections.abc import Sequence

from llmscope.analysis.compare import LETTERS, Comparison, Line
from llmscope.analysis.compare_words import headline, telling
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP
from llmscope.gui import compare_look as look
from llmscope.gui.cards.content import Content, Machine, Test, Value
from llmscope.gui.cards.texts import not_steady, test_title, without_paths
from llmscope.gui.looks import when
from llmscope.gui.words import tr
from llmscope.runs.compare import Compared


def compare_content(compared: Compared, labels: Sequence[str] = ()) -> Content:
    """Return what a card says of two to four runs; `labels` stand for what they are called, by place."""
    found = compared.comparison
    machines = tuple(_machine(compared, place, labels[place] if place < len(labels) else "")
                     for place in range(len(found.sides)))
    lines = telling(found) or list(found.shown)
    rest = [line for line in found.shown if line not in lines]
    return Content(headline(found), look.subtitle(found), machines,
                   tuple(_test(found, line) for line in (*lines, *rest)), _warnings(found), tuple(_foot(found)),
                   {"Title": headline(found), "Results": look.as_tsv(look.table(found))})


def default_labels(compared: Compared) -> list[str]:
    """Return how runs are called where nobody gave them another name."""
    return [look.name(compared.comparison, place) for place in range(len(compared.comparison.sides))]


def _machine(compared: Compared, place: int, label: str) -> Machine:
    card = look.card(compared, place)
    base = compared.comparison.baseline == place
    lines = (card.title if label and label != card.title else card.tests, card.ceilings)
    return Machine(label or card.title, lines, f"{LETTERS[place]}{tr(', baseline') if base else ''}")


def _test(found: Comparison, line: Line) -> Test:
    return Test(test_title(line.kind), line.name, tuple(_value(found, line, place)
                                                        for place in range(len(line.values))))


def _value(found: Comparison, line: Line, place: int) -> Value:
    value, row = line.values[place], line.values[place].row
    text, behind, times, plus = look.texts(found, line, place)
    if row is None or not value.counted:
        why = without_paths(value.why)
        return Value(place, why=why, is_bad=value.why.startswith(("failed", "not counted")))
    ends = None if row.low is None or row.high is None else (row.low, row.high)
    ratio = value.times
    return Value(place, text, line.unit, behind, row.median, ends, times=times, times_plus=plus,
                 is_warned=row.verdict != "valid", is_resolved=ratio is not None and ratio.is_resolved)


def _warnings(found: Comparison) -> str:
    """Return by run the tests that are not steady."""
    said = []
    for place, letter in enumerate(LETTERS[:len(found.sides)]):
        words = [f"{line.name}{NBSP}{word}" for line in found.shown
                 if (row := line.values[place].row) is not None and (word := not_steady(row))]
        if words:
            said.append(f"{letter}: {', '.join(words)}")
    return "; ".join(said)


def _foot(found: Comparison) -> list[str]:
    asked = {side.started.spec.accuracy for side in found.sides}
    accuracy = "/".join(f"±{100 * EPSILON[each]:.2g}{NBSP}%" for each in asked)
    same = look.same(found).replace(" · ", ", ")
    days = dict.fromkeys(when(side.started.utc).rpartition(NBSP)[0] for side in found.sides)
    differing = [f"{setting.name} {_values(setting.values)}" for setting in found.settings if setting.differing]
    return [tr("Bars start at zero, each test has its own scale; whiskers and ± are 95{0}% confidence, {1} asked.").format(
                NBSP, accuracy),
            "" if _warnings(found) else tr("All steady."), f"{same[:1].upper()}{same[1:]}." if same else "",
            tr("{0}.").format(tr(" and ").join(days)),
            tr("Differs: {0}.").format(", ".join(differing)) if differing else tr("No setting differs.")]


def _values(values: Sequence[str | None]) -> str:
    return tr(" and ").join(value or "—" for value in values) if len(values) == 2 else " / ".join(
        value or "—" for value in values)
