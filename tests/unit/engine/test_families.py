"""Every family of models in small: random weights that are whole, and tests of it that run."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from llmscope import paths
from llmscope.core import events
from llmscope.core.commands import RunCells
from llmscope.core.spec import Cell, RunSpec
from llmscope.engine import checks
from llmscope.engine.backends import eager, random_weights
from llmscope.engine.cells import CellRunner
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make
from llmscope.models.catalog import resolve
from tests.unit.engine.conftest import CPU
from tests.unit.models.built import FAMILIES, model_of

#: As many ids as the bundled tokenizer has.
VOCAB = 4096


@pytest.fixture(autouse=True)
def small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw fewer random numbers than large models need."""
    monkeypatch.setattr(random_weights, "POOL", 99_991)


def loaded_of(family: str, dtype: str = "float32", **fields: Any) -> eager.Loaded:
    return eager.load(model_of(FAMILIES[family] | {"vocab_size": VOCAB} | fields), CPU, dtype)


@pytest.mark.parametrize("family", FAMILIES)
def test_prefill_decode_generation_and_a_training_step_run(family: str) -> None:
    loaded = loaded_of(family)
    heard: list[events.Event] = []
    for workload in ("pp", "tg", "gen", "train"):
        cell = Cell("arch:x", workload, "cpu", "float32", batch=2, seq=12, new=3, depth=9)  # type: ignore[arg-type]
        loaded.network.eval()
        made: Any = make(cell, 0, RunSpec((cell,)), loaded.source, loaded, CPU, Meter(heard.append))
        for _ in range(2):
            made.prepare()
            assert made.run(Stopwatch(CPU)).seconds > 0
            made.finish()
        assert made.work == 2 * (3 if workload in ("tg", "gen") else 12)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_step_from_the_cache_gives_the_logits_of_a_pass_over_everything(family: str) -> None:
    loaded = loaded_of(family)
    ids = torch.randint(VOCAB, (2, 20), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = loaded.network(input_ids=ids).logits[:, -1]
        first = loaded.network(input_ids=ids[:, :17], use_cache=True)
        for i in range(17, 20):
            first = loaded.network(input_ids=ids[:, i:i + 1], use_cache=True,
                                   **{loaded.cache_name: first[loaded.cache_name]})
    assert torch.allclose(first.logits[:, -1], whole, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_random_weights_are_drawn_tied_and_buffers_are_filled(family: str) -> None:
    loaded, source = loaded_of(family, "bfloat16"), model_of(FAMILIES[family] | {"vocab_size": VOCAB})
    torch.manual_seed(1)
    plain = eager.AutoModelForCausalLM.from_config(eager.model_config(source), dtype=torch.bfloat16)
    assert sum(p.numel() for p in loaded.network.parameters()) == source.facts.parameters
    assert not loaded.network.training and checks.numerics(loaded)["weights_by_dtype"].keys() == {"bfloat16"}
    for (name, buffer), expected in zip(loaded.network.named_buffers(), plain.buffers(), strict=True):
        assert torch.equal(buffer, expected), name
    for (name, made), usual in zip(loaded.network.named_parameters(), plain.parameters(), strict=True):
        (spread, mean), (usual_spread, usual_mean) = ([float(x) for x in torch.std_mean(w.detach().float())]
                                                      for w in (made, usual))
        if made.numel() > 1000:
            assert spread == pytest.approx(usual_spread, rel=0.1) and mean == pytest.approx(usual_mean, abs=0.1), name


def test_weights_are_the_same_every_time_and_never_repeat_by_row() -> None:
    first, again = loaded_of("llama"), loaded_of("llama")
    assert all(torch.equal(a, b) for a, b in zip(
        first.network.parameters(), again.network.parameters(), strict=True))
    rows = first.network.model.embed_tokens.weight
    assert rows.numel() > random_weights.POOL and len(torch.unique(rows, dim=0)) == len(rows)


def test_building_takes_no_more_memory_than_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    real = torch.empty_like

    def counted(tensor: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        made = real(tensor, **kwargs)
        taken.append(made.nbytes if made.device.type != "meta" else 0)
        return made

    monkeypatch.setattr(torch, "empty_like", counted)
    network = loaded_of("llama", "bfloat16").network
    buffers = sum(buffer.nbytes for buffer in network.buffers())
    assert sum(taken) == 2 * sum(p.numel() for p in network.parameters()) + buffers


def test_a_config_that_asks_for_no_cache_gets_one() -> None:
    loaded = loaded_of("llama", use_cache=False)
    with torch.inference_mode():
        assert loaded.network(input_ids=torch.tensor([[1, 2, 3]])).past_key_values.get_seq_length() == 3


@pytest.mark.parametrize(("family", "expected"), [
    ("llama", {"attention": "sdpa"}), ("gemma2", {"attention": "eager"}), ("gpt_oss", {"attention": "eager"}),
    ("mixtral", {"attention": "sdpa", "experts": "grouped_mm"}), ("deepseek_v2", {"experts": "grouped_mm"}),
    ("mamba", {"attention": None, "kernels": "plain torch, without causal_conv1d and mamba_ssm"}),
    ("lfm2", {"attention": "sdpa", "kernels": "plain torch, without causal_conv1d"})])
def test_what_computes_is_recorded(
        family: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    found = checks.numerics(loaded_of(family))
    assert expected.items() <= found.items()
    assert ("experts" in found) is (family in ("mixtral", "gpt_oss", "deepseek_v2"))
    assert ("kernels" in found) is (family in ("mamba", "lfm2"))


def test_a_window_takes_a_test_far_beyond_it() -> None:
    loaded = loaded_of("gemma3_text")
    cell = Cell("arch:x", "tg", "cpu", "float32", new=30, depth=40)
    made: Any = make(cell, 0, RunSpec((cell,)), loaded.source, loaded, CPU, Meter(lambda _: None))
    made.prepare()
    made.run(Stopwatch(CPU))
    made.finish()


def test_a_model_of_the_hub_cache_runs(
        folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "hub" / "models--org--small"
    snapshot = home / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("a" * 40)
    (home / "blobs").mkdir()
    for file in folder.iterdir():
        shutil.copy(file, home / "blobs" / file.name)
        (snapshot / file.name).symlink_to(Path("../../blobs") / file.name)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    heard: list[events.Event] = []
    cell = Cell("org/small", "pp", "cpu", "float32", seq=16)
    spec = RunSpec((cell,), accuracy="quick", time_limit_s=0.1)
    assert CellRunner(heard.append, Meter(heard.append)).run(RunCells("r", spec, (0,)))
    (row,) = (event.row for event in heard if isinstance(event, events.CellEnded))
    assert row.n and row.model == "org/small" and row.extra["revision"] == "a" * 40
    source = resolve("org/small")
    network = eager.load(source, CPU, "float32").network
    plain = eager.load(resolve(str(folder)), CPU, "float32").network
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), plain.parameters(), strict=True))
    assert eager.tokenizer_of(source).vocab_size == VOCAB


def test_the_bundled_tokenizer_fits_every_architecture() -> None:
    vocab = resolve("bundled").facts.vocab or 0
    for path in (paths.resources() / "architectures").glob("*.json"):
        model = resolve(f"arch:{path.stem}")
        assert not model.writes_text or (model.facts.vocab or 0) >= vocab
