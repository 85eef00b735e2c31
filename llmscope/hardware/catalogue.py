"""Hardware that can be bought or rented, by its published figures, and what it costs.

Nothing in it was measured. docs/hardware.md says how far each figure is to be trusted.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from llmscope.core.errors import BadInput
from llmscope.paths import resources

Kind = Literal["gpu", "apu", "cpu", "tpu", "npu"]
#: `vendor`: the vendor's own figures. `secondary`: databases, press, units × clock. `unsourced`: a key figure has none.
Confidence = Literal["vendor", "secondary", "unsourced"]

#: Where a person keeps prices of their own, in the data folder: {id: US dollars}.
PRICES = "prices.json"
MOST_PRICE_USD = 100_000_000
_LIMIT_BYTES = 1_000_000
_Positive = Annotated[float, Meta(gt=0)]
_Price = Annotated[float, Meta(gt=0, le=MOST_PRICE_USD)]


class Peaks(Struct, frozen=True, forbid_unknown_fields=True):
    """Dense TFLOPS (`int8`: TOPS) of matrix products with float32 sums; None is not supported or not published."""

    fp32: _Positive | None
    fp16: _Positive | None
    bf16: _Positive | None
    int8: _Positive | None


class Hardware(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device as software sees it; None is not published, `memory_gib` None also "as much as is fitted".

    An `apu` shares its memory with the system, as `unified` says; where one can choose, `memory_gib` is the most.
    """

    id: str
    name: str
    vendor: str
    kind: Kind
    form: Literal["datacenter", "desktop", "laptop", "embedded", "cloud"]
    memory_gib: _Positive | None
    unified: bool
    memory_bandwidth_gb_s: _Positive
    peak_tflops: Peaks
    tdp_w: _Positive | None
    launch_year: int | None
    launch_price_usd: _Price | None
    confidence: Confidence
    sources: tuple[str, ...]
    notes: str


@cache
def catalogue() -> tuple[Hardware, ...]:
    """Return all hardware known here; raises BadInput where the shipped list is missing or damaged."""
    file = resources() / "data" / "hardware.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[Hardware, ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInput(f"The list of hardware in {file} cannot be read ({error}): install llmscope again.") from error


def own_prices(file: Path) -> dict[str, float]:
    """Return US dollars by hardware id as a person wrote them; empty without a file, BadInput where it is wrong."""
    try:
        with file.open("rb") as opened:
            prices = msgspec.json.decode(opened.read(_LIMIT_BYTES), type=dict[str, _Price])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(f'{file} cannot be used ({error}): write {{"rtx-4090": 1800}}, US dollars by the id of the '
                       "hardware.") from error
    unknown = sorted(prices.keys() - {hardware.id for hardware in catalogue()})
    if unknown:
        raise BadInput(f"{file} has a price for '{unknown[0]}', which is no hardware known here: "
                       "'llmscope whatif -o json' prints the ids.")
    return prices
