"""Any file that holds results becomes stored runs: what it is, its content tells, not its name."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from llmscope.core.errors import BadInput
from llmscope.models.headers import one_line
from llmscope.runs.exchange import bundle, document, llama_bench, optimum, pictures, png, vllm
from llmscope.runs.exchange.arrival import Arrived, origin_of, store_measured, unpack_run
from llmscope.runs.exchange.measured import Measured
from llmscope.runs.exchange.run_folders import check, run_folders
from llmscope.runs.store import MANIFEST
from llmscope.runs.untrusted import inert, read_bytes

#: Files that may hold results, by the end of their names: what the window offers to take.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".json", ".jsonl", ".csv")
#: Of another program's file; how deep its values may lie, and how many tests it may tell.
LIMIT_BYTES, DEPTH_LIMIT, TESTS_LIMIT = 16_000_000, 12, 10_000
KNOWN = ("a picture or a JSON export of llmscope (bundle or json: its jsonl, csv and md are not read back), or a "
         "result of llama-bench (json, jsonl, csv), optimum-benchmark or vLLM bench serve")


def may_hold_results(path: Path) -> bool:
    """Return whether a file is of a kind that may hold results, or a folder a run's or one with such in it."""
    return bool(run_folders(path)) if path.is_dir() else path.suffix.lower() in SUFFIXES


def import_path(path: Path, runs: Path) -> list[Arrived]:
    """Make stored runs of a file, or of another machine's run folder; raises BadInput in one line that names it."""
    try:
        return _import(path, runs)
    except BadInput as error:
        raise BadInput(f"{one_line(path.name)}: {error}") from error
    except OSError as error:
        raise BadInput(f"{one_line(path)} cannot be read: {error.strerror or error}.") from error
    except json.JSONDecodeError:
        raise BadInput(f"{one_line(path.name)} cannot be imported: it is cut off or damaged. Copy it again.") from None
    except ValueError as error:
        raise BadInput(f"{one_line(path.name)} cannot be imported: {one_line(error)}.") from error
    except RecursionError:
        raise BadInput(f"{one_line(path.name)} cannot be imported: it is nested too deeply.") from None


def _import(path: Path, runs: Path) -> list[Arrived]:
    if path.is_dir():
        return _import_folders(run_folders(path), runs)
    content = read_bytes(path, pictures.PICTURE_LIMIT_BYTES)
    if content.startswith((png.SIGNATURE, *pictures.OTHERS)):
        return _unpacked(path, pictures.carried(content), runs, content, "picture")
    if _is_bundle(content):
        return _unpacked(path, bundle.unpack(content), runs, content, "bundle")
    if len(content) > LIMIT_BYTES:
        raise BadInput(f"it is larger than {LIMIT_BYTES // 10**6} MB: no file of results is.")
    kind, found = _measured(path, content)
    return [store_measured(runs, run, origin_of(path, content, kind)) for run in found]


def _import_folders(folders: Sequence[Path], runs: Path) -> list[Arrived]:
    """Make stored runs of run folders; of several, one that cannot be taken keeps nobody from the others."""
    if not 0 < len(folders) <= bundle.RUNS_LIMIT:
        raise BadInput(f"it holds {len(folders):,} runs: give a run's folder, with {MANIFEST} in it, or one with up to "
                       f"{bundle.RUNS_LIMIT} of them.")
    arrived, refused = list[Arrived](), list[str]()
    for folder in folders:
        try:
            check(folder)
            packed = bundle.unpack(bundle.encode(bundle.pack([folder])))
            arrived += _unpacked(folder, packed, runs, (folder / MANIFEST).read_bytes(), "run folder")
        except BadInput as error:
            refused.append(str(error) if len(folders) == 1 else f"{one_line(folder.name)}: {error}")
    if not arrived:
        raise BadInput(refused[0])
    arrived[-1] = msgspec.structs.replace(arrived[-1], notes=(*arrived[-1].notes, *refused))
    return arrived


def _unpacked(path: Path, packed: bundle.Bundle, runs: Path, content: bytes, kind: str) -> list[Arrived]:
    origin, arrived = origin_of(path, content, kind), list[Arrived]()
    for run in packed.runs:
        try:
            arrived.append(unpack_run(runs, run, origin))
        except BadInput as error:
            before = f" {len(arrived)} before it {'was' if len(arrived) == 1 else 'were'} imported." if arrived else ""
            raise BadInput(f"{error}{before}") from error
    return arrived


class _Kind(Struct):
    format: str = ""


def _is_bundle(content: bytes) -> bool:
    try:
        return msgspec.json.decode(content, type=_Kind).format == "llmscope-runs"
    except (ValueError, msgspec.MsgspecError):
        return False


def _measured(path: Path, content: bytes) -> tuple[str, list[Measured]]:
    """Return what a file is, and the runs that it tells."""
    found = _decoded(content.decode("utf-8-sig"))
    if optimum.is_whole(found):
        return optimum.TOOL, [optimum.measured(found["config"], found["report"], content)]
    if optimum.is_report(found):
        return optimum.TOOL, [optimum.measured(_config(path), found, content)]
    told = found if isinstance(found, list) else [found]
    if len(told) > TESTS_LIMIT:
        raise BadInput(f"it holds {len(told):,} results: up to {TESTS_LIMIT:,} can be imported at once.")
    if told and all(map(llama_bench.is_one, told)):
        return llama_bench.TOOL, [llama_bench.measured(told, content)]
    if 0 < len(told) <= bundle.RUNS_LIMIT and all(map(document.is_one, told)):
        return "llmscope results", [document.measured(one) for one in told]
    if 0 < len(told) <= bundle.RUNS_LIMIT and all(map(vllm.is_one, told)):
        return vllm.TOOL, [vllm.measured(one, content) for one in told]
    raise BadInput(f"it holds no results that llmscope knows: give {KNOWN}.")


def _config(path: Path) -> Mapping[str, Any]:
    try:
        found = _decoded(read_bytes(path.with_name(optimum.CONFIG), LIMIT_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"optimum-benchmark's {optimum.CONFIG} belongs beside it and says what was measured: "
                       "put both into one folder.") from error
    if not isinstance(found, Mapping):
        raise BadInput(f"{optimum.CONFIG} beside it is damaged: copy it again.")
    return found


def _decoded(text: str) -> Any:
    """Return JSON, lines of JSON, or a table's lines, with texts that do nothing; NaN and the like are missing."""
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return inert(llama_bench.from_csv(text))
    try:
        found = _json(text)
    except json.JSONDecodeError:
        found = [_json(line) for line in text.splitlines() if line.strip()]
    _check_depth(found)
    return inert(found, lines=True)


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=lambda name: None, parse_float=_finite)


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _check_depth(value: Any, left: int = DEPTH_LIMIT) -> None:
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            if not left:
                raise BadInput("it is nested too deeply.")
            _check_depth(item, left - 1)
