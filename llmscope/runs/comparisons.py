"""Stored runs whose GPU is in the list of hardware, as references for what is predicted."""

from collections.abc import Iterator
from pathlib import Path

from llmscope.analysis.demand import FORMATS
from llmscope.analysis.references import Compared, Reference, compared, references
from llmscope.core.results import COUNTED, Row
from llmscope.hardware.catalogue import Hardware
from llmscope.hardware.matching import entries_of
from llmscope.runs import folders
from llmscope.runs.store import NoRun, read_manifest, read_run

#: So many of the latest runs are looked at: reading takes about a millisecond each.
MOST_RUNS = 300


def comparisons(runs: Path) -> list[Compared]:
    """Return predicted against measured: this program's stored runs, the latest first, then what others published."""
    return [one for reference in (*stored_references(runs), *references()) for one in compared(reference)]


def stored_references(runs: Path) -> list[Reference]:
    """Return what stored runs measured on hardware of the list; of a test measured several times the last."""
    found: dict[tuple[str, ...], Reference] = {}
    for row, hardware in _measured(runs):
        reference = _reference(row, hardware)
        if reference is not None:
            found.setdefault((hardware.id, row.model, row.dtype, row.backend, row.test), reference)
    return list(found.values())


def _measured(runs: Path) -> Iterator[tuple[Row, Hardware]]:
    """Yield the tests on hardware of the list, the latest run first."""
    try:
        names = sorted(folders.stamps(runs), reverse=True)[:MOST_RUNS]
    except OSError:
        return
    for name in names:
        try:
            known = entries_of(read_manifest(runs / name)[0].started.machine)
            rows = read_run(runs / name).rows if known else ()
        except NoRun:
            continue
        yield from ((row, known[row.device]) for row in rows if row.device in known)


def _reference(row: Row, hardware: Hardware) -> Reference | None:
    """Return a row as a reference; only reading one prompt and writing one token after the other are predicted."""
    kind = row.definition.partition("/")[0]
    if row.median is None or row.verdict not in COUNTED or row.dtype not in FORMATS or row.backend == "int8":
        return None
    source = f"llmscope, {row.backend}, run {row.run}"
    if kind == "tg":
        # The cache grows while a sample writes: it is half as long on average.
        return Reference(hardware=hardware.id, model=row.model, format=row.dtype,
                         context=row.depth + max(1, row.new // 2), batch=row.batch, writing_tok_s=row.median,
                         source=source)
    if kind == "pp" and row.batch == 1 and not row.depth:
        return Reference(hardware=hardware.id, model=row.model, format=row.dtype, context=row.seq,
                         reading_tok_s=row.median, source=source)
    return None
