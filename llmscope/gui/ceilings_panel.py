"""The measured ceilings of this machine as bars: arithmetic by precision, memory by size, and moving data in."""

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.core.units import NBSP, significant
from llmscope.gui import words
from llmscope.gui.plots.style import series_role
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import ElidedLabel, Label, Panel

BAR_PX, NAME_PX = 6, 118
#: So many sizes of memory are shown of one device, and of each of several: the smallest, the largest, and between.
SIZES, FEWER_SIZES = 5, 3
Group = tuple[str, str, list[tuple[str, Ceiling]]]


class CeilingsPanel(Panel):
    """A line a ceiling: name, bar beside the best of its group, value and unit."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("Measured ceilings"))
        self._key = QHBoxLayout()
        self._key.setSpacing(6)
        self.head.addLayout(self._key)
        self._shown: Mapping[str, Ceilings] | None = None
        self._lines = QWidget()
        self._empty = Label("", "body", role="text_2")
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(12, 14, 12, 12)
        self.body.addWidget(self._empty)
        self.body.addWidget(self._lines)
        self.body.addStretch(1)

    def show_ceilings(self, ceilings: Mapping[str, Ceilings], empty: str) -> None:
        """Show ceilings by device, or a line where there are none."""
        self._empty.setText(empty)
        self._empty.setVisible(not ceilings)
        if ceilings == self._shown:
            return
        self._shown = dict(ceilings)
        self.body.removeWidget(self._lines)
        self._lines.deleteLater()
        self._lines = QWidget()
        grid = QGridLayout(self._lines)
        grid.setContentsMargins(12, 4, 12, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        for device, group, lines in self._groups():
            self._add_group(grid, device, group, lines)
        self.body.insertWidget(1, self._lines)
        self._show_key()

    def texts(self) -> list[tuple[str, str]]:
        """Return names and values of all lines."""
        return [(name, _value(ceiling)) for _, _, lines in self._groups() for name, ceiling in lines]

    def _groups(self) -> Iterator[Group]:
        shown = self._shown or {}
        count = SIZES if len(shown) == 1 else FEWER_SIZES
        for device, ceilings in shown.items():
            of = f", {words.short_device(device)}" if len(shown) > 1 else ""
            yield device, self.tr("Matrix multiply") + of, [
                (words.short_dtype(dtype), peak) for dtype, peak in
                sorted(ceilings.products.items(), key=lambda item: -item[1].value)]
            yield device, self.tr("Memory, read and copy") + of, list(_memory(ceilings, count))
        moving = {"h2d": self.tr("Host to GPU"), "d2h": self.tr("GPU to host"), "disk-read": self.tr("Disk, cold read")}
        found: dict[str, tuple[str, Ceiling]] = {}
        for device, ceilings in shown.items():
            for kind, ceiling in ceilings.others.items():
                if kind not in found or ceiling.value > found[kind][1].value:
                    found[kind] = (device, ceiling)
        yield from ((device, title, lines) for device, title, lines in (
            (next(iter(shown), "cpu"), self.tr("Moving data in"),
             [(name, found[kind][1]) for kind, name in moving.items() if kind in found]),))

    def _add_group(self, grid: QGridLayout, device: str, title: str, lines: list[tuple[str, Ceiling]]) -> None:
        if not lines:
            return
        head = Label(title, "body", 600)
        head.setFixedHeight(28)
        head.setAlignment(Qt.AlignmentFlag.AlignBottom)
        grid.addWidget(head, grid.rowCount(), 0, 1, 4)
        most = max(ceiling.value for _, ceiling in lines)
        for name, ceiling in lines:
            row, of_disk = grid.rowCount(), ceiling.test.startswith("disk")
            label, value = ElidedLabel(name), Label(significant(ceiling.value), "body", 600)
            label.setFixedSize(NAME_PX, 23)
            label.setToolTip(ceiling.test)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label, row, 0)
            grid.addWidget(_Bar(ceiling.value / most, "cpu" if of_disk else device), row, 1)
            grid.addWidget(value, row, 2)
            grid.addWidget(Label(ceiling.unit, "small", role="text_2"), row, 3)

    def _show_key(self) -> None:
        """Say whose colour is whose where there are several devices."""
        while (item := self._key.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        devices = list(self._shown or {})
        for device in devices if len(devices) > 1 else ():
            self._key.addWidget(_Mark(device))
            self._key.addWidget(Label(words.short_device(device), "small", role="text_2"))
        self._key.addSpacing(4)


class _Bar(QWidget):
    """A value beside the best of its group, from zero on."""

    def __init__(self, share: float, device: str) -> None:
        super().__init__()
        self._share, self._role = share, _role(device)
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bar = QRectF(0, (self.height() - BAR_PX) / 2, self.width(), BAR_PX)
        painter.fillRect(bar, theme().colour("hover"))
        bar.setWidth(max(1.0, self._share * bar.width()))
        painter.fillRect(bar, theme().colour(self._role))


class _Mark(QWidget):
    """The colour and shape of a device."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(9, 9)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(_role(self._device)))
        (painter.drawEllipse if self._device == "cpu" else painter.drawRect)(self.rect())


def _memory(ceilings: Ceilings, count: int) -> Iterator[tuple[str, Ceiling]]:
    """Yield some sizes, each with the better of reading and copying."""
    sizes = sorted(ceilings.memory)
    last = len(sizes) - 1
    picked = sorted({round(n * last / (count - 1)) for n in range(count)}) if sizes else []
    for size in (sizes[number] for number in picked):
        yield words.block(size), ceilings.memory[size]


def _value(ceiling: Ceiling) -> str:
    return f"{significant(ceiling.value)}{NBSP}{ceiling.unit}"


def _role(device: str) -> str:
    return series_role("cpu" if device == "cpu" else "gpu0")
