"""What the card of a comparison says: who is how many times as fast, and in what else the runs differ."""

from collections.abc import Sequence

from llmscope.analysis.compare import LETTERS, Comparison, Line
from llmscope.analysis.compare_names import called
from llmscope.analysis.compare_settings import NOT_READABLE, Setting
from llmscope.analysis.compare_words import CANNOT_TELL, headline, telling, value_text
from llmscope.core.results import Row
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP
from llmscope.gui import compare_look as look
from llmscope.gui.cards.content import Content, Machine, Test, Value
from llmscope.gui.cards.texts import not_steady, test_title, without_paths
from llmscope.gui.looks import when
from llmscope.gui.words import tr
from llmscope.runs.compare import Compared

#: Differences that one must know before all others.
_FIRST = ("Power source", "Slowed down by", "Accuracy asked", "torch", "Driver", "Background load", "transformers")


def compare_content(compared: Compared, labels: Sequence[str] = ()) -> Content:
    """Return what a card says of two to four runs; `labels` stand for what they are called, by place."""
    found = compared.comparison
    machines = tuple(_machine(compared, place, labels[place] if place < len(labels) else "")
                     for place in range(len(found.sides)))
    lines = telling(found) or list(found.shown)
    rest = [line for line in found.shown if line not in lines]
    tests = tuple(test_of(found, line) for line in (*lines, *rest))
    return Content(headline(found), look.subtitle(found), machines, tests, warnings(found), tuple(_foot(found)),
                   differing(found), {"Title": headline(found), "Results": look.as_tsv(look.table(found))})


def default_labels(compared: Compared) -> list[str]:
    """Return how runs are called where nobody gave them another name."""
    return [called(compared.comparison, place) for place in range(len(compared.comparison.sides))]


def _machine(compared: Compared, place: int, label: str) -> Machine:
    card = look.card(compared, place)
    tests = f"{tr('baseline')} · {card.tests}" if compared.comparison.baseline == place else card.tests
    is_named = bool(compared.comparison.sides[place].name)  # then the device stands below it already
    own = () if is_named or label in ("", card.title) else (card.title,)
    # Where many stand side by side there is no room to say that ceilings are measured, as they always are.
    ceilings = card.ceilings.removesuffix(tr(", measured")) if len(compared.ceilings) > 2 else card.ceilings
    return Machine(label or card.title, (*own, tests, ceilings), LETTERS[place])


def test_of(found: Comparison, line: Line) -> Test:
    """Return a test with its bars and ratios."""
    return Test(test_title(line.kind), line.name, tuple(_value(found, line, place)
                                                        for place in range(len(line.values))))


def _value(found: Comparison, line: Line, place: int) -> Value:
    value, row = line.values[place], line.values[place].row
    _, behind, times, plus = look.texts(found, line, place)
    if row is None or not value.counted:
        why = without_paths(value.why)
        return Value(place, why=why, is_bad=value.why.startswith(("failed", "not counted")))
    ends = None if row.low is None or row.high is None else (row.low, row.high)
    ratio, base = value.times, LETTERS[found.baseline]
    if len(found.sides) == 2 and ratio is not None:  # it stands large, and alone
        if ratio.is_resolved:
            plus = tr("{0} vs {1}  {2}").format(LETTERS[place], base, plus)
        elif ratio.resolvable is None:  # nothing tells it from chance: it must not look like what came of it
            times, plus = CANNOT_TELL, f"{times}, {plus}"
    return Value(place, value_text(value, line), line.unit, behind, row.median, ends, times=times, times_plus=plus,
                 is_warned=row.verdict != "valid", is_resolved=ratio is not None and ratio.is_resolved)


def warnings(found: Comparison) -> str:
    """Return by run the tests that are not steady."""
    return unsteady([[(line.name, line.values[place].row) for line in found.shown]
                     for place in range(len(found.sides))])


def unsteady(by_run: Sequence[Sequence[tuple[str, Row | None]]]) -> str:
    """Return by run the names of the rows that are not steady."""
    words = [", ".join(f"{name}{NBSP}{word}" for name, row in rows if row is not None and (word := not_steady(row)))
             for rows in by_run]
    return "; ".join(f"{letter}: {said}" for letter, said in zip(LETTERS, words, strict=False) if said)


def _foot(found: Comparison) -> list[str]:
    asked = dict.fromkeys(side.started.spec.accuracy for side in found.sides)
    accuracy = "/".join(f"±{100 * EPSILON[each]:.2g}{NBSP}%" for each in asked)
    scale = tr("Bars start at zero, each test has its own scale; whiskers and ± are {0} confidence, {1} asked.")
    return [scale.format(f"95{NBSP}%", accuracy), *conditions(found, not warnings(found))]


def conditions(found: Comparison, is_steady: bool) -> list[str]:
    """Return in sentences whether all is steady, and power source, days and versions as far as they are the same."""
    days = dict.fromkeys(when(side.started.utc).rpartition(NBSP)[0] for side in found.sides)
    same = {setting.name: text for setting in found.settings if not setting.differing
            and (text := next((value for value in setting.values if value), ""))}
    power = tr("Power source not readable.") if same.get("Power source") == NOT_READABLE else _sentence(
        same["Power source"]) if "Power source" in same else ""
    versions = [same["Program"]] * ("Program" in same) + [
        f"{name.lower()} {same[name]}" for name in ("torch", "transformers", "Driver") if name in same]
    return [tr("All steady.") if is_steady else "", power, tr("{0}.").format(tr(" and ").join(days)),
            tr("{0}.").format(", ".join(versions)) if versions else ""]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def differing(found: Comparison) -> tuple[str, ...]:
    """Return the settings that differ, those that tell most first; device and precision stand above."""
    shown = [setting for setting in found.settings if setting.differing and setting.name not in ("Device", "Precision")]
    return tuple(f"{setting.name} {_values(setting, found.baseline)}"
                 for setting in sorted(shown, key=lambda setting: _FIRST.index(setting.name) if setting.name in _FIRST
                                       else len(_FIRST) + (setting.kind == "compared")))


def _values(setting: Setting, baseline: int) -> str:
    """Return `2.11.0 and 2.10.0` of two runs, `2.11.0, C 2.10.0` of more."""
    values = [value or "—" for value in setting.values]
    if len(values) == 2:
        return tr(" and ").join(values)
    return ", ".join([values[baseline], *(f"{LETTERS[place]}{NBSP}{values[place]}" for place in setting.differing)])
