"""What a model would come to on all hardware known here and on this machine's own devices."""

from collections.abc import Mapping, Sequence

from llmscope.analysis.demand import Demand, Format
from llmscope.analysis.projection import Projection, project, projected
from llmscope.analysis.targets import of_ceilings
from llmscope.hardware.catalogue import catalogue
from llmscope.runs.here import Here

#: What fits comes first, then what has as much memory as is fitted, then what does not fit.
_RANK: dict[bool | None, int] = {True: 0, None: 1, False: 2}


def projections(wanted: Mapping[Format, Demand], format_: Format, prices: Mapping[str, float],
                here: Sequence[Here]) -> list[Projection]:
    """Return what is expected of all hardware: what fits first, the fastest first; at the end what is most short.

    `prices` are a person's own in US dollars, by id. Devices of this machine whose memory was not measured at this size
    are left out.
    """
    found = [project(hardware, wanted, format_, prices) for hardware in catalogue()]
    own = [of_ceilings(known.ceilings, known.name, known.memory_bytes, wanted[format_]) for known in here]
    found += [projected(target, wanted, format_) for target in own if target is not None]
    return sorted(found, key=_order)


def _order(one: Projection) -> tuple[int, float]:
    if one.fits is False:
        return _RANK[False], -(one.spare_bytes or 0.0)
    return _RANK[one.fits], -one.decode_tok_s.high if one.decode_tok_s else 0.0
