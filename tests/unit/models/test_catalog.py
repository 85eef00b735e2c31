import shutil
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput, ModelRefused
from llmscope.models.catalog import available, resolve
from tests.unit.models.folders import TINY, TINY_PARAMETERS, write_folder

SHIPPED = Path("resources/architectures").resolve()
ARCHITECTURES = sorted(f"arch:{path.stem}" for path in SHIPPED.glob("*.json"))


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the catalog a resources folder with a small bundled model and the real architectures."""
    folder = tmp_path / "resources"
    write_folder(folder / "bundled_model")
    shutil.copytree(SHIPPED, folder / "architectures")
    monkeypatch.setattr("llmscope.models.catalog.resources", lambda: folder)
    return folder


def test_the_bundled_model_is_an_ordinary_folder(shipped: Path) -> None:
    model = resolve("bundled")
    assert (model.ref, model.source, model.folder) == ("bundled", "bundled", shipped / "bundled_model")
    assert (model.config, model.facts.parameters, model.has_tokenizer) == (TINY, TINY_PARAMETERS, True)
    assert model.facts.stored_dtype == "bfloat16"


def test_an_architecture_has_no_files_and_uses_the_bundled_tokenizer(shipped: Path) -> None:
    model = resolve("arch:smollm2-135m")
    assert (model.title, model.source, model.folder, model.weight_files) == ("SmolLM2-135M", "architecture", None, ())
    assert model.facts.parameters == 134_515_008 and model.has_tokenizer
    assert "_name_or_path" not in model.config
    (shipped / "bundled_model" / "tokenizer.json").unlink()
    assert not resolve("arch:gpt2").has_tokenizer


def test_everything_shipped_is_available_bundled_first(shipped: Path) -> None:
    assert [model.ref for model in available()] == ["bundled", *ARCHITECTURES]


def test_a_damaged_bundled_model_hides_no_other_model_and_says_why(shipped: Path) -> None:
    shutil.rmtree(shipped / "bundled_model")
    assert [model.ref for model in available()] == ARCHITECTURES
    with pytest.raises(ModelRefused, match="install llmscope again"):
        resolve("bundled")


def test_a_local_folder_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_folder(tmp_path / "mein Modell ü 🙂")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for ref in (str(folder), "mein Modell ü 🙂", "./mein Modell ü 🙂/", "~/mein Modell ü 🙂"):
        model = resolve(ref)
        assert (model.ref, model.title, model.source) == (str(folder.resolve()), "mein Modell ü 🙂", "local")
        assert resolve(model.ref) == model


def test_a_family_that_is_not_known_is_counted_with_a_note(tmp_path: Path) -> None:
    config = {"model_type": "bloom", "architectures": ["BloomForCausalLM"]}
    model = resolve(str(write_folder(tmp_path / "m", config)))
    assert model.facts.parameters == TINY_PARAMETERS and model.facts.layers is None
    assert "counted from the weight files" in model.notes[0]


def test_a_config_that_describes_more_than_the_files_hold_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m", TINY | {"num_hidden_layers": 3})
    with pytest.raises(ModelRefused, match=f"holds {TINY_PARAMETERS:,} weights, but its config"):
        resolve(str(folder))


@pytest.mark.parametrize("ref", [
    "foo", "", "arch:", "arch:none", "arch:../../secret", "arch:GPT2", "~no_such_user_here/m", "a\0b", "x" * 5000,
    "Bundled", "a\nb",
])
def test_a_wrong_name_gives_one_line_with_what_may_be_written(shipped: Path, ref: str) -> None:
    with pytest.raises(BadInput) as caught:
        resolve(ref)
    text = str(caught.value)
    assert text.isprintable() and text.startswith("There is no model")
    assert text.endswith("Use bundled, arch:<id>, org/name from the Hub cache, or the path of a folder with "
                         "config.json and .safetensors files; 'llmscope models' lists them.")
    assert "downloaded" not in text


def test_a_hub_name_is_told_that_it_cannot_be_downloaded_yet(shipped: Path) -> None:
    with pytest.raises(BadInput, match="cannot be downloaded by name yet"):
        resolve("HuggingFaceTB/SmolLM2-135M")


def test_a_file_instead_of_a_folder_is_told_so(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m")
    with pytest.raises(BadInput, match="is a file: give the folder"):
        resolve(str(folder / "config.json"))


def test_an_empty_folder_is_told_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"config\.json is missing"):
        resolve(str(tmp_path))
