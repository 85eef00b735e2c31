"""What a model would come to on all hardware known here and on this machine's own devices."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from llmscope.analysis.demand import Demand, Format
from llmscope.analysis.figures import Range
from llmscope.analysis.prediction import Prediction
from llmscope.analysis.projection import Projection, project, projected
from llmscope.analysis.targets import of_ceilings
from llmscope.core.spec import Cell, Dtype
from llmscope.hardware.catalogue import catalogue
from llmscope.runs.here import Here

#: Formats of weights that tests have too.
_DTYPES: dict[Format, Dtype] = {"float32": "float32", "bfloat16": "bfloat16", "float16": "float16"}
#: Writing is meant with a full cache: the last tokens of it.
LAST_TOKENS = 16
#: What fits comes first, then what has as much memory as is fitted, then what does not fit.
_RANK: dict[bool | None, int] = {True: 0, None: 1, False: 2}


def projections(model: str, wanted: Mapping[Format, Demand], format_: Format, prices: Mapping[str, float],
                here: Sequence[Here]) -> list[Projection]:
    """Return what is expected of all hardware: what fits first, the fastest first; at the end what is most short.

    `prices` are a person's own in US dollars, by id. This machine stands there by what its ceilings allow, where its
    memory was measured at this size, and by what its stored runs tell of plain transformers.
    """
    found = [project(hardware, wanted, format_, prices) for hardware in catalogue()]
    for known in here:
        found += _own(known, model, wanted, format_)
    return sorted(found, key=_order)


def _own(known: Here, model: str, wanted: Mapping[Format, Demand], format_: Format) -> Iterator[Projection]:
    target = of_ceilings(known.ceilings, known.name, known.memory_bytes, wanted[format_])
    if target is None:
        return
    one = projected(target, wanted, format_)
    yield one
    if one.fits is not False and (told := _as_learnt(known, model, wanted[format_])):
        writing, reading = told
        said = next(of for of in told if of is not None)
        target = msgspec.structs.replace(target, id=f"{target.id}-runs", name=f"{known.name}, plain transformers",
                                         source=said.basis)
        yield msgspec.structs.replace(one, target=target, decode_tok_s=_range(writing), prefill_tok_s=_range(reading),
                                      energy_j_token=None)


def _as_learnt(known: Here, model: str, demand: Demand) -> tuple[Prediction | None, Prediction | None] | None:
    """Return what the stored runs foretell of writing and reading, None where they tell of neither."""
    dtype = _DTYPES.get(demand.format)
    if known.learnt is None or dtype is None:
        return None
    device, new = known.ceilings.device, min(LAST_TOKENS, demand.context)
    cells = (Cell(model, "tg", device, dtype, batch=demand.batch, new=new, depth=demand.context - new),
             Cell(model, "pp", device, dtype, seq=demand.context))
    writing, reading = map(known.learnt.foretell, cells)
    return None if writing is None and reading is None else (writing, reading)


def _range(told: Prediction | None) -> Range | None:
    return None if told is None else Range(told.low, told.high, "predicted", told.basis)


def _order(one: Projection) -> tuple[int, float]:
    if one.fits is False:
        return _RANK[False], -(one.spare_bytes or 0.0)
    return _RANK[one.fits], -one.decode_tok_s.high if one.decode_tok_s else 0.0
