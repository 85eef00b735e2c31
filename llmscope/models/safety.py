"""Check a model's files before anything of them is loaded; nothing here runs foreign code.

A model folder is untrusted input: config.json is parsed and cleaned by us, weights are taken from
safetensors files only, and each file must lie in the folder and be whole.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope.core.errors import ModelRefused
from llmscope.models.headers import Tensor, one_line, read_tensors

CONFIG_LIMIT_BYTES = 1_000_000
INDEX_LIMIT_BYTES = 64_000_000
TOKENIZER_LIMIT_BYTES = 64_000_000
DEPTH_LIMIT = 20

#: Keys that make a loader fetch or run code that is not its own; they are left out with a note.
_CODE_KEYS = frozenset({
    "auto_map", "trust_remote_code", "custom_pipelines", "custom_generate",
    "attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation",
})
#: Keys that a loader could look up on the network; they say nothing of the model.
_NAME_KEYS = frozenset({"_name_or_path", "name_or_path"})
#: Largest value that is believed; a number or a list of numbers, one for each layer.
_DIMENSION_LIMITS = {
    "num_hidden_layers": 1000, "n_layer": 1000, "num_layers": 1000, "vocab_size": 4_000_000,
    "hidden_size": 1_000_000, "n_embd": 1_000_000, "intermediate_size": 10_000_000, "n_inner": 10_000_000,
    "num_attention_heads": 100_000, "n_head": 100_000, "num_key_value_heads": 100_000, "head_dim": 100_000,
    "max_position_embeddings": 2**31, "n_positions": 2**31,
}
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
#: A plain file name on POSIX and on Windows: no folder, drive, stream or device in it.
_SHARD = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)\.)\w[\w.+\- ]*\.safetensors", re.IGNORECASE)


class Checked(Struct, frozen=True):
    """A folder that passed: its cleaned config, the tensors its weight files declare, and notes for the person."""

    config: dict[str, Any]
    tensors: tuple[Tensor, ...]
    weight_files: tuple[Path, ...]
    has_tokenizer: bool
    notes: tuple[str, ...]


def check_folder(folder: Path) -> Checked:
    """Check a model folder; raises `ModelRefused` with one line that names the file and what to do."""
    try:
        return _check_folder(folder)
    except OSError as error:
        raise ModelRefused(f"{one_line(folder)} cannot be read ({error.strerror}): check the folder.") from None


def _check_folder(folder: Path) -> Checked:
    config, notes = read_config(folder / "config.json")
    weight_files = _weight_files(folder)
    tensors = tuple(tensor for path in weight_files for tensor in read_tensors(path))
    tokenizer = folder / "tokenizer.json"
    has_tokenizer = tokenizer.is_file()
    if has_tokenizer and tokenizer.stat().st_size > TOKENIZER_LIMIT_BYTES:
        has_tokenizer, notes = False, (*notes, "tokenizer.json is larger than 64 MB and is not used.")
    return Checked(config, tensors, weight_files, has_tokenizer, notes)


def read_config(path: Path, *, of_any_kind: bool = False) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return (cleaned config, notes on what was left out) of a config.json; raises `ModelRefused`.

    `of_any_kind` takes models that write no text too.
    """
    config = _read_object(path, CONFIG_LIMIT_BYTES)
    shown = one_line(path)
    if config.get("quantization_config") is not None:
        raise ModelRefused(f"{shown} describes quantised weights, which cannot be run yet: use the unquantised model.")
    dropped: set[str] = set()
    cleaned: dict[str, Any] = _cleaned(config, shown, dropped)
    notes = tuple(f"{key} in config.json is ignored: only the code of the installed transformers runs."
                  for key in sorted(dropped))
    _check_kind(cleaned, shown, of_any_kind)
    return cleaned, notes


def _read_object(path: Path, limit_bytes: int) -> dict[str, Any]:
    """Return a JSON object from a file, not larger than the limit and not nested too deeply."""
    shown = one_line(path)
    try:
        if not path.is_file():
            raise ModelRefused(f"{shown} is missing: choose the folder that holds config.json and .safetensors files.")
        if path.stat().st_size > limit_bytes:
            raise ModelRefused(f"{shown} is larger than {limit_bytes // 1_000_000} MB: this is not a model's file.")
        value = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ModelRefused(f"{shown} cannot be read ({error.strerror}): check the file.") from None
    except RecursionError:
        raise ModelRefused(f"{shown} is nested too deeply: this is not a model's file.") from None
    except ValueError:
        raise ModelRefused(f"{shown} is not valid JSON: copy or download it again.") from None
    if not isinstance(value, dict):
        raise ModelRefused(f"{shown} is not a JSON object: copy or download it again.")
    return value


def _cleaned(value: Any, shown: str, dropped: set[str], depth: int = 1) -> Any:
    """Return a copy without the keys that are left out; `dropped` collects those worth a note."""
    if depth > DEPTH_LIMIT:
        raise ModelRefused(f"{shown} is nested too deeply: this is not a model's file.")
    if isinstance(value, list):
        return [_cleaned(item, shown, dropped, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        if key.endswith("_internal"):
            raise ModelRefused(f"{shown} sets {one_line(key)!r}, which only a harmful file does: "
                               "do not use this model.")
        _check_dimension(key, item, shown)
        if key in _CODE_KEYS:
            dropped.add(key)
        elif key not in _NAME_KEYS:
            kept[key] = _cleaned(item, shown, dropped, depth + 1)
    return kept


def _check_dimension(key: str, value: Any, shown: str) -> None:
    limit = _DIMENSION_LIMITS.get(key)
    if limit is None or value is None:
        return
    for number in value if isinstance(value, list) else [value]:
        if type(number) is not int or not 1 <= number <= limit:
            raise ModelRefused(f"{shown} gives {key} as {one_line(repr(number))}; "
                               f"it must be a whole number from 1 to {limit:,}.")


def writes_text(classes: list[str]) -> bool:
    """Return whether a config's architectures are those of a model that writes text."""
    return any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in classes)


def _check_kind(config: dict[str, Any], shown: str, of_any_kind: bool = False) -> None:
    """Refuse what does not name its kind, and unless they are welcome, kinds that do not write text."""
    kind, classes = config.get("model_type"), config.get("architectures")
    if not isinstance(kind, str) or not kind:
        raise ModelRefused(f"{shown} has no model_type: choose the folder of a Hugging Face model.")
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise ModelRefused(f"{shown} has no architectures: choose the folder of a Hugging Face model.")
    if not of_any_kind and not writes_text(classes):
        raise ModelRefused(f"{shown} describes a {one_line(classes[0])}; only models that write text "
                           "(…ForCausalLM) can be run.")


def _weight_files(folder: Path) -> tuple[Path, ...]:
    """Return the safetensors files that transformers would load, each inside the folder."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.exists() or single.is_symlink():
        files = [single]
    elif index.exists():
        files = [folder / name for name in _shard_names(index)]
    else:
        raise ModelRefused(_no_weights(folder))
    for path in files:
        if not path.is_file():
            raise ModelRefused(f"{one_line(path)} is missing: copy or download it again.")
        if not any(path.resolve().is_relative_to(home) for home in _homes(folder)):
            raise ModelRefused(f"{one_line(path)} points outside its folder: copy the file itself.")
    return tuple(files)


def _homes(folder: Path) -> Iterator[Path]:
    """Yield where a weight file may truly lie: its folder, or the store behind a Hugging Face cache snapshot."""
    yield folder.resolve()
    if folder.resolve().parent.name == "snapshots":
        yield folder.resolve().parent.parent / "blobs"


def _shard_names(index: Path) -> list[str]:
    weight_map = _read_object(index, INDEX_LIMIT_BYTES).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelRefused(f"{one_line(index)} has no weight_map: copy or download it again.")
    names = set()
    for name in weight_map.values():
        if not isinstance(name, str) or not _SHARD.fullmatch(name):
            raise ModelRefused(f"{one_line(index)} names {one_line(repr(name))}, which is not a plain .safetensors "
                               "file name: do not use this model.")
        names.add(name)
    return sorted(names)


def _no_weights(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    pickles = [name for name in names if name.lower().endswith(_PICKLES)]
    if any(name.endswith(".safetensors") for name in names):
        return (f"{one_line(folder)} has weights in parts but no model.safetensors.index.json: "
                "copy or download that file too.")
    if pickles:
        return (f"{one_line(folder)} has its weights only as {one_line(pickles[0])}, a kind of file that can run code: "
                "use a version of the model with .safetensors files.")
    return f"{one_line(folder)} has no model.safetensors: copy or download the weights too."
