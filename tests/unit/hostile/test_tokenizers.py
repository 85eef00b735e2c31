"""Tokenizers and chat templates that others made to harm, tried out in the real process with its limits."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import pytest

from llmscope import paths
from llmscope.core.errors import ModelRefused
from llmscope.engine import quarantine, templates, tokenizing
from llmscope.engine.backends.eager import tokenizer_of
from llmscope.models.catalog import Model, resolve
from tests.unit.hostile import makers

HELLO = ({"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"})


@pytest.fixture
def local(tmp_path: Path) -> Model:
    """A model from disk with the bundled tokenizer and code that must not run."""
    folder = makers.hostile_folder(tmp_path / "model")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(paths.resources() / "bundled_model" / name, folder / name)
    return msgspec.structs.replace(resolve("bundled"), source="local", folder=folder, title="model")


def refusal(model: Model) -> str:
    """Return the one line with which a model's tokenizer is refused."""
    with pytest.raises(ModelRefused) as caught:
        tokenizer_of(model)
    text = str(caught.value)
    assert text.isprintable() and "tokenizer" in text and len(text) < 900
    return text


#: What only a process of its own survives; the rest is tried out here too, where it is quicker.
LIMITS = ("crash", "took longer than 1 s", "needed more than", "ids of")
OUTSIDE = {name: case for name, case in makers.TOKENIZERS.items() if case[1] in LIMITS or "panics" in name}
INSIDE = {name: case for name, case in makers.TOKENIZERS.items() if name not in OUTSIDE}


@pytest.mark.parametrize(("change", "says"), OUTSIDE.values(), ids=OUTSIDE)
def test_a_tokenizer_that_crashes_hangs_or_grows_is_refused(
        local: Model, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any] | bytes, says: str) -> None:
    monkeypatch.setattr(tokenizing, "LIMIT_S", 1.0 if "1 s" in says else 15.0)
    monkeypatch.setattr(tokenizing, "LIMIT_BYTES", 300_000_000)
    assert local.folder
    (local.folder / "tokenizer.json").write_bytes(makers.tokenizer_bytes(change))
    began = time.monotonic()
    text = refusal(local)
    assert "tokenizer.json" in text and "choose pp or tg" in text
    assert says in text or (says == "needed more than" and "crash" in text)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(("change", "says"), INSIDE.values(), ids=INSIDE)
def test_a_tokenizer_that_makes_no_sense_raises_when_it_is_tried_out(
        tmp_path: Path, change: dict[str, Any] | bytes, says: str) -> None:
    (tmp_path / "tokenizer.json").write_bytes(makers.tokenizer_bytes(change))
    try:
        tokenizing.try_out(str(tmp_path / "tokenizer.json"), "To be, or not to be, that is the question.")
    except BaseException as error:  # what the process of its own turns into one line; a panic is not an Exception
        assert not isinstance(error, KeyboardInterrupt | SystemExit) and (says in str(error) or "cannot" in says)
    else:
        pytest.fail("it was taken")


def test_a_tokenizer_that_is_not_json_is_refused_in_one_line(local: Model) -> None:
    assert local.folder
    (local.folder / "tokenizer.json").write_bytes(b"{")
    assert "tokenizer.json cannot be used (EOF" in refusal(local)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "special_tokens_map.json"])
@pytest.mark.parametrize(("content", "says"), makers.TOKENIZER_SETTINGS.values(), ids=makers.TOKENIZER_SETTINGS)
def test_settings_of_a_tokenizer_that_are_damaged_are_refused(
        local: Model, name: str, content: bytes, says: str) -> None:
    assert local.folder
    (local.folder / name).write_bytes(content)
    text = refusal(local)
    assert says in text and name in text


@pytest.mark.parametrize("settings", makers.TOKENIZER_SETTINGS_INERT.values(), ids=makers.TOKENIZER_SETTINGS_INERT)
def test_nonsense_in_the_settings_has_no_effect(
        local: Model, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> None:
    monkeypatch.setattr(quarantine, "ask", lambda *_, **__: None)  # the file itself is the bundled one
    assert local.folder
    (local.folder / "tokenizer_config.json").write_text(json.dumps(settings))
    tokenizer = tokenizer_of(local)
    assert tokenizer("To be, or not")["input_ids"] == tokenizer_of(resolve("bundled"))("To be, or not")["input_ids"]
    assert len(tokenizer) == 4096 and tokenizer.eos_token is None and tokenizer.chat_template is None


def test_a_tokenizer_that_cuts_and_pads_does_neither(local: Model) -> None:
    assert local.folder
    cut = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    pad = {"strategy": {"Fixed": 10**9}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
           "pad_type_id": 0, "pad_token": "x"}
    (local.folder / "tokenizer.json").write_bytes(makers.tokenizer_bytes({"truncation": cut, "padding": pad}))
    assert 1 < len(tokenizer_of(local)("To be, or not to be")["input_ids"]) < 20


def test_the_same_file_is_tried_out_once(local: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer_of(local)
    monkeypatch.setattr(quarantine, "ask", lambda *_, **__: pytest.fail("tried out again"))
    tokenizer_of(local)


HUNGRY = {name: case for name, case in makers.TEMPLATES.items() if case[1] in ("memory", "longer than")}
WRONG = {name: case for name, case in makers.TEMPLATES.items() if name not in HUNGRY and name != "64 KB"}


@pytest.mark.parametrize(("source", "says"), HUNGRY.values(), ids=HUNGRY)
def test_a_template_that_hangs_or_grows_gives_plain_text_and_a_reason(
        monkeypatch: pytest.MonkeyPatch, source: str, says: str) -> None:
    monkeypatch.setattr(templates, "LIMIT_S", 1.0)
    began = time.monotonic()
    template = templates.vetted(source, {"bos_token": "<s>"})
    assert template.render(HELLO) == "Hello\nYes?"
    assert template.reason and template.reason.isprintable() and says in template.reason
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("source", "says"), WRONG.values(), ids=WRONG)
def test_a_template_that_is_wrong_or_reaches_out_raises_when_it_is_tried_out(source: str, says: str) -> None:
    with pytest.raises((jinja2.TemplateError, ValueError, TypeError, ArithmeticError, RecursionError)) as caught:
        templates.try_out(source, {}, [HELLO])
    assert says.strip("()") in str(caught.value) or says == "cannot be used"


@pytest.mark.parametrize("name", ["64 KB", "class of a text", "raises two lines"])
def test_the_reason_why_a_template_is_not_used_is_one_line(name: str) -> None:
    source, says = makers.TEMPLATES[name]
    template = templates.vetted(source)
    assert template.reason and template.reason.isprintable() and says in template.reason
    assert template.render(HELLO) == "Hello\nYes?"


def test_a_good_template_is_rendered_as_transformers_would() -> None:
    source = ("{%- set n = namespace(first=true) -%}\n{% for m in messages %}\n"
              "{%- if n.first %}{{ bos_token }}{% set n.first = false %}{% endif -%}\n"
              "{% if loop.index > 5 %}{% break %}{% endif %}"
              "{% generation %}<{{ m['role'] }}>{{ m.content | trim }}{% endgeneration %}{{ m | tojson }}\n"
              "{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}")
    tokenizer = tokenizer_of(resolve("bundled"))
    tokenizer.chat_template = source
    template = templates.vetted(source, {"bos_token": str(tokenizer.bos_token)})
    assert template.reason is None
    assert template.render(HELLO) == tokenizer.apply_chat_template(
        [dict(message) for message in HELLO], tokenize=False, add_generation_prompt=True)
    assert templates.render(source, HELLO, {"bos_token": str(tokenizer.bos_token)}) == template.render(HELLO)


def test_without_a_template_messages_are_joined_and_nothing_is_said() -> None:
    assert templates.vetted(None) == templates.Template() and templates.render(None, HELLO) == "Hello\nYes?"


def test_what_a_template_renders_follows_from_the_messages_alone() -> None:
    assert "undefined" in (templates.vetted("{{ lipsum() }}").reason or "")
    assert "random" in (templates.vetted("{{ [1, 2] | random }}").reason or "")
    assert templates.render("{{ strftime_now('%S') }}", HELLO) == "2026-01-01"
