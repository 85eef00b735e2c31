from functools import cache
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedModel

from llmscope.core.spec import Cell, Workload
from llmscope.models.costs import Attention, Cost, cost
from llmscope.models.facts import DecoderFacts
from llmscope.models.headers import Tensor
from tests.unit.models.built import CONFIGS, GPT2, GQA, counted_flops, model_of, network_of, token_ids

BATCH, SEQ = 2, 12


def cell(workload: Workload, **settings: Any) -> Cell:
    return Cell("arch:x", workload, **({"batch": BATCH, "seq": SEQ} | settings))


def known(config: dict[str, Any], of: Cell, dtype_bytes: int = 4, attention: Attention = "causal") -> Cost:
    counted = cost(model_of(config), of, dtype_bytes, attention)
    assert counted is not None
    return counted


#: Models of real size are built without memory and with three of their layers, which are all alike; small ones run,
#: as experts and scans must.
REAL_SIZE = {"smollm2": {"num_hidden_layers": 3}, "gpt2 whole": {"n_layer": 3}}


def counted_config(name: str) -> dict[str, Any]:
    return CONFIGS[name] | REAL_SIZE.get(name, {})


def device_of(name: str) -> str:
    return "meta" if name in REAL_SIZE else "cpu"


@cache
def built(name: str) -> PreTrainedModel:
    """Return the network of a config, built once for all tests."""
    return network_of(counted_config(name), device=device_of(name))


def ids_for(name: str, tokens: int) -> torch.Tensor:
    return token_ids(BATCH, tokens, device_of(name))


def products(name: str, of: Cell, attention: Attention) -> dict[str, int]:
    """Return the FLOPs of a test's phases, or of the whole as "", without those of short convolutions."""
    facts = model_of(counted_config(name)).facts
    assert isinstance(facts, DecoderFacts)
    tokens = BATCH * (of.new if of.workload == "tg" else SEQ)
    taps = 2 * tokens * sum(layers.count * layers.taps for layers in facts.stack)
    whole = known(counted_config(name), of, attention=attention)
    times = {"forward": 1, "backward": 2, "optimizer": 0}
    return {key: phase.flops - times.get(key, 1) * taps for key, phase in (whole.phases or {"": whole}).items()}


def loss_of(name: str) -> torch.Tensor:
    """Return the loss of a training pass; its cache, which meta tensors need, adds no product."""
    ids = ids_for(name, SEQ)
    loss: torch.Tensor = built(name)(ids, labels=ids).loss
    return loss


@pytest.mark.parametrize("name", CONFIGS)
class TestAgainstTorchsCounter:
    """Every product of an eager model is counted, and nothing else: the figures are equal."""

    def test_prefill(self, name: str) -> None:
        network = built(name).eval()
        with torch.no_grad():
            counted = counted_flops(lambda: network(ids_for(name, SEQ), use_cache=True, logits_to_keep=1))
        assert products(name, cell("pp"), "full") == {"": counted}

    def test_decode_steps_with_a_cache(self, name: str) -> None:
        network = built(name).eval()
        cache_name = "cache_params" if CONFIGS[name]["model_type"] == "mamba" else "past_key_values"
        with torch.no_grad():
            held = network(ids_for(name, SEQ), use_cache=True)[cache_name]
            counted = counted_flops(lambda: [network(ids_for(name, 1), **{cache_name: held}, use_cache=True)
                                             for _ in range(2)])
        for attention in ("causal", "full"):
            assert products(name, cell("tg", depth=SEQ, new=2), attention) == {"": counted}  # type: ignore[arg-type]

    def test_decode_from_an_empty_cache(self, name: str) -> None:
        network = built(name).eval()
        with torch.no_grad():
            counted = counted_flops(lambda: network(ids_for(name, 1), use_cache=True))
        assert products(name, cell("tg", new=1), "causal") == {"": counted}

    def test_training(self, name: str) -> None:
        # Each product's input has a gradient, the first ones' for the norm before them: backward is 2 × forward.
        built(name).train()
        losses: list[torch.Tensor] = []
        forward = counted_flops(lambda: losses.append(loss_of(name)))
        backward = counted_flops(losses[0].backward)
        assert products(name, cell("train"), "full") == {"forward": forward, "backward": backward, "optimizer": 0}


def test_prefill_counts_only_the_keys_that_a_token_sees() -> None:
    causal, full = (known(GQA, cell("pp"), attention=a).flops for a in ("causal", "full"))
    pairs = SEQ * SEQ - SEQ * (SEQ + 1) // 2
    assert full - causal == BATCH * 3 * 4 * 6 * 24 * pairs


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 40), st.integers(1, 20))
def test_a_window_bounds_the_keys_of_every_step(window: int, depth: int, new: int, batch: int) -> None:
    config = GQA | {"model_type": "mistral", "sliding_window": window}
    unbounded = GQA | {"model_type": "mistral", "sliding_window": None}
    tested = cell("tg", depth=depth, new=new, batch=batch)
    fewer = sum(max(0, depth + i + 1 - window) for i in range(new)) * batch
    assert known(unbounded, tested).flops - known(config, tested).flops == 3 * 4 * 6 * 24 * fewer
    assert known(unbounded, tested).bytes_moved - known(config, tested).bytes_moved == 2 * 3 * 2 * 24 * 4 * fewer


@given(st.sampled_from(["llama", "qwen2", "gemma3_text", "mamba", "deepseek_v2", "gpt2"]), st.integers(1, 30),
       st.integers(1, 30))
def test_decoding_equals_its_steps_one_by_one(name: str, depth: int, new: int) -> None:
    whole = known(CONFIGS[name], cell("tg", depth=depth, new=new))
    steps = [known(CONFIGS[name], cell("tg", depth=depth + i, new=1)) for i in range(new)]
    assert (whole.flops, whole.bytes_moved) == (sum(s.flops for s in steps), sum(s.bytes_moved for s in steps))


@pytest.mark.parametrize(("ref", "weights"), [
    ("gpt2 whole", 124_439_808 - 1024 * 768 + 2 * 768), ("smollm2", 134_515_008 + 576)])
def test_a_decode_step_reads_all_weights_and_writes_one_token_to_the_cache(ref: str, weights: int) -> None:
    kv = {"gpt2 whole": 36_864, "smollm2": 23_040}[ref]
    assert known(CONFIGS[ref], cell("tg", batch=1, new=1), 2).bytes_moved == 2 * weights + kv
    assert known(CONFIGS[ref], cell("tg", batch=1, new=1, depth=100), 2).bytes_moved == 2 * weights + 101 * kv


def test_of_an_untied_input_table_only_the_rows_of_the_tokens_are_read() -> None:
    tied, untied = (known(CONFIGS[name], cell("tg", new=5)).bytes_moved for name in ("gqa tied", "llama"))
    assert tied == untied


def test_prefill_reads_the_weights_once_and_writes_the_cache() -> None:
    parameters = model_of(GQA).facts.parameters
    assert parameters is not None
    weights = parameters - 77 * 48 + BATCH * SEQ * 48
    assert known(GQA, cell("pp")).bytes_moved == 4 * (weights + BATCH * SEQ * 2 * 3 * 2 * 24)


def test_generation_is_a_prefill_and_one_step_fewer_than_new_ids() -> None:
    whole = known(GQA, cell("gen", new=5))
    assert whole.phases["prefill"] == known(GQA, cell("pp"))
    assert whole.phases["decode"] == known(GQA, cell("tg", depth=SEQ, new=4))
    assert whole.flops == sum(phase.flops for phase in whole.phases.values())
    assert known(GQA, cell("gen", new=1)).flops == known(GQA, cell("pp")).flops


def test_all_work_of_a_first_token_is_in_the_part_that_the_network_has_of_it() -> None:
    whole, prefill = known(GQA, cell("ttft")), known(GQA, cell("pp"))
    assert whole.phases == {"prefill+sample": prefill}
    assert (whole.flops, whole.bytes_moved) == (prefill.flops, prefill.bytes_moved)


def test_a_training_step_moves_weights_gradients_and_optimizer_state() -> None:
    parameters = model_of(GPT2).facts.parameters
    assert parameters is not None
    phases = known(GPT2, cell("train"), 4).phases
    assert phases["optimizer"].bytes_moved == 28 * parameters
    assert phases["backward"].bytes_moved - phases["forward"].bytes_moved == 4 * parameters
    assert known(GPT2, cell("train")).bytes_moved == sum(phase.bytes_moved for phase in phases.values())


def test_sgd_moves_one_momentum_and_what_is_computed_again_is_no_flops() -> None:
    parameters = model_of(GPT2).facts.parameters
    assert parameters is not None
    plain = known(GPT2, cell("train"), 4)
    other = known(GPT2, msgspec.structs.replace(cell("train"), optimizer="sgd", checkpointing=True), 4)
    assert other.phases["optimizer"].bytes_moved == 20 * parameters and other.flops == plain.flops


def test_loading_moves_the_bytes_of_the_files() -> None:
    tensors = (Tensor("a", "F32", (10,)),)
    assert cost(model_of(GQA, tensors=tensors), cell("load-warm"), 2) == Cost(0, 40)
    assert cost(model_of(GQA), cell("load-warm"), 2) is None


def test_a_pass_reads_the_experts_that_its_tokens_are_expected_to_meet() -> None:
    config = CONFIGS["mixtral"]  # 3 layers of 4 experts, of which a token takes 2
    expert, facts = 3 * 48 * 100, model_of(config).facts
    assert isinstance(facts, DecoderFacts)
    shared = facts.parameters - facts.lookup_parameters - 3 * 4 * expert
    for batch, met in ((1, 2), (2, 3), (3, 3.5)):
        step = known(config, cell("tg", batch=batch, new=1), 2)
        cache = batch * 3 * 2 * 2 * 24
        assert step.bytes_moved == 2 * (shared + batch * 48 + 3 * met * expert + cache)
    assert facts.parameters - facts.active_parameters == 3 * 2 * expert


def test_a_latent_cache_is_read_and_what_it_expands_to_is_written_and_read() -> None:
    config = CONFIGS["deepseek_v2"]
    one, two = (known(config, cell("tg", batch=1, depth=depth, new=1), 2).bytes_moved for depth in (10, 11))
    assert two - one == 2 * 3 * ((16 + 8) + 2 * 4 * (12 + 8 + 10))


def test_a_state_is_read_and_written_at_every_step_and_does_not_grow() -> None:
    config, state = CONFIGS["mamba"], 2 * 96 * (4 * 2 + 6 * 4)
    near, far = (known(config, cell("tg", batch=1, depth=depth, new=3), 2).bytes_moved for depth in (1, 1000))
    parameters = model_of(config).facts.parameters
    assert parameters is not None and near == far == 3 * (2 * (parameters + 48) + 2 * state)


@pytest.mark.parametrize("workload", ["pp", "tg", "gen", "train"])
def test_a_family_without_a_closed_form_has_no_cost(workload: Workload) -> None:
    config = {"model_type": "bloom", "architectures": ["BloomForCausalLM"], "vocab_size": 32}
    assert cost(model_of(config), cell(workload), 4) is None
