"""The event stream: every event comes back as it was, and nothing else gets in."""

from typing import Any, get_args

import msgspec
import pytest

from llmscope.core import commands, events
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling

CELL = Cell("ein Modell/模型", "gen", device="cpu", dtype="float32")
ROW = make_row("r", CELL, Sampling(), [0.1, 0.2, 0.3], "cancelled", "stopped", {"memory": None, "ids": [1, None]})
SPEC = RunSpec((CELL,), prompt='"\n\u2028', threads=2, time_limit_s=0.5, preset="quick")

#: One of every event, with nothing left at its default, and one with everything that may be missing missing.
WHOLE: list[dict[str, Any]] = [
    {"event": "hello", "pid": 7, "versions": {"torch": "2.13"}, "threads": 2},
    {"event": "devices", "complete": True, "devices": [
        {"id": "cpu", "name": "CPU", "kind": "cpu", "memory_bytes": None, "tested": False,
         "dtypes": [{"dtype": "float32", "fast": True}]}]},
    {"event": "run_started", "run": "r", "utc": "2026-01-01T00:00:00+00:00", "spec": msgspec.to_builtins(SPEC),
     "machine": {"label": None}, "versions": {}},
    {"event": "cell_started", "cell": 3},
    {"event": "phase", "cell": 3, "phase": "warm-up"},
    {"event": "progress", "cell": 3, "counter": 2**60, "sample": 1, "tokens_per_s": None},
    {"event": "text", "cell": 3, "sample": 0, "sequence": 1, "text": "né \x00\n", "request_ns": 1, "token_ns": [2, 3],
     "token_chars": [2, 2]},
    {"event": "sample", "cell": 3, "index": 0, "seconds": 0.1, "work": 7, "excluded": "slept", "parts": {"a": None}},
    {"event": "estimate", "cell": 3, "n": 5, "median": 1.5, "low": None, "high": None},
    {"event": "cell_ended", "cell": 3, "row": msgspec.to_builtins(ROW)},
    {"event": "judged", "cell": 3, "row": msgspec.to_builtins(ROW)},
    {"event": "telemetry", "cpu_percent": None, "others_percent": None, "memory_used_bytes": None,
     "memory_total_bytes": None, "worker_rss_bytes": None, "cpu_temperature_c": None, "cpu_power_w": None,
     "cpu_mhz": None, "on_battery": None, "gpus": [{"index": 0, "name": "GPU", "utilization": None,
     "memory_used_bytes": None, "memory_total_bytes": None, "power_w": None, "temperature_c": None,
     "sm_clock_mhz": None, "slowed_by": None}], "observer_cpu_s": 0.5},
    {"event": "stopping"}, {"event": "note", "text": ""},
    {"event": "worker_ended", "pid": 7, "words": "it was killed"},
    {"event": "run_ended", "status": "stopped", "seconds": 0.0, "reason": None, "kept_awake": None},
]


def test_there_is_one_of_every_event() -> None:
    assert {e["event"] for e in WHOLE} == {kind.__struct_config__.tag for kind in get_args(events.Event)}


@pytest.mark.parametrize("whole", WHOLE, ids=lambda e: e["event"])
def test_every_event_travels_whole_and_on_one_line(whole: dict[str, Any]) -> None:
    line = msgspec.json.encode(whole | {"t_ns": 12})
    event = events.decode(line)
    sent = events.encode(event)
    assert events.decode(sent) == event and sent.count(b"\n") == 1 and sent.endswith(b"\n")
    assert msgspec.json.decode(sent) == msgspec.json.decode(line)  # nothing missing became a number


@pytest.mark.parametrize("line", [
    b"", b"\n", b"{}", b"null", b"[1]", b'"note"', b"\xff\xfe", b"Loading: 100%|####| 3/3",
    b'{"event":"nope","t_ns":1}', b'{"event":"note","text":"a"}', b'{"event":"note","t_ns":"x","text":"a"}',
    b'{"event":"note","t_ns":1,"text":"\xff"}', b'{"event":"note","t_ns":1,"text":"a"} x',
    b'{"event":"note","t_ns":1,"text":"a', b'{"event":"progress","t_ns":1,"cell":true,"counter":1,"sample":1}',
    b'{"event":"phase","t_ns":1,"cell":0,"phase":"lunch"}',
    b'{"event":"sample","t_ns":1,"cell":0,"index":0,"seconds":null}',
    b'{"event":"sample","t_ns":1,"cell":0,"index":0,"seconds":NaN}',
    b'{"event":"sample","t_ns":1,"cell":0,"index":0,"seconds":1,"parts":{"a":' + b"[" * 100_000,
    b"[" * 100_000, b'{"event":' * 50_000])
def test_a_line_that_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        events.decode(line)


def test_a_stored_event_may_carry_its_number() -> None:
    assert events.decode(b'{"seq":3,"event":"stopping","t_ns":1}') == events.Stopping(t_ns=1)


@pytest.mark.parametrize("command", [commands.Cancel(), commands.RunCells("r", SPEC, (0,))])
def test_commands_travel_whole_and_on_one_line(command: commands.Command) -> None:
    sent = commands.encode(command)
    assert commands.decode(sent) == command and sent.count(b"\n") == 1 and sent.endswith(b"\n")


@pytest.mark.parametrize("line", [
    b"cancel", b'{"command":"run"}', b'{"command":"stop"}',
    b'{"command":"run","run":"r","todo":[],"spec":{"cells":[{"model":"m","workload":"pp","batch":-1}]}}'])
def test_a_line_that_is_no_command_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        commands.decode(line)


def test_a_device_computes_in_bfloat16_only_where_that_is_fast() -> None:
    def device(**fast: bool) -> events.Device:
        return events.Device("d", "D", "d", None, tuple(events.DtypeProbe(k, v) for k, v in fast.items()))

    assert device(float32=True, bfloat16=True).default_dtype == "bfloat16"
    assert device(float32=True, bfloat16=False).default_dtype == "float32"
    assert device(float32=True, float16=True).default_dtype == "float32"
