"""The line at the bottom: what is going on, what else uses the machine, and which versions run."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from llmscope import __version__
from llmscope.core.events import Telemetry
from llmscope.core.units import NBSP
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import ElidedLabel, Label, Line

SAID_MS = 6000


class StatusBar(QFrame):
    """State word and its remark at the left, clock, torch and application at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "bar")
        self.setObjectName("status_bar")
        self.setFixedHeight(theme().px("height", "status_bar"))
        self._state = Label(self.tr("Ready"), "caption", 600, "text_2")
        self._remark = ElidedLabel("", "caption", role="text_2")
        self._load = Label("", "caption", role="text_2")
        self._said = ElidedLabel("", "caption", 600, "text")
        self._said_timer = QTimer(self)
        self._said_timer.setSingleShot(True)
        self._said_timer.setInterval(SAID_MS)
        self._said_timer.timeout.connect(self._forget)
        self._clock = Label("", "caption", role="text_2")
        self._torch = Label("", "caption", role="text_2")
        version = Label(f"llmscope {__version__}", "caption", role="text_2")
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        self._clock_line, self._load_line = Line(True, 16), Line(True, 16)
        row.addWidget(self._state)
        row.addWidget(self._remark)
        row.addWidget(self._load_line)
        row.addWidget(self._load)
        row.addWidget(self._said, 1)
        row.addWidget(self._clock)
        row.addWidget(self._clock_line)
        row.addWidget(self._torch)
        row.addWidget(Line(True, 16))
        row.addWidget(version)
        for part in (self._clock, self._clock_line, self._load, self._load_line):
            part.hide()
        self._torch.setText(self.tr("torch is starting"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row, 1)

    def show_state(self, state: str, remark: str = "") -> None:
        """Show a state such as `Running` and what it is about."""
        self._state.setText(state)
        self._remark.set_text(remark)
        self._remark.setVisible(bool(remark))

    def say(self, text: str) -> None:
        """Say something for a few seconds."""
        self._said.set_text(text)
        self._said_timer.start()

    def show_telemetry(self, telemetry: Telemetry) -> None:
        """Show what other programs use and the clock, where they can be read."""
        if telemetry.others_percent is not None:
            share = f"{telemetry.others_percent:.0f}{NBSP}%"
            self._load.setText(self.tr("Background load {0} CPU").format(share))
            self._load.show()
            self._load_line.show()
        clock = self._clock_words(telemetry)
        self._clock.setText(clock)
        self._clock.setVisible(bool(clock))
        self._clock_line.setVisible(bool(clock))

    def show_versions(self, versions: dict[str, str]) -> None:
        """Show the versions that the worker imported."""
        if "torch" in versions:
            self._torch.setText(f"torch {versions['torch']}")

    def _forget(self) -> None:
        self._said.set_text("")

    def _clock_words(self, telemetry: Telemetry) -> str:
        for gpu in telemetry.gpus:
            if gpu.sm_clock_mhz is not None:
                return self.tr("GPU clock {0}").format(f"{gpu.sm_clock_mhz:,.0f}{NBSP}MHz")
        if telemetry.cpu_mhz:
            return self.tr("CPU clock {0}").format(f"{telemetry.cpu_mhz:,.0f}{NBSP}MHz")
        return ""
