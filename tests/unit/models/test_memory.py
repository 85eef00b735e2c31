from typing import Any

import pytest
import torch

from llmscope.core.spec import Cell
from llmscope.models.headers import Tensor
from llmscope.models.memory import Memory, memory
from tests.unit.models.built import FAMILIES, GPT2, GQA, model_of, network_of, token_ids


def saved_bytes(config: dict[str, Any], batch: int, seq: int) -> int:
    """Return the bytes of all tensors but weights that a real forward pass keeps for the backward pass."""
    network = network_of(config, "sdpa", "cpu").train()
    weights = {weight.untyped_storage().data_ptr() for weight in network.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage
        return tensor

    ids = token_ids(batch, seq, "cpu")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(ids, labels=ids, use_cache=False)
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize("config", [
    GQA | {"num_hidden_layers": 8}, GPT2 | {"n_layer": 8},
    GPT2 | {"n_layer": 8, "attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0},
], ids=["llama", "gpt2 with dropout", "gpt2 without dropout"])
def test_what_training_keeps_is_estimated_within_a_tenth(config: dict[str, Any]) -> None:
    estimate = memory(model_of(config), Cell("arch:x", "train", batch=2, seq=128), 4)
    assert estimate.activations is not None
    # Of the logits' bytes, the forward pass keeps the softmax in float32 for the backward pass.
    kept = saved_bytes(config, 2, 128) - 2 * 128 * 77 * 4
    assert estimate.activations == pytest.approx(kept, rel=0.1)


def test_sgd_holds_half_of_adamw_and_checkpointing_keeps_one_layer_and_the_inputs_of_all() -> None:
    model = model_of(GQA | {"num_hidden_layers": 8})
    plain, sgd, again = (memory(model, Cell("arch:x", "train", batch=2, seq=128, **settings), 4)  # type: ignore[arg-type]
                         for settings in ({}, {"optimizer": "sgd"}, {"checkpointing": True}))
    assert plain.optimizer == 2 * (sgd.optimizer or 0) and sgd.activations == plain.activations
    inputs = 8 * 2 * 128 * GQA["hidden_size"] * 4
    assert again.activations == (plain.activations or 0) // 8 + inputs


def held_bytes(cache: Any) -> int:
    """Return the bytes of the storages behind a cache's keys, values and states."""
    tensors = [part for layer in cache.layers for name in ("keys", "values", "conv_states", "recurrent_states")
               for part in _flat(getattr(layer, name, None))]
    return sum({t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}.values())


def _flat(part: Any) -> list[torch.Tensor]:
    if isinstance(part, torch.Tensor):
        return [part]
    parts = part.values() if isinstance(part, dict) else part or ()
    return [tensor for each in parts for tensor in _flat(each)]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("depth", [5, 8, 20])
def test_the_cache_is_as_large_as_transformers_cache(name: str, depth: int) -> None:
    config, new = FAMILIES[name], 4
    network = network_of(config, device="cpu").eval()
    cache_name = "cache_params" if config["model_type"] == "mamba" else "past_key_values"
    with torch.no_grad():
        held = network(token_ids(3, depth, "cpu"), use_cache=True)[cache_name]
        most = held_bytes(held)
        assert memory(model_of(config), Cell("x", "pp", batch=3, seq=depth), 4).kv_cache == most
        for _ in range(new):
            held = network(token_ids(3, 1, "cpu"), **{cache_name: held}, use_cache=True)[cache_name]
            most = max(most, held_bytes(held))
    for cell in (Cell("x", "tg", batch=3, depth=depth, new=new), Cell("x", "gen", batch=3, seq=depth, new=new)):
        assert memory(model_of(config), cell, 4).kv_cache == most
    assert model_of(config).facts.cache_bytes(depth + new, 4) * 3 == held_bytes(held)  # type: ignore[attr-defined]


def test_weights_gradients_and_optimizer_follow_the_parameters() -> None:
    model = model_of(GQA)
    weights = model.facts.weights_bytes("bfloat16")
    assert weights is not None
    trained, read = memory(model, Cell("x", "train", seq=8), 2), memory(model, Cell("x", "pp", seq=8), 2)
    assert (trained.weights, trained.gradients, trained.optimizer) == (weights, weights, 2 * weights)
    assert (read.weights, read.gradients, read.optimizer) == (weights, 0, 0)


def test_logits_are_all_positions_in_training_and_the_last_one_in_prefill() -> None:
    assert memory(model_of(GQA), Cell("x", "pp", batch=3, seq=8), 2).logits == 3 * 77 * 2
    assert memory(model_of(GQA), Cell("x", "train", batch=3, seq=8), 4).logits == 3 * 8 * 77 * 12
    assert memory(model_of(GQA), Cell("x", "train", batch=3, seq=8), 2).logits == 3 * 8 * 77 * 14


def test_the_total_is_the_sum_of_the_parts() -> None:
    assert Memory(1, 2, 4, 8, 16, 32).total_bytes == 63


def test_of_an_unknown_family_only_the_weights_are_known() -> None:
    config = {"model_type": "bloom", "architectures": ["BloomForCausalLM"]}
    known = model_of(config, tensors=(Tensor("a", "F32", (10,)),))
    assert memory(known, Cell("x", "pp"), 2) == Memory(20, gradients=0, optimizer=0)
    assert memory(known, Cell("x", "train"), 2).total_bytes == 80
    assert memory(model_of(config), Cell("x", "pp"), 2).total_bytes is None


def test_loading_needs_the_weights_and_nothing_else() -> None:
    model = model_of(GQA)
    assert memory(model, Cell("x", "load-warm"), 2).total_bytes == model.facts.weights_bytes("float16")
