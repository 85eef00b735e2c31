"""Damaged, unsafe and unsuitable models through the real worker: a row with the reason, and the next test goes on.

One run holds them all, as a worker that was not hurt by the one must serve the next.
"""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from llmscope.core import events
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import Cell
from tests.e2e.conftest import TINY, Session, cell
from tests.unit.hostile.makers import TEMPLATES


class _Canary:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (Path.write_text, (Path(self._path), "executed"))  # type: ignore[return-value]


#: Returns a copy of the small model, in a folder of this name, that may be damaged.
Copy = Callable[[str], Path]

#: What the row of each model must say that `_damaged` makes.
DAMAGED = {
    "no_weights": "safetensors", "truncated": "model.safetensors", "not_json": "config.json",
    "unknown_type": "does_not_exist", "pickle_only": "pytorch_model.bin", "wrong_shapes": "weights",
    "no_tokenizer": "tokenizer", "bad_tokenizer": "tokenizer", "not_a_writer": "ViTModel",
}


def _damaged(copy: Copy) -> dict[str, Cell]:
    copies = {name: copy(name) for name in DAMAGED}
    (copies["no_weights"] / "model.safetensors").unlink()
    whole = (copies["truncated"] / "model.safetensors").read_bytes()
    (copies["truncated"] / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    (copies["not_json"] / "config.json").write_text("{'model_type': llama")
    (copies["unknown_type"] / "config.json").write_text(json.dumps(TINY | {"model_type": "does_not_exist"}))
    (copies["pickle_only"] / "model.safetensors").unlink()
    canary = copies["pickle_only"] / "canary"
    (copies["pickle_only"] / "pytorch_model.bin").write_bytes(pickle.dumps(_Canary(canary)))
    (copies["wrong_shapes"] / "config.json").write_text(json.dumps(TINY | {"intermediate_size": 128}))
    (copies["no_tokenizer"] / "tokenizer.json").unlink()
    (copies["bad_tokenizer"] / "tokenizer.json").write_text('{"version": "1.0", "model": {"type": "BPE"')
    (copies["not_a_writer"] / "config.json").write_text(
        json.dumps(TINY | {"model_type": "vit", "architectures": ["ViTModel"]}))
    return {name: cell(folder, "gen") for name, folder in copies.items()} | {"after damaged": cell(copy("plain"), "pp")}


def _unsuitable(copy: Copy) -> dict[str, Cell]:
    folder = copy("unpadded")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.pop("pad_token", None)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return {"long": cell(folder, "pp", seq=257), "longer": cell(folder, "gen", seq=250, new=8),
            "longest": cell(folder, "pp", seq=256), "unpadded": cell(folder, "gen", batch=2)}


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


#: What the row of each model must say that `_hostile` makes and that is refused.
HOSTILE = {"config": "config.json", "index": "evil.safetensors", "header": "not a safetensors file",
           "tokenizer": "tokenizer.json made its process crash"}


def _hostile(copy: Copy) -> dict[str, Cell]:
    copies = {name: copy(f"hostile {name}") for name in (*HOSTILE, "code")}
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
    return {name: cell(folder, "gen") for name, folder in copies.items()} | {"after code": cell(copies["code"], "pp")}


def _templated(copy: Copy) -> dict[str, Cell]:
    folder = copy("template")
    template = TEMPLATES["all classes"][0].replace("touch canary", f"touch '{folder / 'canary'}'")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": template}))
    return {"template": cell(folder, "ttft"), "after template": cell(folder, "pp")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models lie; no `canary` may appear in it."""
    return tmp_path_factory.mktemp("refused")


@pytest.fixture(scope="module")
def heard(tiny_source: Path, folder: Path) -> tuple[dict[str, Row], list[events.Event]]:
    """The rows of the run by the names of its tests, and all that was said."""
    def copy(name: str) -> Path:
        return Path(shutil.copytree(tiny_source, folder / name))

    cells = _damaged(copy) | _unsuitable(copy) | _hostile(copy) | _templated(copy)
    session = Session(folder / "runs")
    try:
        session.start(*cells.values())
        return dict(zip(cells, session.end(), strict=True)), session.heard
    finally:
        session.close()


@pytest.fixture
def rows(heard: tuple[dict[str, Row], list[events.Event]]) -> dict[str, Row]:
    return heard[0]


def test_each_is_a_failed_row_with_one_clear_line_and_nothing_runs(rows: dict[str, Row], folder: Path) -> None:
    for name, says in (DAMAGED | HOSTILE).items():
        row = rows[name]
        assert row.verdict == "failed" and row.median is None and row.n == 0, name
        assert says in (row.reason or "") and (row.reason or "").isprintable(), (name, row.reason)
    assert not list(folder.rglob("canary"))


def test_the_tests_after_them_go_on_in_the_same_worker(heard: tuple[dict[str, Row], list[events.Event]]) -> None:
    rows, said = heard
    for name in ("after damaged", "code", "after code", "after template"):
        assert rows[name].verdict in COUNTED, (name, rows[name].reason)
    # Those who come after the run are the next one's.
    end = next(n for n, e in enumerate(said) if isinstance(e, events.RunEnded))
    assert sum(isinstance(e, events.Hello) for e in said[:end]) == 1
    notes = " ".join(e.text for e in said if isinstance(e, events.Note))
    assert "auto_map in config.json is ignored" in notes and "use_kernels" in notes


def test_what_a_model_lacks_or_cannot_hold_is_known_before_anything_runs(rows: dict[str, Row]) -> None:
    assert [rows["long"].verdict, rows["longer"].verdict] == ["failed", "failed"]
    assert "256" in (rows["long"].reason or "") and "248" in (rows["longer"].reason or "")
    assert rows["longest"].verdict in COUNTED
    assert rows["unpadded"].verdict in COUNTED  # no sequence is padded: a tokenizer without a pad token will do


def test_a_hostile_chat_template_is_not_used_and_the_row_says_so_in_one_line(rows: dict[str, Row]) -> None:
    row, says = rows["template"], TEMPLATES["all classes"][1]
    assert row.verdict in COUNTED
    line = row.extra["chat_template"]
    assert isinstance(line, str) and line.isprintable() and says in line and line.endswith("joined as plain text.")
