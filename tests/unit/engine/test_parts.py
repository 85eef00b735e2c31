"""Counting, drawing, explaining: the small parts of the engine."""

import threading
from types import SimpleNamespace

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE

from llmscope.core import commands, events
from llmscope.core.errors import ModelRefused
from llmscope.core.spec import Cell, RunSpec
from llmscope.engine import cells, failures, worker
from llmscope.engine import meter as meter_module
from llmscope.engine.devices import probe_dtypes
from llmscope.engine.inputs import Inputs, text_ids
from llmscope.engine.meter import Cancelled, Meter

CPU = torch.device("cpu")


class Clock:
    """Time that passes only when the test says so."""

    now_ns = 10**9

    def perf_counter_ns(self) -> int:
        return self.now_ns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(meter_module, "time", clock)
    return clock


def test_the_live_rate_is_tokens_per_second_since_the_last_tick(clock: Clock) -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    meter.begin_sample(2)
    for tokens, passed_ms in ((5, 50), (0, 100), (30, 100), (None, 100), (1, 200)):
        clock.now_ns += passed_ms * 10**6
        if tokens is not None:
            meter.add(tokens)
        meter._send_progress()
    assert [(e.tokens_per_s, e.counter, e.sample) for e in heard if isinstance(e, events.Progress)] == [
        (100.0, 1, 2), (None, 2, 2), (pytest.approx(150.0), 3, 2), (None, 3, 2), (pytest.approx(1 / 0.3), 4, 2)]


def test_time_between_samples_is_in_no_rate(clock: Clock) -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    for sample in range(3):
        clock.now_ns += 10**10
        meter.begin_sample(sample)
        clock.now_ns += 10**8
        meter.add(50)
        meter._send_progress()
    assert [e.tokens_per_s for e in heard if isinstance(e, events.Progress)] == [500.0] * 3


def test_a_cell_begins_without_the_rate_of_the_one_before(clock: Clock) -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    meter.begin_sample(0)
    clock.now_ns += 10**8
    meter.add(50)
    meter.begin_sample(1)
    clock.now_ns += 10**8
    meter.add(50)
    meter.begin_cell(1)
    meter.end_cell()
    heard.clear()
    meter._send_progress()
    assert isinstance(heard[0], events.Progress) and heard[0].tokens_per_s is None


def test_progress_is_sent_while_a_cell_runs_and_by_no_thread_after_it() -> None:
    ticked = threading.Event()
    meter = Meter(lambda event: ticked.set() if isinstance(event, events.Progress) else None)
    for cell in range(2):
        ticked.clear()
        meter.begin_cell(cell)
        assert ticked.wait(20) and any(t.name == "ticker" for t in threading.enumerate())
        meter.end_cell()
        assert not any(t.name == "ticker" for t in threading.enumerate())


def test_a_stop_is_raised_at_the_next_token() -> None:
    meter = Meter(lambda _: None)
    meter.add(1)
    meter.cancel()
    with pytest.raises(Cancelled):
        meter.add(1)
    with pytest.raises(Cancelled):
        meter.check()
    assert not issubclass(Cancelled, Exception)  # no library may catch it
    with pytest.raises(Cancelled):
        meter.phase("decode")


def test_text_travels_by_sequence_with_the_time_of_each_id() -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    meter.begin_cell(0)
    meter.begin_sample(4, request=True)
    for i, piece in enumerate(("To ", "be ", "or")):
        meter.add_text(i % 2, piece, 100 + i)
    meter.end_cell()
    texts = [e for e in heard if isinstance(e, events.Text)]
    assert {(e.sequence, e.text, e.token_ns, e.token_chars) for e in texts} == {
        (0, "To or", (100, 102), (3, 2)), (1, "be ", (101,), (3,))}
    assert {e.sample for e in texts} == {4}


def test_text_left_over_belongs_to_the_sample_it_came_from(clock: Clock) -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    meter.begin_sample(0, request=True)
    asked_ns = clock.now_ns
    meter.add_text(0, "end", 7)
    clock.now_ns += 5
    meter.begin_sample(1, request=True)
    assert [(e.sample, e.text, e.request_ns) for e in heard if isinstance(e, events.Text)] == [(0, "end", asked_ns)]


def test_inputs_are_seeded_fresh_and_ordinary() -> None:
    first, again, other = (Inputs(seed, 50, frozenset({0, 7})) for seed in (1, 1, 2))
    a, b = first.ids(2, 100), first.ids(2, 100)
    assert torch.equal(a, again.ids(2, 100)) and not torch.equal(a, b) and not torch.equal(a, other.ids(2, 100))
    assert not {0, 7} & set(a.flatten().tolist()) and int(a.max()) < 50
    first.note(a)
    first.note(b)
    assert not first.repeated
    first.note(a)
    assert first.repeated


def test_a_short_input_may_come_again_by_chance() -> None:
    inputs = Inputs(0, 50)
    short, long = inputs.ids(1, 15), inputs.ids(1, 16)
    inputs.note(short)
    inputs.note(short)
    assert not inputs.repeated
    inputs.note(long)
    inputs.note(long.clone())
    assert inputs.repeated


def test_every_ordinary_id_is_drawn_equally_often() -> None:
    counts = torch.bincount(Inputs(3, 20, frozenset({4})).ids(100, 190).flatten(), minlength=20)
    assert counts[4] == 0 and all(800 < count < 1200 for i, count in enumerate(counts.tolist()) if i != 4)


def test_text_comes_from_everywhere() -> None:
    inputs = Inputs(5, 50)
    places = [inputs.position(10) for _ in range(300)]
    assert set(places) == set(range(10))
    assert {int(w[0]) for w in inputs.windows(torch.arange(10), 300, 4)} == set(range(10))


def test_the_ids_of_a_text_are_made_once_and_anew_for_another_text() -> None:
    asked: list[str] = []

    class Counting:
        backend_tokenizer = Tokenizer(BPE())

        def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
            asked.append(text)
            return {"input_ids": [len(text)]}

    lengths = [text_ids(Counting(), text).tolist() for text in ("one", "one", "other", "one")]  # type: ignore[arg-type]
    assert lengths == [[3], [3], [5], [3]] and asked == ["one", "other", "one"]


def test_windows_of_a_text_are_whole_and_wrap() -> None:
    text = torch.arange(10)
    for window in Inputs(0, 10).windows(text, 20, 6):
        assert ((window[1:] - window[:-1]) % 10 == 1).all()


@pytest.mark.parametrize(("message", "wanted"), [
    ("[enforce fail at alloc_cpu.cpp:125] . DefaultCPUAllocator: can't allocate memory: you tried to allocate "
     "17179869184 bytes. Error code 12 (Cannot allocate memory)", 17179869184),
    ("CUDA out of memory. Tried to allocate 594.00 MiB. GPU 0 has a total capacity of 8.00 GiB", 594 * 1024**2)])
def test_out_of_memory_says_what_was_needed_and_what_there_was(message: str, wanted: int) -> None:
    error = torch.OutOfMemoryError(message) if "CUDA" in message else RuntimeError(message)
    failure = failures.explain(error, CPU)
    assert failure.extra["memory"]["wanted_bytes"] == wanted and failure.recycle
    assert failure.extra["memory"]["free_bytes"] > 0
    assert failure.reason.startswith("out of memory") and "lower the batch size" in failure.reason


def test_out_of_memory_on_a_gpu_tells_of_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (3 * 1024**3, 8 * 1024**3))
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has …")
    failure = failures.explain(error, torch.device("cuda:0"))
    assert failure.reason.startswith("out of GPU memory: 2.50\u00a0GiB more was needed, 3.00\u00a0GiB was free")
    assert failure.extra["memory"] == {"wanted_bytes": int(2.5 * 1024**3), "free_bytes": 3 * 1024**3,
                                       "total_bytes": 8 * 1024**3}


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("no numbers here")])
def test_out_of_memory_without_numbers_has_none(error: Exception) -> None:
    failure = failures.explain(error, None)
    assert failure.extra["kind"] == "out_of_memory" and failure.extra["memory"]["wanted_bytes"] is None
    assert " 0" not in failure.reason.split(",")[0] and failure.recycle


def test_a_real_allocation_that_cannot_be_met_is_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**58, dtype=torch.uint8)
    failure = failures.explain(refused.value, CPU)
    assert failure.extra["kind"] == "out_of_memory" and failure.extra["memory"]["wanted_bytes"] == 2**58


def test_a_device_that_failed_is_not_used_again() -> None:
    failure = failures.explain(torch.AcceleratorError("CUDA error: an illegal memory access\nmore"), CPU)
    assert failure.recycle and failure.reason == "the device failed: CUDA error: an illegal memory access"


def test_a_worker_takes_all_modules_out_of_the_garbage_collectors_sight_before_its_first_order(
        monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    note = {name: lambda *_, name=name: done.append(name) for name in ("freeze", "enable")}
    monkeypatch.setattr(worker, "gc", SimpleNamespace(**note))
    runner = SimpleNamespace(run=lambda order: done.append(f"run {order.run}"))  # None: do not go on
    monkeypatch.setattr(cells, "CellRunner", lambda *_: done.append("imported") or runner)
    monkeypatch.setattr(worker.devices, "has_accelerators", lambda: False)
    serving = worker.Worker(SimpleNamespace(send=lambda event: None, listen=lambda heard: None))  # type: ignore[arg-type]
    serving._on_command(commands.RunCells("r1", RunSpec((Cell("bundled", "pp"),)), (0,)))
    serving.serve()
    assert done == ["imported", "freeze", "enable", "run r1"]


def test_a_refused_model_leaves_the_worker_usable_and_a_surprise_does_not() -> None:
    assert not failures.explain(ModelRefused("no"), CPU).recycle
    surprise = failures.explain(KeyError("x"), CPU)
    assert surprise.recycle and "KeyError" in surprise.reason and "traceback" in surprise.extra


def test_a_probe_proves_float32_and_calls_it_fast() -> None:
    found = {probe.dtype: probe.fast for probe in probe_dtypes(CPU)}
    assert found["float32"] is True
