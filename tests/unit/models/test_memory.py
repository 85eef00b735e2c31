from collections.abc import Callable
from itertools import accumulate
from typing import Any

import pytest
import torch
from msgspec.structs import replace

from llmscope.core.spec import DTYPE_BYTES, Cell
from llmscope.models import heap
from llmscope.models.headers import Tensor
from llmscope.models.limits import largest_that_fits
from llmscope.models.memory import POOL_BYTES, Memory, held, memory
from tests.unit.models.built import FAMILIES, GPT2, GQA, model_of, network_of, token_ids

#: There what the process takes besides its tensors is not part of the estimate.
GPU = "cuda:0"


def saved_bytes(config: dict[str, Any], batch: int, seq: int, attention: str = "sdpa", amp: bool = False) -> int:
    """Return the bytes of all tensors but weights that a real forward pass keeps for the backward pass."""
    network = network_of(config, attention, "cpu").train()
    weights = {weight.untyped_storage().data_ptr() for weight in network.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage
        return tensor

    ids = token_ids(batch, seq, "cpu")
    with (torch.autocast("cpu", torch.bfloat16, enabled=amp),
          torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)):
        network(ids, labels=ids, use_cache=False)
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize("config", [
    GQA | {"num_hidden_layers": 8}, GPT2 | {"n_layer": 8},
    GPT2 | {"n_layer": 8, "attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0},
], ids=["llama", "gpt2 with dropout", "gpt2 without dropout"])
def test_what_training_keeps_is_estimated_within_a_tenth(config: dict[str, Any]) -> None:
    estimate = memory(model_of(config), Cell("arch:x", "train", GPU, batch=2, seq=128), 4)
    assert estimate.activations is not None
    # Of the logits' bytes, the forward pass keeps the softmax in float32 for the backward pass.
    kept = saved_bytes(config, 2, 128) - 2 * 128 * 77 * 4
    assert estimate.activations == pytest.approx(kept, rel=0.1)


@pytest.mark.parametrize("config", [GQA | {"num_hidden_layers": 8}, GPT2 | {"n_layer": 8}], ids=["llama", "gpt2"])
def test_what_training_in_mixed_precision_keeps_is_estimated_within_a_tenth(config: dict[str, Any]) -> None:
    estimate = memory(model_of(config), Cell("arch:x", "train", GPU, dtype="amp", batch=2, seq=128), 4)
    assert estimate.activations == pytest.approx(saved_bytes(config, 2, 128, amp=True) - 2 * 128 * 77 * 4, rel=0.1)
    assert estimate.logits == 2 * 128 * 77 * 14


def most_given_bytes(work: Callable[[], object]) -> int:
    """Return the most bytes that torch gave at once for some work, by its profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    given = sorted((event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"),
                   key=lambda event: event.start_ns())
    return max(accumulate(event.nbytes() for event in given))


def peak_bytes(config: dict[str, Any], seq: int) -> int:
    """Return the most bytes that a real pass over a prompt holds at once beyond the weights."""
    network, ids = network_of(config, "eager", "cpu").eval(), token_ids(1, seq, "cpu")
    with torch.no_grad():
        return most_given_bytes(lambda: network(ids, use_cache=True, logits_to_keep=1))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("checkpointing", [True, False])
@pytest.mark.parametrize("seq", [16, 128])
def test_what_a_training_step_holds_at_once_is_counted_within_a_tenth(seq: int, checkpointing: bool,
                                                                     tied: bool) -> None:
    config = GQA | {"num_hidden_layers": 8, "vocab_size": 1000, "tie_word_embeddings": tied}
    network, ids = network_of(config, "sdpa", "cpu").train(), token_ids(2, seq, "cpu")
    if checkpointing:
        enable = getattr(network, "activation_checkpointing_enable", None) or network.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    optimizer = torch.optim.AdamW(network.parameters())

    def step() -> None:
        network(ids, labels=ids, use_cache=False).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    cell = Cell("x", "train", "cpu", batch=2, seq=seq, checkpointing=checkpointing)
    read = held(model_of(config), cell, 4)
    moments = 2 * (read.weights or 0)
    assert read.total_bytes == pytest.approx((read.weights or 0) + moments + most_given_bytes(step), rel=0.1)


def test_without_gradients_the_logits_of_all_positions_lie_where_layers_worked() -> None:
    config = GQA | {"num_hidden_layers": 8, "vocab_size": 1000}
    network, ids = network_of(config, "sdpa", "cpu").eval(), token_ids(2, 128, "cpu")
    with torch.no_grad():
        most = most_given_bytes(lambda: network(ids, labels=ids, use_cache=False))
    read = held(model_of(config), Cell("x", "val", GPU, batch=2, seq=128), 4)
    assert (read.total_bytes or 0) - (read.weights or 0) == pytest.approx(most, rel=0.1)


def test_only_on_a_cpu_do_gradients_not_lie_where_activations_were() -> None:
    model, cell = model_of(GQA), Cell("x", "train", GPU, batch=64, seq=256)
    on_gpu, on_cpu = (memory(model, replace(cell, device=device), 4) for device in (GPU, "cpu"))
    assert on_gpu.reused > 0 and on_cpu.reused == 0
    assert on_gpu.total_bytes == sum(part or 0 for part in (
        on_gpu.weights, on_gpu.activations, on_gpu.logits, 2 * (on_gpu.weights or 0)))


LENGTHS = (128, 256, 384)


def bent(sizes: list[int]) -> int:
    """Return how far three sizes at even steps are from a straight line."""
    first, second, third = sizes
    return first - 2 * second + third


@pytest.mark.parametrize("name", ["gemma2", "gpt_oss"])
def test_the_scores_of_eager_attention_are_counted_within_a_tenth(name: str) -> None:
    config = FAMILIES[name] | {"max_position_embeddings": 1024}
    read = memory(model_of(config), Cell("x", "pp", GPU, seq=512), 4)
    held = (read.activations or 0) + (read.kv_cache or 0) + (read.logits or 0)
    assert held == pytest.approx(peak_bytes(config, 512), rel=0.1)
    # What grows with the square of the length are the scores; what experts save for a token is another matter.
    estimates = [memory(model_of(config), Cell("x", "train", GPU, seq=seq), 4).activations or 0 for seq in LENGTHS]
    kept = [saved_bytes(config, 1, seq, "eager") for seq in LENGTHS]
    assert bent(estimates) == pytest.approx(bent(kept), rel=0.1) and bent(kept) > 0


def test_on_a_cpu_a_layer_that_is_computed_again_counts_twice() -> None:
    model = model_of(GQA)
    cell = Cell("x", "train", "cpu", batch=64, seq=256)
    plain, again = (memory(model, replace(cell, checkpointing=on), 4) for on in (False, True))
    assert again.worker - plain.worker > 64 * 256 * 4 * 500  # less what fewer activations leave


def test_on_a_cpu_keys_and_values_leave_holes_in_the_heap_and_steps_of_an_answer_no_more() -> None:
    model, cell = model_of(GQA), Cell("x", "pp", "cpu", batch=64, seq=256)
    narrow, wide = (memory(model, replace(cell, batch=batch), 4) for batch in (64, 128))
    grown = (narrow.activations or 0) + heap.CACHE_HOLES * (narrow.kv_cache or 0)
    assert wide.worker - narrow.worker == pytest.approx(grown, abs=1)
    answer = memory(model, replace(cell, workload="gen", new=8), 4)
    one_token = heap.CACHE_HOLES * ((answer.kv_cache or 0) - (narrow.kv_cache or 0))
    assert answer.worker - narrow.worker - heap.TEXT_BYTES == pytest.approx(one_token, abs=1)


def test_on_a_cpu_blocks_from_32_mib_on_leave_no_holes() -> None:
    model, cell = model_of(GQA), Cell("x", "pp", "cpu", seq=256)
    most = heap.MAPPED_BYTES // (256 * 4 * GQA["intermediate_size"])
    below, above = (memory(model, replace(cell, batch=batch), 4) for batch in (most - 1, most + 1))
    assert above.worker < below.worker - (below.activations or 0) / 2
    vast = replace(cell, batch=64 * most)
    assert memory(model, vast, 4).worker == heap.worker_bytes(model.facts, vast, 256, 4)


@pytest.mark.parametrize("rows, depth, columns, traced", [
    (1024, 256, 256, 541_344), (1024, 256, 704, 770_720), (1024, 704, 256, 803_488), (512, 256, 704, 639_648),
    (512, 256, 4096, 2_376_352), (8, 256, 4096, 2_118_304), (8, 576, 49_152, 4_938_400), (16, 768, 50_257, 4_944_544),
])
def test_mkl_packs_what_was_traced_in_each_of_two_threads(rows: int, depth: int, columns: int, traced: int) -> None:
    assert heap.buffers_bytes(rows, depth, columns) == 2 * (traced - 17_056)  # less what MKL notes beside


def packed_bytes(batch: int, tokens: int, dtype: str = "float32") -> int:
    """Return what the products of a prompt of the bundled model's sizes pack."""
    facts = model_of(GQA | {"hidden_size": 256, "intermediate_size": 704, "vocab_size": 4096}).facts
    cell = Cell("x", "pp", dtype=dtype, batch=batch)  # type: ignore[arg-type]
    return heap.worker_bytes(facts, cell, tokens, DTYPE_BYTES[dtype]) - heap.CODE_BYTES


def test_mkl_keeps_each_buffer_that_is_larger_than_those_so_far() -> None:
    layer = sum(heap.buffers_bytes(1024, *product) for product in ((256, 256), (256, 704), (704, 256)))
    assert packed_bytes(2, 512) == layer  # two rows of logits are too few
    assert packed_bytes(8, 128) == layer + heap.buffers_bytes(8, 256, 4096)
    assert packed_bytes(3, 1) == packed_bytes(8, 128, "bfloat16") == packed_bytes(8, 128, "amp") == 0


def test_sgd_holds_half_of_adamw_and_checkpointing_keeps_one_layer_and_the_inputs_of_all() -> None:
    model = model_of(GQA | {"num_hidden_layers": 8})
    plain, sgd, again = (memory(model, Cell("arch:x", "train", GPU, batch=2, seq=2048, **settings), 4)  # type: ignore[arg-type]
                         for settings in ({}, {"optimizer": "sgd"}, {"checkpointing": True}))
    assert plain.optimizer == 2 * (sgd.optimizer or 0) and sgd.activations == plain.activations
    hidden = 2 * 2048 * GQA["hidden_size"] * 4
    assert again.activations == ((plain.activations or 0) - 3 * hidden) // 8 + 8 * hidden + 3 * hidden


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
    trained, read = (
        memory(model, Cell("x", workload, GPU, seq=8, optimizer="sgd"), 2) for workload in ("train", "pp"))  # type: ignore[arg-type]
    assert (trained.weights, trained.gradients, trained.optimizer) == (weights, weights, weights)
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
    assert memory(known, Cell("x", "pp", GPU), 2) == Memory(20, gradients=0, optimizer=0)
    assert memory(known, Cell("x", "train", GPU), 2).total_bytes == 80
    assert memory(model_of(config), Cell("x", "pp"), 2).total_bytes is None


def test_loading_needs_the_weights_and_nothing_else() -> None:
    model = model_of(GQA)
    assert memory(model, Cell("x", "load-warm", GPU), 2).total_bytes == model.facts.weights_bytes("float16")


def test_the_two_gradients_of_a_shared_table_meet_at_the_end_of_the_backward_pass() -> None:
    table = 77 * GQA["hidden_size"] * 4
    apart, shared = (model_of(GQA | {"tie_word_embeddings": tied}) for tied in (False, True))
    need = memory(shared, Cell("x", "bwd", GPU, seq=8), 4)
    assert need.gradients == shared.facts.weights_bytes("float32") + 2 * table - (need.logits or 0)  # type: ignore[operator]
    assert memory(apart, Cell("x", "bwd", GPU, seq=8), 4).gradients == apart.facts.weights_bytes("float32")


def test_a_step_of_adamw_holds_more_beside_the_moments_and_sgd_nothing() -> None:
    model = model_of(GQA | {"tie_word_embeddings": False})
    weights = model.facts.weights_bytes("float32") or 0
    table = 77 * GQA["hidden_size"] * 4
    assert memory(model, Cell("x", "opt", "cpu"), 4).optimizer == 2 * weights + 2 * table
    assert memory(model, Cell("x", "opt", GPU), 4).optimizer == 3 * weights
    assert memory(model, Cell("x", "opt", "cpu", optimizer="sgd"), 4).optimizer == weights


def test_on_a_cpu_the_worker_counts_and_text_makes_it_larger() -> None:
    model = model_of(GQA)
    prompt, text = memory(model, Cell("x", "pp", "cpu"), 4), memory(model, Cell("x", "val", "cpu"), 4)
    assert 0 < prompt.worker < text.worker and memory(model, Cell("x", "pp", GPU), 4).worker == 0
    assert prompt.total_bytes == (prompt.weights or 0) + 2 * POOL_BYTES + heap.CODE_BYTES
    narrow = memory(model, Cell("x", "pp", "cpu"), 2)
    assert narrow.total_bytes == (narrow.weights or 0) + POOL_BYTES + POOL_BYTES // 2 + heap.CODE_BYTES
    assert memory(model, Cell("x", "pp", "cpu", batch=512), 4).loading == 0


def test_where_a_part_is_not_known_the_total_is_the_least() -> None:
    known, unknown = model_of(GQA), model_of({"model_type": "bloom"}, tensors=(Tensor("a", "F32", (10,)),))
    assert memory(known, Cell("x", "pp"), 4).is_whole
    assert not memory(unknown, Cell("x", "pp"), 4).is_whole


@pytest.mark.parametrize("name", FAMILIES)
def test_every_known_family_has_all_parts(name: str) -> None:
    for workload in ("pp", "tg", "gen", "val", "fwd", "train"):
        assert memory(model_of(FAMILIES[name]), Cell("x", workload), 4).is_whole  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["gqa" if "gqa" in FAMILIES else next(iter(FAMILIES))])
@pytest.mark.parametrize("workload", ["pp", "gen", "train"])
@pytest.mark.parametrize("what", ["batch", "seq"])
def test_the_largest_that_fits_is_the_last_that_does(name: str, workload: str, what: str) -> None:
    model, cell = model_of(FAMILIES[name]), Cell("x", workload, "cpu", "float32", seq=16, new=4)  # type: ignore[arg-type]
    for asked in (1, 3, 21):
        free = memory(model, replace(cell, **{what: asked}), 4).total_bytes
        assert free is not None
        found = largest_that_fits(model, cell, free, what)  # type: ignore[arg-type]
        needs = [memory(model, replace(cell, **{what: value}), 4).total_bytes for value in (found, (found or 0) + 1)]
        most = (model.facts.max_positions or 10**9) - (4 if workload == "gen" else 0)
        assert needs[0] <= free and (needs[1] > free or (what == "seq" and found == most))  # type: ignore[operator]


def test_nothing_is_offered_where_not_even_one_fits_or_it_does_not_matter_or_a_part_is_not_known() -> None:
    model, unknown = model_of(GQA), model_of({"model_type": "bloom"}, tensors=(Tensor("a", "F32", (10,)),))
    assert largest_that_fits(model, Cell("x", "train", "cpu", "float32"), 1000, "batch") is None
    assert largest_that_fits(model, Cell("x", "tg", GPU, "float32"), 10**9, "seq") is None
    assert largest_that_fits(unknown, Cell("x", "pp", "cpu", "float32"), 10**12, "batch") is None
