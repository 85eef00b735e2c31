"""A tokenizer's files as far as they can be judged without loading them; nothing here runs foreign code.

What `tokenizer.json` does when it is loaded is for a process of its own to find out.
"""

from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope.core.errors import ModelRefused
from llmscope.models.headers import one_line
from llmscope.models.reading import read_bytes, read_object

TOKENIZER_LIMIT_BYTES = 64_000_000
#: Of tokenizer_config.json; thousands of added tokens stand in it.
SETTINGS_LIMIT_BYTES = 16_000_000
TEMPLATE_LIMIT_CHARS = 65_536
SPECIAL_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token")
_SWITCHES = ("add_bos_token", "add_eos_token", "clean_up_tokenization_spaces", "add_prefix_space")


class TokenizerFiles(Struct, frozen=True):
    """The path of a tokenizer.json and what is believed of the settings beside it.

    `special_tokens` maps such as `eos_token` to its text, `switches` the known yes-or-no settings. Nothing else of
    the settings is used: a class or code that they name has no effect. `notes` say what was left out.
    """

    path: Path
    special_tokens: dict[str, str]
    switches: dict[str, bool]
    chat_template: str | None
    notes: tuple[str, ...]


def check_tokenizer(folder: Path) -> TokenizerFiles:
    """Return what a folder has of a tokenizer; raises `ModelRefused` with one line that names the file."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelRefused(f"{one_line(path)} is missing or not a file: choose pp or tg, which need no tokenizer, "
                           "or copy it there too.")
    if path.stat().st_size > TOKENIZER_LIMIT_BYTES:
        raise ModelRefused(f"{one_line(path)} is larger than 64 MB: this is not a tokenizer.")
    notes: list[str] = []
    settings = _settings(folder / "special_tokens_map.json") | _settings(folder / "tokenizer_config.json")
    tokens = {name: _text(settings[name]) for name in SPECIAL_TOKENS if settings.get(name) is not None}
    notes += (f"{name} in tokenizer_config.json is ignored: it is no text." for name in tokens if not tokens[name])
    if settings.get("auto_map") is not None:
        notes.append("auto_map in tokenizer_config.json is ignored: no code of a model's folder is run.")
    return TokenizerFiles(
        path, {name: text for name, text in tokens.items() if text},
        {name: settings[name] for name in _SWITCHES if isinstance(settings.get(name), bool)},
        _template(folder, settings.get("chat_template"), notes), tuple(notes))


def _settings(path: Path) -> dict[str, Any]:
    return read_object(path, SETTINGS_LIMIT_BYTES) if path.exists() else {}


def _text(token: Any) -> str | None:
    """Return a special token's text, which is the token itself or its `content`."""
    text = token.get("content") if isinstance(token, dict) else token
    return text if isinstance(text, str) and 0 < len(text) <= 1000 else None


def _template(folder: Path, stated: Any, notes: list[str]) -> str | None:
    """Return the chat template, which a file of its own replaces; None with a note where it cannot be one."""
    beside = folder / "chat_template.jinja"
    if beside.exists():
        try:
            stated = read_bytes(beside, 4 * TEMPLATE_LIMIT_CHARS).decode("utf-8")
        except (ModelRefused, UnicodeDecodeError):
            stated = ""
    elif isinstance(stated, list):  # several with names; the one named default is what applies
        stated = next((item.get("template") for item in stated
                       if isinstance(item, dict) and item.get("name") == "default"), None)
    if stated is None:
        return None
    if not isinstance(stated, str) or not 0 < len(stated) <= TEMPLATE_LIMIT_CHARS:
        notes.append("The chat template is ignored: it must be a text of at most 64 KB.")
        return None
    return stated
