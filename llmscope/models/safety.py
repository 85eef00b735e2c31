"""Check a model's files before anything of them is loaded; nothing here runs foreign code.

A model folder is untrusted input: config.json is parsed and cleaned by us, weights are taken from
safetensors files only, and each file must lie in the folder and be whole.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope.core.errors import ModelRefused
from llmscope.models.dimensions import check_against_files, check_sizes, without_nonsense
from llmscope.models.headers import Tensor, one_line, read_tensors
from llmscope.models.index import Index, compare, read_index
from llmscope.models.reading import read_object
from llmscope.models.tokenizer_check import check_tokenizer

CONFIG_LIMIT_BYTES = 1_000_000

#: Keys that make a loader fetch or run code that is not its own, or read other files; they are left out with a note.
_CODE_KEYS = frozenset({
    "auto_map", "trust_remote_code", "custom_pipelines", "custom_generate", "transformers_weights",
    "attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation",
    "use_kernels", "kernel_config", "hub_kernels",
})
#: Keys that a loader could look up on the network; they say nothing of the model.
_NAME_KEYS = frozenset({"_name_or_path", "name_or_path"})
#: Kinds of models, as transformers names them.
_KIND = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


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
    _check_companions(folder)
    weight_files, index = _weight_files(folder)
    found = {path.name: read_tensors(path) for path in weight_files}
    tensors = tuple(tensor for inside in found.values() for tensor in inside)
    notes = (*notes, *(compare(index, found) if index else ()))
    check_against_files(config, sum(tensor.elements for tensor in tensors), one_line(folder / "config.json"))
    has_tokenizer, more = _tokenizer(folder)
    return Checked(config, tensors, weight_files, has_tokenizer, (*notes, *more))


def _tokenizer(folder: Path) -> tuple[bool, tuple[str, ...]]:
    """Return whether there is a tokenizer to try, and notes on it; a bad one stops only the tests that need it."""
    if not (folder / "tokenizer.json").exists():
        return False, ()
    try:
        return True, check_tokenizer(folder).notes
    except ModelRefused as refused:
        return False, (str(refused),)


def _check_companions(folder: Path) -> None:
    """Refuse what a loader would read beside the config without being asked."""
    if (folder / "adapter_config.json").exists():
        raise ModelRefused(f"{one_line(folder)} holds an adapter for another model: merge it into that model first.")
    generation = folder / "generation_config.json"
    if generation.exists():
        read_object(generation, CONFIG_LIMIT_BYTES)


def read_config(path: Path, *, of_any_kind: bool = False) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return (cleaned config, notes on what was left out) of a config.json; raises `ModelRefused`.

    `of_any_kind` takes models that write no text too.
    """
    if not path.is_file():
        raise ModelRefused(f"{one_line(path)} is missing or not a file: choose the folder that holds config.json "
                           "and .safetensors files.")
    config = read_object(path, CONFIG_LIMIT_BYTES)
    shown = one_line(path)
    if config.get("quantization_config") is not None:
        raise ModelRefused(f"{shown} describes quantised weights, which cannot be run yet: use the unquantised model.")
    dropped: set[str] = set()
    nonsense: set[str] = set()
    cleaned: dict[str, Any] = _cleaned(config, shown, dropped, nonsense)
    notes = (*(f"{key} in config.json is ignored: only the code of the installed transformers runs."
               for key in sorted(dropped)),
             *(f"{key} in config.json is ignored: its value means nothing." for key in sorted(nonsense)))
    _check_kind(cleaned, shown, of_any_kind)
    return cleaned, notes


def _cleaned(value: Any, shown: str, dropped: set[str], nonsense: set[str]) -> Any:
    """Return a copy without the keys that are left out; the sets collect those worth a note."""
    if isinstance(value, list):
        return [_cleaned(item, shown, dropped, nonsense) for item in value]
    if not isinstance(value, dict):
        return value
    check_sizes(value, shown)
    value, bad = without_nonsense(value)
    nonsense |= bad
    kept = {}
    for key, item in value.items():
        if key.endswith("_internal"):
            raise ModelRefused(f"{shown} sets {one_line(key)!r}, which only a harmful file does: "
                               "do not use this model.")
        if key in _CODE_KEYS:
            dropped.add(key)
        elif key not in _NAME_KEYS:
            kept[key] = _cleaned(item, shown, dropped, nonsense)
    return kept


def writes_text(classes: list[str]) -> bool:
    """Return whether a config's architectures are those of a model that writes text."""
    return any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in classes)


def _check_kind(config: dict[str, Any], shown: str, of_any_kind: bool = False) -> None:
    """Refuse what does not name its kind, and unless they are welcome, kinds that do not write text."""
    kind, classes = config.get("model_type"), config.get("architectures")
    if isinstance(kind, str) and not _KIND.fullmatch(kind):
        raise ModelRefused(f"{shown} gives model_type as {one_line(repr(kind))}, which is no name: "
                           "do not use this model.")
    if not isinstance(kind, str):
        raise ModelRefused(f"{shown} has no model_type: choose the folder of a Hugging Face model.")
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise ModelRefused(f"{shown} has no architectures: choose the folder of a Hugging Face model.")
    if not of_any_kind and not writes_text(classes):
        raise ModelRefused(f"{shown} describes a {one_line(classes[0])}; only models that write text "
                           "(…ForCausalLM) can be run.")


def _weight_files(folder: Path) -> tuple[tuple[Path, ...], Index | None]:
    """Return the safetensors files that transformers would load, each inside the folder, and their index if any."""
    single, parts = folder / "model.safetensors", folder / "model.safetensors.index.json"
    index = None
    if single.exists() or single.is_symlink():
        files = [single]
    elif parts.exists():
        index = read_index(parts)
        files = [folder / name for name in index.parts]
    else:
        raise ModelRefused(_no_weights(folder))
    for path in files:
        if not path.is_file():
            raise ModelRefused(f"{one_line(path)} is missing: copy or download it again.")
        if not any(path.resolve().is_relative_to(home) for home in _homes(folder)):
            raise ModelRefused(f"{one_line(path)} points outside its folder: copy the file itself.")
    return tuple(files), index


def _homes(folder: Path) -> Iterator[Path]:
    """Yield where a weight file may truly lie: its folder, or the store behind a Hugging Face cache snapshot."""
    yield folder.resolve()
    if folder.resolve().parent.name == "snapshots":
        yield folder.resolve().parent.parent / "blobs"


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
