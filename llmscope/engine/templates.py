"""Chat templates: foreign programs, tried out in a process of their own and then rendered in a sandbox.

A template sees the messages and nothing else: no clock, no dice, no files. What it renders follows from its
messages alone, so that what was tried out is what is rendered.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox
from msgspec import Struct

from llmscope.engine import quarantine
from llmscope.models.headers import one_line
from llmscope.models.tokenizer_check import TEMPLATE_LIMIT_CHARS

LIMIT_S, LIMIT_BYTES = 2.0, 256_000_000
OUTPUT_LIMIT_CHARS = 1_000_000
#: The day that templates are told, so that every sample of a test gets the same prompt.
_TODAY = "2026-01-01"

Messages = Sequence[Mapping[str, str]]
#: A short and a long question, by which a template is tried out.
SAMPLES: tuple[Messages, ...] = tuple(({"role": "user", "content": text},) for text in ("Who?", "word " * 4000))


class Template(Struct, frozen=True):
    """A chat template that was tried out; without `source` messages are joined as plain text.

    `reason` is one line for the person where a template was given and is not used. `tokens` are texts such as
    that of `bos_token`.
    """

    source: str | None = None
    tokens: dict[str, str] = {}
    reason: str | None = None

    def render(self, messages: Messages) -> str:
        """Return the text of a conversation, up to where the model answers.

        Raises ValueError or what Jinja raises where it cannot render these messages. A template may treat
        messages that it was not tried out with in another way: let `vetted` see what will be rendered.
        """
        if self.source is None:
            return "\n".join(message["content"] for message in messages)
        return _rendered(self.source, self.tokens, messages)


def vetted(source: str | None, tokens: Mapping[str, str] | None = None, *,
           samples: Sequence[Messages] = SAMPLES) -> Template:
    """Return a template that rendered the samples within its limits, else one that joins plain text."""
    tokens = dict(tokens or {})
    if source is None:
        return Template()
    try:
        if len(source) > TEMPLATE_LIMIT_CHARS:
            raise quarantine.Failed("is longer than 64 KB")
        quarantine.ask("templates", {"source": source, "tokens": tokens, "samples": samples},
                       limit_s=LIMIT_S, limit_bytes=LIMIT_BYTES)
    except quarantine.Failed as failed:
        return Template(reason=f"The chat template {one_line(failed)}: messages are joined as plain text.")
    return Template(source, tokens)


def render(source: str | None, messages: Messages, tokens: Mapping[str, str] | None = None) -> str:
    """Return the text of a conversation by a template that nobody tried out yet; plain text where it fails."""
    return vetted(source, tokens, samples=(messages,)).render(messages)


def try_out(source: str, tokens: dict[str, str], samples: list[Messages]) -> None:
    """Render the samples; raises whatever that raises."""
    for messages in samples:
        _rendered(source, tokens, messages)


def _rendered(source: str, tokens: dict[str, str], messages: Messages) -> str:
    pieces, length = [], 0
    given = tokens | {"messages": [dict(message) for message in messages], "add_generation_prompt": True, "tools": None}
    for piece in _compiled(source).generate(given):
        pieces.append(piece)
        length += len(piece)
        if length > OUTPUT_LIMIT_CHARS:
            raise ValueError(f"it makes more than {OUTPUT_LIMIT_CHARS:,} characters")
    return "".join(pieces)


@functools.lru_cache(maxsize=8)
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


class _Generation(jinja2.ext.Extension):
    """`{% generation %}` marks the answers in a conversation; their text stands as it is."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        """Return what lies between the tags."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Namespace(jinja2.utils.Namespace):
    """Variables that outlive a loop; none whose name begins with an underscore."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            raise jinja2.sandbox.SecurityError(f"{name!r} is no name for a variable")
        super().__setitem__(name, value)


def _environment() -> jinja2.sandbox.ImmutableSandboxedEnvironment:
    """Return what templates written for transformers expect, without what reaches outside or differs each time."""
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols])
    environment.globals = {"range": jinja2.sandbox.safe_range, "namespace": _Namespace,
                           "dict": lambda **items: items, "raise_exception": _raise, "strftime_now": _strftime}
    environment.filters["tojson"] = _tojson
    environment.filters.pop("random")
    return environment


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _strftime(pattern: str) -> str:
    return _TODAY


def _tojson(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
