"""The event stream: everything that worker, sampler and supervisor say, one small typed event a line.

Times are `perf_counter_ns` of the host that ran. An event travels as one line of JSON with its name
under `event`; `decode` refuses a line that does not fit.
"""

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from llmscope.core.definitions import Phase as Phase
from llmscope.core.results import Row
from llmscope.core.spec import RunSpec

#: Longest line that is read from a child process; a longer one is a fault of that process.
LINE_LIMIT_BYTES = 16 * 1024 * 1024


class _Event(Struct, frozen=True, kw_only=True, tag_field="event"):
    t_ns: int


class DtypeProbe(Struct, frozen=True):
    """A dtype that a tiny product proved on a device; `fast` if it is no slower than float32."""

    dtype: str
    fast: bool


class Device(Struct, frozen=True):
    """A device as torch reports it. `tested` is False for kinds this program never ran on."""

    id: str
    name: str
    kind: str
    memory_bytes: int | None
    dtypes: tuple[DtypeProbe, ...]
    tested: bool = True

    @property
    def default_dtype(self) -> str:
        """`bfloat16` where the device is fast at it, else `float32`."""
        return "bfloat16" if any(p.dtype == "bfloat16" and p.fast for p in self.dtypes) else "float32"


class Hello(_Event, tag="hello", frozen=True):
    """A worker has imported torch; `versions` holds what it imported, `threads` torch's own choice."""

    pid: int
    versions: dict[str, str]
    threads: int


class Devices(_Event, tag="devices", frozen=True):
    """Devices the worker can use; `complete` is False while accelerators are still being probed."""

    devices: tuple[Device, ...]
    complete: bool


class RunStarted(_Event, tag="run_started", frozen=True):
    """The run begins: the resolved plan, and the UTC second that `t_ns` stands for."""

    run: str
    utc: str
    spec: RunSpec
    machine: dict[str, Any]
    versions: dict[str, str]


class CellStarted(_Event, tag="cell_started", frozen=True):
    """The worker takes up a cell; `cell` counts from 0 in the plan's order."""

    cell: int


class PhaseStarted(_Event, tag="phase", frozen=True):
    """A new phase of the cell begins and the one before it ends."""

    cell: int
    phase: Phase


class Progress(_Event, tag="progress", frozen=True):
    """About 10 times a second: how far the worker is.

    `counter` rises with every piece of work, so a slow worker can be told from a stuck one.
    `tokens_per_s` is the rate since the last progress, None when nothing was finished since.
    """

    cell: int
    counter: int
    sample: int
    tokens_per_s: float | None = None


class Text(_Event, tag="text", frozen=True):
    """New text of a `gen` sample. `token_ns` are the times of the ids since the last such event.

    `token_chars` are the characters that each id brought, empty where that was not written down.
    """

    cell: int
    sample: int
    sequence: int
    text: str
    request_ns: int
    token_ns: tuple[int, ...]
    token_chars: tuple[int, ...] = ()


class Sample(_Event, tag="sample", frozen=True):
    """One timed sample: the seconds it took, and None or the reason why it does not count.

    `work` is the tokens it handled, where the cell alone does not say.
    """

    cell: int
    index: int
    seconds: float
    work: int | None = None
    excluded: str | None = None
    parts: dict[str, Any] = {}


class Estimate(_Event, tag="estimate", frozen=True):
    """The value so far, in the test's unit, at a check of the stopping rule."""

    cell: int
    n: int
    median: float
    low: float | None
    high: float | None


class CellEnded(_Event, tag="cell_ended", frozen=True):
    """A test is over, one way or another; its row is final."""

    cell: int
    row: Row


class Judged(_Event, tag="judged", frozen=True):
    """A finished test is judged again, against ceilings that its run measured after it."""

    cell: int
    row: Row


class Gpu(Struct, frozen=True, kw_only=True):
    """What NVML says of one GPU; None is "not readable". `utilization` is time with any kernel active.

    `slowed_by` says what lowers the clock now, in words: heat or power; empty when nothing does.
    """

    index: int
    name: str
    utilization: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    power_w: float | None = None
    temperature_c: float | None = None
    sm_clock_mhz: float | None = None
    slowed_by: str | None = None


class Telemetry(_Event, tag="telemetry", frozen=True):
    """What the machine does, 5 times a second. CPU shares are of all cores together, 0 to 100.

    `others_percent` is what programs outside llmscope use; `observer_cpu_s` the sampler's own CPU time.
    """

    cpu_percent: float | None
    others_percent: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    worker_rss_bytes: int | None = None
    cpu_temperature_c: float | None = None
    cpu_power_w: float | None = None
    cpu_mhz: float | None = None
    on_battery: bool | None = None
    gpus: tuple[Gpu, ...] = ()
    observer_cpu_s: float = 0.0


class Stopping(_Event, tag="stopping", frozen=True):
    """The stop was heard; the open sample will be dropped."""


class Note(_Event, tag="note", frozen=True):
    """One line worth telling the person, such as an ignored field of a model's config."""

    text: str


class WorkerEnded(_Event, tag="worker_ended", frozen=True):
    """A worker process is gone; `words` says how in plain language."""

    pid: int
    words: str


class RunEnded(_Event, tag="run_ended", frozen=True):
    """The run is over; `status` is `done`, `stopped` or `failed` (nothing could be measured).

    `kept_awake` tells whether the system was kept from going to sleep, None where nothing ran.
    """

    status: Literal["done", "stopped", "failed"]
    seconds: float
    reason: str | None = None
    kept_awake: bool | None = None


Event: TypeAlias = (
    Hello | Devices | RunStarted | CellStarted | PhaseStarted | Progress | Text | Sample | Estimate | CellEnded | Judged
    | Telemetry | Stopping | Note | WorkerEnded | RunEnded
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return the event as one line of JSON, newline included."""
    return _encoder.encode(event) + b"\n"


def decode(line: bytes) -> Event:
    """Return the event of a line; raises `msgspec.MsgspecError` when the line is not one."""
    try:
        return _decoder.decode(line)
    except (UnicodeDecodeError, RecursionError) as error:  # bytes that are no text, or nested without end
        raise msgspec.DecodeError(str(error)) from error
