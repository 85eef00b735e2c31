"""Damaged, unsafe and unsuitable models through the real worker: a row with the reason, and the next test goes on."""

import json
import pickle
import shutil
from pathlib import Path

import pytest

from llmscope.core import events
from llmscope.core.results import COUNTED
from tests.e2e.conftest import TINY, Session, cell


class _Canary:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (Path.write_text, (Path(self._path), "executed"))  # type: ignore[return-value]


@pytest.fixture
def copies(tiny: Path, tmp_path: Path) -> dict[str, Path]:
    names = ("no_weights", "truncated", "not_json", "unknown_type", "pickle_only", "wrong_shapes", "no_tokenizer",
             "bad_tokenizer", "not_a_writer")
    return {name: Path(shutil.copytree(tiny, tmp_path / name)) for name in names}


def test_each_is_a_failed_row_with_one_clear_line_and_nothing_runs(
        session: Session, copies: dict[str, Path], tiny: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    (copies["no_weights"] / "model.safetensors").unlink()
    whole = (copies["truncated"] / "model.safetensors").read_bytes()
    (copies["truncated"] / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    (copies["not_json"] / "config.json").write_text("{'model_type': llama")
    (copies["unknown_type"] / "config.json").write_text(json.dumps(TINY | {"model_type": "does_not_exist"}))
    (copies["pickle_only"] / "model.safetensors").unlink()
    (copies["pickle_only"] / "pytorch_model.bin").write_bytes(pickle.dumps(_Canary(canary)))
    (copies["wrong_shapes"] / "config.json").write_text(json.dumps(TINY | {"intermediate_size": 128}))
    (copies["no_tokenizer"] / "tokenizer.json").unlink()
    (copies["bad_tokenizer"] / "tokenizer.json").write_text('{"version": "1.0", "model": {"type": "BPE"')
    (copies["not_a_writer"] / "config.json").write_text(
        json.dumps(TINY | {"model_type": "vit", "architectures": ["ViTModel"]}))

    expected = {
        "no_weights": "safetensors", "truncated": "model.safetensors", "not_json": "config.json",
        "unknown_type": "does_not_exist", "pickle_only": "pytorch_model.bin", "wrong_shapes": "weights",
        "no_tokenizer": "tokenizer", "bad_tokenizer": "tokenizer", "not_a_writer": "ViTModel",
    }
    session.start(*(cell(folder, "gen") for folder in copies.values()), cell(tiny, "pp"))
    *refused, last = session.end()
    for name, row in zip(copies, refused, strict=True):
        assert row.verdict == "failed" and row.median is None and row.n == 0, name
        assert row.reason and expected[name] in row.reason and "\n" not in row.reason, (name, row.reason)
    assert last.verdict in COUNTED
    assert sum(isinstance(e, events.Hello) for e in session.heard) == 1  # a refused model costs no worker
    assert not canary.exists()


def test_what_a_model_lacks_or_cannot_hold_is_known_before_anything_runs(session: Session, tiny: Path) -> None:
    settings = json.loads((tiny / "tokenizer_config.json").read_text())
    settings.pop("pad_token", None)
    (tiny / "tokenizer_config.json").write_text(json.dumps(settings))
    session.start(cell(tiny, "pp", seq=257), cell(tiny, "gen", seq=250, new=8), cell(tiny, "pp", seq=256),
                  cell(tiny, "gen", batch=2))
    long, longer, longest, unpadded = session.end()
    assert [long.verdict, longer.verdict] == ["failed", "failed"] and longest.verdict in COUNTED
    assert "256" in (long.reason or "") and "248" in (longer.reason or "")
    assert unpadded.verdict in COUNTED  # no sequence is padded: a tokenizer without a pad token will do
