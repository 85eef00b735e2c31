from dataclasses import replace
from pathlib import Path

import pytest

from llmscope.core.events import Device, DtypeProbe, Gpu, Telemetry
from llmscope.core.spec import Cell
from llmscope.core.units import GIB, NBSP
from llmscope.gui import setup
from llmscope.gui.choices import Choices, keep, lowered, remembered
from llmscope.gui.ledger import LedgerFacts
from llmscope.gui.settings import Settings
from llmscope.models.memory import Memory
from tests.gui.fakes import CEILINGS

F32, BF16 = DtypeProbe("float32", True), DtypeProbe("bfloat16", False)
CPU = Device("cpu", "AMD EPYC", "cpu", 16 * GIB, (F32, BF16))
CARD = Device("cuda:0", "GeForce RTX 4070", "cuda", 8 * GIB, (F32, DtypeProbe("bfloat16", True)))


def telemetry(used_gib: float = 4, card_used_gib: float | None = None) -> Telemetry:
    gpus = () if card_used_gib is None else (
        Gpu(index=0, name="RTX", memory_used_bytes=round(card_used_gib * GIB), memory_total_bytes=8 * GIB),)
    return Telemetry(t_ns=0, cpu_percent=1.0, others_percent=1.0, memory_used_bytes=round(used_gib * GIB),
                     memory_total_bytes=16 * GIB, gpus=gpus)


def resolve(choices: Choices, *devices: Device, now: Telemetry | None = None) -> setup.Setup:
    return setup.resolve(choices, setup.Models(), devices or (CPU,), now or telemetry(), CEILINGS["cpu"])


def test_the_quick_preset_runs_on_the_cpu_in_its_default_precision() -> None:
    found = resolve(Choices())
    assert found.can_run
    assert [cell.test for cell in found.cells] == ["gen128", "pp512", "tg32"]
    assert {(cell.device, cell.dtype) for cell in found.cells} == {("cpu", "float32")}


def test_a_quick_run_ends_with_the_ceilings_where_they_are_not_known() -> None:
    found = setup.resolve(Choices(), setup.Models(), (CPU,), telemetry(), None)
    assert [cell.test for cell in found.cells[:3]] == ["gen128", "pp512", "tg32"]
    of_machine = found.cells[3:]
    assert {cell.model for cell in of_machine} == {"machine"} and not found.problems
    assert "gemm2048-f32" in [cell.test for cell in of_machine]
    assert not {"h2d", "gemm8192-f32", "gemm2048-bf16"} & {cell.test for cell in of_machine}


def test_an_accelerator_is_taken_where_nothing_was_chosen() -> None:
    found = resolve(Choices(), CPU, CARD, now=telemetry(card_used_gib=1))
    assert {(cell.device, cell.dtype) for cell in found.cells} == {("cuda:0", "bfloat16")}
    assert found.ledger.is_gpu and found.ledger.total == 8 * GIB


def test_a_sequence_beyond_the_models_positions_is_refused_at_that_control() -> None:
    found = resolve(Choices(seq=40_000))
    assert not found.can_run
    assert "At most" in found.problems["seq"]


def test_a_precision_that_was_not_proven_is_refused_at_that_control() -> None:
    assert "float16 does not work" in resolve(Choices(dtype="float16")).problems["dtype"]


def test_no_folder_and_a_missing_folder_are_told_apart(tmp_path: Path) -> None:
    assert "Choose a folder" in resolve(Choices(source="disk")).problems["model"]
    assert "There is no model" in resolve(Choices(source="disk", folder=str(tmp_path / "gone"))).problems["model"]


def test_no_tick_is_refused() -> None:
    assert resolve(Choices(preset=None, ticked=())).problems == {"workload": "Tick at least one test."}


def test_what_does_not_fit_is_a_warning_and_not_a_refusal() -> None:
    found = resolve(Choices(source="architecture", preset="training", batch=4096), now=telemetry(used_gib=15.9))
    assert found.can_run and found.warnings
    assert found.ledger.verdict == "does not fit"


def test_the_ledger_is_tight_above_ninety_percent_of_what_is_free() -> None:
    need = Memory(weights=95, kv_cache=0, activations=0, logits=0, gradients=0, optimizer=0)
    assert LedgerFacts(need, 0, 100).verdict == "tight"
    assert LedgerFacts(need, 0, 200).verdict == "fits"
    assert LedgerFacts(need, 10, 100).verdict == "does not fit"
    assert LedgerFacts(need, None, 100).verdict == ""


def test_a_tick_leaves_the_preset_and_keeps_its_other_tests() -> None:
    chosen = Choices(preset="training").tick(("pp",), True)
    assert chosen.preset is None and chosen.ticked == ("pp", "fwd", "bwd", "opt", "train", "val")
    assert "train" not in chosen.tick(("train",), False).ticked


def test_the_quick_preset_asks_for_quick_accuracy() -> None:
    assert Choices(accuracy="rigorous").with_preset("quick").accuracy == "quick"
    assert Choices(accuracy="rigorous").with_preset("training").accuracy == "rigorous"


def test_an_advice_ticks_only_the_failed_test_with_the_lower_setting() -> None:
    cell = resolve(Choices(preset="training", batch=8)).cells[0]
    chosen = lowered(Choices(preset="everything"), cell, {"batch": 2})
    assert chosen.preset is None and chosen.ticked == ("fwd",) and chosen.batch == 2


def test_an_advice_for_a_model_of_the_hub_cache_or_of_a_folder_stays_with_it() -> None:
    for model, source in (("org/name", "hub"), (str(Path.cwd()), "disk"), ("arch:gpt2", "architecture")):
        assert (chosen := lowered(Choices(), Cell(model, "pp"), {})).source == source and chosen.model == model


@pytest.mark.parametrize(("identifier", "facts"), [
    ("mixtral-8x7b", "46.7 B parameters · 12.9 B for each token · 32 layers · 174.0 GiB in f32 · "
                     "cache 256 KiB a token. Random weights: speed and memory only."),
    ("gemma-3-270m", "268 M parameters · 18 layers · 1.00 GiB in f32 · cache 36.0 KiB, then 6.00 KiB a token. "
                     "Random weights: speed and memory only."),
    ("mamba-130m", "129 M parameters · 24 layers · 0.48 GiB in f32 · a cache of constant size. "
                   "Random weights: speed and memory only."),
    ("bert-base-uncased", "110 M parameters · 12 layers · 0.41 GiB in f32. Random weights: speed and memory only.")])
def test_the_facts_of_a_model_are_told(identifier: str, facts: str) -> None:
    found = resolve(Choices(source="architecture", architecture=f"arch:{identifier}"))
    assert found.model_facts.replace(NBSP, " ") == facts


def test_a_model_that_writes_no_text_is_refused_at_the_model() -> None:
    found = resolve(Choices(source="architecture", architecture="arch:vit-base-patch16-224"))
    assert not found.can_run and "writes no text" in found.problems["model"]


def test_choices_are_remembered(tmp_path: Path) -> None:
    chosen = Choices(source="disk", folder=str(tmp_path / "a, b é"), cached="org/name", device="cuda:0",
                     dtype="bfloat16", batch=4, seq=1024, new=64, preset=None, ticked=("pp", "train"),
                     accuracy="rigorous", optimizer="sgd", checkpointing=True, scenario="translation")
    settings = Settings(tmp_path / "s.ini")
    keep(settings, chosen)
    settings.sync()
    assert remembered(Settings(tmp_path / "s.ini")) == chosen


def test_damaged_settings_count_as_not_remembered(tmp_path: Path) -> None:
    file = tmp_path / "s.ini"
    file.write_text("[run]\nbatch=many\nseq=0\naccuracy=perfect\nticked=nothing,pp\npreset=none\noptimizer=lion\n"
                    "checkpointing=maybe\nscenario=joke\n")
    assert remembered(Settings(file)) == replace(Choices(), preset=None, ticked=("pp",))


def test_options_go_to_the_tests_that_use_them_and_into_their_ids() -> None:
    chosen = Choices(preset=None, ticked=("pp", "gen", "opt", "train"), optimizer="sgd", checkpointing=True,
                     scenario="question")
    cells = {cell.workload: cell for cell in chosen.cells()}
    assert [cell.test for cell in cells.values()] == ["pp512", "gen32 question", "opt sgd",
                                                      "train512 sgd checkpointing"]
    assert cells["gen"].seq == 1024 and cells["pp"].seq == 512 and cells["pp"].scenario is None


def test_another_option_leaves_the_preset_and_a_preset_has_its_own() -> None:
    chosen = Choices(preset="training").with_options(optimizer="sgd", checkpointing=True)
    assert chosen.preset is None and chosen.ticked == ("fwd", "bwd", "opt", "train", "val")
    again = chosen.with_preset("training")
    assert (again.optimizer, again.checkpointing, again.scenario) == ("adamw", False, None)


def test_the_settings_that_chosen_tests_use_are_known_without_a_model() -> None:
    assert "optimizer" in Choices(source="disk", preset="training").used
    assert not {"optimizer", "checkpointing"} & Choices().used and "scenario" in Choices().used


def test_a_failed_test_of_a_sweep_is_tried_again_with_its_own_precision_threads_and_backend() -> None:
    swept = Choices(preset=None, ticked=("pp",), sweep=(
        ("threads", (1, 2)), ("dtype", ("float32", "bfloat16")), ("backend", ("eager", "compile"))))
    for failed in swept.cells():
        assert lowered(swept, failed, {}).cells() == (failed,)
    on_cpu = lowered(swept, swept.cells()[-1], {"device": "cpu", "dtype": "auto"}).cells()[0]
    assert (on_cpu.device, on_cpu.dtype, on_cpu.backend) == ("cpu", "auto", "compile")


def test_an_advice_keeps_the_options_of_the_failed_test() -> None:
    failed = Cell("bundled", "train", dtype="amp", optimizer="sgd", checkpointing=True)
    chosen = lowered(Choices(preset="everything"), failed, {})
    assert chosen.cells() == (failed,)
    request = Cell("bundled", "gen", scenario="question")
    assert lowered(Choices(preset="everything"), request, {}).cells() == (request,)
    shorter = lowered(Choices(), request, {"seq": 64})
    assert shorter.scenario is None and shorter.seq == 64


def test_amp_is_refused_at_the_precision_for_tests_that_are_not_training() -> None:
    assert resolve(Choices(preset="training", dtype="amp")).can_run
    assert resolve(Choices(dtype="amp")).problems["dtype"].startswith("amp is for training")
