"""llmscope's own JSON: rows, and what they were measured with. `llmscope schema` prints its schema."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import Accuracy, Sampling
from llmscope.models.headers import one_line
from llmscope.runs.exchange.measured import Measured

SCHEMA = 1


class Document(Struct, frozen=True, kw_only=True):
    """The results of a run.

    `program` measured them, `utc` is when the run began (ISO 8601). `machine` and `versions` say where and with what,
    `definitions` what each test measures, by name and version of its definition. In `rows`, null is "not measured".
    """

    schema: int
    program: str
    run: str
    utc: str
    machine: dict[str, Any]
    versions: dict[str, str]
    accuracy: Accuracy
    sampling: Sampling
    seed: int
    threads: int | None
    definitions: dict[str, str]
    rows: tuple[Row, ...]


def schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "llmscope results",
            **msgspec.json.schema(Document)}


def is_one(found: Any) -> bool:
    """Return whether decoded JSON is such a document."""
    return isinstance(found, Mapping) and {"schema", "program", "run", "rows", "definitions"} <= found.keys()


def measured(found: Any) -> Measured:
    """Return the run that a document tells; raises BadInput where it does not fit the schema."""
    if isinstance(found["schema"], int) and found["schema"] > SCHEMA:
        raise BadInput(f"A newer llmscope wrote it, in schema {found['schema']}: update to import it.")
    try:
        told = msgspec.convert(found, Document)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadInput(f"It does not fit the schema of llmscope's results: {one_line(error)}.") from error
    names = [name for name in Measured.__struct_fields__ if name not in ("name", "seconds")]
    return Measured(name=told.run, **{name: getattr(told, name) for name in names})
