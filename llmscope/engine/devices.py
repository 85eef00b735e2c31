"""Which devices torch can use here, and which dtypes a tiny product proves on each."""

import os
import sys
import time

import torch

from llmscope.core.events import Device, DtypeProbe

#: Kinds this program has been run on; others are shown as untested.
TESTED_KINDS = frozenset({"cpu", "cuda"})
DTYPES = ("float32", "bfloat16", "float16")
PROBE_SIZE = 192
#: The best of so many products is taken; a slow dtype ends earlier.
PROBE_PRODUCTS, PROBE_LIMIT_S = 20, 0.03
#: A dtype counts as fast if its product takes at most this many times float32's.
FAST_RATIO = 1.3


def cpu() -> Device:
    """Return the CPU with its proven dtypes; takes some tens of milliseconds."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    return Device("cpu", "CPU", "cpu", memory, probe_dtypes(torch.device("cpu")))


def has_accelerators() -> bool:
    """Return whether torch was built for an accelerator that is present, without creating a context on it."""
    return torch.accelerator.is_available()


def accelerators() -> tuple[Device, ...]:
    """Return every accelerator with its proven dtypes. Creates a context on each: never in a standby worker."""
    accelerator = torch.accelerator.current_accelerator()
    if accelerator is None:
        return ()
    return tuple(_accelerator(torch.device(accelerator.type, i)) for i in range(torch.accelerator.device_count()))


def _accelerator(device: torch.device) -> Device:
    name, memory = device.type.upper(), None
    if device.type in ("cuda", "xpu"):
        properties = getattr(torch, device.type).get_device_properties(device)
        name, memory = properties.name, properties.total_memory
    elif device.type == "mps":
        name, memory = "Apple GPU", torch.mps.recommended_max_memory()
    return Device(str(device), name, device.type, memory, probe_dtypes(device), device.type in TESTED_KINDS)


def probe_dtypes(device: torch.device) -> tuple[DtypeProbe, ...]:
    """Return the dtypes whose product on the device is right, each with whether it is as fast as float32.

    One thread is used, so that a busy core cannot hold up the others and turn the comparison around.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seconds = {name: _product_s(device, getattr(torch, name)) for name in DTYPES}
    finally:
        torch.set_num_threads(threads)
    reference = seconds["float32"]
    return tuple(
        DtypeProbe(name, reference is None or s <= FAST_RATIO * reference)
        for name, s in seconds.items() if s is not None
    )


def _product_s(device: torch.device, dtype: torch.dtype) -> float | None:
    """Return the best seconds of a small product, or None if it fails or is wrong."""
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(PROBE_SIZE, PROBE_SIZE, generator=generator) for _ in range(2))
    try:
        x, y = a.to(device, dtype), b.to(device, dtype)
        found = (x @ y).float().cpu()
        best, began = float("inf"), time.perf_counter()
        for _ in range(PROBE_PRODUCTS):
            started = time.perf_counter_ns()
            x @ y
            if device.type != "cpu":
                torch.accelerator.synchronize(device)
            best = min(best, (time.perf_counter_ns() - started) / 1e9)
            if time.perf_counter() - began > PROBE_LIMIT_S:
                break
    except (RuntimeError, TypeError, NotImplementedError) as error:
        print(f"{dtype} does not work on {device}: {error}", file=sys.stderr)
        return None
    wrong = (found - a @ b).abs().max() > 0.05 * (a @ b).abs().max()
    return None if bool(wrong) else best
