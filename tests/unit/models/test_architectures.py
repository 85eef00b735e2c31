"""Every shipped architecture against the model that transformers builds of it, and against published figures."""

from functools import cache

import pytest
import torch
from transformers import AutoConfig, AutoModelForImageClassification, AutoModelForMaskedLM, PreTrainedModel

from llmscope.models.catalog import available, resolve
from llmscope.models.facts import DecoderFacts
from llmscope.paths import resources
from tests.unit.models.built import network_of

IDS = sorted(path.stem for path in (resources() / "architectures").glob("*.json"))

#: Parameters, active ones, those a decode step reads (without an untied input table); bytes that a token adds to a
#: cache of 2-byte elements, at first and once the windows are full; MiB of that cache at some length.
PUBLISHED = {
    "gpt2": (124_439_808, 124_439_808, 124_439_808, (36_864, 36_864), 36.0, 1024),
    "gpt2-medium": (354_823_168, 354_823_168, 354_823_168, (98_304, 98_304), 96.0, 1024),
    "gpt2-xl": (1_557_611_200, 1_557_611_200, 1_557_611_200, (307_200, 307_200), 300.0, 1024),
    "pythia-160m": (162_322_944, 162_322_944, 123_689_472, (36_864, 36_864), 72.0, 2048),
    "opt-125m": (125_239_296, 125_239_296, 125_239_296, (36_864, 36_864), 72.0, 2048),
    "smollm2-135m": (134_515_008, 134_515_008, 134_515_008, (23_040, 23_040), 90.0, 4096),
    "smollm2-360m": (361_821_120, 361_821_120, 361_821_120, (40_960, 40_960), 160.0, 4096),
    "smollm2-1.7b": (1_711_376_384, 1_711_376_384, 1_711_376_384, (196_608, 196_608), 768.0, 4096),
    "smollm3-3b": (3_075_098_624, 3_075_098_624, 3_075_098_624, (73_728, 73_728), 288.0, 4096),
    "tinyllama-1.1b": (1_100_048_384, 1_100_048_384, 1_034_512_384, (22_528, 22_528), 44.0, 2048),
    "llama-3.2-1b": (1_235_814_400, 1_235_814_400, 1_235_814_400, (32_768, 32_768), 128.0, 4096),
    "llama-3.2-3b": (3_212_749_824, 3_212_749_824, 3_212_749_824, (114_688, 114_688), 448.0, 4096),
    "llama-3.1-8b": (8_030_261_248, 8_030_261_248, 7_504_924_672, (131_072, 131_072), 512.0, 4096),
    "llama-3.3-70b": (70_553_706_496, 70_553_706_496, 69_503_033_344, (327_680, 327_680), 1280.0, 4096),
    "mistral-7b-v0.3": (7_248_023_552, 7_248_023_552, 7_113_805_824, (131_072, 131_072), 512.0, 4096),
    "mixtral-8x7b": (46_702_792_704, 12_879_925_248, 12_748_853_248, (131_072, 131_072), 512.0, 4096),
    "qwen2.5-0.5b": (494_032_768, 494_032_768, 494_032_768, (12_288, 12_288), 48.0, 4096),
    "qwen2.5-1.5b": (1_543_714_304, 1_543_714_304, 1_543_714_304, (28_672, 28_672), 112.0, 4096),
    "qwen2.5-7b": (7_615_616_512, 7_615_616_512, 7_070_619_136, (57_344, 57_344), 224.0, 4096),
    "qwen3-0.6b": (596_049_920, 596_049_920, 596_049_920, (114_688, 114_688), 448.0, 4096),
    "qwen3-1.7b": (1_720_574_976, 1_720_574_976, 1_720_574_976, (114_688, 114_688), 448.0, 4096),
    "qwen3-4b": (4_022_468_096, 4_022_468_096, 4_022_468_096, (147_456, 147_456), 576.0, 4096),
    "qwen3-8b": (8_190_735_360, 8_190_735_360, 7_568_405_504, (147_456, 147_456), 576.0, 4096),
    "qwen3-30b-a3b": (30_532_122_624, 3_353_032_704, 3_041_867_776, (98_304, 98_304), 384.0, 4096),
    "gemma-3-270m": (268_098_176, 268_098_176, 268_098_176, (18_432, 3_072), 19.5, 4096),
    "gemma-3-1b": (999_885_952, 999_885_952, 999_885_952, (26_624, 4_096), 27.0, 4096),
    "gemma-2-2b": (2_614_341_888, 2_614_341_888, 2_614_341_888, (106_496, 53_248), 416.0, 4096),
    "phi-3-mini-4k": (3_821_079_552, 3_821_079_552, 3_722_578_944, (393_216, 0), 767.6, 4096),
    "phi-4-mini": (3_836_021_760, 3_836_021_760, 3_836_021_760, (131_072, 131_072), 512.0, 4096),
    "gpt-oss-20b": (20_914_757_184, 4_187_440_704, 3_608_307_264, (49_152, 24_576), 99.0, 4096),
    "olmo-2-1b": (1_484_916_736, 1_484_916_736, 1_279_395_840, (131_072, 131_072), 512.0, 4096),
    "mamba-130m": (129_135_360, 129_135_360, 129_135_360, (0, 0), 2.5, 4096),
    "lfm2-350m": (354_483_968, 354_483_968, 354_483_968, (12_288, 12_288), 48.1, 4096),
    "deepseek-v2-lite": (15_706_484_224, 2_661_150_208, 2_451_435_008, (31_104, 31_104), 121.5, 4096),
}
ENCODERS = {"bert-base-uncased": (109_514_298, AutoModelForMaskedLM, 512),
            "vit-base-patch16-224": (86_567_656, AutoModelForImageClassification, 197)}


@cache
def built(identifier: str) -> PreTrainedModel:
    """Return the network of an architecture without memory for its weights."""
    config = resolve(f"arch:{identifier}").config
    if identifier not in ENCODERS:
        return network_of(config, attention="eager")
    fields = {key: value for key, value in config.items() if key != "model_type"}
    with torch.device("meta"):
        return ENCODERS[identifier][1].from_config(AutoConfig.for_model(config["model_type"], **fields))


def test_all_of_them_are_offered_and_have_figures_here() -> None:
    assert len(IDS) == 36 and set(IDS) == {*PUBLISHED, *ENCODERS}
    assert {model.ref for model in available()} == {"bundled", *(f"arch:{identifier}" for identifier in IDS)}
    assert len({model.title for model in available()}) == 37


@pytest.mark.parametrize("identifier", IDS)
def test_parameters_are_those_of_the_built_model(identifier: str) -> None:
    facts, network = resolve(f"arch:{identifier}").facts, built(identifier)
    published = PUBLISHED[identifier] if identifier in PUBLISHED else ENCODERS[identifier]
    assert facts.parameters == sum(weight.numel() for weight in network.parameters()) == published[0]
    assert facts.layers == network.config.num_hidden_layers
    if identifier not in ENCODERS:
        assert facts.tied == (network.get_output_embeddings().weight is network.get_input_embeddings().weight)


@pytest.mark.parametrize("identifier", PUBLISHED)
def test_active_weights_and_cache_are_the_published_figures(identifier: str) -> None:
    facts = resolve(f"arch:{identifier}").facts
    _, active, read, per_token, cache_mib, tokens = PUBLISHED[identifier]
    assert isinstance(facts, DecoderFacts)
    assert facts.active_parameters == active
    assert facts.active_parameters - (0 if facts.tied else facts.vocab * facts.hidden) == read
    assert facts.cache_bytes_per_token(2) == per_token
    assert facts.cache_bytes(tokens, 2) / 2**20 == pytest.approx(cache_mib, abs=0.05)


@pytest.mark.parametrize("identifier", ENCODERS)
def test_a_model_that_writes_no_text_has_facts_and_no_costs(identifier: str) -> None:
    model = resolve(f"arch:{identifier}")
    assert not model.writes_text and not isinstance(model.facts, DecoderFacts)
    assert model.facts.max_positions == ENCODERS[identifier][2]


def test_positions_are_those_of_the_config() -> None:
    most = {identifier: resolve(f"arch:{identifier}").facts.max_positions for identifier in IDS}
    assert most["mamba-130m"] is None and most["opt-125m"] == 2048 and most["gpt2"] == 1024
    assert (most["deepseek-v2-lite"], most["lfm2-350m"], most["phi-4-mini"]) == (163_840, 128_000, 131_072)
