"""The shipped list of hardware: whole, plausible, and with prices that a person can change."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from llmscope.core.errors import BadInput
from llmscope.hardware import catalogue as module
from llmscope.hardware.catalogue import Hardware, catalogue, own_prices
from llmscope.paths import resources

BY_ID = {hardware.id: hardware for hardware in catalogue()}


def test_every_kind_is_there_once_with_sources() -> None:
    assert len(BY_ID) == len(catalogue()) == 89
    assert {hardware.kind for hardware in catalogue()} == {"gpu", "apu", "cpu", "tpu", "npu"}
    assert all(hardware.sources and hardware.name for hardware in catalogue())


@pytest.mark.parametrize("hardware", catalogue(), ids=lambda hardware: hardware.id)
def test_figures_are_dense_and_in_the_right_units(hardware: Hardware) -> None:
    assert 10 < hardware.memory_bandwidth_gb_s < 10_000
    peaks = hardware.peak_tflops
    assert all(0.5 < peak < 6000 for peak in (peaks.fp32, peaks.fp16, peaks.bf16, peaks.int8) if peak is not None)
    # A published int8 rate is at most 4 times that of 16 bits (GeForce, whose sums are in float32); sparse ones more.
    if peaks.int8 is not None and peaks.bf16 is not None:
        assert peaks.int8 <= 4.2 * peaks.bf16


def test_what_is_not_published_is_not_zero() -> None:
    assert BY_ID["apple-m5-max"].peak_tflops.bf16 is None
    assert BY_ID["t4"].peak_tflops.bf16 is None and BY_ID["t4"].peak_tflops.fp16 == 65
    assert BY_ID["h100-sxm"].launch_price_usd is None and BY_ID["epyc-9654"].memory_gib is None
    assert not re.search(r": 0(\.0*)?[,\n}]", (resources() / "data" / "hardware.json").read_text("utf-8"))


def test_two_devices_on_a_card_count_as_one_each() -> None:
    one = BY_ID["mi250x"]
    assert (one.memory_gib, one.memory_bandwidth_gb_s, one.peak_tflops.bf16, one.tdp_w) == (64, 1638.4, 191.5, 280)


def test_the_clock_that_ships_is_taken() -> None:
    assert BY_ID["gaudi-3"].peak_tflops.bf16 == 1677


def test_a_damaged_list_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hardware.json").write_text('[{"id": "x"}]')
    monkeypatch.setattr(module, "resources", lambda: tmp_path)
    catalogue.cache_clear()
    try:
        with pytest.raises(BadInput, match="install llmscope again"):
            catalogue()
    finally:
        catalogue.cache_clear()


def test_own_prices_are_read(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    assert own_prices(file) == {}
    file.write_text(json.dumps({"rtx-4090": 1800, "h100-sxm": 25000.5}))
    assert own_prices(file) == {"rtx-4090": 1800, "h100-sxm": 25000.5}


@pytest.mark.parametrize("text", ["", "[]", '{"rtx-4090": 0}', '{"rtx-4090": -1}', '{"rtx-4090": "cheap"}',
                                  '{"rtx-4090": null}', '{"rtx-4900": 1}', '{"rtx-4090": 1e99}', "\xff", "[" * 100_000])
def test_wrong_prices_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(BadInput) as error:
        own_prices(file)
    assert "prices.json" in str(error.value) and "\n" not in str(error.value)


def test_an_entry_with_an_unknown_field_is_refused() -> None:
    entry = msgspec.to_builtins(catalogue()[0]) | {"peak": 1}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(entry, Hardware)
