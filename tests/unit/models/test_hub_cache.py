"""The Hub cache, laid out as huggingface_hub lays it out: blobs, snapshots of links, refs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput, ModelRefused
from llmscope.models.catalog import in_hub_cache, resolve
from llmscope.models.hub_cache import cache_folder, cached_models
from tests.unit.models.folders import TINY, TINY_PARAMETERS, write_folder

OLD, NEW = "1" * 40, "2" * 40


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that the program looks into."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def put(cache: Path, name: str, commit: str = OLD, *, ref: str | None = "main", of: Path) -> Path:
    """Put a folder's files into the cache as a snapshot of a model; returns the snapshot."""
    home = cache / f"models--{name.replace('/', '--')}"
    snapshot = home / "snapshots" / commit
    for folder in (home / "blobs", home / "refs", snapshot):
        folder.mkdir(parents=True, exist_ok=True)
    for file in of.iterdir():
        blob = home / "blobs" / f"{commit}{file.name}".encode().hex()
        blob.write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(Path("../../blobs") / blob.name)
    if ref:
        (home / "refs" / ref).write_text(commit)
    return snapshot


def test_a_model_of_the_cache_is_called_by_its_name_and_knows_its_revision(cache: Path, tmp_path: Path) -> None:
    snapshot = put(cache, "org/tiny", of=write_folder(tmp_path / "tiny"))
    model = resolve("org/tiny")
    assert (model.ref, model.title, model.source, model.revision) == ("org/tiny", "tiny", "hub", OLD)
    assert model.folder == snapshot and model.facts.parameters == TINY_PARAMETERS and model.has_tokenizer


def test_the_main_branch_is_taken_else_the_newest_snapshot(cache: Path, tmp_path: Path) -> None:
    tiny = write_folder(tmp_path / "tiny")
    put(cache, "org/tiny", OLD, of=tiny)
    newer = put(cache, "org/tiny", NEW, ref="refs-pr-1", of=tiny)
    for file in newer.iterdir():
        os.utime(file, (2e9, 2e9))
    assert resolve("org/tiny").revision == OLD
    (cache / "models--org--tiny" / "refs" / "main").unlink()
    assert resolve("org/tiny").revision == NEW


def test_what_cannot_be_used_is_listed_with_its_reason(cache: Path, tmp_path: Path) -> None:
    put(cache, "b/tiny", of=write_folder(tmp_path / "tiny"))
    put(cache, "a/bert", of=write_folder(tmp_path / "bert", TINY | {"architectures": ["BertModel"]}))
    part = write_folder(tmp_path / "part")
    (part / "model.safetensors").unlink()
    put(cache, "c/part", of=part)
    (cache / "datasets--org--words" / "snapshots" / OLD).mkdir(parents=True)
    (cache / "models--d--broken").mkdir()
    (cache / "notes.txt").write_text("not a model")
    found = dict(in_hub_cache())
    assert list(found) == ["a/bert", "b/tiny", "c/part"]
    assert not isinstance(found["b/tiny"], str)
    assert "only models that write text" in str(found["a/bert"]) and "no model.safetensors" in str(found["c/part"])
    with pytest.raises(ModelRefused, match="only models that write text"):
        resolve("a/bert")


def test_a_link_that_leads_out_of_the_cache_is_refused(cache: Path, tmp_path: Path) -> None:
    tiny = write_folder(tmp_path / "tiny")
    weights = put(cache, "org/tiny", of=tiny) / "model.safetensors"
    weights.unlink()
    weights.symlink_to(tiny / "model.safetensors")
    with pytest.raises(ModelRefused, match="points outside its folder"):
        resolve("org/tiny")


def test_without_a_cache_there_is_nothing_in_it(cache: Path, tmp_path: Path) -> None:
    assert cached_models() == () and in_hub_cache() == ()
    cache.write_text("a file")
    assert cached_models() == ()
    with pytest.raises(BadInput, match=r"Hub cache \(.*hub\) does not hold it, and models cannot be downloaded"):
        resolve("org/tiny")


def test_a_folder_of_that_name_comes_before_the_cache(
        cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = write_folder(tmp_path / "org" / "tiny")
    put(cache, "org/tiny", of=tiny)
    monkeypatch.chdir(tmp_path)
    assert resolve("org/tiny").source == "local"


@pytest.mark.parametrize("variables", [
    {}, {"HF_HOME": "/x/hf"}, {"HF_HUB_CACHE": "/x/cache", "HF_HOME": "/x/hf"}, {"XDG_CACHE_HOME": "/x/xdg"},
    {"HUGGINGFACE_HUB_CACHE": "~/old"}])
def test_the_cache_is_looked_for_where_huggingface_hub_keeps_it(
        variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    code = "import json; from huggingface_hub.constants import HF_HUB_CACHE; print(json.dumps(HF_HUB_CACHE))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert cache_folder() == Path(json.loads(told.stdout)).expanduser()
