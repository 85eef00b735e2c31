"""Rows as text that others read: Markdown, JSON, JSON lines, CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Literal

import msgspec

from llmscope import __version__
from llmscope.analysis.bottleneck import stored_finding
from llmscope.analysis.evidence import percent
from llmscope.analysis.row_names import said
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.events import RunStarted
from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.core.rows import cell_of
from llmscope.core.spec import DTYPE_SHORT, MACHINE
from llmscope.core.units import NBSP, measured, plus_minus, significant
from llmscope.runs.exchange.document import SCHEMA, Document

Format = Literal["md", "json", "jsonl", "csv"]
#: Settings that get a column of their own when they differ between rows.
_SETTINGS = ("model", "backend", "device", "dtype", "batch", "seq")
#: Of them, those that a test of the machine has.
_MACHINE_SETTINGS = ("device", "dtype")


#: Which program measured, where no other is told.
PROGRAM = f"llmscope {__version__}"


def export(rows: Sequence[Row], started: RunStarted, form: Format, program: str = PROGRAM) -> str:
    """Return the rows in a format, ending with a newline; `program` is what measured them."""
    return {"md": markdown, "json": as_json, "jsonl": json_lines, "csv": as_csv}[form](rows, started, program)


def markdown(rows: Sequence[Row], started: RunStarted, program: str = PROGRAM) -> str:
    """Return a table for people: a settings column only where settings vary, and what holds for all below it."""
    varying = [name for name in _SETTINGS if len(_values(rows, name)) > 1]
    limited = any("limit" in row.extra for row in rows)
    named = any("bottleneck" in row.extra for row in rows)
    options = _of_others(rows)
    head = [*varying, *options, "test", "result", "±", "n", "verdict", *(["limited by"] if named else []),
            *(["of measured ceiling"] if limited else []), "reason"]
    body = [[*(_shown(row, name) for name in varying), *(said(row.options.get(name, "")) for name in options),
             row.test, *result_cells(row),
             *([limiter_words(row)] if named else []), *([limit_words(row)] if limited else []), row.reason or ""]
            for row in rows]
    lines = [head, ["---:" if name in ("result", "±", "n") else "---" for name in head], *body]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
                      for line in lines)
    compared = compared_line(rows)
    return f"{table}\n\n{compared + chr(10) * 2 if compared else ''}{settings_line(rows, started, program)}\n"


def compared_line(rows: Sequence[Row]) -> str:
    """Return how many times as fast the second of two rows measured in turns is, empty where they were not."""
    if len(rows) != 2 or "compared" not in rows[1].extra:
        return ""
    found = rows[1].extra["compared"]
    first, second = (f"{row.test} on {row.backend}, {DTYPE_SHORT.get(row.dtype, row.dtype)}" for row in rows)
    rounds = f"{found['rounds']} rounds in turns"
    if not found["resolved"]:
        return f"{second} against {first}: no difference resolved ({plus_minus(found['half_width'])}), {rounds}."
    return (f"{second}: {significant(found['ratio'])}× as fast as {first} ({significant(found['low'])} to "
            f"{significant(found['high'])}), {rounds}.")


def settings_line(rows: Sequence[Row], started: RunStarted, program: str = PROGRAM) -> str:
    """Return what holds for every row: model, device, dtype, accuracy, versions, machine, date."""
    same = [f"{name} {_shown(rows[0], name)}" for name in _SETTINGS if len(_values(rows, name)) == 1]
    versions = " · ".join(f"{name} {version}" for name, version in started.versions.items())
    threads = f"threads {started.spec.threads}" if started.spec.threads else ""
    # Of another program's run nobody asked for one.
    accuracy = f"accuracy {started.spec.accuracy}" if program.startswith("llmscope") else ""
    parts = [*same, threads, accuracy, str(started.machine.get("label", "")), versions,
             program, started.utc]
    return " · ".join(part for part in parts if part)


def result_cells(row: Row) -> tuple[str, str, str, str]:
    """Return value with unit, ±, n and verdict as words; a missing value is `—`, never 0."""
    value = "—" if row.median is None else f"{measured(row.median, row.half_width)}{NBSP}{row.unit}"
    width = plus_minus(row.half_width) if row.median is not None else "—"
    return value, width, str(row.n), VERDICT_WORDS[row.verdict]


def limiter_words(row: Row) -> str:
    """Return what limits a row: `memory bandwidth`, `probably compute` where that is not sure, or `—`."""
    found = stored_finding(row)
    if found is None:
        return "—"
    return found.limiter if found.is_sure or found.limiter == "unclear" else f"probably {found.limiter}"


def limit_words(row: Row) -> str:
    """Return how near a row came to the ceiling that limits it: `memory bandwidth: 83 % of 231 GB/s`, or why not."""
    limit = row.extra.get("limit")
    if limit is None:
        return "not checked" if "not_checked" in row.extra else "—"
    return f"{limit['bound']}: {percent(limit['share'])} of {significant(limit['ceiling'])}{NBSP}{limit['unit']}"


def as_json(rows: Sequence[Row], started: RunStarted, program: str = PROGRAM) -> str:
    """Return one JSON object: the run, its machine and settings, and `rows`."""
    document = Document(
        schema=SCHEMA, program=program, run=started.run, utc=started.utc, machine=started.machine,
        versions=started.versions, accuracy=started.spec.accuracy, sampling=started.spec.sampling,
        seed=started.spec.seed, threads=started.spec.threads,
        definitions={d.label: d.formula for d in DEFINITIONS.values()}, rows=tuple(rows))
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def json_lines(rows: Sequence[Row], started: RunStarted, program: str = PROGRAM) -> str:
    """Return one row a line; the run's id in each leads back to its folder."""
    return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)


def as_csv(rows: Sequence[Row], started: RunStarted, program: str = PROGRAM) -> str:
    """Return a header and one line a row; samples and extra are JSON in their cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = Row.__struct_fields__
    writer.writerow(names)
    for row in rows:
        writer.writerow([_csv_cell(getattr(row, name)) for name in names])
    return out.getvalue()


def _values(rows: Sequence[Row], name: str) -> set[object]:
    """Return the values that a setting has in the rows whose test has it."""
    return {getattr(row, name) for row in rows if row.model != MACHINE or name in _MACHINE_SETTINGS}


def _of_others(rows: Sequence[Row]) -> list[str]:
    """Return the options that tell apart what other programs measured, of which no id tells them."""
    names = dict.fromkeys(name for row in rows if cell_of(row) is None for name in row.options)
    return [name for name in names if len({row.options.get(name) for row in rows}) > 1]


def _csv_cell(value: object) -> object:
    if isinstance(value, tuple | dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str):
        value = value.replace("\r", " ")  # a reader would take it for the end of the row
        runnable = value.startswith(("=", "+", "-", "@", "\t"))  # a spreadsheet would run it as a formula
        return "'" + value if runnable else value
    return "" if value is None else value


def _shown(row: Row, name: str) -> str:
    if row.model == MACHINE and name not in (*_MACHINE_SETTINGS, "model"):
        return "—"
    value = getattr(row, name)
    return DTYPE_SHORT.get(value, value) if name == "dtype" else str(value)
