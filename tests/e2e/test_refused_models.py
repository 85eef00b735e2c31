"""Damaged, unsafe and unsuitable models through the real worker: a row with the reason, and the next test goes on."""

import json
import pickle
import shutil
from pathlib import Path

import pytest

from llmscope.core import events
from llmscope.core.results import COUNTED
from tests.e2e.conftest import TINY, Session, cell
from tests.unit.hostile.makers import TEMPLATES


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


def _hostile_files(folder: Path) -> None:
    """Lay code into a model folder, and name it wherever a loader might look for some."""
    evil = "from pathlib import Path\nPath(__file__).with_name('canary').write_text('executed')\n"
    (folder / "modeling_evil.py").write_text(evil)
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(evil)
    hooks = {"auto_map": {"AutoConfig": "modeling_evil.Evil", "AutoModelForCausalLM": "modeling_evil.Evil"},
             "trust_remote_code": True, "custom_generate": "custom_generate", "attn_implementation": "evil/kernel",
             "use_kernels": True, "torch_dtype": "evil", "pad_token_id": -1}
    (folder / "config.json").write_text(json.dumps(TINY | hooks))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "auto_map": {"AutoTokenizer": ["modeling_evil.Evil", None]}, "tokenizer_class": "Evil",
        "chat_template": "{{ cycler.__init__.__globals__.os.popen('touch canary').read() }}"}))


def _index(*names: str) -> str:
    return json.dumps({"weight_map": {str(number): name for number, name in enumerate(names)}})


def test_hostile_files_of_every_class_end_in_one_line_and_a_folder_full_of_code_runs_none_of_it(
        session: Session, tiny: Path, tmp_path: Path) -> None:
    names = ("config", "index", "header", "tokenizer", "code")
    copies = {name: Path(shutil.copytree(tiny, tmp_path / f"hostile {name}")) for name in names}
    for folder in copies.values():
        _hostile_files(folder)
    (copies["config"] / "config.json").write_text(json.dumps(TINY | {"hidden_size": 10**15}))
    (copies["index"] / "model.safetensors").rename(copies["index"] / "part.safetensors")
    (copies["index"] / "model.safetensors.index.json").write_text(_index("part.safetensors", "../../evil.safetensors"))
    (copies["header"] / "model.safetensors").write_bytes(pickle.dumps(_Canary(copies["header"] / "canary")))
    tokenizer = json.loads((copies["tokenizer"] / "tokenizer.json").read_text("utf-8"))
    # A table of impossible size: the tokenizers library aborts its process.
    tokenizer["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "/////w=="}
    (copies["tokenizer"] / "tokenizer.json").write_text(json.dumps(tokenizer))

    session.start(*(cell(folder, "gen") for folder in copies.values()), cell(copies["code"], "pp"))
    *refused, written, last = session.end()
    expected = ("config.json", "evil.safetensors", "not a safetensors file", "tokenizer.json made its process crash")
    for row, says in zip(refused, expected, strict=True):
        assert row.verdict == "failed" and row.median is None and says in (row.reason or ""), row.reason
        assert (row.reason or "").isprintable()
    assert written.verdict in COUNTED and last.verdict in COUNTED, (written.reason, last.reason)
    assert sum(isinstance(e, events.Hello) for e in session.heard) == 1
    notes = " ".join(e.text for e in session.heard if isinstance(e, events.Note))
    assert "auto_map in config.json is ignored" in notes and "use_kernels" in notes
    assert not list(tmp_path.rglob("canary"))


def test_a_hostile_chat_template_is_not_used_and_the_row_says_so_in_one_line(
        session: Session, tiny: Path, tmp_path: Path) -> None:
    template, says = TEMPLATES["all classes"]
    canary = tmp_path / "canary"
    settings = json.loads((tiny / "tokenizer_config.json").read_text())
    (tiny / "tokenizer_config.json").write_text(
        json.dumps(settings | {"chat_template": template.replace("touch canary", f"touch '{canary}'")}))
    session.start(cell(tiny, "ttft", seq=32), cell(tiny, "pp", seq=32))
    row, next_one = session.end()
    assert row.verdict in COUNTED and next_one.verdict in COUNTED
    line = row.extra["chat_template"]
    assert isinstance(line, str) and line.isprintable() and says in line and line.endswith("joined as plain text.")
    assert not canary.exists()
