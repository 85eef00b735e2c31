"""What the terminal shows: progress as it comes, tables, and errors in plain words."""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec
import typer

from llmscope.analysis import row_names
from llmscope.analysis.bottleneck import stored_finding
from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import Cell, RunSpec
from llmscope.core.units import measured, plus_minus
from llmscope.paths import runs_folder
from llmscope.runs.blocking import Finished, run_blocking
from llmscope.runs.export import export, limiter_words, result_cells
from llmscope.runs.resume import Earlier, going_on

OK, FAILED, CANCELLED, UNREAD = 0, 1, 130, 141
#: How msgspec says that a number is out of its bounds, and what we say.
_BOUND = re.compile(r"Expected `\w+` ([<>]=?) (-?[\d.]+)")
_BOUNDS = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}

#: How the library that parses the command line says that a value is no number.
_NO_NUMBER = re.compile(r"valid (integer|number|float)")


def measure(spec: RunSpec, folder: Path | None, before: Earlier | None = None) -> Finished:
    """Run a spec, or go on with an earlier run of it, with progress on stderr."""
    try:
        finished = run_blocking(spec, Progress(), folder, before, _doubt)
    except KeyboardInterrupt:
        _say_stopped((), None, None)
        raise typer.Exit(CANCELLED) from None
    if finished.ended.status == "stopped":
        _say_stopped(finished.rows, finished.started, folder)
    return finished


def _doubt(lines: Sequence[str]) -> None:
    """Ask whether to run what is expected not to fit; where nobody can be asked it is refused with what to change."""
    if not confirmed("\n".join(lines) + " Run it anyway? [y/N] ", otherwise=" ".join(lines)):
        print("llmscope: nothing was measured", file=sys.stderr)
        raise typer.Exit(CANCELLED)


def confirmed(question: str, otherwise: str) -> bool:
    """Return whether the person at the terminal says yes; raises BadInput with other words where there is none."""
    if not sys.stdin.isatty():
        raise BadInput(otherwise)
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say_stopped(rows: Sequence[Row], started: events.RunStarted | None, folder: Path | None) -> None:
    """Say what is left of a run that was stopped, and how to go on with it where it is kept."""
    stored = folder / started.run if started is not None and folder is not None else None
    is_kept, done = stored is not None and stored.is_dir(), sum(row.verdict in COUNTED for row in rows)
    what = f"{done} of {len(rows)} tests {'was' if done == 1 else 'were'} finished, " + (
        f"kept in {stored}" if is_kept else "not kept")
    more = _way_on(started, rows) if is_kept and started is not None else ""
    print(f"llmscope: Stopped: {what if done else 'no test was finished'}.{more}", file=sys.stderr)


def _way_on(started: events.RunStarted, rows: Sequence[Row]) -> str:
    try:
        return f" Go on with it: llmscope runs resume {going_on(started, dict(enumerate(rows))).started.run}"
    except BadInput:  # nothing is left to do
        return ""


class Progress:
    """Prints what happens to stderr: a line for each test, and on a terminal one that is redrawn."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._names: list[str] = []
        self._phase = ""
        self._line = ""

    def __call__(self, event: events.Event) -> None:
        """Show an event."""
        match event:
            case events.RunStarted(spec=spec, run=run):
                self._names = _names(spec.cells)
                tests = len(spec.cells)
                self._print(f"run {run}: {tests} test{'s' if tests != 1 else ''}")
                self._warn_of_threads(spec, event.machine.get("threads_usable"))
            case events.CellStarted(cell=cell) if not self._live:
                self._print(f"{self._test(cell)} …")
            case events.PhaseStarted(phase=phase):
                self._phase = phase
            case events.Progress(cell=cell, tokens_per_s=rate) if rate is not None:
                self._redraw(f"{self._test(cell)}  {self._phase}  {rate:,.0f} tok/s")
            case events.Estimate(cell=cell, n=n, median=median, low=low, high=high):
                width = (high - low) / 2 / median if low is not None and high is not None else None
                self._redraw(f"{self._test(cell)}  n {n}  {measured(median, width)}  {plus_minus(width)}")
            case events.CellEnded(cell=cell, row=row):
                value, plus, count, verdict = result_cells(row)
                self._print(f"{self._names[cell]:<12} {value:>16}  {plus:>8}  n {count:<5} {verdict}"
                            + (f": {row.reason}" if row.reason and row.reason != verdict else ""))
                if (found := stored_finding(row)) is not None and row.verdict != "failed":
                    self._print(f"{'':<12} {limiter_words(row)}: {found.evidence}")
            case events.Stopping():
                self._print("stopping …")
            case events.Note(text=text):
                self._print(text)

    def _warn_of_threads(self, spec: RunSpec, cores: int | None) -> None:
        most = max((cell.threads or spec.threads or 0 for cell in spec.cells), default=0)
        if cores and most > cores:
            self._print(f"llmscope: {most} threads share {cores} core{'s' if cores > 1 else ''} and wait for each "
                        f"other: --threads {cores} is the most that can help.")

    def _test(self, cell: int) -> str:
        return f"{cell + 1} of {len(self._names)}  {self._names[cell]}"

    def _redraw(self, text: str) -> None:
        if self._live:
            self._write(f"\r{text:<78.78}")
            self._line = text

    def _print(self, text: str) -> None:
        if self._line:
            self._write("\r" + " " * 78 + "\r")
            self._line = ""
        self._write(f"{text}\n")

    @staticmethod
    def _write(text: str) -> None:
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except BrokenPipeError:
            let_go(sys.stderr)  # nobody reads it any more: the run goes on all the same


def let_go(*streams: TextIO) -> None:
    """Send what is still written to streams nowhere, so that nothing fails again, nor as the interpreter ends."""
    with Path(os.devnull).open("w") as nowhere:
        for stream in streams:
            os.dup2(nowhere.fileno(), stream.fileno())


def _names(cells: Sequence[Cell]) -> list[str]:
    """Return what each test is called: its id, with what tells it from the others of that id, the model too."""
    models = Counter(test for test, _ in {(cell.test, cell.model) for cell in cells})
    return [f"{name} · {cell.model}" if models[cell.test] > 1 else name
            for cell, name in zip(cells, row_names.names(cells), strict=True)]


def exit_code(rows: Sequence[Row], status: str) -> int:
    """Return 130 for a stopped run, 1 if any row is invalid or failed, else 0."""
    if status == "stopped":
        return CANCELLED
    return OK if rows and all(row.verdict in COUNTED for row in rows) else FAILED


def check_writable(file: Path) -> None:
    """Raise BadInput if a file cannot be written there: told before a run, not after it."""
    folder = file.absolute().parent
    if not folder.is_dir():
        raise BadInput(f"{file} cannot be written: there is no folder {folder}.")
    if file.is_dir():
        raise BadInput(f"{file} is a folder: give the name of a file.")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise BadInput(f"{file} cannot be written: this is not allowed. Choose another folder.")


def print_rows(finished: Finished, form: str, out: Path | None) -> None:
    """Print the rows on stdout, or write them to a file; a file that cannot be written loses nothing."""
    text = export(finished.rows, finished.started, form)  # type: ignore[arg-type]
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
            return
        except OSError as error:
            print(f"llmscope: {out} cannot be written ({error.strerror}): results follow here", file=sys.stderr)
    print(text, end="")


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose columns line up."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for line in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_shot(shoot: Callable[..., "tuple[int, events.RunStarted | None, Sequence[Row]]"], file: Path,
               theme: str) -> int:
    """Take the picture, then print the table and where picture and run are; returns the exit code."""
    print("Running the quick preset in the real window; this takes about a minute.", file=sys.stderr)
    code, started, rows = shoot(file, theme=theme, on_event=Progress())
    if started is not None:
        print(export(rows, started, "md"))
        print(f"Run: {runs_folder() / started.run}")
    if file.is_file():
        print(f"Picture: {file.resolve()}")
    if code == CANCELLED:
        _say_stopped(rows, started, runs_folder())
    return code


def wrong_use(error: Any) -> str:
    """Return what the library that parses the command line found wrong as one line a person can act on."""
    text = error.format_message()
    if (number := _NO_NUMBER.search(text)) is not None:
        return f"{error.param.opts[0]} takes a {'whole number' if number[1] == 'integer' else 'number'}."
    return f"{text} See 'llmscope --help'."


def plain(error: msgspec.ValidationError) -> str:
    """Return what is wrong with a setting as one line a person can act on."""
    text, _, where = str(error).partition(" - at `$")
    name = where.rstrip("`").rpartition(".")[2].replace("_", "-")
    bound = _BOUND.fullmatch(text.rstrip("."))
    if where and bound is not None:
        return f"--{name} must be {_BOUNDS[bound[1]]} {bound[2]}."
    return f"{name}: {text.rstrip('.')}." if where else f"{text.rstrip('.')}."

