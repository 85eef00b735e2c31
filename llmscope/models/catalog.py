"""The models that can be chosen: the bundled one, published architectures, local folders, and the Hub cache."""

import json
import re
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from llmscope.core.errors import BadInput, ModelRefused
from llmscope.models.facts import DecoderFacts, Facts, facts_of
from llmscope.models.headers import one_line
from llmscope.models.hub_cache import Cached, cache_folder, cached_models, find_cached
from llmscope.models.safety import check_folder, read_config, writes_text
from llmscope.paths import resources

Source = Literal["bundled", "architecture", "local", "hub"]

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


class Model(Struct, frozen=True, kw_only=True):
    """A model that passed its checks: how to write it, how to call it, and what is known of it.

    `config` is cleaned of everything that could run code. Architectures have no folder and no weight
    files; they use the bundled model's tokenizer. `revision` is the commit of a snapshot in the Hub cache.
    """

    ref: str
    title: str
    source: Source
    folder: Path | None
    config: dict[str, Any]
    facts: Facts
    weight_files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    revision: str | None = None
    has_tokenizer: bool

    @property
    def writes_text(self) -> bool:
        """Whether it is a model that the tests can run: one that writes text."""
        return writes_text(self.config["architectures"])


def resolve(ref: str) -> Model:
    """Return the model of `bundled`, `arch:<id>`, a folder's path, or `org/name` in the Hub cache.

    A folder of that name comes before the cache. Raises `BadInput` when there is no such model and
    `ModelRefused` when it is damaged or unsafe.
    """
    if ref == "bundled":
        return _bundled()
    if ref.startswith("arch:"):
        return _architecture(ref.removeprefix("arch:"))
    if _HUB_NAME.fullmatch(ref) and not Path(ref).exists() and (cached := find_cached(ref)):
        return _from_cache(cached)
    folder = _folder(ref)
    return _from_folder(str(folder), folder.name, "local", folder)


def available() -> tuple[Model, ...]:
    """Return the models that come with llmscope and can be used, the bundled one first."""
    found = []
    for ref in ("bundled", *(f"arch:{identifier}" for identifier in _architecture_ids())):
        try:
            found.append(resolve(ref))
        except BadInput:
            continue  # resolve() tells why to whoever asks for it by name
    return tuple(found)


def in_hub_cache() -> tuple[tuple[str, Model | str], ...]:
    """Return (name, model, or the line that says why it cannot be used) of each model in the Hub cache."""
    return tuple((cached.name, _usable(cached)) for cached in cached_models())


def _usable(cached: Cached) -> Model | str:
    try:
        return _from_cache(cached)
    except BadInput as error:
        return str(error)


def _from_cache(cached: Cached) -> Model:
    model = _from_folder(cached.name, cached.name.rpartition("/")[2], "hub", cached.folder)
    return replace(model, revision=cached.revision)


def _bundled_folder() -> Path:
    return resources() / "bundled_model"


def _bundled() -> Model:
    folder = _bundled_folder()
    if not folder.is_dir():
        raise ModelRefused(f"The bundled model is missing from {one_line(folder)}: install llmscope again.")
    return _from_folder("bundled", "Bundled model", "bundled", folder)


def _from_folder(ref: str, title: str, source: Source, folder: Path) -> Model:
    checked = check_folder(folder)
    facts = facts_of(checked.config, checked.tensors)
    notes = checked.notes
    stored = sum(tensor.elements for tensor in checked.tensors)
    if facts.parameters is not None and facts.parameters > stored:
        raise ModelRefused(f"{one_line(folder)} holds {stored:,} weights, but its config.json describes "
                           f"{facts.parameters:,}: copy or download the model again.")
    if not isinstance(facts, DecoderFacts):
        notes = (*notes, "Parameters are counted from the weight files; a shared table stored twice counts twice.")
    return Model(ref=ref, title=title, source=source, folder=folder, config=checked.config, facts=facts,
                 weight_files=checked.weight_files, notes=notes, has_tokenizer=checked.has_tokenizer)


def _architecture_folder() -> Path:
    return resources() / "architectures"


def _architecture_ids() -> list[str]:
    return sorted(path.stem for path in _architecture_folder().glob("*.json"))


def _architecture(identifier: str) -> Model:
    if identifier not in _architecture_ids():
        raise BadInput(_unknown(f"arch:{identifier}"))
    path = _architecture_folder() / f"{identifier}.json"
    config, notes = read_config(path, of_any_kind=True)
    name = json.loads(path.read_text("utf-8")).get("_name_or_path", identifier)
    return Model(ref=f"arch:{identifier}", title=name.rpartition("/")[2], source="architecture", folder=None,
                 config=config, facts=facts_of(config), notes=notes,
                 has_tokenizer=(_bundled_folder() / "tokenizer.json").is_file())


def _folder(ref: str) -> Path:
    """Return the absolute path of a folder that the person named."""
    try:
        path = Path(ref).expanduser().resolve() if ref else None
        if path is not None and path.is_dir():
            return path
        is_file = path is not None and path.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a zero byte, an unknown ~user
        is_file = False
    if is_file:
        raise BadInput(f"{one_line(ref)} is a file: give the folder that holds config.json and .safetensors files.")
    raise BadInput(_unknown(ref))


def _unknown(ref: str) -> str:
    hub = (f" The Hub cache ({one_line(cache_folder())}) does not hold it, and models cannot be downloaded by name yet."
           if _HUB_NAME.fullmatch(ref) else "")
    return (f"There is no model '{one_line(ref)}'.{hub} Use bundled, arch:<id>, org/name from the Hub cache, or the "
            "path of a folder with config.json and .safetensors files; 'llmscope models' lists them.")
