"""What went wrong, in one line that says what to do; out of memory with what was needed and what there was."""

import re
import traceback
from typing import Any

import psutil
import torch
from msgspec import Struct

from llmscope.core import units
from llmscope.core.errors import BadInput

_UNITS = {"bytes": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_TRIED = re.compile(r"[Tt]ried to allocate ([\d.]+) (bytes|KiB|MiB|GiB)")


class Failure(Struct, frozen=True):
    """Why a test failed. `recycle` if the process may be left in a bad state."""

    reason: str
    extra: dict[str, Any]
    recycle: bool


def explain(error: BaseException, device: torch.device | None) -> Failure:
    """Return the failure that an exception stands for."""
    if isinstance(error, BadInput):
        return Failure(str(error), {}, recycle=False)
    if is_out_of_memory(error):
        return _out_of_memory(error, device)
    if isinstance(error, torch.AcceleratorError):
        return Failure(f"the device failed: {_first_line(error)}", _details(error), recycle=True)
    return Failure(f"{type(error).__name__}: {_first_line(error)}", _details(error), recycle=True)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception means that memory ran out, on the device or on the host."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _out_of_memory(error: BaseException, device: torch.device | None) -> Failure:
    found = _TRIED.search(str(error))
    wanted = int(float(found[1]) * _UNITS[found[2]]) if found else None
    on_device = isinstance(error, torch.OutOfMemoryError) and device is not None and device.type == "cuda"
    if on_device:
        free, total = torch.cuda.mem_get_info(device)
        where = "GPU memory"
    else:
        host = psutil.virtual_memory()
        free, total, where = host.available, host.total, "memory"
    asked = f"{units.gib(wanted)} more was needed" if wanted is not None else "more was needed than could be had"
    reason = f"out of {where}: {asked}, {units.gib(free)} was free; lower the batch size or the sequence length"
    memory = {"wanted_bytes": wanted, "free_bytes": free, "total_bytes": total}
    return Failure(reason, {"kind": "out_of_memory", "memory": memory} | _details(error), recycle=True)


def _details(error: BaseException) -> dict[str, Any]:
    return {"message": str(error)[:2000], "traceback": "".join(traceback.format_exception(error))[-4000:]}


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else "no message"
