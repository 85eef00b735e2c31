"""Small model folders for tests, written byte by byte: whole ones, and ones that are broken on purpose."""

import json
import math
from pathlib import Path
from typing import Any

from llmscope.models.headers import DTYPE_SIZES

TINY: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 12,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6, "vocab_size": 32,
    "max_position_embeddings": 64, "tie_word_embeddings": True,
}
#: Parameters of TINY, counted by hand: table, 2 × (q, k, v, o, MLP, 2 norms), last norm.
TINY_PARAMETERS = 32 * 8 + 2 * (8 * 12 + 2 * 8 * 6 + 12 * 8 + 3 * 8 * 12 + 2 * 8) + 8


def safetensors(tensors: dict[str, tuple[str, list[int]]], **header: Any) -> bytes:
    """Return a safetensors file of zeros; `header` replaces entries of the header."""
    place, entries = 0, {}
    for name, (dtype, shape) in tensors.items():
        size = math.prod(shape) * DTYPE_SIZES[dtype]
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, place + size]}
        place += size
    text = json.dumps({**entries, **header}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(place)


def write_folder(folder: Path, config: dict[str, Any] = TINY, *, tokenizer: bool = True) -> Path:
    """Write a folder that passes every check, its weights in one flat tensor."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(safetensors({"all": ("BF16", [TINY_PARAMETERS])}))
    if tokenizer:
        (folder / "tokenizer.json").write_text("{}")
    return folder


def write_shards(folder: Path, *, name: str = "model-00002-of-00002.safetensors") -> Path:
    """Write a folder whose weights lie in two files with an index that calls the second one `name`."""
    write_folder(folder)
    (folder / "model.safetensors").unlink()
    first = "model-00001-of-00002.safetensors"
    (folder / first).write_bytes(safetensors({"a": ("F32", [TINY_PARAMETERS - 8])}))
    (folder / "model-00002-of-00002.safetensors").write_bytes(safetensors({"b": ("F32", [8])}))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": first, "b": name}}))
    return folder
