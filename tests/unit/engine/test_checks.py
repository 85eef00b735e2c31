"""Checks by effect: each finds what it is there to find, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from llmscope.engine import checks, memory
from llmscope.engine.timers import Block
from tests.unit.engine.conftest import CPU, Passes

Run = Callable[..., Passes]


def test_weights_on_another_device_are_found(passes: Run) -> None:
    loaded = passes("pp", 0).loaded
    checks.placement(loaded)
    loaded.network.lm_head.to("meta")
    with pytest.raises(checks.NotTrustworthy, match="meta"):
        checks.placement(loaded)


def test_weights_are_counted_by_dtype_and_one_that_differs_is_found(passes: Run) -> None:
    loaded = passes("pp", 0).loaded
    found = checks.numerics(loaded)
    assert found["weights_by_dtype"] == {"float32": loaded.network.num_parameters()}
    assert found["float32_product_error"] < 1e-5 and found["attention"]
    loaded.network.lm_head.to(torch.bfloat16)
    with pytest.raises(checks.NotTrustworthy, match="bfloat16, float32, not float32"):
        checks.numerics(loaded)


def test_a_product_that_is_not_ieee_float32_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch.Tensor.to

    def rounded(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return whole(whole(tensor, torch.bfloat16), torch.float32)  # 8 bits of mantissa, TF32 has 11

    monkeypatch.setattr(torch.Tensor, "to", rounded)
    assert checks.float32_product_error(CPU) > 5e-4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_named(value: float) -> None:
    checks.finite(torch.tensor([1.0, -2.0]), "a logit")
    with pytest.raises(checks.NotTrustworthy, match="a logit is not finite"):
        checks.finite(torch.tensor([1.0, value]), "a logit")


class Accelerator:
    """A stopwatch on a device whose blocks take what a function of the number of products says."""

    seconds: Callable[[int], float]
    device_share = 0.9

    def __init__(self, _device: Any) -> None:
        self.products = 0

    def start(self) -> None:
        Accelerator.counted = 0

    def stop(self) -> Block:
        seconds = Accelerator.seconds(Accelerator.counted)
        return Block(seconds, Accelerator.device_share * seconds, {})


class Matrix:
    """Counts its products."""

    def __matmul__(self, _other: object) -> None:
        Accelerator.counted += 1


@pytest.mark.parametrize(("seconds", "share", "reason"), [
    (lambda n: 0.001 * n, 0.9, None), (lambda n: 0.001 * n + 0.004, 0.9, None),
    (lambda n: 0.001, 0.9, "not waited for"), (lambda n: 0.001 * n + 0.02, 0.9, "not waited for"),
    (lambda n: 1e-6 * n**2, 0.9, "not waited for"), (lambda n: 0.001 * n, 1.02, "ran longer than the wall clock")])
def test_a_device_that_is_not_waited_for_is_found(
        monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float], share: float, reason: str | None) -> None:
    monkeypatch.setattr(checks, "Stopwatch", Accelerator)
    monkeypatch.setattr(torch, "randn", lambda *_, **__: Matrix())
    monkeypatch.setattr(Accelerator, "seconds", staticmethod(seconds), raising=False)
    monkeypatch.setattr(Accelerator, "device_share", share)
    if reason is None:
        checks.synchronisation(torch.device("cuda"))
        return
    with pytest.raises(checks.NotTrustworthy, match=reason):
        checks.synchronisation(torch.device("cuda"))


def test_a_cpu_needs_no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "Stopwatch", None)
    checks.synchronisation(CPU)


def test_peak_memory_sees_a_spike_that_is_over() -> None:
    can_be_reset, before = memory.reset_peak(CPU), memory.peak(CPU)["resident_bytes"]
    if not can_be_reset or before is None:
        pytest.skip("this system does not say how much memory a process used at most")
    spike = torch.ones(64 * 1024**2, dtype=torch.uint8)
    del spike
    assert memory.peak(CPU)["resident_bytes"] >= before + 60 * 1024**2
