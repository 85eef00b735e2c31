"""What stands above the plan until the first run: what will happen, this machine, and what one knows afterwards."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from llmscope.core.events import Device, Telemetry
from llmscope.core.units import NBSP, gib
from llmscope.gui.widgets.badge import Badge
from llmscope.gui.widgets.basic import Button, ElidedLabel, Icon, Label, Line, Panel
from llmscope.hardware.host import Machine, short_gpu_name

#: More than this share of the CPU used by other programs makes results noisy.
QUIET_PERCENT = 5.0
ROW_PX, ROW_NARROW_PX = 32, 29
_SENSORS = {"cpu_power_w": "CPU power", "cpu_temperature_c": "CPU temperature", "cpu_mhz": "CPU clock"}


class WelcomeHead(QWidget):
    """The title and what pressing Run does."""

    def __init__(self) -> None:
        super().__init__()
        self._text = Label("", "strong", role="text_2")
        self._text.setWordWrap(True)
        layout = self._layout = QVBoxLayout(self)
        layout.setSpacing(6)
        self.set_narrow(False)
        self._head = QHBoxLayout()
        self._head.addWidget(Label(self.tr("Press Run to see what this machine can do"), "figure", 600), 1)
        layout.addLayout(self._head)
        layout.addWidget(self._text)

    def offer_example(self) -> Button:
        """Make the button that opens a result to look at."""
        button = Button(self.tr("See an example result"), "compare")
        button.setToolTip(self.tr("Opens the reference run as it was measured"))
        self._head.addWidget(button)
        return button

    def set_narrow(self, narrow: bool) -> None:
        """Stand closer where there is less room."""
        self._layout.setContentsMargins(4, 4 if narrow else 12, 4, 4 if narrow else 8)

    def show_text(self, text: str) -> None:
        """Say what the chosen tests take."""
        self._text.setText(text)


class MachineCard(Panel):
    """The parts that decide the result, each with whether it is ready."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("This machine"))
        self._rows: dict[str, _Row] = {}
        self.body.setContentsMargins(12, 0, 12, 2)
        parts = (("gpu", "chip", self.tr("GPU")), ("cpu", "gauge", self.tr("CPU")),
                 ("memory", "memory", self.tr("Memory")), ("power", "plug", self.tr("Power")),
                 ("background", "activity", self.tr("Background")), ("sensors", "thermometer", self.tr("Sensors")))
        for key, icon, name in parts:
            self._rows[key] = _Row(icon, name)
            self.body.addWidget(self._rows[key])
        self._rows["sensors"].line.hide()
        self.body.addStretch(1)

    def set_narrow(self, narrow: bool) -> None:
        """Take lower rows where there is less room."""
        for row in self._rows.values():
            row.setFixedHeight(ROW_NARROW_PX if narrow else ROW_PX)

    def show_machine(self, machine: Machine) -> None:
        """Show what does not change."""
        self.remark.set_text(self.tr("checked just now"))
        cores = self.tr("1 core") if machine.cores == 1 else self.tr("{0} cores").format(machine.cores)
        self._rows["cpu"].show_value(f"{machine.cpu}, {cores}" if machine.cores else machine.cpu, "ready")
        missing = [name for key, name in _SENSORS.items() if key in machine.not_readable]
        names = ", ".join(missing[:-1]) + (self.tr(" and ") if missing[:-1] else "") + "".join(missing[-1:])
        names = names[:1] + names[1:].replace("CPU ", "")
        text = self.tr("{0} not readable").format(names) if missing else self.tr("power, temperature and clock")
        self._rows["sensors"].show_value(text, "optional" if missing else "ready")
        reasons = "\n".join(dict.fromkeys(machine.not_readable.values()))
        self._rows["sensors"].setToolTip(reasons)

    def show_devices(self, devices: tuple[Device, ...], complete: bool, reason: str) -> None:
        """Show the accelerators that torch can use, or that there is none."""
        row = self._rows["gpu"]
        gpus = [device for device in devices if device.kind != "cpu"]
        if gpus:
            first = gpus[0]
            more = self.tr(" and {0} more").format(len(gpus) - 1) if len(gpus) > 1 else ""
            memory = f", {gib(first.memory_bytes)}" if first.memory_bytes else ""
            row.show_value(short_gpu_name(first.name) + memory + more, "ready")
        elif complete:
            none = self.tr("none that torch can use")
            row.show_value(f"{none}: {reason}" if reason else none, "none")
        else:
            row.show_value(self.tr("being checked"), "checking")

    def show_telemetry(self, telemetry: Telemetry) -> None:
        """Show what changes: free memory, power source, other programs."""
        total, used = telemetry.memory_total_bytes, telemetry.memory_used_bytes
        if total is not None and used is not None:
            self._rows["memory"].show_value(self.tr("{0}, {1} free").format(gib(total), gib(total - used)), "ready")
        if telemetry.on_battery is not None:
            self._rows["power"].show_value(
                self.tr("on battery: results will be lower") if telemetry.on_battery else self.tr("mains power"),
                "on battery" if telemetry.on_battery else "ready")
        else:
            self._rows["power"].show_value(self.tr("source not readable"), "optional")
        others = telemetry.others_percent
        if others is not None:
            share = f"{others:.0f}{NBSP}% CPU"
            busy = others > QUIET_PERCENT
            text = self.tr("{0}: results may be noisy") if busy else self.tr("{0}: quiet enough")
            self._rows["background"].show_value(text.format(share), "busy" if busy else "ready")


class KnowCard(Panel):
    """What a run tells."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("What you will know afterwards"))
        self.set_narrow(False)
        for icon, title, text in (
            ("gauge", self.tr("How fast it reads and writes"),
             self.tr("Tokens per second for the prompt and for new text, each with its uncertainty.")),
            ("chip", self.tr("What limits it"),
             self.tr("Memory bandwidth, compute or something else, against what this machine was measured to reach.")),
            ("image", self.tr("A result to keep and compare"),
             self.tr("Saved in History. Put it beside another machine or setting, or share it as a picture.")),
        ):
            self.body.addLayout(self._point(icon, title, text))
        self.body.addStretch(1)

    def set_narrow(self, narrow: bool) -> None:
        """Stand closer where there is less room."""
        self.body.setContentsMargins(14, 8 if narrow else 12, 14, 6 if narrow else 8)
        self.body.setSpacing(8 if narrow else 12)

    @staticmethod
    def _point(icon: str, title: str, text: str) -> QHBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Label(title, "body", 600))
        body = Label(text, "body", role="text_2")
        body.setWordWrap(True)
        words.addWidget(body)
        row = QHBoxLayout()
        row.setSpacing(14)
        holder = QVBoxLayout()
        holder.setContentsMargins(0, 2, 0, 0)
        holder.addWidget(Icon(icon, 16))
        holder.addStretch(1)
        row.addLayout(holder)
        row.addLayout(words, 1)
        return row


class Hint(QWidget):
    """The line at the bottom: where to begin, and the keys."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 6, 0, 6)
        row.setSpacing(8)
        row.addWidget(Icon("arrow-left", 16, "text"))
        row.addWidget(Label(self.tr("Run starts here."), "strong", 600))
        row.addWidget(ElidedLabel(self.tr("You can stop at any time and keep what is done."), "body", role="text_2"), 1)
        for key, word in (("F5", self.tr("run")), ("Shift+F5", self.tr("stop")), ("F1", self.tr("help"))):
            cap = Label(key, "small", 500)
            cap.setProperty("kind", "keycap")
            row.addWidget(cap)
            row.addWidget(Label(word, "small", role="text_2"))


class _Row(QWidget):
    def __init__(self, icon: str, name: str) -> None:
        super().__init__()
        self._value = ElidedLabel("", "body", 500)
        self._badge = Badge()
        self.line = Line()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(Icon(icon, 16))
        label = Label(name, "body", role="text_2")
        label.setFixedWidth(78)
        row.addWidget(label)
        row.addWidget(self._value, 1)
        row.addWidget(self._badge)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row, 1)
        layout.addWidget(self.line)
        self.setFixedHeight(ROW_PX)

    def show_value(self, text: str, badge: str) -> None:
        self._value.set_text(text)
        self._badge.set_word(badge)
