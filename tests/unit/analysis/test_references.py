"""What was measured on listed hardware beside what is predicted for it, and what the page in docs says of both."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from llmscope.analysis import references as module
from llmscope.analysis.references import compared, references
from llmscope.core.errors import BadInput
from llmscope.core.units import significant
from llmscope.hardware.catalogue import catalogue

ROOT = Path(__file__).parents[3]
#: The rule's limit: software that does not suit the hardware.
OUTSIDE = {"arc-a770-16"}


@pytest.mark.parametrize("reference", references(), ids=lambda reference: reference.hardware)
def test_what_others_measured_lies_within_but_for_the_one_that_is_said_not_to(reference: module.Reference) -> None:
    found = compared(reference)
    assert found and {one.place for one in found} == {"slower" if reference.hardware in OUTSIDE else "inside"}


def test_each_has_a_source_and_hardware_of_the_list() -> None:
    assert len(references()) == 10 and all(reference.source for reference in references())
    assert {reference.hardware for reference in references()} <= {hardware.id for hardware in catalogue()}


def test_the_page_says_what_is_predicted_now() -> None:
    page = (ROOT / "docs" / "hardware.md").read_text("utf-8")
    for reference in references():
        for one in compared(reference):
            assert one.predicted_tok_s is not None
            low, high = (significant(end, 2) for end in (one.predicted_tok_s.low, one.predicted_tok_s.high))
            line = rf"\| {re.escape(f'{one.measured_tok_s:,.5g}')}(\.0)? \| {re.escape(f'{low} to {high}')} \|"
            assert re.search(line, page), f"{one.hardware}, {one.what}: {low} to {high}"


def test_faster_slower_and_unpredictable_are_told_apart() -> None:
    reference = references()[0]
    assert compared(replace(reference, writing_tok_s=1.0))[0].place == "slower"
    assert compared(replace(reference, writing_tok_s=1000.0))[0].place == "faster"
    # Of the M5 family no peak is published: nothing is predicted of reading.
    m5 = compared(replace(reference, hardware="apple-m5-max", reading_tok_s=900.0))
    assert m5[0].place is not None and m5[1].what == "reading"
    assert m5[1].predicted_tok_s is None and m5[1].place is None


def test_what_is_not_known_here_is_left_out() -> None:
    assert compared(replace(references()[0], hardware="abacus")) == ()
    assert compared(replace(references()[0], model="arch:nothing")) == ()
    assert compared(replace(references()[0], model="arch:bert-base-uncased")) == ()


def test_a_damaged_list_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "measured.json").write_text('[{"hardware": "x"}]')
    monkeypatch.setattr(module, "resources", lambda: tmp_path)
    references.cache_clear()
    try:
        with pytest.raises(BadInput, match="install llmscope again"):
            references()
    finally:
        references.cache_clear()
