import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmscope.core.errors import ModelRefused
from llmscope.models.facts import facts_of
from llmscope.models.safety import Checked, _check_kind, _cleaned, check_folder, read_config
from tests.unit.models.folders import TINY, TINY_PARAMETERS, safetensors, write_folder, write_shards


def refusal(folder: Path) -> str:
    """Return the one line with which a folder is refused."""
    with pytest.raises(ModelRefused) as caught:
        check_folder(folder)
    assert str(caught.value).isprintable()
    return str(caught.value)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"inner": value}
    return value


def test_a_whole_folder_passes_with_its_config_unchanged(tmp_path: Path) -> None:
    checked = check_folder(write_folder(tmp_path / "model"))
    assert checked == Checked(TINY, checked.tensors, (tmp_path / "model" / "model.safetensors",), True, ())
    assert sum(tensor.elements for tensor in checked.tensors) == TINY_PARAMETERS


def test_shards_are_found_through_the_index(tmp_path: Path) -> None:
    checked = check_folder(write_shards(tmp_path))
    assert [path.name for path in checked.weight_files] == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert [tensor.name for tensor in checked.tensors] == ["a", "b"]


@pytest.mark.parametrize(("content", "says"), [
    (b"{", "not valid JSON"),
    (b"", "not valid JSON"),
    (b"PK\x03\x04", "not valid JSON"),
    ('{"a": "é"}'.encode("latin-1"), "not valid JSON"),
    (json.dumps(TINY).encode("utf-16"), "not valid JSON"),
    (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
    (b"[]", "not a JSON object"),
    (b"[" * 500_000, "nested too deeply"),
    (json.dumps(TINY | {"x": nested(30)}).encode(), "nested too deeply"),
    (json.dumps(TINY).encode().ljust(1_000_001), "larger than 1 MB"),
])
def test_a_config_that_is_not_one_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (write_folder(tmp_path) / "config.json").write_bytes(content)
    text = refusal(tmp_path)
    assert says in text and "config.json" in text


@pytest.mark.parametrize(("change", "says"), [
    ({"model_type": None}, "no model_type"),
    ({"model_type": 7}, "no model_type"),
    ({"architectures": None}, "no architectures"),
    ({"architectures": []}, "no architectures"),
    ({"architectures": "LlamaForCausalLM"}, "no architectures"),
    ({"architectures": ["BertForMaskedLM"]}, "only models that write text"),
    ({"_attn_implementation_internal": "evil/kernel"}, "only a harmful file"),
    ({"text_config": [{"x_internal": 1}]}, "only a harmful file"),
    ({"quantization_config": {"quant_method": "gptq"}}, "quantised"),
    ({"num_hidden_layers": 1001}, "num_hidden_layers as 1001; it must be a whole number from 1 to 1,000"),
    ({"num_hidden_layers": 0}, "num_hidden_layers"),
    ({"vocab_size": 4_000_001}, "vocab_size"),
    ({"vocab_size": -1}, "vocab_size"),
    ({"hidden_size": 8.0}, "hidden_size as 8.0"),
    ({"hidden_size": "8"}, "hidden_size as '8'"),
    ({"hidden_size": True}, "hidden_size as True"),
    ({"hidden_size": float("inf")}, "hidden_size as inf"),
    ({"text_config": {"num_attention_heads": 10**9}}, "num_attention_heads"),
    ({"intermediate_size": [12, 10**9]}, "intermediate_size"),
])
def test_a_config_that_cannot_be_trusted_is_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    assert says in refusal(write_folder(tmp_path, TINY | change))


def test_custom_code_is_left_out_at_any_depth_with_a_note(tmp_path: Path) -> None:
    hooks = {"auto_map": {"AutoModel": "evil.Model"}, "text_config": {"trust_remote_code": True, "kept": 1},
             "_attn_implementation": "someone/kernel", "_name_or_path": "someone/model"}
    config, notes = read_config(write_folder(tmp_path, TINY | hooks) / "config.json")
    assert config == TINY | {"text_config": {"kept": 1}}
    assert [note.split()[0] for note in notes] == ["_attn_implementation", "auto_map", "trust_remote_code"]


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    (write_folder(tmp_path) / "config.json").unlink()
    assert "config.json is missing" in refusal(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    (write_folder(tmp_path) / "model.safetensors").unlink()
    assert "no model.safetensors" in refusal(tmp_path)


def test_truncated_weights_are_refused(tmp_path: Path) -> None:
    path = write_folder(tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert "model.safetensors is truncated: 100 bytes of weights are missing" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.PTH", "model.pkl"])
def test_weights_that_could_run_code_are_refused_and_not_opened(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / name)
    (tmp_path / name).write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
    text = refusal(tmp_path)
    assert name in text and "can run code" in text and ".safetensors" in text
    assert not (tmp_path / "canary").exists() and not Path("canary").exists()


def test_parts_without_an_index_are_refused(tmp_path: Path) -> None:
    (write_shards(tmp_path) / "model.safetensors.index.json").unlink()
    assert "no model.safetensors.index.json" in refusal(tmp_path)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    (write_shards(tmp_path) / "model-00002-of-00002.safetensors").unlink()
    assert "model-00002-of-00002.safetensors is missing" in refusal(tmp_path)


@pytest.mark.parametrize("name", [
    "../model.safetensors", "/etc/model.safetensors", "sub/model.safetensors", "..\\model.safetensors",
    "C:model.safetensors", "C:\\model.safetensors", "\\\\host\\share\\model.safetensors", "//host/model.safetensors",
    "model.safetensors:stream.safetensors", "CON.safetensors", "lpt1.safetensors", ".safetensors", "..", "", "~",
    "model.safetensors\0", "model.safetensors\n", "model.bin",
])
def test_an_index_may_name_only_plain_files(tmp_path: Path, name: str) -> None:
    assert "not a plain .safetensors file name" in refusal(write_shards(tmp_path, name=name))


@pytest.mark.parametrize("index", ["[]", "{}", '{"weight_map": []}', '{"weight_map": {}}', '{"weight_map": {"a": 1}}'])
def test_an_index_without_a_usable_weight_map_is_refused(tmp_path: Path, index: str) -> None:
    (write_shards(tmp_path) / "model.safetensors.index.json").write_text(index)
    assert "model.safetensors.index.json" in refusal(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="making a symbolic link needs a privilege on Windows")
class TestLinks:
    def test_weights_that_point_outside_the_folder_are_refused(self, tmp_path: Path) -> None:
        outside = write_folder(tmp_path / "outside") / "model.safetensors"
        path = write_folder(tmp_path / "inside") / "model.safetensors"
        path.unlink()
        path.symlink_to(outside)
        assert "points outside its folder" in refusal(tmp_path / "inside")

    def test_a_snapshot_of_the_hub_cache_may_point_to_its_own_store(self, tmp_path: Path) -> None:
        path = write_folder(tmp_path / "snapshots" / "abc") / "model.safetensors"
        (tmp_path / "blobs").mkdir()
        path.rename(tmp_path / "blobs" / "0123")
        path.symlink_to(Path("../../blobs/0123"))
        assert check_folder(tmp_path / "snapshots" / "abc").weight_files == (path,)

    def test_a_dangling_link_is_missing(self, tmp_path: Path) -> None:
        path = write_folder(tmp_path) / "model.safetensors"
        path.unlink()
        path.symlink_to(tmp_path / "nowhere")
        assert "model.safetensors is missing" in refusal(tmp_path)

    def test_a_pipe_is_refused_and_never_waited_for(self, tmp_path: Path) -> None:
        (write_folder(tmp_path) / "config.json").unlink()
        os.mkfifo(tmp_path / "config.json")
        assert "config.json is missing" in refusal(tmp_path)


def test_non_ascii_and_spaced_paths_work(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "modèle très 小さい 🙂")
    assert check_folder(folder).weight_files == (folder / "model.safetensors",)


def test_a_folder_without_a_tokenizer_says_so(tmp_path: Path) -> None:
    assert not check_folder(write_folder(tmp_path, tokenizer=False)).has_tokenizer


def test_a_huge_tokenizer_is_not_used(tmp_path: Path) -> None:
    with (write_folder(tmp_path) / "tokenizer.json").open("wb") as file:
        file.truncate(64_000_001)
    checked = check_folder(tmp_path)
    assert not checked.has_tokenizer and "64 MB" in checked.notes[0]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)
keys = st.sampled_from([*TINY, "sliding_window", "layer_types", "use_sliding_window", "auto_map", "x_internal",
                        "attention_bias", "n_embd", "n_layer", "n_head", "n_positions", "n_inner"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["llama", "mistral", "qwen2", "qwen3", "gpt2", "other"]),
       st.dictionaries(keys, values, max_size=5))
def test_no_config_raises_anything_but_a_refusal(model_type: str, change: dict[str, Any]) -> None:
    try:
        config = _cleaned({**TINY, "model_type": model_type, **change}, "config.json", set(), set())
        _check_kind(config, "config.json")
        facts_of(config, ())
    except ModelRefused as refused:
        assert str(refused).isprintable()


def test_the_name_of_a_tensor_cannot_break_the_line(tmp_path: Path) -> None:
    (write_folder(tmp_path) / "model.safetensors").write_bytes(safetensors({"a\nb": ("U8", [4])}) + b"\0")
    assert "after its last tensor" in refusal(tmp_path)
