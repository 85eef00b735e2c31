"""Stored runs whose GPU is in the list of hardware, as references for what is predicted."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from llmscope import paths
from llmscope.analysis.demand import FORMATS
from llmscope.analysis.references import Compared, Reference, compared, references
from llmscope.core.results import COUNTED, Row
from llmscope.hardware.catalogue import Hardware
from llmscope.hardware.matching import entries_of
from llmscope.runs import folders
from llmscope.runs.store import NoRun, read_manifest, read_run

#: So many of the latest runs are looked at: reading takes some milliseconds each.
MOST_RUNS = 300


def comparisons(runs: Path) -> list[Compared]:
    """Return predicted against measured: one's own runs, those that come with llmscope, and what others published."""
    stored = stored_references(runs, paths.sample_runs_folder())
    return [one for reference in (*stored, *references()) for one in compared(reference)]


def stored_references(*places: Path) -> list[Reference]:
    """Return what stored runs measured on hardware of the list; of a test measured several times the last.

    Runs of the first place come before those of the next.
    """
    found: dict[tuple[str, ...], Reference] = {}
    for program, row, hardware in chain.from_iterable(map(_measured, places)):
        reference = _reference(program, row, hardware)
        if reference is not None:
            found.setdefault((hardware.id, row.model, row.dtype, row.backend, row.test), reference)
    return list(found.values())


def _measured(runs: Path) -> Iterator[tuple[str, Row, Hardware]]:
    """Yield the tests on hardware of the list with the program that measured them, the latest run first."""
    for name in folders.latest(runs)[:MOST_RUNS]:
        try:
            manifest = read_manifest(runs / name)[0]
            known = entries_of(manifest.started.machine)
            rows = read_run(runs / name).rows if known else ()
        except NoRun:
            continue
        yield from ((manifest.program, row, known[row.device]) for row in rows if row.device in known)


def _reference(program: str, row: Row, hardware: Hardware) -> Reference | None:
    """Return a row as a reference; only reading one prompt and writing one token after the other are predicted.

    Folders are left alone: a run that was imported may name any.
    """
    kind = row.definition.partition("/")[0]
    if row.median is None or row.verdict not in COUNTED or row.dtype not in FORMATS or row.backend == "int8":
        return None
    if Path(row.model).is_absolute():
        return None
    source = f"{program}, {row.backend}, run {row.run}"
    if kind == "tg":
        # The cache grows while a sample writes: it is half as long on average.
        return Reference(hardware=hardware.id, model=row.model, format=row.dtype,
                         context=row.depth + max(1, row.new // 2), batch=row.batch, writing_tok_s=row.median,
                         source=source)
    if kind == "pp" and row.batch == 1 and not row.depth:
        return Reference(hardware=hardware.id, model=row.model, format=row.dtype, context=row.seq,
                         reading_tok_s=row.median, source=source)
    return None
