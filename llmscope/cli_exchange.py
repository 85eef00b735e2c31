"""`llmscope runs export`, `runs import` and `schema`: what leaves this machine, and what comes to it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, cast, get_args

import msgspec
import typer

from llmscope import paths, terminal
from llmscope.core.errors import BadInput
from llmscope.runs import references
from llmscope.runs.exchange import bundle, document, llama_bench_export
from llmscope.runs.exchange.importing import import_path
from llmscope.runs.export import Format, export
from llmscope.runs.store import StoredRun, read_run

FORMATS = ("bundle", *get_args(Format), *get_args(llama_bench_export.Form))


def export_runs(
    runs: Annotated[list[str], typer.Argument(help="Ids of runs, as 'llmscope runs list' prints them.")],
    output: Annotated[str, typer.Option("--output", "-o", help=f"{', '.join(FORMATS)}.")] = "bundle",
    out: Annotated[Path | None, typer.Option(help="Write to a file instead.")] = None,
) -> None:
    """Write stored runs for others; a bundle holds them whole, and 'runs import' brings it back bit for bit."""
    if output not in FORMATS:
        raise BadInput(f"There is no format '{output}': use {', '.join(FORMATS)}.")
    if out is not None:
        terminal.check_writable(out)
    text = _text([references.find(paths.runs_folder(), run) for run in dict.fromkeys(runs)], output)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8", newline="\n")
        _say(f"written: {out}")


def import_runs(files: Annotated[list[Path], typer.Argument(
        help="Pictures and exports of llmscope, run folders, and results of llama-bench, optimum-benchmark and vLLM "
             "bench serve.")]) -> None:
    """Keep results of elsewhere as stored runs; 'llmscope runs list' shows them."""
    refused = list[str]()
    for file in files:
        try:
            found = import_path(file, paths.runs_folder())
        except BadInput as error:  # one that cannot be taken keeps nobody from the others
            refused.append(str(error))
            continue
        for arrived in found:
            print(arrived.run)
            _say(f"imported run {arrived.run}" if arrived.is_new else f"run {arrived.run} is there already")
            for note in arrived.notes:
                _say(note)
    for line in refused[:-1]:
        _say(line)
    if refused:
        raise BadInput(refused[-1])


def print_schema() -> None:
    """Print the JSON schema of llmscope's own results, as '-o json' writes them."""
    print(msgspec.json.format(msgspec.json.encode(document.schema()), indent=2).decode())


def _text(chosen: Sequence[Path], output: str) -> str:
    if output == "bundle":
        packed = bundle.pack(chosen)
        for line in packed.lacks:
            _say(line)
        return bundle.encode(packed).decode() + "\n"
    stored = [read_run(folder) for folder in chosen]
    for run in stored:
        for warning in run.warnings:
            _say(warning)
    if output in get_args(Format):
        return _own(stored, cast(Format, output))
    told, others = llama_bench_export.tests(stored)
    if others:
        _say(f"left out, llama-bench has no such test or there is no value: {', '.join(dict.fromkeys(others))}")
    if not told:
        raise BadInput("llama-bench has only pp and tg of one sequence, and there is none: export as json instead.")
    return llama_bench_export.text(told, cast(llama_bench_export.Form, output))


def _own(stored: Sequence[StoredRun], form: Format) -> str:
    """Return one text of all runs; as JSON a list where there are several, as a table with one header."""
    texts = [export(run.rows, run.manifest.started, form, run.manifest.program) for run in stored]
    if form == "json" and len(texts) > 1:
        return "[" + ",\n".join(text.rstrip() for text in texts) + "]\n"
    if form == "csv":
        return texts[0] + "".join(text.partition("\n")[2] for text in texts[1:])
    return ("\n" if form == "md" else "").join(texts)


def _say(text: str) -> None:
    print(f"llmscope: {text}", file=sys.stderr)
