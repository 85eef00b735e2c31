"""Configs, indexes and weight files that others made to harm: refused in one line or sanitised with a note."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from llmscope.core.errors import ModelRefused
from llmscope.engine.versions import too_old
from llmscope.models import headers, index
from llmscope.models.safety import check_folder
from tests.unit.hostile import makers
from tests.unit.models.folders import TINY, safetensors, write_shards

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes and devices among its files")


def refusal(folder: Path, name: str) -> str:
    """Return the one line with which a folder is refused; it names the file."""
    with pytest.raises(ModelRefused) as caught:
        check_folder(folder)
    text = str(caught.value)
    assert text.isprintable() and len(text) < 700 and name in text and text.endswith(".")
    return text


def test_there_are_at_least_60_distinct_bad_files() -> None:
    assert makers.count() >= 60


@pytest.mark.parametrize(("change", "says"), makers.CONFIG_CHANGES.values(), ids=makers.CONFIG_CHANGES)
def test_a_config_that_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    assert says in refusal(makers.hostile_folder(tmp_path / "model", TINY | change), "config.json")


@pytest.mark.parametrize(("content", "says"), makers.CONFIG_CONTENTS.values(), ids=makers.CONFIG_CONTENTS)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    folder = makers.hostile_folder(tmp_path / "model")
    (folder / "config.json").write_bytes(content)
    assert says in refusal(folder, "config.json")


@pytest.mark.parametrize(("change", "key"), makers.CONFIG_LEFT_OUT.values(), ids=makers.CONFIG_LEFT_OUT)
def test_what_is_harmful_or_nonsense_in_a_config_is_left_out_with_a_note(
        tmp_path: Path, change: dict[str, Any], key: str) -> None:
    checked = check_folder(makers.hostile_folder(tmp_path / "model", TINY | change))
    assert f'"{key}"' not in json.dumps(checked.config)
    assert any(note.startswith(f"{key} in config.json is ignored") and note.isprintable() for note in checked.notes)


def test_sizes_of_real_families_agree_with_themselves(tmp_path: Path) -> None:
    changes = ({"eos_token_id": [1, 31]}, {"num_attention_heads": 3, "num_key_value_heads": 3},
               {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0}},
               {"layer_types": ["full_attention"] * 2}, {"time_step_limit": [0.0, float("inf")]},
               {"rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1e6}}})
    for number, change in enumerate(changes):
        checked = check_folder(makers.hostile_folder(tmp_path / str(number), TINY | change))
        assert checked.config == TINY | change and checked.notes == ()


@posix
@pytest.mark.parametrize("make", makers.NO_FILES.values(), ids=makers.NO_FILES)
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "model.safetensors.index.json",
                                  "generation_config.json"])
def test_what_is_not_a_plain_file_is_refused_and_not_waited_for(tmp_path: Path, name: str, make: Any) -> None:
    folder = makers.hostile_folder(tmp_path / "model")
    if "index" in name:
        (folder / "model.safetensors").unlink()
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    if not (folder / name).exists() and name == "generation_config.json":
        return  # a loop of links leads nowhere, and nobody needs this file
    refusal(folder, "" if not (folder / name).exists() else name)


@pytest.mark.parametrize(("content", "says"), makers.INDEXES.values(), ids=makers.INDEXES)
def test_an_index_that_cannot_be_trusted_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    folder = write_shards(tmp_path / "model")
    (folder / "model.safetensors.index.json").write_bytes(content)
    assert says in refusal(folder, "safetensors")


def test_a_tensor_in_two_parts_is_refused(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "model")
    (folder / "model-00002-of-00002.safetensors").write_bytes(safetensors({"a": ("F32", [8]), "b": ("F32", [8])}))
    assert "both hold tensor 'a'" in refusal(folder, "model-00002-of-00002.safetensors")


@pytest.mark.parametrize("total", [10**30, 5, -1])
def test_an_index_with_a_wrong_total_is_taken_with_a_note(tmp_path: Path, total: int) -> None:
    folder = write_shards(tmp_path / "model")
    (folder / "model.safetensors.index.json").write_bytes(makers.index(metadata={"total_size": total}))
    assert any("bytes of weights" in note for note in check_folder(folder).notes)


def test_tensors_that_an_index_does_not_list_are_noted(tmp_path: Path) -> None:
    folder = write_shards(tmp_path / "model")
    (folder / "model-00002-of-00002.safetensors").write_bytes(safetensors({"b": ("F32", [8]), "c": ("F32", [8])}))
    assert check_folder(folder).notes == ("model.safetensors.index.json does not list 1 of the tensors in its parts.",)


@pytest.mark.parametrize(("content", "says"), makers.HEADERS.values(), ids=makers.HEADERS)
def test_weights_that_are_damaged_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    folder = makers.hostile_folder(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(content)
    assert says in refusal(folder, "config.json" if "describes" in says else "model.safetensors")


def test_more_tensors_than_any_model_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "TENSOR_LIMIT", 2)
    folder = makers.hostile_folder(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(safetensors({name: ("U8", [1]) for name in "abc"}))
    assert "more than 2 tensors" in refusal(folder, "model.safetensors")


def test_an_index_of_too_many_tensors_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "TENSOR_LIMIT", 1)
    assert "more than 1 tensors" in refusal(write_shards(tmp_path / "model"), "model.safetensors.index.json")


def test_a_change_of_a_file_shows_in_its_signature(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    before = headers.signatures([path])
    path.write_bytes(b"more")
    assert headers.signatures([path]) != before


def test_an_adapter_is_not_followed_to_another_model(tmp_path: Path) -> None:
    folder = makers.hostile_folder(tmp_path / "model")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "evil/model"}')
    assert "adapter" in refusal(folder, "model")


@pytest.mark.parametrize("version", ["2.9.1+cu130", "1.13", "2.6.0", "", "unknown", "0.2.10", "v2.12"])
def test_a_library_with_known_holes_loads_nothing_from_disk(version: str) -> None:
    assert "update torch" in (too_old("torch", version) or "")


@pytest.mark.parametrize(("library", "version"), [
    ("torch", "2.10.0"), ("torch", "2.13.0+cpu"), ("torch", "3.0.0a0+git1"), ("transformers", "5.3.0"),
    ("transformers", "5.23.0.dev0"), ("transformers", "10.0")])
def test_a_library_new_enough_is_no_problem(library: str, version: str) -> None:
    assert too_old(library, version) is None
    assert too_old("transformers", "5.2.9")
