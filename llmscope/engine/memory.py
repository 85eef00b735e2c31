"""Peak memory of a test, from counters that miss no peak, never from polling."""

from pathlib import Path
from typing import Any

import torch


def reset_peak(device: torch.device) -> None:
    """Start counting the peaks anew, where the system allows it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak(device: torch.device) -> dict[str, Any]:
    """Return the peaks in bytes: the process's resident set, and what torch allocated and reserved on CUDA."""
    peaks: dict[str, Any] = {"resident_bytes": _resident_peak_bytes()}
    if device.type == "cuda":
        peaks |= {"allocated_bytes": torch.cuda.max_memory_allocated(device),
                  "reserved_bytes": torch.cuda.max_memory_reserved(device)}
    return peaks


def _resident_peak_bytes() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
