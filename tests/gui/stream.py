"""A made-up but realistic event stream on a virtual clock: the same cells always give the same events."""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from random import Random
from typing import Any, Literal

import msgspec

from llmscope.analysis.bottleneck import finding
from llmscope.analysis.ceilings import judged
from llmscope.core import events as ev
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.core.units import GIB
from tests.gui.fakes import CEILINGS

Outcome = Literal["done", "failed", "stopped", "oom"]

RUN = "20261121-184000-a1b2"
START_NS = 1_000_000_000_000
#: Seconds of idle telemetry before the run.
IDLE_S = 3.0
SECOND = 1_000_000_000
PHASES: dict[str, ev.Phase] = {
    "load-warm": "load-warm", "pp": "prefill", "tg": "decode", "gen": "generate", "train": "train",
}
#: Seconds of measuring, and tokens/s of the whole test on the CPU; on the GPU it is so many times as fast.
MEASURING_S = {"load-warm": 3.0, "pp": 5.0, "tg": 6.0, "gen": 9.0, "train": 10.0}
CPU_RATE = {"pp": 3100.0, "tg": 205.0, "gen": 172.0, "train": 640.0}
GPU_FACTOR = 9.0
#: Share of the time that passes outside of operations.
HOST_SHARES = {"gen": 0.71, "pp": 0.03, "tg": 0.12}
CHECKS = (6, 10, 14, 20, 28, 40, 56, 80, 113, 160)
CELLS = (
    Cell("bundled", "gen", "cpu", "float32", seq=128, new=64),
    Cell("arch:smollm2-135m", "pp", "cpu", "float32", seq=512),
    Cell("arch:smollm2-135m", "tg", "cpu", "float32", new=32),
    Cell("bundled", "train", "cpu", "float32", seq=128),
)
SCENE = (
    "The king is not himself tonight, my lord; he walks the walls and will not speak to any man. "
    "Then let him walk. The hour is late, the watch is set, and I have letters here from Burgundy that "
    "must be read before the morning come. Give me thy hand. What, art thou cold? It is the wind, no "
    "more; it blows from Wales and brings the rain. Go, bid the porter keep the gate, and if the lady "
    "ask for me, say I am gone to bed and may not rise till cock-crow. So shall I, my lord. Farewell. "
)


def stream(cells: Iterable[Cell] = CELLS, *, outcome: Outcome = "done", gpu: bool = False,
           until_s: float | None = None, sequences: int = 1) -> Iterator[ev.Event]:
    """Yield the events of a run of these cells; `until_s` cuts it so many seconds after RunStarted."""
    limit_ns = math.inf if until_s is None else START_NS + round((IDLE_S + until_s) * SECOND)
    for event in _whole(tuple(cells), outcome, gpu, sequences):
        if event.t_ns > limit_ns:
            return
        yield event


@lru_cache(maxsize=8)  # most tests ask for one of a few
def _whole(cells: tuple[Cell, ...], outcome: Outcome, gpu: bool, sequences: int) -> tuple[ev.Event, ...]:
    run = _Run(cells, outcome, gpu, sequences)
    return tuple(run.with_telemetry(run.events()))


class _Run:
    def __init__(self, cells: tuple[Cell, ...], outcome: Outcome, gpu: bool, sequences: int) -> None:
        self.cells, self.outcome, self.gpu, self.sequences = cells, outcome, gpu, sequences
        self.now_s = 0.0
        self.phase: str = "idle"
        self.phase_s = 0.0
        self.heat = 0.0
        self.used = 0.12
        self.counter = 0
        self.random = Random(7)
        self._has_gpu_cells = any(cell.device != "cpu" for cell in cells)

    def t(self) -> int:
        return START_NS + round(self.now_s * SECOND)

    def events(self) -> Iterator[ev.Event]:
        versions = {"torch": "2.11.0", "transformers": "5.3.0"}
        yield ev.Hello(t_ns=self.t(), pid=4242, versions=versions, threads=2)
        yield ev.Devices(t_ns=self.t(), devices=self._devices(), complete=True)
        self.now_s = IDLE_S
        machine = {"cpu": "AMD EPYC, 2 cores", "memory_bytes": 16 * GIB, "os": "Linux"}
        yield ev.RunStarted(t_ns=self.t(), run=RUN, utc="2026-11-21T18:40:00Z", machine=machine, versions=versions,
                            spec=RunSpec(self.cells, accuracy="quick",
                                         sampling=Sampling(sequences=self.sequences)))
        model = ""
        for index, cell in enumerate(self.cells):
            ends_here = self._ends_here(index)
            yield ev.CellStarted(t_ns=self.t(), cell=index)
            if cell.model != model:
                yield from self._load(index, 0.8 if cell.model == "bundled" else 2.4)
                model = cell.model
            yield from self._warm_up(index, cell)
            yield from self._measure(index, cell, self.outcome if ends_here else "done")
            if ends_here and self.outcome == "stopped":
                break
        yield self._run_ended()

    def _ends_here(self, index: int) -> bool:
        """Say whether this is the cell that does not finish: the last one, or for Stop the middle one."""
        return self.outcome != "done" and index == (len(self.cells) // 2 if self.outcome == "stopped"
                                                    else len(self.cells) - 1)

    def _run_ended(self) -> ev.RunEnded:
        status: Any = "stopped" if self.outcome == "stopped" else "done"
        if self.outcome in ("failed", "oom") and len(self.cells) == 1:
            status = "failed"
        self.phase = "idle"
        return ev.RunEnded(t_ns=self.t(), status=status, seconds=self.now_s - IDLE_S,
                           reason="nothing could be measured" if status == "failed" else None)

    def _phase(self, index: int, phase: ev.Phase) -> ev.PhaseStarted:
        self.phase, self.phase_s = phase, self.now_s
        return ev.PhaseStarted(t_ns=self.t(), cell=index, phase=phase)

    def _progress(self, index: int, sample: int, rate: float | None) -> ev.Progress:
        self.counter += 1
        return ev.Progress(t_ns=self.t(), cell=index, counter=self.counter, sample=sample, tokens_per_s=rate)

    def _load(self, index: int, seconds: float) -> Iterator[ev.Event]:
        yield self._phase(index, "load")
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            yield self._progress(index, 0, None)

    def _warm_up(self, index: int, cell: Cell) -> Iterator[ev.Event]:
        yield self._phase(index, "warm-up")
        for step in range(12):
            self.now_s += 0.1
            share = min(1.0, 0.4 + 0.06 * step)
            yield self._progress(index, 0, self._rate(cell) * share if cell.workload in CPU_RATE else None)

    def _rate(self, cell: Cell) -> float:
        slower = 0.3 if cell.model.startswith("arch:") else 1.0
        faster = GPU_FACTOR if self.gpu and (cell.device != "cpu" or not self._has_gpu_cells) else 1.0
        return CPU_RATE[cell.workload] * slower * faster * self.random.gauss(1, 0.012)

    def _measure(self, index: int, cell: Cell, outcome: Outcome) -> Iterator[ev.Event]:
        yield self._phase(index, PHASES[cell.workload])
        start_s, ends_s = self.now_s, self.now_s + MEASURING_S[cell.workload] * (1.0 if outcome == "done" else 0.55)
        seconds: list[float] = []
        while self.now_s < ends_s or len(seconds) < 6:
            yield from self._sample(index, cell, seconds)
            if len(seconds) in CHECKS:
                yield self._estimate(index, cell, seconds)
        if outcome == "stopped":
            yield ev.Stopping(t_ns=self.t())
        if outcome in ("failed", "oom"):
            self.now_s += 0.3
        if outcome == "failed":
            yield ev.WorkerEnded(t_ns=self.t(), pid=4242, words="the worker was killed by signal 9 (SIGKILL)")
        yield ev.CellEnded(t_ns=self.t(), cell=index, row=self._row(cell, seconds, outcome, self.now_s - start_s))

    def _sample(self, index: int, cell: Cell, seconds: list[float]) -> Iterator[ev.Event]:
        if cell.workload == "gen":
            took = yield from self._request(index, cell, len(seconds))
        else:
            took = 0.31 * self.random.gauss(1, 0.02) if cell.workload == "load-warm" else _work(cell) / self._rate(cell)
            yield from self._wait(index, cell, len(seconds), took)
        yield ev.Sample(t_ns=self.t(), cell=index, index=len(seconds), seconds=took)
        seconds.append(took)

    def _wait(self, index: int, cell: Cell, sample: int, took: float) -> Iterator[ev.Event]:
        """Let the time of one sample pass; decoding reports as it goes, other tests when the pass is over."""
        ends_s = self.now_s + took
        while self.now_s + 0.1 < ends_s:
            self.now_s += 0.1
            yield self._progress(index, sample, self._rate(cell) if cell.workload == "tg" else None)
        self.now_s = ends_s
        yield self._progress(index, sample, _work(cell) / took if cell.workload in CPU_RATE else None)

    def _request(self, index: int, cell: Cell, sample: int) -> Iterator[ev.Event]:
        """One request of `gen`: the first token after the prompt was read, then one at a time."""
        request_ns, began_s = self.t(), self.now_s
        gap_s = 0.82 * cell.batch / self._rate(cell)
        texts = [_words(sample + 3 * number) for number in range(self.sequences)]
        batch: list[int] = []
        begun = 0
        self.now_s += 12 * gap_s
        reported_s = self.now_s - gap_s
        for token in range(cell.new):
            slow = 1.8 if token == 23 else 1.0
            self.now_s += gap_s * slow * self.random.gauss(1, 0.03) if token else 0.0
            batch.append(self.t())
            if self.now_s - reported_s >= 0.1 or token == cell.new - 1:
                yield self._progress(index, sample, len(batch) * cell.batch / (self.now_s - reported_s))
                for number, words in enumerate(texts):
                    pieces = [words[n % len(words)] for n in range(begun, token + 1)]
                    yield ev.Text(t_ns=self.t(), cell=index, sample=sample, sequence=number,
                                  text="".join(pieces), request_ns=request_ns, token_ns=tuple(batch),
                                  token_chars=tuple(map(len, pieces)))
                batch, begun, reported_s = [], token + 1, self.now_s
        return self.now_s - began_s

    def _estimate(self, index: int, cell: Cell, seconds: list[float]) -> ev.Estimate:
        values = _values(cell, seconds)
        return ev.Estimate(t_ns=self.t(), cell=index, n=len(values), median=values[len(values) // 2],
                           low=values[1], high=values[-2])

    def _row(self, cell: Cell, seconds: list[float], outcome: Outcome, wall_s: float) -> Row:
        common: dict[str, Any] = {
            "run": RUN, "test": cell.test, "definition": DEFINITIONS[cell.workload].label, "model": cell.model,
            "backend": cell.backend, "device": cell.device, "dtype": cell.dtype, "batch": cell.batch,
            "seq": cell.seq, "new": cell.new, "depth": cell.depth, "unit": DEFINITIONS[cell.workload].unit,
        }
        if outcome == "failed":
            return Row(**common, verdict="failed", reason="the worker was killed by signal 9 (SIGKILL)")
        if outcome == "oom":
            return Row(**common, verdict="failed", reason="out of memory in step 2: 7.9 of 8.0 GiB in use",
                       extra=_oom(cell))
        values = _values(cell, seconds)
        shown = values if outcome == "done" else values[: len(values) // 2]
        median, low, high = shown[len(shown) // 2], shown[len(shown) // 6], shown[-1 - len(shown) // 6]
        noisy = (high - low) / 2 / median > 0.03
        verdict: Any = "cancelled" if outcome == "stopped" else "not_converged" if noisy else "valid"
        reason = {"cancelled": "stopped", "not_converged": f"±{(high - low) / 2 / median:.1%} after {wall_s:.0f} s",
                  "valid": None}[verdict]
        row = Row(**common, median=median, low=low, high=high, n=len(shown), timed_s=sum(seconds),
                  verdict=verdict, reason=reason, samples=tuple(shown), extra=_extra(cell, seconds))
        row = judged(row, CEILINGS[cell.device])
        found = msgspec.to_builtins(finding(row, CEILINGS[cell.device]))
        return row if found is None else msgspec.structs.replace(row, extra=row.extra | {"bottleneck": found})

    def _devices(self) -> tuple[ev.Device, ...]:
        dtypes = (ev.DtypeProbe("float32", True), ev.DtypeProbe("bfloat16", False))
        cpu = ev.Device("cpu", "AMD EPYC", "cpu", 16 * GIB, dtypes)
        fast = (ev.DtypeProbe("float32", True), ev.DtypeProbe("bfloat16", True), ev.DtypeProbe("float16", True))
        card = ev.Device("cuda:0", "GeForce RTX 4070 Laptop GPU", "cuda", 8 * GIB, fast)
        return (cpu, card) if self.gpu else (cpu,)

    def with_telemetry(self, events: Iterator[ev.Event]) -> Iterator[ev.Event]:
        """Put a telemetry event in between every 0.2 s, as the machine would be at that moment."""
        next_s = 0.0
        for event in events:
            while next_s < self.now_s:
                yield self._telemetry(next_s)
                next_s += 0.2
            yield event

    def _telemetry(self, at_s: float) -> ev.Telemetry:
        busy = {"idle": 0.04, "load": 0.55, "load-warm": 0.6, "warm-up": 0.8, "train": 0.985}.get(self.phase, 0.95)
        aim = {"idle": 0.30, "load": 0.36, "train": 0.52}.get(self.phase, 0.41)
        self.used += (aim - self.used) * 0.12 if self.used > 0.13 else aim - self.used
        self.heat += (busy - self.heat) * 0.012
        cpu = 0.08 if self.gpu and self.phase != "idle" else busy
        return ev.Telemetry(
            t_ns=START_NS + round(at_s * SECOND),
            cpu_percent=max(0.0, min(100.0, 100 * cpu + self.random.gauss(0, 1.6))), others_percent=2.0,
            memory_used_bytes=round((0.31 if self.gpu else self.used) * 16 * GIB), memory_total_bytes=16 * GIB,
            worker_rss_bytes=round(0.08 * 16 * GIB),
            cpu_temperature_c=46 + 24 * self.heat + self.random.gauss(0, 0.4) if self.gpu else None,
            cpu_power_w=20 + self.random.gauss(0, 1) if self.gpu else None,
            gpus=(self._gpu(busy),) if self.gpu else (), observer_cpu_s=0.004 * at_s,
        )

    def _gpu(self, busy: float) -> ev.Gpu:
        load = max(0.0, min(100.0, 100 * busy + self.random.gauss(0, 1.8)))
        return ev.Gpu(index=0, name="GeForce RTX 4070 Laptop GPU", utilization=load,
                      memory_used_bytes=round((self.used - 0.15) * 8 * GIB), memory_total_bytes=8 * GIB,
                      power_w=14 + 0.86 * load + self.random.gauss(0, 1.5), temperature_c=45 + 30 * self.heat,
                      sm_clock_mhz=2235.0)


def _work(cell: Cell) -> int:
    """Return the tokens of one sample, 0 where the test counts none."""
    return cell.batch * {"load-warm": 0, "pp": cell.seq, "train": cell.seq}.get(cell.workload, cell.new)


def _values(cell: Cell, seconds: list[float]) -> list[float]:
    return sorted(seconds if cell.workload == "load-warm" else [_work(cell) / s for s in seconds])


def _words(sample: int) -> list[str]:
    """Return the words of the scene, each with its space, beginning elsewhere for each sample."""
    words = [word + " " for word in SCENE.split()]
    shift = 19 * sample % len(words)
    return words[shift:] + words[:shift]


def _oom(cell: Cell) -> dict[str, Any]:
    advice: tuple[dict[str, Any], ...] = ({"text": "Sequence length 128 is expected to fit", "set": {"seq": 128}},)
    if cell.batch > 1:
        advice = ({"text": "Batch size 1 is expected to fit", "set": {"batch": 1}}, *advice)
    memory = {"needed_bytes": round(0.62 * GIB), "free_bytes": round(0.19 * GIB), "total_bytes": 8 * GIB}
    return {"memory": memory, "advice": advice}


def _extra(cell: Cell, seconds: list[float]) -> dict[str, Any]:
    median_s = sorted(seconds)[len(seconds) // 2]
    parameters = 6_950_000 if cell.model == "bundled" else 134_515_008
    extra: dict[str, Any] = {
        "flops": 2 * parameters * max(1, _work(cell)), "sustained": 0.99,
        "bytes_moved": 4 * parameters * (cell.new if cell.workload in ("tg", "gen") else 1),
        "warm_up": {"n": 3, "seconds": 1.2, "first_s": 0.7}, "outliers": {"mild": 1, "severe": 0, "far": []},
        "block": 1, "seconds": median_s, "parameters": parameters,
    }
    if cell.workload in HOST_SHARES:
        extra["host"] = {"share": HOST_SHARES[cell.workload], "operations": 3_900}
    if cell.workload == "gen":
        gap_s = median_s / (cell.new + 11)
        n = len(seconds) * (cell.new - 1)
        extra |= {
            "ttft_ms": 12e3 * gap_s, "tpot_ms": 1e3 * gap_s, "e2e_s": median_s,
            "itl_ms": {"p50": 1e3 * gap_s, "p90": 1.05e3 * gap_s, "p99": 1.8e3 * gap_s if n >= 662 else None, "n": n},
            "prefill_tok_s": cell.seq / (12 * gap_s), "decode_tok_s": 1 / gap_s,
        }
    if cell.workload == "train":
        shares = {"data": 0.01, "forward": 0.31, "backward": 0.58, "optimizer": 0.10}
        extra |= {"phases_s": {name: share * median_s for name, share in shares.items()}, "loss": 8.31}
    if cell.workload == "load-warm":
        extra |= {"read_share": 0.0, "file_bytes": 13_900_000}
    return extra
