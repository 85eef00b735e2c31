"""`llmscope compare`: stored runs side by side in the terminal, and as a picture."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

from llmscope import __version__, paths, terminal
from llmscope.analysis.compare import LETTERS, Comparison, Line, test_of
from llmscope.analysis.compare_doubt import floor_reason, floor_words, what_helps
from llmscope.analysis.compare_names import called
from llmscope.analysis.compare_words import headline, ratio_cells, some, turned_round, value_cells
from llmscope.analysis.times_as_fast import TimesAsFast
from llmscope.core.errors import BadInput
from llmscope.core.results import VERDICT_WORDS
from llmscope.core.units import NBSP
from llmscope.hardware.host import device_name
from llmscope.runs.compare import Compared, compare_stored

SCHEMA = 1
#: Of pictures: the whole page, and cards to be shared.
KINDS = ("page", "card", "square")
DATA_HELP = ("Put the runs into the picture, for 'llmscope runs import'. They hold your prompt, the text and the path "
             "of a model's folder of your own.")


def compare(
    runs: Annotated[list[str], typer.Argument(
        help="Two to four ids of runs, as 'llmscope runs list' prints them; the others are held against the first.")],
    output: Annotated[str, typer.Option("--output", "-o", help="md or json.")] = "md",
    picture: Annotated[Path | None, typer.Option(help="Save the Compare page as a picture, a .png, too.")] = None,
    theme: Annotated[str, typer.Option(help="Of the picture: dark or light.")] = "dark",
    kind: Annotated[str, typer.Option(help="Of the picture: page, or a card to share: card, square.")] = "page",
    data: Annotated[bool, typer.Option("--data/--no-data", help=DATA_HELP)] = True,
) -> None:
    """Compare stored runs: how many times as fast, whether that can be told from chance, and which settings differ."""
    for name, text, choices in (("format", output, ("md", "json")), ("theme", theme, ("dark", "light")),
                                ("kind", kind, KINDS)):
        if text not in choices:
            raise BadInput(f"There is no {name} '{text}': use {', '.join(choices)}.")
    if picture is not None:
        check_picture(picture)
    compared = compare_stored(paths.runs_folder(), runs)
    for note in compared.notes:
        print(f"llmscope: {note}", file=sys.stderr)
    found = compared.comparison
    if not any(line.is_shared for line in found.lines):
        raise BadInput("These runs have no test with two values to compare, of the same id, model and lengths: "
                       f"{_have(found)}.")
    print(_json(found) if output == "json" else markdown(found), end="")
    if picture is not None:
        _save(compared, picture, theme, kind, data)
    raise typer.Exit(terminal.FAILED if any(_is_bad(line) for line in found.lines) else terminal.OK)


def check_picture(file: Path) -> None:
    """Raise BadInput where a picture could not be written: told before anything is measured."""
    if file.suffix.lower() != ".png":
        raise BadInput(f"The picture is a PNG: write '{file.with_suffix('.png')}'.")
    terminal.check_writable(file)


def markdown(found: Comparison) -> str:
    """Return headline, tests, settings that differ and runs, for people."""
    said = " ".join(f"{text}." for text in (headline(found), what_helps(found)) if text)
    parts = [said, _table(*_tests(found))]
    if any(setting.differing for setting in found.settings):
        parts.append(_table(*_settings(found)))
    return "\n\n".join([*parts, "\n".join(f"- {line}" for line in _about(found))]) + "\n"


def _tests(found: Comparison) -> tuple[list[str], list[list[str]]]:
    base = LETTERS[found.baseline]
    head = ["test", "model", "run", "result", "±", f"times as fast as {base}", "±", "verdict"]
    return head, [[line.name, line.model, LETTERS[place], *value_cells(value, line), *ratio_cells(value),
                   VERDICT_WORDS[value.row.verdict] if value.row else "—"]
                  for line in found.lines for place, value in enumerate(line.values)]


def _settings(found: Comparison) -> tuple[list[str], list[list[str]]]:
    return (["setting", *LETTERS[:len(found.sides)], ""],
            [[setting.name, *(value or "—" for value in setting.values), setting.kind]
             for setting in found.settings if setting.differing])


def _about(found: Comparison) -> Iterator[str]:
    """Yield what each run is, and how a difference is told."""
    for letter, side, floor in zip(LETTERS, found.sides, found.floors, strict=False):
        started = side.started
        device = device_name(started.machine, side.rows[0].device)
        name = f"{called(found, LETTERS.index(letter))}, " if side.name or side.is_reference else ""
        how = f"accuracy {side.accuracy}" if side.accuracy else side.program
        yield (f"{letter}: {name}run {side.run}, {device}, {started.utc}, {how}, repeats itself "
               f"within {': '.join(filter(None, (floor_words(floor), floor_reason(floor))))}")
    if turned_round(found):
        yield turned_round(found)
    same = sum(not setting.differing for setting in found.settings)
    yield f"{same} other settings are the same; compared by llmscope {__version__}"
    yield f"± is half of the 95{NBSP}% interval, of a ratio from both; less than both floors allow is no difference"
    for letter, names in zip(LETTERS, found.alone, strict=False):
        if names:
            yield f"only in {letter}: {some(names)}"
    yield from _unlike(found)


def _unlike(found: Comparison) -> Iterator[str]:
    """Yield which tests have values that stand but not beside each other, and why."""
    tests: dict[str, list[str]] = {}
    for line in found.lines:
        for why in dict.fromkeys(value.why for value in line.values if value.counted and value.why):
            tests.setdefault(why, []).append(line.name)
    for why, names in tests.items():
        yield f"{some(names)}: {why}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---:" if name in ("result", "±") or name.startswith("times") else "---" for name in head], *lines]
    return "\n".join("| " + " | ".join(_inert(cell) for cell in row) + " |" for row in rows)


def _inert(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _json(found: Comparison) -> str:
    document = {
        "schema": SCHEMA, "program": f"llmscope {__version__}", "headline": headline(found),
        "runs": [{"letter": letter, "name": side.name or None, "run": side.run, "utc": side.started.utc,
                  "program": side.program, "machine": side.started.machine, "versions": side.started.versions,
                  "accuracy": side.accuracy, "baseline": place == found.baseline,
                  "repeat_floor": floor.share, "repeats": floor.runs, "only_here": alone}
                 for place, (letter, side, floor, alone) in enumerate(
                     zip(LETTERS, found.sides, found.floors, found.alone, strict=False))],
        "tests": [_line(line) for line in found.lines], "settings": found.settings,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _line(line: Line) -> dict[str, Any]:
    return {"test": line.name, "model": line.model, "definition": line.definition, "unit": line.unit, "values": [
        {"row": value.row, "why_not": value.why or None, "times_as_fast": value.times and _times(value.times)}
        for value in line.values]}


def _times(times: TimesAsFast) -> dict[str, Any]:
    return {name: getattr(times, name) for name in TimesAsFast.__struct_fields__} | {"resolved": times.is_resolved}


def _is_bad(line: Line) -> bool:
    return any(value.row is not None and value.row.verdict in ("failed", "invalid") for value in line.values)


def _have(found: Comparison) -> str:
    """Return what each run has, for whoever wonders why nothing matches."""
    def tests(place: int) -> str:
        side = found.sides[place]
        names = [f"{row.test} of {row.model}{_at(test_of(side, row)[-1])} ({VERDICT_WORDS[row.verdict]})"
                 for row in side.rows]
        return some(names)

    return "; ".join(f"{LETTERS[place]} has {tests(place)}" for place in range(len(found.sides)))


def _at(length: int) -> str:
    return f" at sequence {length:,}" if length else ""


def shoot(file: Path, runs: Sequence[str], theme: str, kind: str, data: bool) -> int:
    """Save the window with these runs on its Compare page, or their card; returns the exit code."""
    compared = compare_stored(paths.runs_folder(), runs)  # bad input is told before a window is made
    if kind != "page":
        _save(compared, file, theme, kind, data)
        return terminal.OK
    try:
        from llmscope.gui import compare_shot
    except ImportError as error:
        raise BadInput(_needs_qt(error)) from error
    if not compare_shot.shoot(file, [side.run for side in compared.comparison.sides], theme, data):
        raise BadInput(f"{file} could not be written: choose another folder.")
    print(f"Picture: {file.resolve()}")
    return terminal.OK


def _needs_qt(error: ImportError) -> str:
    return f"A picture needs PySide6 and pyqtgraph ({error}): install them, or use 'llmscope compare' without it."


def _save(compared: Compared, picture: Path, theme: str, kind: str, data: bool) -> None:
    try:
        from llmscope.gui.cards.choice import Choice
        from llmscope.gui.compare_shot import save_picture
    except ImportError as error:
        raise BadInput(_needs_qt(error)) from error
    if not save_picture(compared, picture, theme, Choice(cast(Any, kind), with_runs=data)):
        raise BadInput(f"{picture} could not be written: choose another folder.")
    print(f"Picture: {picture.resolve()}", file=sys.stderr)
