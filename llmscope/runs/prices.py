"""Prices of a person's own, kept in the file that the terminal reads too."""

import math
from pathlib import Path

import msgspec

from llmscope.core.errors import BadInput
from llmscope.hardware.catalogue import MOST_PRICE_USD, own_prices
from llmscope.runs.store import write_atomically


def keep_price(file: Path, hardware: str, typed: str) -> None:
    """Keep the price of a hardware id as it was typed, in US dollars; nothing typed gives back the one at launch.

    Raises BadInput where that is no price, or the file cannot be read or written: then nothing is changed.
    """
    prices = own_prices(file)
    if typed.strip():
        prices[hardware] = _dollars(typed)
    else:
        prices.pop(hardware, None)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, msgspec.json.format(msgspec.json.encode(prices)))
    except OSError as error:
        raise BadInput(f"The price cannot be kept in {file}: {error.strerror or error}.") from error


def _dollars(typed: str) -> float:
    """Return the number of `1800`, `1,800.50` or `$ 1800`."""
    try:
        price = float(typed.replace("$", "").replace(",", "").replace(" ", ""))
    except ValueError:
        price = math.nan
    if not 0 < price <= MOST_PRICE_USD:
        raise BadInput(f"'{typed.strip()[:40]}' is no price: type US dollars, such as 1800, or nothing for the price "
                       "at launch.")
    return price
