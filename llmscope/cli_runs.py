"""`llmscope runs`: the stored runs in the terminal."""

import sys
from typing import Annotated, get_args

import msgspec
import typer

from llmscope import paths, terminal
from llmscope.core.errors import BadInput
from llmscope.core.spec import DTYPE_SHORT
from llmscope.core.units import NBSP, duration, measured, plus_minus
from llmscope.runs import references
from llmscope.runs.entry import Brief, Entry, matches
from llmscope.runs.exchange.arrival import read_origin
from llmscope.runs.export import Format, export
from llmscope.runs.export_grid import asked_grids, grid_markdown
from llmscope.runs.index import Index
from llmscope.runs.marks import Marks, read_marks, tags_in, write_marks
from llmscope.runs.resume import earlier
from llmscope.runs.store import read_run

app = typer.Typer(no_args_is_help=True, help="List, show, name, export, import and delete stored runs.")

NOTHING_DONE = 130
#: Runs that are listed unless told otherwise.
LISTED = 50
#: How they can be listed.
LISTS = ("text", "json")


@app.command("list")
def list_runs(
    search: Annotated[str, typer.Option(help="Words that must all occur: model, device, test, date, status.")] = "",
    tag: Annotated[str, typer.Option(help="Only runs with this tag; 'reference' for those that come with llmscope.")
                   ] = "",
    limit: Annotated[int, typer.Option(help="The most runs to list, the latest first; 0 for all.")] = LISTED,
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as -o json.")] = False,
) -> None:
    """List the stored runs, the latest first."""
    if output not in LISTS:
        raise BadInput(f"There is no list as '{output}': use {' or '.join(LISTS)}.")
    if limit < 0:
        raise BadInput("--limit must be at least 0.")
    words = search.lower().split()
    found = [entry for entry in _entries() if matches(entry.words, words)
             and (not tag or tag.casefold() in map(str.casefold, entry.labels))]
    shown = found[:limit] if limit else found
    if as_json or output == "json":
        print(msgspec.json.format(msgspec.json.encode([_plain(entry) for entry in shown]), indent=2).decode())
    elif shown:
        marked = any(entry.name or entry.labels for entry in shown)
        head = ("run", "model", "device", "dtype", "tests", "first result", "took", "status")
        terminal.print_table((*head, "name and tags") if marked else head,
                             [(*_line(entry), _marks(entry)) if marked else _line(entry) for entry in shown])
    if len(shown) < len(found):
        _say(f"{len(shown):,} of {len(found):,} runs: --limit 0 lists all")
    elif not found:
        _say("no run fits the search and the tag" if tag else f"no run has all of '{search}'" if words else
             f"there are no runs in {paths.runs_folder()} yet")


@app.command()
def show(run: Annotated[str, typer.Argument(help="A run's id, as 'llmscope runs list' prints it.")],
         output: Annotated[str, typer.Option("--output", "-o", help="md, json, jsonl or csv.")] = "md",
         grid: Annotated[str | None, typer.Option(
             help="Print a table over one setting or two (down,across), such as batch,seq.")] = None,
         figure: Annotated[str, typer.Option(help="Of the grid: speed, ttft, memory or energy.")] = "speed",
         test: Annotated[str | None, typer.Option(help="Of the grid: the test, such as pp; all if not given.")] = None,
         ) -> None:
    """Print the results of a stored run."""
    if output not in get_args(Format):
        raise BadInput(f"There is no format '{output}': use {', '.join(get_args(Format))}.")
    if grid is None and (figure != "speed" or test is not None):
        raise BadInput("--figure and --test are of a grid: give them with --grid, such as --grid batch,seq.")
    stored = read_run(references.find(paths.runs_folder(), run))
    for warning in stored.warnings:
        _say(warning)
    if origin := read_origin(stored.folder):
        _say(f"imported from {origin.file} ({origin.kind}), {origin.imported_utc}")
    if stored.read_only:
        _say("a newer llmscope wrote this run: what this one does not know is left out")
    if stored.status in ("interrupted", "running"):
        _say("this run was cut off: the tests that finished stand" if stored.status == "interrupted" else
             "this run goes on: these are the tests that finished")
    if grid is not None:
        print("\n".join(map(grid_markdown, asked_grids(stored.rows, grid, figure, test))), end="")
        return
    print(export(stored.rows, stored.manifest.started, output, stored.manifest.program),  # type: ignore[arg-type]
          end="")


@app.command()
def resume(run: Annotated[str, typer.Argument(help="A run's id, as 'llmscope runs list' prints it.")],
           output: Annotated[str, typer.Option("--output", "-o", help="md, json, jsonl or csv.")] = "md") -> None:
    """Go on with a run that was stopped or cut off, as a new run that takes its finished tests over."""
    if output not in get_args(Format):
        raise BadInput(f"There is no format '{output}': use {', '.join(get_args(Format))}.")
    before = earlier(read_run(references.find_own(paths.runs_folder(), run)))
    finished = terminal.measure(before.started.spec, paths.runs_folder(), before)
    terminal.print_rows(finished, output, None)
    raise typer.Exit(terminal.exit_code(finished.rows, finished.ended.status))


@app.command()
def edit(
    run: Annotated[str, typer.Argument(help="A run's id, as 'llmscope runs list' prints it.")],
    name: Annotated[str | None, typer.Option(help="A name of your own; an empty one takes it away.")] = None,
    tags: Annotated[str | None, typer.Option(help="Tags with commas between them, all of them.")] = None,
    note: Annotated[str | None, typer.Option(help="A note.")] = None,
) -> None:
    """Give a stored run a name, tags or a note; what was measured stays as it is."""
    folder = references.find_own(paths.runs_folder(), run)
    said = {"name": name, "tags": None if tags is None else tags_in(tags), "note": note}
    changes = {key: value for key, value in said.items() if value is not None}
    if not changes:
        raise BadInput("Nothing to change: give --name, --tags or --note.")
    write_marks(folder, msgspec.structs.replace(read_marks(folder)[0], **changes))


@app.command()
def delete(runs: Annotated[list[str], typer.Argument(help="Ids of runs, as 'llmscope runs list' prints them.")],
           yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete stored runs with all their files."""
    folder = paths.runs_folder()
    wanted = list(dict.fromkeys(runs))
    for run in wanted:
        references.find_own(folder, run)
    what = f"run {wanted[0]}" if len(wanted) == 1 else f"{len(wanted)} runs"
    if not yes and not terminal.confirmed(f"Delete {what}? This cannot be undone. [y/N] ",
                                          otherwise="Nobody can be asked here whether to delete: add --yes."):
        _say("nothing was deleted")
        raise typer.Exit(NOTHING_DONE)
    index = Index(folder)
    try:
        for run in wanted:
            index.delete(run)
            _say(f"deleted run {run}")
    finally:
        index.close()


def _entries() -> list[Entry]:
    index = Index(paths.runs_folder())
    try:
        index.refresh()
        if index.note:
            _say(index.note)
        return references.beside(index.entries())
    finally:
        index.close()


def _line(entry: Entry) -> tuple[str, ...]:
    counted = next((brief for brief in entry.tests if brief.counted), None)
    dtypes = [DTYPE_SHORT.get(dtype, dtype) for dtype in entry.dtypes]
    status = f"{entry.status}: {entry.reason}" if entry.status in ("damaged", "newer") else entry.status
    return (entry.id, " + ".join(entry.titles), entry.device, ", ".join(dtypes), _tests(entry),
            _value(counted) if counted else "—", "—" if entry.seconds is None else duration(entry.seconds), status)


def _marks(entry: Entry) -> str:
    return " · ".join(filter(None, (entry.name, ", ".join(entry.labels))))


def _tests(entry: Entry) -> str:
    names = entry.planned
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"


def _value(brief: Brief) -> str:
    if brief.median is None:
        return "—"
    width = f" {plus_minus(brief.half_width)}" if brief.half_width is not None else ""
    return f"{brief.test} {measured(brief.median, brief.half_width)}{NBSP}{brief.unit}{width}"


def _plain(entry: Entry) -> dict[str, object]:
    """Return an entry with the names of its fields, for JSON."""
    left_out = ("at_s", "tests", "words", "marks")
    fields = {name: getattr(entry, name) for name in Entry.__struct_fields__ if name not in left_out}
    named = [name for name in Brief.__struct_fields__ if name != "same"]
    marks = entry.marks or Marks()
    return fields | {"name": marks.name, "tags": marks.tags, "note": marks.note,
                     "began": entry.at.isoformat(timespec="seconds"),
                     "tests": [{name: getattr(brief, name) for name in named} for brief in entry.tests]}


def _say(text: str) -> None:
    print(f"llmscope: {text}", file=sys.stderr)
