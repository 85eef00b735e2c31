"""Peak memory of a test and what holds it, from counters that miss no peak, never from polling."""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

#: What a layer of a cache keeps: keys and values, or the states of convolutions and recurrences.
_CACHED = ("keys", "values", "conv_states", "recurrent_states")


def reset_peak(device: torch.device) -> bool:
    """Start counting the peaks anew; returns whether the counter of `peak_bytes` could be set back."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return device.type == "cuda"
    return device.type in ("cuda", "cpu")


def peak(device: torch.device) -> dict[str, Any]:
    """Return the peaks in bytes: the process's resident set, and what torch allocated and reserved on CUDA."""
    peaks: dict[str, Any] = {"resident_bytes": _status_bytes("VmHWM:")}
    if device.type == "cuda":
        peaks |= {"allocated_bytes": torch.cuda.max_memory_allocated(device),
                  "reserved_bytes": torch.cuda.max_memory_reserved(device)}
    return peaks


def peak_bytes(device: torch.device) -> int | None:
    """Return the most bytes that were in use on the device since the last reset, None where no counter tells."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return _status_bytes("VmHWM:") if device.type == "cpu" else None


class Growth:
    """How far the memory in use rises above what it was when this was made; counts the peaks anew.

    On a CPU the pages of program files do not count: they come with the first use of a library's code.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        _give_back_freed()
        counts = reset_peak(device)
        in_use = torch.cuda.memory_allocated(device) if device.type == "cuda" else peak_bytes(device)
        self._base = in_use if counts else None
        self._program_bytes = self._files()

    def _files(self) -> int:
        return (_status_bytes("RssFile:") or 0) if self._device.type == "cpu" else 0

    def by_holder(self, network: torch.nn.Module, held: dict[str, int | None]) -> dict[str, int | None]:
        """Return the bytes of the peak by what holds them; None is what could not be measured.

        `held` are the gradients, optimizer state and KV cache at the peak, and the logits as the model gave them:
        they are gone once gradients are there. Activations are what is left: with the inputs, what the loss
        makes of the logits, and whatever else a pass works with.
        """
        weights = tensor_bytes((*network.parameters(), *network.buffers()))
        highest = peak_bytes(self._device)
        holders = {"weights": weights, "gradients": held.get("gradients", 0), "optimizer": held.get("optimizer", 0),
                   "kv_cache": held.get("kv_cache", 0), "logits": 0 if held.get("gradients") else held.get("logits", 0)}
        if highest is None or self._base is None:
            return holders | {"activations": None, "peak": None}
        grown = highest - self._base - (self._files() - self._program_bytes)
        others = [bytes_ for name, bytes_ in holders.items() if name != "weights"]
        left = None if None in others else grown - sum(bytes_ or 0 for bytes_ in others)
        return holders | {"activations": None if left is None or left < 0 else left, "peak": weights + grown}


class Logits:
    """Hears once how many bytes of logits a network gives: no later pass of a test gives more than the first."""

    def __init__(self, network: Any) -> None:
        self.given_bytes: int | None = None
        self._hook = network.get_output_embeddings().register_forward_hook(self._hear)

    def _hear(self, module: torch.nn.Module, inputs: Any, logits: torch.Tensor) -> None:
        self.given_bytes = logits.nbytes
        self._hook.remove()


class Gradients:
    """Goes back from a loss, and watches once how many bytes of gradients are there when memory peaks.

    The second pass is watched: by then the optimizer has its state, and no pass is timed yet.
    """

    def __init__(self, network: torch.nn.Module, device: torch.device) -> None:
        self._network, self._device = network, device
        self._passes = self._arrived = self._highest = 0
        self._counts = False
        self.at_peak: int | None = None

    def prepare(self) -> None:
        """Count the peak of the pass to be watched alone."""
        if self._passes == 1:
            self._counts = reset_peak(self._device)

    def backward(self, loss: torch.Tensor) -> None:
        """Go back; how high memory has risen is read before each gradient of the pass that is watched."""
        self._passes += 1
        before = peak_bytes(self._device) if self._passes == 2 and self._counts else None
        if before is None:
            loss.backward()
            return
        self.at_peak, self._highest = 0, before
        hooks = [weight.register_post_accumulate_grad_hook(self._arrive) for weight in self._network.parameters()]
        loss.backward()
        for hook in hooks:
            hook.remove()

    def finish(self) -> None:
        """Note whether memory rose further when all gradients were there."""
        if self._passes == 2 and self.at_peak is not None:
            self._look()

    def _arrive(self, weight: torch.Tensor) -> None:
        self._look()
        self._arrived += tensor_bytes([weight.grad])

    def _look(self) -> None:
        now = peak_bytes(self._device) or 0
        if now > self._highest:
            self._highest, self.at_peak = now, self._arrived


def tensor_bytes(tensors: Iterable[Any]) -> int:
    """Return the bytes of all tensors among these; what shares its memory counts once."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes()
                for tensor in tensors if isinstance(tensor, torch.Tensor) for t in _plain(tensor)}
    return sum(storages.values())


def _plain(tensor: torch.Tensor) -> list[torch.Tensor]:
    """Return the tensors that hold a tensor's numbers: itself, or what a quantised one is made of."""
    flatten = getattr(tensor, "__tensor_flatten__", None)
    if flatten is None:
        return [tensor]
    return [plain for name in flatten()[0] for plain in _plain(getattr(tensor, name))]


def cache_bytes(output: Any) -> int | None:
    """Return the bytes that the cache in a model's output holds: keys, values and states; None where there is none."""
    cache = getattr(output, "past_key_values", None) or getattr(output, "cache_params", None)
    held = [tensor for layer in getattr(cache, "layers", ()) for name in _CACHED
            for tensor in _tensors(getattr(layer, name, None))]
    return tensor_bytes(held) if held else None


def _tensors(part: Any) -> list[torch.Tensor]:
    if isinstance(part, torch.Tensor):
        return [part]
    parts = part.values() if isinstance(part, dict) else part or ()
    return [tensor for each in parts for tensor in _tensors(each)]


def _give_back_freed() -> None:
    """Collect what the test before left, and ask the C library to give freed memory back: both hide a rise."""
    gc.collect()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(AttributeError):  # glibc alone has it
            ctypes.CDLL(None).malloc_trim(0)


def _status_bytes(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), None)
