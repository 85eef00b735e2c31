"""What each workload computes on a small real model: tokens counted, caches filled, phases that add up."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE

from llmscope.core.errors import BadInput, ModelRefused
from llmscope.core.spec import Sampling
from llmscope.engine import checks, conditions
from llmscope.engine import workloads as workloads_module
from llmscope.engine.backends import eager
from llmscope.engine.workloads import loading, validation
from llmscope.engine.workloads.data import NO_LABEL, clean, label
from llmscope.engine.workloads.generation import Request
from llmscope.engine.workloads.loading import Load
from llmscope.models.catalog import resolve
from tests.unit.engine.conftest import CPU, Passes

Run = Callable[..., Passes]


def want_to_end(passes: Passes, step: int) -> None:
    """Make the model prefer its end token above all from a step of each request on."""
    calls = 0

    def bias(_module: Any, _inputs: Any, logits: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls > step:
            logits[..., 0] += 1e6
        return logits

    passes.loaded.network.lm_head.register_forward_hook(bias)


@pytest.mark.parametrize(("batch", "sequences", "step"), [(1, 1, 0), (2, 2, 0), (3, 1, 4), (1, 3, 8)])
def test_every_token_is_counted_though_the_model_wants_to_end(
        passes: Run, batch: int, sequences: int, step: int) -> None:
    gen = passes("gen", 0, sampling=Sampling(sequences=sequences), batch=batch, prompt="Enter a ghost.")
    want_to_end(gen, step)
    gen.run(2)
    assert gen.made.work == batch * 9 * sequences and gen.meter._tokens == 2 * gen.made.work
    for block, part in zip(gen.blocks, gen.parts, strict=True):
        assert len(part["token_ns"]) == 9 and part["token_ns"] == sorted(part["token_ns"])
        assert part["token_ns"][-1] / 1e9 == pytest.approx(block.seconds)
        assert part["ttft_ms"] == pytest.approx(part["token_ns"][0] / 1e6)
    summary = gen.made.summary()
    assert summary["itl_ms"]["n"] == 2 * 8 and summary["itl_ms"]["p99"] is None


def test_what_a_request_adds_up_to(passes: Run) -> None:
    gen = passes("gen", 3, sampling=Sampling(temperature=0))
    times_ms = np.array([p["token_ns"] for p in gen.parts]) / 1e6
    summary = gen.made.summary()
    assert summary["ttft_ms"] == pytest.approx(np.median(times_ms[:, 0]))
    assert summary["tpot_ms"] == pytest.approx(np.median(np.diff(times_ms).mean(1)))
    assert summary["decode_tok_s"] == pytest.approx(1e3 / summary["tpot_ms"])
    assert summary["e2e_s"] == pytest.approx(np.median(times_ms[:, -1]) / 1e3)
    assert summary["itl_ms"]["max"] == pytest.approx(np.diff(times_ms).max())


def test_a_single_new_token_has_no_gap_and_no_rate_of_decoding(passes: Run) -> None:
    summary = passes("gen", 2, new=1).made.summary()
    assert summary["itl_ms"] == {"n": 0} and summary["tpot_ms"] is None and summary["decode_tok_s"] is None


def test_the_same_seed_and_the_most_likely_id_write_the_same_text(passes: Run) -> None:
    def text() -> str:
        gen = passes("gen", 2, sampling=Sampling(temperature=0), prompt="To be")
        gen.meter._send_text()
        return "".join(e.text for e in gen.heard)  # type: ignore[union-attr]

    assert text() == text() != ""


def test_prompts_are_fresh_and_end_with_the_words_of_the_user(passes: Run) -> None:
    gen = passes("gen", 0, prompt="Speak, friend!", batch=2)
    seen = set()
    for _ in range(5):
        gen.made.prepare()
        assert all(prompt.endswith("\n\nSpeak, friend!") for prompt in gen.made._prompts)
        seen |= set(gen.made._prompts)
    assert len(seen) == 10


def test_warm_up_leaves_nothing_in_the_summary(passes: Run) -> None:
    for workload in ("gen", "train"):
        done = passes(workload, 2)
        done.made.reset()
        assert done.made.summary() == {}


class Listened:
    """What a listener would have heard of a request."""

    def __init__(self, at_ns: list[int], ids: list[list[int]]) -> None:
        self.at_ns, self.ids = at_ns, ids


@pytest.mark.parametrize(("output", "at_ns", "ids", "reason"), [
    ([[1, 2, 3, 4]], [10, 20], [[3], [4]], None), ([[1, 2, 3]], [10], [[3]], "shape"),
    ([[1, 2, 3, 0, 0]], [10, 20], [[3], [0]], "shape"), ([[1, 2, 3, 4]], [10, 20], [[3], [5]], "not the ids"),
    ([[1, 2, 3, 4]], [0, 20], [[3], [4]], "add up"), ([[1, 2, 3, 4]], [-5, 20], [[3], [4]], "add up")])
def test_a_request_whose_parts_disagree_is_not_believed(
        output: list[list[int]], at_ns: list[int], ids: list[list[int]], reason: str | None) -> None:
    request = Request(0, torch.tensor([[1, 2]]), Listened(at_ns, ids), torch.tensor(output))  # type: ignore[arg-type]
    if reason is None:
        request.check(1, 2, 2)
        return
    with pytest.raises(checks.NotTrustworthy, match=reason):
        request.check(1, 2, 2)


def test_decoding_fills_the_cache_to_depth_and_new(passes: Run) -> None:
    tg = passes("tg", 3, depth=11, batch=2)
    assert tg.made.work == 18 and tg.meter._tokens == 3 * 18
    assert tg.made._ids.shape == (2, 1) and tg.made._cache.get_seq_length() == 11 + 9


def test_decoding_gives_the_logits_of_a_pass_over_everything_at_once(passes: Run) -> None:
    tg = passes("tg", 0, new=5)
    tg.made.prepare()
    ids = tg.made._ids
    tg.made.run(tg.watch)
    with torch.inference_mode():
        for _ in range(4):
            logits = tg.loaded.network(input_ids=ids).logits[:, -1:]
            ids = torch.cat([ids, logits.argmax(-1)], 1)
        whole = tg.loaded.network(input_ids=ids).logits[:, -1]
    assert torch.allclose(tg.made._logits, whole, atol=1e-5)


def test_a_cache_that_was_not_filled_is_not_believed(passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    tg = passes("tg", 1, depth=4)
    tg.made.prepare()
    tg.made._cache = None  # the depth is lost
    with pytest.raises(checks.NotTrustworthy, match="holds 9 tokens, not 13"):
        tg.made.run(tg.watch)


def test_prefill_reads_another_prompt_each_time_and_gives_the_last_logits_only(passes: Run) -> None:
    pp = passes("pp", 0, batch=2)
    asked: list[dict[str, Any]] = []
    pp.loaded.network.register_forward_pre_hook(lambda _m, _a, kwargs: asked.append(kwargs), with_kwargs=True)
    pp.run(4)
    prompts = [call["input_ids"] for call in asked]
    assert all(p.shape == (2, 24) for p in prompts) and not any(0 in p for p in prompts)
    assert len({p.numpy().tobytes() for p in prompts}) == 4 and not pp.made._inputs.repeated
    assert all(call["logits_to_keep"] == 1 and call.get("past_key_values") is None for call in asked)
    with torch.inference_mode():
        whole = pp.loaded.network(input_ids=prompts[-1]).logits[:, -1]
    assert torch.allclose(pp.made._logits, whole, atol=1e-5) and pp.meter._tokens == 4 * 48


@pytest.mark.parametrize("workload", ["pp", "tg"])
def test_a_logit_that_is_no_number_is_not_believed(passes: Run, workload: str) -> None:
    done = passes(workload, 1)
    with torch.no_grad():
        done.loaded.network.lm_head.weight[7] = float("nan")
    with pytest.raises(checks.NotTrustworthy, match="not finite"):
        done.run(1)


def test_phases_of_a_training_step_add_up_and_the_step_changes_the_weights(passes: Run) -> None:
    train = passes("train", 0, batch=2)
    before = train.loaded.network.lm_head.weight.detach().clone()
    train.run(5)
    assert all(list(part["phases_s"]) == ["data", "forward", "backward", "optimizer"] for part in train.parts)
    shares = [sum(p["phases_s"].values()) / b.seconds for b, p in zip(train.blocks, train.parts, strict=True)]
    assert np.median(shares) == pytest.approx(1, abs=0.03)
    losses = [part["loss"] for part in train.parts]
    assert losses[0] == pytest.approx(np.log(4096), abs=0.2)  # nothing is learned yet
    assert train.made.summary()["loss"] == {"first": losses[0], "last": losses[-1]}
    assert sum(train.made.summary()["phases_s"].values()) == pytest.approx(np.median([b.seconds for b in train.blocks]))
    assert train.loaded.dirty and not torch.equal(before, train.loaded.network.lm_head.weight)
    assert train.meter._tokens == 5 * 48 and all(p.grad is None for p in train.loaded.network.parameters())


def test_training_on_the_same_window_learns_it(passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    train = passes("train", 0)
    window = torch.arange(100, 124)[None]
    monkeypatch.setattr(train.made._inputs, "windows", lambda *_: window)
    train.run(30)
    assert train.parts[-1]["loss"] < train.parts[0]["loss"] - 0.1


def test_the_parts_of_a_step_are_timed_alone_and_leave_the_weights_as_they_were(passes: Run) -> None:
    for workload, has_gradients in (("fwd", False), ("bwd", True)):
        part = passes(workload, 0, batch=2)
        before = [p.detach().clone() for p in part.loaded.network.parameters()]
        part.run(2)
        assert part.made.work == 48 and part.meter._tokens == 96 and not part.loaded.dirty
        assert part.loaded.network.training and part.made.summary()["loss"]["first"] == part.parts[0]["loss"]
        assert all((p.grad is not None) is has_gradients for p in part.loaded.network.parameters())
        assert all(torch.equal(a, b) for a, b in zip(before, part.loaded.network.parameters(), strict=True))


def test_a_forward_pass_keeps_what_the_backward_pass_needs(passes: Run) -> None:
    assert passes("fwd", 1).made._loss.grad_fn is not None


def test_an_optimizer_step_changes_every_weight_and_clears_the_gradients(passes: Run) -> None:
    opt = passes("opt", 0)
    before = [p.detach().clone() for p in opt.loaded.network.parameters()]
    opt.run(1)
    assert opt.made.work is None and opt.loaded.dirty and opt.made.summary()["optimizer"] == "AdamW"
    assert all(p.grad is None for p in opt.loaded.network.parameters())
    assert not any(torch.equal(a, b) for a, b in zip(before, opt.loaded.network.parameters(), strict=True))


def test_validation_scores_the_text_once_window_by_window(passes: Run) -> None:
    val = passes("val", 0, seq=200, batch=4)
    windows = val.made._parts[:30]
    val.made._parts = windows
    val.run(14)  # 8 passes are the text, the last of them and the others begin again
    with torch.inference_mode():
        expected = float(val.loaded.network(input_ids=windows, labels=windows).loss)
    found = val.made.summary()
    assert found["loss_nats_per_token"] == pytest.approx(expected, rel=1e-5) and found["share_of_text"] == 1
    assert found["perplexity"] == pytest.approx(np.exp(expected), rel=1e-4)
    assert not val.loaded.network.training and not val.loaded.dirty


def test_validation_scores_what_no_timed_pass_came_to_unless_it_takes_too_long(
        passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    val = passes("val", 3, seq=200, batch=2)
    assert val.made.summary()["share_of_text"] == 1
    monkeypatch.setattr(validation, "REST_S", 0)
    val = passes("val", 3, seq=200, batch=2)
    assert val.made.summary()["share_of_text"] < 0.1
    val = passes("val", 3, seq=200, batch=2)
    monkeypatch.setattr(validation, "REST_S", 100)
    val.meter.cancel()  # what was measured before the stop is kept
    assert val.made.summary()["share_of_text"] < 0.1


def test_the_first_token_is_a_request_for_one_id_without_streamed_text(passes: Run) -> None:
    first = passes("ttft", 3)
    assert first.made.work is None and not first.heard and first.made.summary()["chat_template"] is False
    assert all(len(part["token_ns"]) == 1 and part["token_ns"][0] / 1e9 == pytest.approx(block.seconds)
               for part, block in zip(first.parts, first.blocks, strict=True))


def test_the_tokenizer_reads_the_whole_text_begun_elsewhere_each_time(passes: Run) -> None:
    tok = passes("tok", 0)
    turned = set()
    for _ in range(4):
        tok.run(1)
        turned.add(tok.made._turned)
    assert len(turned) == 4 and tok.made.summary()["text_bytes"] == len(tok.made._text.encode())
    assert tok.made.work == len(tok.made._encode(tok.made._text))
    tok.made.prepare()
    tok.made.run(tok.watch)
    del tok.made._ids[:100]
    with pytest.raises(checks.NotTrustworthy, match="ids, not"):
        tok.made.finish()


def test_preparing_packs_cleaned_text_into_labelled_sequences(passes: Run) -> None:
    prep = passes("prep", 3, seq=50)
    assert prep.made.work % 50 == 0 and prep.made._packed.shape == (prep.made.work // 50, 50)
    assert list(prep.made.summary()["phases_s"]) == ["clean", "tokenize", "pack", "label"]
    for workload in ("prep", "val"):
        with pytest.raises(BadInput, match="lower the sequence length"):
            passes(workload, 0, seq=1_000_000)


def test_cleaning_and_labelling() -> None:
    assert clean("\na \x00b\t \r\n\n\n\ncafe\u0301") == "a b\n\ncaf\u00e9"
    assert label(torch.tensor([[1, 2, 3], [4, 5, 6]])).tolist() == [[2, 3, NO_LABEL], [5, 6, NO_LABEL]]


def test_a_loss_that_is_no_number_is_not_believed(passes: Run) -> None:
    train = passes("train", 1)
    with torch.no_grad():
        train.loaded.network.lm_head.weight.fill_(float("inf"))
    with pytest.raises(checks.NotTrustworthy, match="the loss is"):
        train.run(1)


@pytest.mark.parametrize(("cold", "read", "warning"), [
    (False, [0, 0, 0, 0], None), (False, [0, 40, 40, 40], None), (False, [0, 60, 60, 60], "mixed: 6 %"),
    (False, [0, 0, 0, 990], "mixed: 99 %"), (False, [0, 0, None, 0], "mixed: this system does not say"),
    (True, [0, 1000, 1000, 1960], None), (True, [0, 1000, 1000, 1900], "mixed: 90 %"),
    (True, [0, 0, None, 0], "mixed: this system does not say")])
def test_where_a_load_came_from_is_proven_by_what_the_disk_delivered(
        passes: Run, monkeypatch: pytest.MonkeyPatch, cold: bool, read: list[int | None], warning: str | None) -> None:
    any_test = passes("pp", 0)
    load = Load(any_test.source, CPU, "float32", any_test.meter, cold)
    monkeypatch.setattr(load, "_file_bytes", 1000)
    counters = iter(read)
    monkeypatch.setattr(conditions, "bytes_read_from_disk", lambda: next(counters))
    for _ in range(2):
        load.prepare()
        assert load.run(any_test.watch).seconds > 0
        load.finish()
    found = load.summary()
    assert found["phases_s"].keys() == {"read", "deserialise", "copy"}
    assert found["file_bytes"] == 1000 and found.get("warning", "").startswith(warning or "")
    assert ("warning" in found) is (warning is not None)


def test_the_parts_of_a_load_are_the_whole_of_it(passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    any_test = passes("pp", 0)
    load = Load(any_test.source, CPU, "float32", any_test.meter, cold=False)

    def once() -> dict[str, Any]:
        load.prepare()
        block = load.run(any_test.watch)
        parts = load.finish()["phases_s"]
        assert sum(parts.values()) == pytest.approx(block.seconds, rel=0.03)
        return parts  # type: ignore[no-any-return]

    once()
    read: list[Path] = []
    bring_in = loading._bring_in
    monkeypatch.setattr(loading, "_bring_in", lambda path: (read.append(path), time.sleep(0.2), bring_in(path)))
    build, place = loading.eager.build, loading.eager.place
    assert once()["read"] >= 0.2 and read == list(any_test.source.weight_files)
    monkeypatch.setattr(loading.eager, "build", lambda *a: (time.sleep(0.3), build(*a))[1])
    assert once()["deserialise"] >= 0.3
    monkeypatch.setattr(loading.eager, "place", lambda *a: (time.sleep(0.4), place(*a))[1])
    assert once()["copy"] >= 0.4


class Unmappable(io.BytesIO):
    """A file that can only be read, as on a system without the advice."""

    taken = 0

    def open(self, *_: Any, **__: Any) -> "Unmappable":
        return self

    def readinto(self, buffer: Any) -> int:
        n = super().readinto(buffer)
        self.taken += n
        return n


def test_a_file_that_cannot_be_mapped_is_read_to_its_end() -> None:
    file = Unmappable(b"x" * 2_500_000)
    loading._bring_in(file)  # type: ignore[arg-type]
    assert file.taken == 2_500_000


@pytest.mark.parametrize("advice", [True, False])
def test_a_file_is_in_the_page_cache_after_it_was_brought_in(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, advice: bool) -> None:
    if not advice:
        monkeypatch.setattr(loading, "_MADV_POPULATE_READ", 12345)  # what an older system says no to
    path = tmp_path / "weights"
    path.write_bytes(b"x" * 5_000_000)
    loading._evict(path)
    before = conditions.bytes_read_from_disk()
    loading._bring_in(path)
    read = conditions.bytes_read_from_disk()
    if before is None or read is None or read == before:
        pytest.skip("this system or the disk below it does not say what was read")
    assert read - before >= 5_000_000
    path.read_bytes()
    assert conditions.bytes_read_from_disk() == read


def test_a_tokenizer_of_another_model_is_refused(passes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign:
        backend_tokenizer = Tokenizer(BPE())

        def __call__(self, *_: Any, **__: Any) -> dict[str, list[int]]:
            return {"input_ids": [5, 4096]}

    monkeypatch.setattr(workloads_module, "tokenizer_of", lambda _: Foreign())
    with pytest.raises(ModelRefused, match=r"ids up to 4,096, the model knows 4,096"):
        passes("train", 0)


def test_loaded_weights_do_not_lie_in_the_file(passes: Run) -> None:
    network = passes("pp", 0).loaded.network
    mapped = [tuple(int(end, 16) for end in line.split()[0].split("-"))
              for line in Path("/proc/self/maps").read_text().splitlines() if line.endswith("model.safetensors")]
    assert not any(low <= p.data_ptr() < high for p in network.parameters() for low, high in mapped)


def test_weights_that_were_converted_are_not_copied_again(folder: Path) -> None:
    source = resolve(str(folder))
    for dtype, copied in (("float32", True), ("bfloat16", False)):  # the file holds float32
        network = eager.build(source, dtype, CPU)
        before = [weight.data_ptr() for weight in network.parameters()]
        loaded = eager.place(source, network, CPU, dtype).network
        assert [weight.data_ptr() != old for weight, old in zip(loaded.parameters(), before, strict=True)] == (
            [copied] * len(before))
        assert all(weight.untyped_storage().resizable() for weight in loaded.parameters())
