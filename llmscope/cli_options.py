"""Which options of the terminal a run reads: one that would be ignored is refused, with the tests that it is for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.spec import WORKLOADS, Cell, RunSpec, Workload
from llmscope.runs.sweep import counts

_NUMBERS = ("batch", "seq", "new", "depth", "threads")
_SAMPLING = ("temperature", "top_k", "top_p", "sequences")
#: Settings of every request that has no scenario; a scenario fixes most of them.
_OF_REQUESTS: dict[Workload, tuple[str, ...]] = dict.fromkeys(("ttft", "gen"), (*_SAMPLING, "prompt"))
_SWITCH = {"off": False, "on": True}


def reads(workload: Workload) -> frozenset[str]:
    """Return the names of the settings that decide what a test does, by its definition."""
    definition = DEFINITIONS[workload]
    names = {*definition.uses, *_OF_REQUESTS.get(workload, ())}
    for needed, setting in ((not definition.of_machine, "model"), (definition.on_device, "device"),
                            (definition.on_device, "threads"), ("weights" not in definition.needs, "seed"),
                            ({"weights", "model"} & {*definition.needs}, "dtype"),
                            ("model" in definition.needs, "backend")):
        names |= {setting} if needed else set()
    return frozenset(names)


def refuse_empty(given: Mapping[str, Any]) -> None:
    """Raise BadInput for an option that was given without a word in it; a prompt may be empty."""
    for name, value in given.items():
        if isinstance(value, str) and name != "prompt" and not value.strip(" ,"):
            raise BadInput(f"{_flag(name)} is empty: give a value, or leave it out.")


def refuse_beside_predict(given: Mapping[str, Any]) -> None:
    """Raise BadInput for an option that says what becomes of a run, where there is none."""
    for name, flag in (("out", "--out"), ("save", "--save or --no-save"), ("accuracy", "--accuracy"),
                       ("in_turns", "--in-turns")):
        if name in given:
            raise BadInput(f"--predict measures nothing and prints: leave out {flag}.")


def refuse_unread(given: Mapping[str, Any], spec: RunSpec) -> None:
    """Raise BadInput for the first of the options given that no test of a run reads, or that something else fixes."""
    known = {name for workload in WORKLOADS for name in reads(workload)}
    for name in (name for name in given if name in known):
        readers = [cell for cell in spec.cells if name in reads(cell.workload)]
        if not readers:
            users = [workload for workload in WORKLOADS if name in reads(workload)]
            raise BadInput(f"{_flag(name)} is for {', '.join(users)}, not for {_chosen(spec)}: leave it out, or choose "
                           "one of those tests.")
        taken = dict.fromkeys(value for cell in readers for value in _values(cell, name, spec))
        if ignored := [value for value in _asked(name, given[name]) if value not in (*taken, "auto")]:
            raise BadInput(f"{_flag(name)} {_said(ignored)} would be ignored: {_fixer(name, readers, spec)} "
                           f"{_said(taken)}. Leave it out.")


def _values(cell: Cell, name: str, spec: RunSpec) -> Iterator[Any]:
    """Yield what a test takes for a setting; nothing for torch's own number of threads and a scenario's words."""
    if name in _SAMPLING:
        yield getattr(cell.sampling(spec.sampling), name)
    elif name == "prompt":
        yield from () if cell.scenario else (spec.prompt,)
    elif name == "seed":
        yield spec.seed
    elif name == "threads":
        yield from filter(None, (cell.threads or spec.threads,))
    else:
        yield getattr(cell, name)


def _asked(name: str, value: Any) -> list[Any]:
    if name in _NUMBERS:
        return counts(name, value)
    if isinstance(value, str) and name != "prompt":
        return [_SWITCH.get(word.strip(), word.strip()) for word in value.split(",") if word.strip()]
    return [value]


def _fixer(name: str, readers: list[Cell], spec: RunSpec) -> str:
    """Return what takes other values than those asked for."""
    scenarios = sorted({cell.scenario for cell in readers if cell.scenario})
    if spec.preset is not None:
        return f"the preset {spec.preset} takes"
    if scenarios:
        return f"the scenario {' or '.join(scenarios)} takes"
    return f"{_chosen(spec)} takes"


def _chosen(spec: RunSpec) -> str:
    if spec.preset is not None:
        return f"the preset {spec.preset}"
    return " or ".join(dict.fromkeys(cell.workload for cell in spec.cells))


def _said(values: Iterable[Any]) -> str:
    return ", ".join(("off", "on")[value] if isinstance(value, bool) else str(value) for value in values) or "its own"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
