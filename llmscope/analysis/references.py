"""What was measured on hardware of the list, held against what is predicted for it."""

from functools import cache
from typing import Literal

import msgspec
from msgspec import Struct

from llmscope.analysis.demand import Format, demands
from llmscope.analysis.figures import Range
from llmscope.analysis.projection import project
from llmscope.core.errors import BadInput
from llmscope.hardware.catalogue import catalogue
from llmscope.models.catalog import resolve
from llmscope.paths import resources

#: `slower` and `faster` than the whole range.
Place = Literal["inside", "slower", "faster"]


class Reference(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Speeds that were measured on hardware of the list, in tok/s of all sequences; None was not measured."""

    hardware: str
    model: str
    format: Format
    context: int
    batch: int = 1
    writing_tok_s: float | None = None
    reading_tok_s: float | None = None
    source: str


class Compared(Struct, frozen=True, kw_only=True):
    """A speed in tok/s that was measured, and the range that is predicted in its place, None where none can be."""

    hardware_id: str
    hardware: str
    model: str
    format: Format
    context: int
    batch: int
    what: Literal["writing", "reading"]
    measured_tok_s: float
    predicted_tok_s: Range | None
    source: str

    @property
    def place(self) -> Place | None:
        """Where the measured speed lies by the predicted range."""
        if self.predicted_tok_s is None:
            return None
        if self.measured_tok_s < self.predicted_tok_s.low:
            return "slower"
        return "faster" if self.measured_tok_s > self.predicted_tok_s.high else "inside"


@cache
def references() -> tuple[Reference, ...]:
    """Return what others measured and published; raises BadInput where the shipped list is missing or damaged."""
    file = resources() / "data" / "measured.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[Reference, ...])
    except (OSError, msgspec.MsgspecError) as error:
        raise BadInput(f"The list of measurements in {file} cannot be read ({error}): install llmscope again."
                       ) from error


def compared(reference: Reference) -> tuple[Compared, ...]:
    """Return a reference's speeds beside what is predicted; none where hardware or model is not known here."""
    hardware = next((known for known in catalogue() if known.id == reference.hardware), None)
    try:
        model = resolve(reference.model)
        wanted = demands(model, reference.context, reference.batch)
    except BadInput:
        return ()
    if hardware is None:
        return ()
    found = project(hardware, wanted, reference.format)
    speeds = (("writing", reference.writing_tok_s, found.decode_tok_s),
              ("reading", reference.reading_tok_s, found.prefill_tok_s))
    return tuple(Compared(
        hardware_id=hardware.id, hardware=hardware.name, model=model.title, format=reference.format,
        context=reference.context, batch=reference.batch, what=what,  # type: ignore[arg-type]
        measured_tok_s=measured, predicted_tok_s=predicted, source=reference.source)
        for what, measured, predicted in speeds if measured is not None)


@cache
def missed() -> dict[str, Compared]:
    """Return, by id of the hardware, a writing speed that others measured outside of what is predicted for it."""
    return {one.hardware_id: one for reference in references() for one in compared(reference)
            if one.what == "writing" and one.place in ("slower", "faster")}
