"""Optimizers, mixed precision, checkpointing, phases and memory of training, and the card of the bundled model."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch

from llmscope.core.errors import BadInput
from llmscope.engine import checks, memory
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads import validation
from llmscope.engine.workloads.on_text import keep_activations
from llmscope.engine.workloads.phases import Phases
from tests.proofs.card import bundled_card, validation_of_the_bundled_model
from tests.unit.engine.conftest import CPU, Passes

Run = Callable[..., Passes]

#: Loss of the bundled model on the first two windows of the held-out text; with the others they give the card's mean.
LOSS_OF_TWO = 4.30607


class Broken(Stopwatch):
    """Loses a part of the step."""

    lost = "backward"

    def stop(self) -> Block:
        block = super().stop()
        return Block(block.seconds, None, {n: s for n, s in block.phases_s.items() if n != self.lost})


@pytest.mark.parametrize(("workload", "lost"), [("train", "backward"), ("prep", "tokenize")])
def test_phases_that_are_not_the_whole_step_are_not_believed(passes: Run, workload: str, lost: str) -> None:
    done = passes(workload, 0)
    done.watch = Broken(CPU)
    done.watch.lost = lost
    with pytest.raises(checks.NotTrustworthy, match=r"add up to \d+ % of the whole"):
        done.run(1)


@pytest.mark.parametrize(("parts", "good"), [([0.5, 0.5], True), ([0.5, 0.471], True), ([0.5, 0.529], True),
                                             ([0.5, 0.469], False), ([0.5, 0.531], False), ([], False)])
def test_phases_add_up_within_three_percent(parts: list[float], good: bool) -> None:
    block = Block(1.0, None, {str(i): s for i, s in enumerate(parts)})
    if good:
        checks.phases([block])
        return
    with pytest.raises(checks.NotTrustworthy):
        checks.phases([block])


def test_one_disturbed_sample_does_not_speak_against_the_phases_of_the_others() -> None:
    whole, disturbed = Block(1.0, None, {"a": 0.4, "b": 0.6}), Block(2.0, None, {"a": 0.4, "b": 0.6})
    checks.phases([whole, disturbed, whole])
    with pytest.raises(checks.NotTrustworthy, match="a, b add up to 50 %"):
        checks.phases([whole, disturbed, disturbed])


def test_medians_of_phases_add_up_to_the_median_of_the_whole() -> None:
    phases = Phases()
    for a, b in ((0.1, 0.9), (0.2, 0.6), (0.9, 0.3)):
        phases.keep(Block(a + b, None, {"a": a, "b": b}))
    found = phases.summary()["phases_s"]
    assert sum(found.values()) == pytest.approx(1.0) and found["b"] / found["a"] == pytest.approx(0.6 / 0.2)


def test_sgd_keeps_one_momentum_and_adamw_two(passes: Run) -> None:
    adamw, sgd = (passes("train", 3, optimizer=name).made.summary() for name in ("adamw", "sgd"))
    weights = memory.tensor_bytes(passes("pp", 0).loaded.network.parameters())
    assert (adamw["optimizer"], sgd["optimizer"]) == ("AdamW", "SGD, momentum 0.9")
    assert sgd["held"]["optimizer"] == weights
    assert 2 * weights < adamw["held"]["optimizer"] < 2.01 * weights  # and the number of steps of each weight


def test_an_sgd_step_is_the_one_of_the_book(passes: Run) -> None:
    opt = passes("opt", 0, optimizer="sgd")
    weight = opt.loaded.network.lm_head.weight
    opt.made.prepare()
    expected = weight.detach() - 1e-4 * weight.grad
    opt.made.run(opt.watch)
    assert torch.allclose(weight, expected, atol=1e-9)


def test_mixed_precision_computes_in_bfloat16_on_float32_weights(
        passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    amp, plain = (passes("train", 3, dtype=dtype) for dtype in ("amp", "float32"))
    assert amp.made.summary()["logits_dtype"] == "bfloat16" and plain.made.summary()["logits_dtype"] == "float32"
    assert {p.dtype for p in amp.loaded.network.parameters()} == {torch.float32}
    assert amp.parts[0]["loss"] == pytest.approx(plain.parts[0]["loss"], rel=0.01)
    monkeypatch.setattr(validation, "REST_S", 0)
    assert passes("val", 1, dtype="amp").made.summary()["logits_dtype"] == "bfloat16"


def gradients_of(done: Passes) -> list[torch.Tensor]:
    return [p.grad.clone() for p in done.loaded.network.parameters() if p.grad is not None]


def forwards(done: Passes) -> list[int]:
    """Count how often the first layer runs from here on."""
    calls: list[int] = []
    done.loaded.network.model.layers[0].mlp.register_forward_pre_hook(lambda *_: calls.append(1))
    return calls


def test_checkpointing_computes_layers_again_to_the_same_gradients_and_is_switched_off(passes: Run) -> None:
    kept, again = passes("bwd", 0), passes("bwd", 0, checkpointing=True)
    once, twice = forwards(kept), forwards(again)
    kept.run(1)
    again.run(1)
    assert (len(once), len(twice)) == (1, 2) and again.made.summary()["recompute"] == "not in flops"
    for a, b in zip(gradients_of(kept), gradients_of(again), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    keep_activations(again.loaded)
    again.made._cell = msgspec.structs.replace(again.cell, checkpointing=False)
    again.run(1)
    assert len(twice) == 3 and not again.loaded.checkpointing


def test_a_model_that_cannot_checkpoint_says_so(passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    network = type(passes("pp", 0).loaded.network)
    monkeypatch.setattr(network, "supports_gradient_checkpointing", False)
    with pytest.raises(BadInput, match="cannot do activation checkpointing"):
        passes("train", 0, checkpointing=True)


class Counter:
    """A peak that a test sets by hand, in bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: int | None = 0
        self.can_be_reset = True
        monkeypatch.setattr(memory, "peak_bytes", lambda _: self.now)
        monkeypatch.setattr(memory, "reset_peak", lambda _: self.can_be_reset)


def network_of(*sizes: int) -> torch.nn.ParameterList:
    return torch.nn.ParameterList([torch.ones(n) for n in sizes])


@pytest.mark.parametrize(("grown", "held", "activations"), [
    (1000, {"gradients": 300, "optimizer": 200}, 500), (1000, {"kv_cache": 600, "logits": 100}, 300), (0, {}, 0),
    (100, {"gradients": 300}, None), (1000, {"kv_cache": None}, None), (None, {}, None)])
def test_activations_are_what_the_peak_holds_beyond_the_rest(
        monkeypatch: pytest.MonkeyPatch, grown: int | None, held: dict[str, Any], activations: int | None) -> None:
    counter = Counter(monkeypatch)
    counter.now = 5000
    growth = memory.Growth(CPU)
    counter.now = None if grown is None else 5000 + grown
    found = growth.by_holder(network_of(10, 6), held)
    assert found == {"weights": 64, "gradients": 0, "optimizer": 0, "kv_cache": 0, "logits": 0, **held,
                     "activations": activations, "peak": None if grown is None else 64 + grown}


def test_logits_are_heard_once_and_gone_when_gradients_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    head = torch.nn.Linear(4, 10)
    logits = memory.Logits(SimpleNamespace(get_output_embeddings=lambda: head))
    head(torch.ones(3, 4))
    head(torch.ones(1, 4))
    assert logits.given_bytes == 3 * 10 * 4 and not head._forward_hooks
    counter = Counter(monkeypatch)
    growth = memory.Growth(CPU)
    counter.now = 1000
    for gradients, left in ((0, 120), (300, 0)):
        found = growth.by_holder(network_of(1), {"gradients": gradients, "logits": logits.given_bytes})
        assert found["logits"] == left and found["activations"] == 1000 - gradients - left


@pytest.mark.parametrize(("rises", "at_peak"), [
    ([0, 0, 0], 0), ([10, 0, 0], 0), ([0, 10, 0], 40), ([10, 5, 0], 40), ([0, 0, 10], 120), ([5, 5, 5], 120)])
def test_gradients_at_the_peak_are_those_there_when_memory_last_rose(
        monkeypatch: pytest.MonkeyPatch, rises: list[int], at_peak: int) -> None:
    counter = Counter(monkeypatch)
    counter.now = 100
    network = network_of(10, 20)
    gradients = memory.Gradients(network, CPU)
    look = gradients._look

    def rise() -> None:
        counter.now = (counter.now or 0) + left.pop(0)
        look()

    gradients.prepare()
    gradients.backward(sum(w.sum() for w in network))
    assert gradients.at_peak is None  # the first pass is not watched
    gradients.prepare()
    left = list(rises)
    monkeypatch.setattr(gradients, "_look", rise)
    # The gradient of the last used comes first.
    gradients.backward(network[1].sum() * 0 + network[0].sum())
    gradients.finish()
    assert not left and gradients.at_peak in (at_peak, {40: 80}.get(at_peak))


@pytest.mark.parametrize(("now", "can_be_reset"), [(None, True), (100, False)])
def test_memory_without_a_counter_is_missing_not_zero(
        monkeypatch: pytest.MonkeyPatch, now: int | None, can_be_reset: bool) -> None:
    counter = Counter(monkeypatch)
    counter.now, counter.can_be_reset = now, can_be_reset
    network = network_of(10)
    gradients = memory.Gradients(network, CPU)
    for _ in range(3):
        gradients.prepare()
        gradients.backward(network[0].sum())
        gradients.finish()
    assert gradients.at_peak is None
    assert memory.Growth(CPU).by_holder(network, {})["activations"] is None


def test_a_real_peak_shows_what_a_pass_works_with() -> None:
    growth = memory.Growth(CPU)
    work = torch.ones(128 * 1024**2, dtype=torch.uint8)
    found = growth.by_holder(network_of(1), {})
    if found["peak"] is None:
        pytest.skip("this system does not say how much memory a process used at most")
    assert found["activations"] == pytest.approx(work.nbytes, rel=0.05)


def test_shared_memory_counts_once() -> None:
    table = torch.ones(10)
    assert memory.tensor_bytes([table, table.view(2, 5), torch.ones(1), None, 3]) == 44


def test_a_cache_of_another_kind_has_no_size(passes: Run) -> None:
    for workload, ids in (("pp", 24), ("tg", 9), ("gen", 24 + 8), ("ttft", 24)):
        held = passes(workload, 1, batch=2).made.summary()["held"]["kv_cache"]
        assert held == 2 * ids * 2 * 2 * 2 * 8 * 4, workload  # layers, keys and values, heads, their size, bytes
    assert memory.cache_bytes(object()) is None


def test_validation_of_the_bundled_model_begins_as_its_card_says(monkeypatch: pytest.MonkeyPatch) -> None:
    # That the whole text has the card's loss is a proof of its own (`dev.py prove card`), as it takes long.
    monkeypatch.setattr(validation, "REST_S", -1)
    val = validation_of_the_bundled_model(batch=2)
    val.prepare()
    val.run(Stopwatch(CPU))
    val.finish()
    found, card = val.summary(), bundled_card()
    assert len(val._parts) * 511 == card["held_out_predicted_tokens"] and found["share_of_text"] == 2 / len(val._parts)
    assert found["loss_nats_per_token"] == pytest.approx(LOSS_OF_TWO, abs=6e-5)
    nats_per_bit_and_byte = card["held_out_loss_nats_per_token"] / card["held_out_bits_per_byte"]
    assert found["loss_nats_per_token"] / found["bits_per_byte"] == pytest.approx(nats_per_bit_and_byte, rel=4e-5)
