"""What the runs of a comparison are called: as a person named them, else by what tells them apart."""

from collections.abc import Sequence

from llmscope.analysis.compare import Comparison
from llmscope.analysis.compare_settings import Setting
from llmscope.hardware.host import device_name


def called(found: Comparison, place: int) -> str:
    """Return a run's own name, else its device; what tells it from others of the same name stands first."""
    names = [side.name or (f"Reference, {device_of(found, at)}" if side.is_reference else device_of(found, at))
             for at, side in enumerate(found.sides)]
    alike = [at for at, name in enumerate(names) if name == names[place]]
    return ", ".join([*_apart(found, alike, place), names[place]])


def device_of(found: Comparison, place: int) -> str:
    """Return what a run was measured on."""
    side = found.sides[place]
    return device_name(side.started.machine, (found.rows(place) or side.rows)[0].device)


def _apart(found: Comparison, alike: Sequence[int], place: int) -> list[str]:
    """Return the few settings of a run that tell it from some others, and its id where none does."""
    chosen = list[Setting]()
    for setting in found.settings:
        if setting.differing and len(_groups([*chosen, setting], alike)) > len(_groups(chosen, alike)):
            chosen.append(setting)
    told = [_told(setting, value) for setting in chosen if (value := setting.values[place])]
    is_single = len(_groups(chosen, alike)) == len(alike)
    return told if is_single else [*told, f"run {found.sides[place].run}"]


def _groups(settings: Sequence[Setting], places: Sequence[int]) -> set[tuple[str | None, ...]]:
    return {tuple(setting.values[place] for setting in settings) for place in places}


def _told(setting: Setting, value: str) -> str:
    """Return a value that is understood alone: `bf16`, but `torch 2.11.0`."""
    return f"{setting.name} {value}" if value[0].isdigit() else value
