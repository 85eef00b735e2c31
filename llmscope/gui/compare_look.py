"""What the Compare page says of runs, in words: its head, their cards, and the lines of both tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llmscope.analysis.bottleneck import stored_finding
from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.compare import LETTERS, Comparison, Line, Value
from llmscope.analysis.compare_doubt import floor_share, floor_words
from llmscope.analysis.compare_names import called, device_of
from llmscope.analysis.compare_settings import Setting
from llmscope.analysis.compare_words import ratio_cells, some, telling, turned_round, value_cells
from llmscope.analysis.roofline import Point, point_of
from llmscope.core.results import VERDICT_WORDS
from llmscope.core.rows import cell_of
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP, gib, significant
from llmscope.gui import words
from llmscope.gui.looks import when
from llmscope.gui.words import tr
from llmscope.runs.compare import Compared

#: Tests that stand in the roofline: more of them hide one another, and so do those of nearly the same intensity.
MOST_IN_ROOFLINE = 4
SAME_INTENSITY = 1.3
#: A column for the name, one for each run, and one for what a difference is good for.
Told = tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A run in four lines, and the text that tells it in a list."""

    title: str
    tests: str
    ceilings: str
    date: str


def card(compared: Compared, place: int) -> Card:
    """Return what the card of a run says."""
    found, started = compared.comparison, compared.comparison.sides[place].started
    rows = found.rows(place) or found.sides[place].rows
    models = words.models(list(dict.fromkeys(row.model for row in rows)))
    dtypes = "/".join(dict.fromkeys(words.short_dtype(row.dtype) for row in rows))
    accuracy = found.sides[place].accuracy
    how = f"{accuracy.capitalize()} ±{100 * EPSILON[accuracy]:.2g}{NBSP}%" if accuracy else found.sides[place].program
    device = [device_of(found, place)] * bool(found.sides[place].name)  # else it stands in the title
    return Card(called(found, place), " · ".join([*device, models, dtypes]),
                _ceilings(compared.ceilings[place].get(rows[0].device), rows[0].dtype),
                f"{when(started.utc)} · {how}")


def _ceilings(known: Ceilings | None, dtype: str) -> str:
    if known is None or not known.is_complete:
        return tr("ceilings not measured")
    peak = known.product(dtype) or max(known.products.values(), key=lambda ceiling: ceiling.value)
    largest = max(known.memory)  # where models lie; the roofline has the bandwidth at the size of its tests
    gb_s, short = known.memory[largest].value, peak.test.rpartition("-")[2]
    return tr("{0} at {1} · {2} {3}, measured").format(
        f"{significant(gb_s)}{NBSP}GB/s", gib(largest), f"{significant(peak.value)}{NBSP}TFLOPS", short)


def subtitle(found: Comparison) -> str:
    """Return what was measured, which ratios the headline turns round, and what limits the first other run."""
    if found.is_apart:
        return tr("Tests are the same where kind, model, lengths and batch are")
    rows = found.rows(found.baseline) or found.sides[found.baseline].rows
    models = words.models(list(dict.fromkeys(row.model for row in rows)))
    place = next(place for place in range(len(found.sides)) if place != found.baseline)
    limits = [f"{line.name}: {words.limiter_name(limiter)}" for line in telling(found)[:3]
              if (row := line.values[place].row) is not None and (limiter := stored_finding(row)) is not None
              and (limiter.limiter != "unclear" or limiter.operations)]  # without ceilings nothing was found out
    said = tr("Limits of {0}: {1}").format(LETTERS[place], ", ".join(limits)) if limits else ""
    parts = [part for part in (models, turned_round(found), said) if part]
    return models if len(parts) == 1 else f"{'. '.join(parts)}."


def plain(line: Line) -> str:
    """Return what a test does, in everyday words."""
    row = next(value.row for value in line.values if value.row is not None)
    cell = cell_of(row)
    said = "" if cell is None else words.plain(cell)
    lower = tr("lower is better") if line.unit in ("s", "ms") else ""
    return ", ".join(part for part in (said, lower) if part)


def texts(found: Comparison, line: Line, place: int) -> tuple[str, str, str, str]:
    """Return value, its ±, ratio and its ± of a run; the baseline is 1×. Why there is no value stands in the ±."""
    value = line.values[place]
    times = ("1×", "") if place == found.baseline and value.counted else ratio_cells(value)
    return *value_cells(value, line), *times


def settings_lines(found: Comparison, every: bool) -> list[tuple[Setting, Told]]:
    """Return the settings that differ, or all, each with its texts, and last how well each machine repeats itself."""
    chosen = [setting for setting in found.settings if every or setting.differing]
    floors = Setting(tr("Repeats within"), "may affect", tuple(map(floor_words, found.floors)))
    if not any(floor.runs for floor in found.floors):  # said once, as four columns have no room for it
        floors = Setting(tr("Assumed repeat"), "may affect", tuple(map(floor_share, found.floors)))
    return [(setting, (setting.name, *(value or "—" for value in setting.values), said))
            for setting, said in (*((setting, remark(setting)) for setting in chosen), (floors, _varied(found)))]


def _varied(found: Comparison) -> str:
    """Return whose speed varied during the run, so that more is assumed of how well it repeats itself."""
    letters = [letter for letter, floor in zip(LETTERS, found.floors, strict=False) if floor.has_varied]
    if len(letters) == len(found.floors):
        return tr("speed varied")
    return tr("varied in {0}").format(", ".join(letters)) if letters else ""


def remark(setting: Setting) -> str:
    """Return what a difference is: what is compared, or what may affect which runs; nothing where there is none."""
    if not setting.differing:
        return ""
    if setting.kind == "compared":
        return tr("compared")
    return tr("may affect {0}").format(", ".join(LETTERS[place] for place in setting.differing))


def points(compared: Compared) -> list[tuple[str, int, Point]]:
    """Return the tests that tell most with their place in the roofline: name, place of the run, point."""
    chosen: list[list[tuple[str, int, Point]]] = []
    for line in telling(compared.comparison):
        new = list(_points(compared, line))
        if new and not any(_hides(old, new) for old in chosen):
            chosen.append(new)
    return [point for line in chosen[:MOST_IN_ROOFLINE] for point in line]


def _points(compared: Compared, line: Line) -> Iterator[tuple[str, int, Point]]:
    for place, value in enumerate(line.values):
        row = value.row
        point = None if row is None else point_of(row, compared.ceilings[place].get(row.device))
        if point is not None:
            yield line.name, place, point


def _hides(old: Sequence[tuple[str, int, Point]], new: Sequence[tuple[str, int, Point]]) -> bool:
    """Return whether two tests of one run have nearly the same intensity: their points would stand on one line."""
    known = {place: point.intensity for _, place, point in old}
    return any(max(known[place], point.intensity) < SAME_INTENSITY * min(known[place], point.intensity)
               for _, place, point in new if place in known)


def same(found: Comparison) -> list[str]:
    """Return what holds for all runs and must be known to read a picture of them: versions and power source."""
    wanted = ("torch", "transformers", "Driver", "Power source", "Program", "Accuracy asked")
    plain = ("on battery", "mains power")
    return [value if setting.name == "Program" or value in plain else f"{setting.name.removesuffix(' asked')} {value}"
            for setting in found.settings if setting.name in wanted and not setting.differing
            and (value := next((text for text in setting.values if text), ""))]


def alone(found: Comparison) -> str:
    """Return the tests that only one run has: `only in A: opt, val512`."""
    parts = [tr("only in {0}: {1}").format(letter, some(names))
             for letter, names in zip(LETTERS, found.alone, strict=False) if names]
    return " · ".join(parts)


def has(found: Comparison, place: int) -> str:
    """Return what a run has that no other has: `A has tg128, train512 of SmolLM2-135M`."""
    models = words.models(list(dict.fromkeys(row.model for row in found.sides[place].rows)))
    return tr("{0} has {1} of {2}").format(LETTERS[place], some(found.alone[place]), models)


def table(found: Comparison) -> list[Told]:
    """Return all numbers as lines of texts, the titles first."""
    base = LETTERS[found.baseline]
    head = (tr("Test"), tr("Run"), tr("Result"), "±", tr("times as fast as {0}").format(base), "±", tr("Verdict"))
    return [head, *(told(found, line, place) for line in found.shown for place in range(len(line.values)))]


def legend(found: Comparison) -> str:
    """Return who the letters are: `A: f32, AMD EPYC; B: bf16, AMD EPYC`."""
    return "; ".join(f"{letter}: {called(found, place)}"
                     for place, letter in enumerate(LETTERS[:len(found.sides)]))


def told(found: Comparison, line: Line, place: int) -> Told:
    """Return a line of the table of all numbers."""
    row = line.values[place].row
    verdict = "—" if row is None else words.verdict_text(row.verdict, row.reason or "")
    return line.name, LETTERS[place], *texts(found, line, place), verdict


def warning(value: Value) -> str:
    """Return what is to be known of a value that stands, but is not steady."""
    row = value.row
    if row is None or not value.counted or row.verdict == "valid":
        return ""
    word = VERDICT_WORDS[row.verdict]
    return f"{word}: {row.reason}" if row.reason else word


def as_tsv(lines: Sequence[Told]) -> str:
    """Return lines separated by tabs, for a spreadsheet."""
    return "\n".join("\t".join(line) for line in lines)


def as_markdown(lines: Sequence[Told]) -> str:
    """Return lines as a Markdown table."""
    rows = [lines[0], ("---",) * len(lines[0]), *lines[1:]]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
