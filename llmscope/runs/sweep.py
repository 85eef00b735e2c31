"""From comma lists to cells: the product of what was asked, each test once."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast, get_args

import msgspec

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.scenarios import SCENARIOS, Scenario
from llmscope.core.spec import (
    WORKLOADS,
    Attention,
    Backend,
    Cache,
    Cell,
    Optimizer,
    Preset,
    Workload,
    machine_cells,
    preset_cells,
)

#: Words of the settings that only some tests have, and what they stand for.
_OPTIONS: dict[str, dict[str, Any]] = {
    "optimizer": {word: word for word in get_args(Optimizer)}, "checkpointing": {"off": False, "on": True},
    "scenario": {word: word for word in get_args(Scenario)},
    "attention": {word: word for word in get_args(Attention)}, "cache": {word: word for word in get_args(Cache)}}


def sweep(*, model: str, device: str, dtype: str, batch: str, seq: str, new: str, depth: str, workload: str | None,
          preset: str | None, backend: str = "eager", **options: str | None) -> list[dict[str, Any]]:
    """Return cells as dicts for a RunSpec; raises BadInput for what is no list of known words or whole numbers.

    `options` are optimizer, checkpointing, scenario, attention and cache; None leaves them as they are.
    """
    chosen = {name: _meant(name, text) for name, text in options.items() if text is not None}
    numbers = {name: counts(name, text) for name, text in
              {"batch": batch, "seq": seq, "new": new, "depth": depth}.items()}
    words = {"model": _words(model), "device": _words(device), "dtype": _words(dtype)}
    backends = _words(backend)
    for name in backends:
        if name not in get_args(Backend):
            raise BadInput(f"There is no backend '{name}': use {', '.join(get_args(Backend))}.")
    if preset is not None:
        made = _preset(preset, workload, words, numbers)
        return _each_once(_with_options(_on_backends(made, backends), chosen))
    tests = _words(workload or "pp,tg,gen")
    for test in tests:
        if test not in WORKLOADS:
            raise BadInput(f"There is no workload '{test}': use {', '.join(WORKLOADS)}.")
    of_model = [test for test in tests if not DEFINITIONS[test].of_machine]
    axes: dict[str, list[Any]] = {**words, "workload": of_model, **numbers}
    cells = _on_backends([dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())],
                         backends)
    for device in words["device"]:
        of_machine = cast(tuple[Workload, ...], tuple(test for test in tests if DEFINITIONS[test].of_machine))
        cells += map(msgspec.to_builtins, machine_cells(device, of_machine))
    return _each_once(_with_options(cells, chosen))


def swept(cells: Sequence[Cell], axes: Mapping[str, Sequence[Any]]) -> tuple[Cell, ...]:
    """Return the cells with every combination of the values, each once; a cell takes only settings its test uses."""
    made = (msgspec.structs.replace(cell, **{
        name: value for name, value in zip(axes, values, strict=True) if _takes(cell, name)})
        for values in itertools.product(*axes.values()) for cell in cells)
    return tuple(dict.fromkeys(made))


def _takes(cell: Cell, name: str) -> bool:
    definition = DEFINITIONS[cell.workload]
    if definition.of_machine:
        return False
    if name == "backend":
        return "model" in definition.needs
    if name == "threads":
        return _has_threads(cell.workload)
    return name in ("model", "dtype") or name in definition.uses


def with_threads(cells: list[dict[str, Any]], thread_counts: list[int]) -> list[dict[str, Any]]:
    """Return the cells with each number of threads; a single number is the whole run's and no cell's own.

    The machine itself is measured with all of its threads, and text is prepared by one.
    """
    if len(thread_counts) < 2:
        return cells
    return [made for cell in cells for made in (
        [cell | {"threads": n} for n in thread_counts] if _has_threads(cell["workload"]) else [cell])]


def _has_threads(workload: Workload) -> bool:
    definition = DEFINITIONS[workload]
    return definition.on_device and not definition.of_machine


def _on_backends(cells: Iterable[dict[str, Any]], backends: Iterable[str]) -> list[dict[str, Any]]:
    """Return the cells on each backend; tests that no network runs in have none."""
    return [cell | ({"backend": backend} if "model" in DEFINITIONS[cell["workload"]].needs else {})
            for cell in cells for backend in backends]


def _preset(preset: str, workload: str | None, words: dict[str, list[str]],
            counts: dict[str, list[int]]) -> list[dict[str, Any]]:
    if preset not in get_args(Preset):
        raise BadInput(f"There is no preset '{preset}': use {', '.join(get_args(Preset))}.")
    if workload is not None:
        raise BadInput("Give --preset or --workload, not both.")
    return [msgspec.to_builtins(cell) for model, device, dtype in itertools.product(*words.values())
             for batch, seq, new in itertools.product(counts["batch"], counts["seq"], counts["new"])
             for cell in preset_cells(preset, model, device=device, dtype=dtype,  # type: ignore[arg-type]
                                      batch=batch, seq=seq, new=new)]


def _with_options(cells: Iterable[dict[str, Any]], chosen: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield each cell with every combination of the chosen settings that its test has."""
    for cell in cells:
        uses = DEFINITIONS[cell["workload"]].uses
        named = {name: values for name, values in chosen.items() if name in uses}
        for values in itertools.product(*named.values()):
            made = cell | dict(zip(named, values, strict=True))
            shape = SCENARIOS.get(made.get("scenario"))  # type: ignore[arg-type]
            yield made | {"seq": shape.seq, "new": shape.new} if shape else made


def _each_once(cells: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells without those that differ from an earlier one only in settings their test does not use."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for cell in cells:
        used = DEFINITIONS[cell["workload"]].uses
        names = ("model", "device", "dtype", "workload", "backend", *used)
        kept.setdefault(tuple(cell.get(name) for name in names), cell)
    return list(kept.values())


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())] or [text]


def _meant(name: str, text: str) -> list[Any]:
    """Return what the words of an option stand for."""
    known = _OPTIONS[name]
    for word in _words(text):
        if word not in known:
            raise BadInput(f"There is no {name} '{word}': use {', '.join(known)}.")
    return [known[word] for word in _words(text)]


def counts(name: str, text: str) -> list[int]:
    """Return the whole numbers of a comma list; raises BadInput that names the option."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f"--{name} takes whole numbers with commas between, not '{text}'.") from None
