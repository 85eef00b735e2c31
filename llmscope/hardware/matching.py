"""Which entry of the list of hardware a GPU of this machine is, by the name that its driver tells and its memory."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from llmscope.core.units import GIB
from llmscope.hardware.catalogue import Hardware, catalogue
from llmscope.hardware.host import gpus_of

#: Words that say nothing about which GPU it is.
_EMPTY = {"nvidia", "amd", "intel", "tesla", "gpu", "graphics", "edition", "generation"}
#: How a card is built in: other clocks, so another entry. A driver calls the H100 with this memory only SXM.
_FORM = re.compile(r"sxm\d*|pcie")
_FORMS = {"hbm3": "sxm5"}
_SIZE = re.compile(r"\d+gb")
#: What driver or torch tell of the memory, as a share of its label: ECC takes up to 6.25 %, CUDA some more.
LEAST_MEMORY, MOST_MEMORY = 0.90, 1.02


def entry_of(name: str, memory_bytes: float | None) -> Hardware | None:
    """Return the entry of a GPU, None unless name, memory and form fit one and only one.

    Cards of one name with other memory, clocks or a part of the chip are other hardware: where that cannot be told
    there is no entry. CPUs and chips that share their memory have none: their figures depend on what is fitted.
    """
    words, form = _told_apart(name)
    found = [hardware for hardware in catalogue() if hardware.kind == "gpu"
             and _told_apart(hardware.name)[0] == words and _is_of_size(hardware, memory_bytes)
             and form in (None, _told_apart(hardware.name)[1])]
    return found[0] if len(found) == 1 else None


def entries_of(machine: Mapping[str, Any] | None) -> dict[str, Hardware]:
    """Return the entries of the GPUs of a machine, as a stored run describes it, by what torch calls them.

    None for several different ones: CUDA may count them in another order than the driver.
    """
    gpus = gpus_of(machine or {})
    found = {f"cuda:{number}": entry_of(str(gpu.get("name")), _number(gpu.get("memory_bytes")))
             for number, gpu in enumerate(gpus)}
    same = len({gpu.get("name") for gpu in gpus}) == 1
    return {device: hardware for device, hardware in found.items() if hardware is not None} if same else {}


def _told_apart(name: str) -> tuple[frozenset[str], str | None]:
    """Return the words that tell a GPU from others, and its form where it is told."""
    text = re.sub(r"\((r|tm)\)", " ", name.casefold())
    text = re.split("[(,]", text)[0]
    words = [_FORMS.get(word, word) for word in re.findall(r"\w+", text)]
    form = next((word for word in words if _FORM.fullmatch(word)), None)
    return frozenset(_kept(words)), form


def _kept(words: Iterable[str]) -> Iterable[str]:
    return (word for word in words if word not in _EMPTY and not _FORM.fullmatch(word) and not _SIZE.fullmatch(word))


def _is_of_size(hardware: Hardware, memory_bytes: float | None) -> bool:
    if memory_bytes is None or hardware.memory_gib is None:
        return False
    return LEAST_MEMORY <= memory_bytes / GIB / hardware.memory_gib <= MOST_MEMORY


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
