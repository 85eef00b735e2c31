"""Checks by effect: are the weights where and what the row says, and is float32 really float32."""

import statistics
from collections import Counter
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import torch

from llmscope.engine.backends.eager import Loaded
from llmscope.engine.timers import Block, Stopwatch
from llmscope.models.facts import DecoderFacts

#: Share of a file's bytes that must come from disk for a read to count as cold, and may for it to count as warm.
COLD_SHARE, WARM_SHARE = 0.95, 0.05
#: A timed region that covers its work takes twice as long for twice the work, within this share.
SYNC_TOLERANCE = 0.05
#: The parts of a sample add up to the whole within this share.
SUM_TOLERANCE = 0.03


class NotTrustworthy(Exception):
    """A check failed: the test is `invalid`, with this text as the reason."""


def placement(loaded: Loaded) -> None:
    """Raise NotTrustworthy if any weight or buffer lies on another device than the row will name."""
    elsewhere = {str(t.device) for t in (*loaded.network.parameters(), *loaded.network.buffers())
                 if t.device.type != loaded.device.type}
    if elsewhere:
        raise NotTrustworthy(f"part of the model lies on {', '.join(sorted(elsewhere))}, not on {loaded.device}")


def numerics(loaded: Loaded) -> dict[str, Any]:
    """Return what computes: weights by dtype, attention, the error of a float32 product against float64.

    Where there are experts or short convolutions and scans, also which code runs them.
    """
    counts: Counter[str] = Counter()
    for weight in loaded.network.parameters():
        counts[str(weight.dtype).removeprefix("torch.")] += weight.numel()
    if set(counts) != {loaded.dtype}:
        raise NotTrustworthy(f"weights are {', '.join(sorted(counts))}, not {loaded.dtype}")
    return {
        "weights_by_dtype": dict(counts),
        "attention": getattr(loaded.network.config, "_attn_implementation", None),
        "float32_product_error": float32_product_error(loaded.device),
        **_special_paths(loaded),
    }


def _special_paths(loaded: Loaded) -> dict[str, Any]:
    facts, config = loaded.source.facts, loaded.network.config
    if not isinstance(facts, DecoderFacts):
        return {}
    found: dict[str, Any] = {}
    if not any(layers.pair for layers in facts.stack):
        found["attention"] = None
    if any(layers.experts for layers in facts.stack):
        found["experts"] = getattr(config, "_experts_implementation", None)
    if any(layers.taps for layers in facts.stack):
        packages = ["causal_conv1d", *(["mamba_ssm"] if any(layers.scan for layers in facts.stack) else [])]
        missing = [name for name in packages if find_spec(name) is None]
        found["kernels"] = f"plain torch, without {' and '.join(missing)}" if missing else " and ".join(packages)
    return found


def float32_product_error(device: torch.device) -> float:
    """Return the relative error of a float32 product: about 1e-6 is IEEE, about 1e-3 is TF32."""
    generator = torch.Generator().manual_seed(1)
    a, b = (torch.randn(256, 256, generator=generator) for _ in range(2))
    exact = a.double() @ b.double()
    found = (a.to(device) @ b.to(device)).double().cpu()
    return float((found - exact).norm() / exact.norm())


def finite(values: torch.Tensor, what: str) -> None:
    """Raise NotTrustworthy if any value is not a finite number."""
    if not bool(torch.isfinite(values).all()):
        raise NotTrustworthy(f"{what} is not finite")


def phases(blocks: Sequence[Block]) -> None:
    """Raise NotTrustworthy unless the seconds of the parts add up to the whole within 3 %, in the median of all blocks.

    In a single one, another program may have had the core between the last part and the end.
    """
    share = statistics.median(sum(block.phases_s.values()) / block.seconds for block in blocks)
    if abs(share - 1) > SUM_TOLERANCE:
        raise NotTrustworthy(f"{', '.join(blocks[-1].phases_s)} add up to {share * 100:.0f} % of the whole")


def synchronisation(device: torch.device) -> None:
    """Raise NotTrustworthy if timing an accelerator does not wait for it.

    Doubling a chain of products must double the time within 5 %, and the device cannot have worked
    longer than the wall clock ran. On a CPU a call returns when it is done, so there is nothing to check.
    """
    if device.type == "cpu":
        return
    a = torch.randn(2048, 2048, device=device)
    watch = Stopwatch(device)

    def best_s(products: int) -> float:
        times = []
        for _ in range(5):
            watch.start()
            for _ in range(products):
                a @ a
            block = watch.stop()
            if block.device_seconds is not None and block.device_seconds > 1.01 * block.seconds:
                raise NotTrustworthy("the device's clock ran longer than the wall clock")
            times.append(block.seconds)
        return min(times)

    best_s(20)
    ratio = best_s(200) / best_s(100)
    if abs(ratio / 2 - 1) > SYNC_TOLERANCE:
        raise NotTrustworthy(f"twice the work took {ratio:.2f} times as long: the device was not waited for")
