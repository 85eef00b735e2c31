"""Requests by their shape: scenarios, several answers side by side, chat templates, parts of the first token."""

from collections.abc import Callable

import pytest

from llmscope.core import events
from llmscope.core.scenarios import SCENARIOS, Scenario
from llmscope.core.spec import Sampling
from llmscope.engine import checks
from llmscope.engine.backends.eager import tokenizer_of
from llmscope.engine.templates import Template
from llmscope.engine.timers import Block
from llmscope.models.catalog import resolve
from tests.unit.engine.conftest import Passes

Run = Callable[..., Passes]
TEMPLATE = ("{% for m in messages %}<user>{{ m['content'] }}</user>{% endfor %}"
            "{% if add_generation_prompt %}<answer>{% endif %}")


@pytest.mark.parametrize("name", ["assistant", "translation", "question"])
def test_a_scenario_has_its_own_words_and_sampling(passes: Run, name: Scenario) -> None:
    shape = SCENARIOS[name]
    gen = passes("gen", 0, scenario=name, sampling=Sampling(temperature=1.5, sequences=2), prompt="not these words")
    gen.made.prepare()
    assert gen.made._prompts[0].endswith(f"\n\n{shape.prompt}")
    settings = gen.made._settings
    answers = 2 if shape.temperature else 1
    assert (settings.do_sample, settings.num_return_sequences) == (shape.temperature > 0, answers)
    if shape.temperature:
        assert (settings.temperature, settings.top_k, settings.top_p) == (shape.temperature, shape.top_k, shape.top_p)
    assert settings.max_new_tokens == settings.min_new_tokens == shape.new
    assert gen.made.work == answers * shape.new


@pytest.mark.parametrize("name", ["assistant", "translation", "question"])
def test_the_words_of_a_scenario_leave_most_of_its_prompt_to_the_passage(name: Scenario) -> None:
    shape = SCENARIOS[name]
    assert len(tokenizer_of(resolve("bundled"))(shape.prompt)["input_ids"]) < shape.seq / 2


def test_a_scenario_is_answered_in_its_shape_and_the_row_says_how(passes: Run) -> None:
    gen = passes("gen", 1, scenario="translation", batch=2, sampling=Sampling(sequences=3))
    assert tuple(gen.made._last.prompt_ids.shape) == (2, 64) and len(gen.parts[0]["token_ns"]) == 64
    summary = gen.made.summary()
    assert summary["sampling"] == {"temperature": 0.0, "top_k": 0, "top_p": 1.0, "sequences": 1}
    assert gen.made.work == 2 * 64 and summary["sequences"] == 1


def test_each_of_several_answers_has_its_own_text(passes: Run) -> None:
    gen = passes("gen", 0, batch=2, sampling=Sampling(sequences=3))
    asked: list[list[list[int]]] = []
    check = gen.made._network.generate
    gen.made._network.generate = lambda *a, **k: (output := check(*a, **k), asked.append(output.sequences.tolist()))[0]
    gen.run(1)
    gen.meter._send_text()
    texts = dict.fromkeys(range(6), "")
    for event in gen.heard:
        if isinstance(event, events.Text):
            texts[event.sequence] += event.text
    for sequence, ids in enumerate(asked[0]):
        whole = gen.made._tokenizer.decode(ids[24:], skip_special_tokens=True)
        # What is not yet a whole character at the end is held back.
        assert texts[sequence] and whole.startswith(texts[sequence].rstrip("\ufffd"))
    assert len(set(texts.values())) > 1


def test_rates_are_of_all_answers_and_of_each(passes: Run) -> None:
    summary = passes("gen", 2, batch=2, sampling=Sampling(sequences=3)).made.summary()
    assert summary["decode_tok_s"] == pytest.approx(6 * summary["decode_tok_s_per_sequence"])
    assert summary["decode_tok_s_per_sequence"] == pytest.approx(1e3 / summary["tpot_ms"])


def test_the_first_token_waits_for_template_tokenizer_and_prefill(passes: Run) -> None:
    first = passes("ttft", 3)
    for part, block in zip(first.parts, first.blocks, strict=True):
        assert list(part["phases_s"]) == ["template", "tokenize", "prefill+sample"]
        assert sum(part["phases_s"].values()) == pytest.approx(block.seconds)
        assert part["phases_s"]["prefill+sample"] > 0 and part["phases_s"]["tokenize"] > 0
    assert first.made.summary()["phases_s"].keys() == first.parts[0]["phases_s"].keys()
    first.made.prepare()
    first.made.run(first.watch)
    first.made.reset()
    first.made._block = Block(1.0, None, {"template": 0.9})
    with pytest.raises(checks.NotTrustworthy, match="template add up to 90 %"):
        first.made.finish()


@pytest.mark.parametrize("seq", [24, 100])
def test_a_chat_template_is_around_the_prompt_of_exactly_the_sequence_length(passes: Run, seq: int) -> None:
    first = passes("ttft", 0, seq=seq, batch=2, prompt="Speak, friend!")
    assert not first.made._has_template
    first.made._template, first.made._has_template = Template(TEMPLATE), True
    first.run(2)
    ids = first.made._last.prompt_ids
    assert tuple(ids.shape) == (2, seq)
    for text in first.made._tokenizer.batch_decode(ids):
        assert text.startswith("<user>") and text.endswith("Speak, friend!</user><answer>")
    assert first.made.summary()["chat_template"] is True
