"""Where and with what a stored run was made, and where it lies."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from llmscope.core.events import RunStarted
from llmscope.core.units import NBSP
from llmscope.gui import words
from llmscope.gui.widgets.basic import ElidedLabel, Label
from llmscope.gui.widgets.parts_label import PartsLabel
from llmscope.hardware.host import gpus_of
from llmscope.runs.entry import Entry
from llmscope.runs.store import Manifest

#: Width in px of the names, here and of the fields below.
NAMES_PX = 70


class Facts(QWidget):
    """A name and a value a line: in full over several lines, the folder shortened in the middle."""

    def __init__(self) -> None:
        super().__init__()
        names = {"device": self.tr("Device"), "settings": self.tr("Settings"), "software": self.tr("Software"),
                 "conditions": self.tr("Conditions")}
        self._values = {key: PartsLabel("small") for key in names}
        self._folder = ElidedLabel("", "small", mode=Qt.TextElideMode.ElideMiddle)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setColumnMinimumWidth(0, NAMES_PX)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        values = (*self._values.values(), self._folder)
        for row, (name, value) in enumerate(zip((*names.values(), self.tr("Folder")), values, strict=True)):
            grid.addWidget(Label(name, "small", role="text_2"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)

    def show_run(self, entry: Entry, folder: Path, manifest: Manifest | None) -> None:
        """Show what is known of a run; without a manifest that is little."""
        texts = {"device": entry.device}
        if manifest is not None:
            started = manifest.started
            texts |= {"settings": words.settings_lines(started.spec.cells),
                      "software": _software(started, manifest.program), "conditions": _conditions(started, entry)}
        for key, value in self._values.items():
            value.set_parts(texts.get(key) or "—")
        self._folder.set_text(str(folder))


def _software(started: RunStarted, program: str) -> str:
    first = next(iter(gpus_of(started.machine)), {})
    driver = words.tr("driver {0}").format(first["driver"]) if first.get("driver") else ""
    torch = f"torch {started.versions['torch']}" if "torch" in started.versions else ""
    return " · ".join(part.replace(" ", NBSP) for part in (torch, driver, program) if part)


def _conditions(started: RunStarted, entry: Entry) -> str:
    on_battery = started.machine.get("on_battery")
    power = words.tr("on battery") if on_battery is True else words.tr("mains power") if on_battery is False else \
        words.tr("power source not readable")
    if entry.others_percent is None:
        return power
    return power + words.tr(", {0} background").format(f"{entry.others_percent:.0f}{NBSP}%")
