import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmscope.core.events import Device, DtypeProbe
from llmscope.core.spec import Cell, Workload
from llmscope.core.units import GIB, NBSP
from llmscope.models import limits
from llmscope.models.catalog import Model, resolve
from llmscope.models.limits import INT8_NEEDS, Problem, problems
from llmscope.models.memory import memory

GPT2 = resolve("arch:gpt2")
CPU = Device("cpu", "AMD EPYC", "cpu", None, (DtypeProbe("float32", True), DtypeProbe("bfloat16", False)))

FLOAT32_ONLY = Device("cpu", "AMD EPYC", "cpu", None, (DtypeProbe("float32", True),))


def found(workload: Workload, model: Model = GPT2, device: Device | None = CPU, free_bytes: int | None = None,
          **settings: Any) -> tuple[Problem, ...]:
    """Return the problems of one cell."""
    model = msgspec.structs.replace(model, has_tokenizer=settings.pop("tokenizer", True))
    return problems([Cell(model.ref, workload, device=settings.pop("device_id", "auto"), **settings)], model, device,
                    free_bytes)


@pytest.mark.parametrize(("workload", "settings", "problem"), [
    ("pp", {"seq": 1025}, Problem("seq", "At most 1,024 for this model.")),
    ("train", {"seq": 2000}, Problem("seq", "At most 1,024 for this model.")),
    *((workload, {"seq": 1025}, Problem("seq", "At most 1,024 for this model."))
      for workload in ("ttft", "fwd", "bwd", "val")),
    ("gen", {"seq": 1000, "new": 128}, Problem("seq", "At most 896 with 128 new tokens for this model.")),
    ("gen", {"seq": 1, "new": 1024}, Problem("new", "At most 1,023 for this model, and fewer with a longer prompt.")),
    ("tg", {"new": 1025}, Problem("new", "At most 1,024 for this model.")),
    ("tg", {"new": 25, "depth": 1000}, Problem("new", "At most 24 at depth 1,000 for this model.")),
    ("tg", {"new": 1, "depth": 1024},
     Problem("new", "This model has 1,024 positions: a depth of 1,024 leaves no room.")),
    ("load-warm", {}, Problem("workload", "This model has random weights: there is nothing to load.")),
    ("gen", {"tokenizer": False},
     Problem("workload", "gen needs a tokenizer, and this model has no tokenizer.json.")),
    ("train", {"tokenizer": False},
     Problem("workload", "train needs a tokenizer, and this model has no tokenizer.json.")),
    ("gen", {"scenario": "question"},
     Problem("workload", "The scenario question takes 1,056 positions, this model has 1,024.")),
    *((workload, {"dtype": "amp"},
       Problem("dtype", f"amp is for training: {workload} takes float32, bfloat16 or float16."))
      for workload in ("pp", "tg", "ttft", "gen")),
    ("train", {"dtype": "amp", "device": FLOAT32_ONLY},
     Problem("dtype", "amp does not work on AMD EPYC. Use float32.")),
    ("pp", {"dtype": "float16"}, Problem("dtype", "float16 does not work on AMD EPYC. Use float32 or bfloat16.")),
])
def test_what_cannot_work_is_told_at_its_setting(
        workload: Workload, settings: dict[str, Any], problem: Problem) -> None:
    device = settings.pop("device", CPU)
    assert found(workload, device=device, **settings) == (problem,)
    assert problem.blocking


@pytest.mark.parametrize("is_there", [True, False])
def test_a_backend_without_its_library_is_told_before_the_run(is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "find_spec", lambda name: object() if is_there else None)
    assert found("pp", backend="int8") == (() if is_there else (Problem("workload", INT8_NEEDS),))
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    assert INT8_NEEDS.endswith(f'"{project["optional-dependencies"]["int8"][0]}"')


@pytest.mark.parametrize(("workload", "settings"), [
    ("prep", {"seq": 2000}), ("opt", {"seq": 2000}),
    ("pp", {"seq": 1024}), ("train", {"seq": 1024}),
    ("gen", {"seq": 896, "new": 128}), ("gen", {"seq": 1, "new": 1023}),
    ("tg", {"new": 1024}), ("tg", {"new": 24, "depth": 1000}), ("tg", {"seq": 5000}),
    ("pp", {"tokenizer": False}), ("tg", {"tokenizer": False}),
    *((workload, {"dtype": "amp"}) for workload in ("fwd", "bwd", "opt", "train", "val", "tok", "prep")),
    ("gen", {"scenario": "assistant", "seq": 5000}), ("pp", {"scenario": "question"}),
    ("pp", {"dtype": "bfloat16"}), ("pp", {"dtype": "auto"}), ("pp", {"dtype": "float16", "device": None}),
])
def test_what_works_is_let_through(workload: Workload, settings: dict[str, Any]) -> None:
    device = settings.pop("device", CPU)
    assert found(workload, device=device, **settings) == ()


def test_a_model_without_a_limit_takes_any_length() -> None:
    limitless = msgspec.structs.replace(GPT2, facts=msgspec.structs.replace(GPT2.facts, max_positions=None))
    assert found("pp", limitless, seq=100_000) == ()


def test_what_does_not_fit_is_told_with_both_figures_and_may_be_run_anyway() -> None:
    (problem,) = found("train", free_bytes=3 * GIB, batch=64, seq=1024)
    assert (problem.field, problem.blocking) == ("batch", False)
    told = re.fullmatch(rf"Needs about [\d.]+{NBSP}GiB, 3.00{NBSP}GiB is free: lower the sequence length to (\d+)\.",
                        problem.text)
    assert told is not None
    assert found("train", free_bytes=3 * GIB, batch=64, seq=int(told[1])) == ()
    assert found("train", free_bytes=3 * GIB, batch=64, seq=int(told[1]) + 1) != ()


def test_weights_that_do_not_fit_alone_ask_for_another_model() -> None:
    (problem,) = found("pp", free_bytes=4 * GIB // 10, seq=8)
    assert (problem.field, problem.blocking) == ("model", False)
    assert "choose a smaller model or a smaller dtype" in problem.text
    assert found("pp", free_bytes=4 * GIB // 10, seq=8, dtype="bfloat16") == ()


@pytest.mark.parametrize(("workload", "device", "free_bytes"), [
    ("train", "cuda:0", 2 * GIB),  # AdamW works with one tensor as large as all weights besides its two moments
    ("train", "cpu", 2 * GIB), ("bwd", "cpu", GIB), ("load-warm", "cpu", GIB // 2)])
def test_where_no_size_is_small_enough_none_is_to_be_lowered(workload: Workload, device: str, free_bytes: int) -> None:
    model = msgspec.structs.replace(GPT2, weight_files=(Path("model.safetensors"),))
    (problem,) = found(workload, model, free_bytes=free_bytes, batch=64, seq=1024, device_id=device)
    assert problem.field == "model" and not found(workload, model, free_bytes=3 * GIB, batch=1, seq=1, device_id=device)


def test_both_sizes_are_named_where_neither_alone_is_enough() -> None:
    least, both = memory(GPT2, Cell("arch:gpt2", "pp", batch=1, seq=1), 4), {"batch": 65_536, "seq": 1024}
    (problem,) = found("pp", free_bytes=(least.total_bytes or 0) + 2**20, **both)
    assert problem.field == "batch" and problem.text.endswith("lower the batch size and the sequence length.")


def test_a_cache_that_neither_size_makes_smaller_is_of_its_own_settings() -> None:
    (problem,) = found("tg", device_id="cuda:0", free_bytes=GIB // 2, depth=900, new=100)
    assert problem.field == "new" and problem.text.endswith("lower the number of new tokens or the depth.")
    assert found("tg", device_id="cuda:0", free_bytes=GIB // 2, depth=8, new=100) == ()


def test_what_fits_or_cannot_be_told_is_let_through() -> None:
    assert found("train", free_bytes=100 * GIB) == ()
    assert found("train", free_bytes=None) == ()


def test_each_thing_is_told_once_and_memory_for_the_largest_test() -> None:
    cells = [Cell("arch:gpt2", "pp", seq=2000, batch=b) for b in (1, 4, 64)]
    told = problems(cells, GPT2, CPU, 2 * GIB)
    assert [problem.field for problem in told] == ["seq", "batch"]
    assert told[1] == problems(cells[2:], GPT2, CPU, 2 * GIB)[1]


def test_no_cells_have_no_problems() -> None:
    assert problems([], GPT2, CPU, 1) == ()


@pytest.mark.parametrize("ref", ["arch:bert-base-uncased", "arch:vit-base-patch16-224"])
@pytest.mark.parametrize("workload", ["tok", "pp", "gen", "train", "load-warm"])
def test_a_model_that_writes_no_text_is_refused_in_one_line(ref: str, workload: Workload) -> None:
    (problem,) = found(workload, resolve(ref), free_bytes=1)
    assert problem.field == "model" and problem.blocking
    assert "writes no text" in problem.text and problem.text.endswith("choose another model.")
