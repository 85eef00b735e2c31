"""The memory ledger: what a run is expected to hold, holds now or held at its peak, beside what there is."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from llmscope.core.units import GIB, NBSP, gib
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Icon, Label
from llmscope.gui.words import tr
from llmscope.models.memory import Memory

LEAST_PART_PX = 3
TIGHT = 0.9
#: From this size on a decimal has no room.
WHOLE_FROM = 100 * GIB


@dataclass(frozen=True)
class LedgerFacts:
    """What the ledger draws, in bytes; None is not known. `others` is what other programs hold now.

    `batch` and `seq` are the largest that fit. While a run goes on `now` is what it holds; after it `need` is what
    was measured of the test that needed most, and `expected` what had been predicted for it.
    """

    need: Memory | None = None
    others: int | None = None
    total: int | None = None
    is_gpu: bool = False
    batch: int | None = None
    seq: int | None = None
    now: int | None = None
    expected: int | None = None

    @property
    def peak(self) -> int | None:
        """The expected peak of all programs together."""
        if self.need is None or self.need.total_bytes is None or self.others is None:
            return None
        return self.need.total_bytes + self.others

    @property
    def verdict(self) -> str:
        """`fits`, `tight`, `does not fit`, or empty while that is not known.

        Tight is a need of more than 90 % of the memory that is free now.
        """
        if self.need is None or self.need.total_bytes is None or self.total is None or self.others is None:
            return ""
        share = self.need.total_bytes / max(1, self.total - self.others)
        return "does not fit" if share > 1 else "tight" if share > TIGHT else "fits"


def parts(need: Memory | None, others: int | None) -> list[tuple[str, int | None]]:
    """Return the coloured parts in their fixed order with their bytes."""
    if need is None:
        return [("mem_weights", None), ("mem_kv", None), ("mem_acts", None), ("mem_train", None), ("mem_other", others)]
    acts = None if need.activations is None else (
        need.activations + (need.logits or 0) + need.worker + need.loading - need.reused)
    train = None if need.gradients is None else need.gradients + (need.optimizer or 0)
    return [("mem_weights", need.weights), ("mem_kv", need.kv_cache), ("mem_acts", acts), ("mem_train", train),
            ("mem_other", others)]


class LedgerBar(QWidget):
    """The parts side by side; the mark at the end is all the memory there is."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = LedgerFacts()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        top, height = 4, theme().px("line", "ledger_height")
        facts, width = self.facts, self.width() - 2
        total = facts.total or 0
        whole = max(total, facts.peak or 0, 1)
        painter.setPen(QPen(theme().colour("control_line"), 1))
        painter.drawRect(QRectF(0.5, top + 0.5, width - 1, height - 1))
        x = 0.0
        for role, size in parts(facts.need, facts.others):
            if size and facts.total:
                part = max(LEAST_PART_PX, size / whole * width)
                painter.fillRect(QRectF(x, top, min(part, width - x) - 1, height), theme().colour(role))
                x += part
        if facts.now and facts.total:
            mark = min(width, facts.now / whole * width)
            painter.fillRect(QRectF(0, top + height - 3, mark, 3), theme().colour("text"))
        end = width * total / whole if facts.total else width
        if facts.peak is not None and facts.peak > total:
            painter.setPen(QPen(theme().colour("bad"), 2))
            painter.drawRect(QRectF(end, top + 1, width - end - 1, height - 2))
        else:
            painter.fillRect(QRectF(end, top - 2, 2, height + 4), theme().colour("text_2"))


class Ledger(QWidget):
    """Verdict line, bar and legend."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = Icon("clock", 14, "text_2")
        self._title = Label("", "small", 600)
        self._peak = Label("", "small", role="text_2")
        self._bar = LedgerBar()
        self._remark = Label("", "small", role="text_2")
        self._is_narrow = self._is_next = False
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._icon)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._peak)
        self._legend: dict[str, tuple[Label, Label]] = {}
        legend = QGridLayout()
        legend.setHorizontalSpacing(6)
        legend.setVerticalSpacing(1)
        legend.setColumnMinimumWidth(3, 8)
        for column in (1, 5):
            legend.setColumnStretch(column, 1)
        for i, role in enumerate(("mem_weights", "mem_kv", "mem_acts", "mem_train", "mem_other", "free")):
            row, column = i // 2, 4 * (i % 2)
            label, value = Label("", "small", role="text_2"), Label("", "small")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            legend.addWidget(_Swatch(role), row, column)
            legend.addWidget(label, row, column + 1)
            legend.addWidget(value, row, column + 2)
            self._legend[role] = (label, value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 7, 12, 3)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addWidget(self._bar)
        layout.addLayout(legend)
        layout.addWidget(self._remark)
        self.set_narrow(False)
        self.show_facts(LedgerFacts())

    def set_narrow(self, narrow: bool) -> None:
        """Use short words in a small window."""
        full = (self.tr("Weights"), self.tr("KV cache"), self.tr("Activations"), self.tr("Training"),
                self.tr("Other apps"))
        short = (self.tr("Weights"), self.tr("KV"), self.tr("Acts."), self.tr("Train"), self.tr("Other"))
        for (label, _), name in zip(self._legend.values(), short if narrow else full, strict=False):
            label.setText(name)
        self._is_narrow = narrow
        self._show_head(self.facts)
        self._show_free(self.facts)
        self._show_remark()

    def show_next(self, is_next: bool) -> None:
        """Say that this is the memory of the next run, while another one is shown."""
        if is_next != self._is_next:
            self._is_next = is_next
            self.show_facts(self.facts)

    @property
    def facts(self) -> LedgerFacts:
        """What is shown."""
        return self._bar.facts

    def show_facts(self, facts: LedgerFacts) -> None:
        """Show an estimate beside the memory of the chosen device."""
        self._bar.facts = facts
        self._show_head(facts)
        for name, size in parts(facts.need, facts.others):
            self._legend[name][1].setText("—" if size is None else _short(size))
        self._show_free(facts)
        self._show_remark()
        said = (self._title.text(), self._peak.text(), _remark(facts))
        self.setAccessibleName(self.tr("Memory: {0}").format(", ".join(part for part in said if part)))
        self._bar.update()

    def _show_head(self, facts: LedgerFacts) -> None:
        gpu = self.tr("VRAM") if self._is_narrow else self.tr("GPU memory")
        place = gpu if facts.is_gpu else self.tr("memory")
        title, icon, role = {
            "fits": (self.tr("Fits in {0}").format(place), "check-circle", "text"),
            "tight": (self.tr("Tight in {0}").format(place), "warning", "warn"),
            "does not fit": (self.tr("Does not fit now"), "x-circle", "bad"),
            "": (self.tr("Memory not known yet"), "clock", "text_2"),
        }[facts.verdict]
        self._title.setText(_next_title(facts.verdict) if self._is_next else title)
        self._title.set_role(role)
        self._icon.set_icon(icon, role)
        self._peak.setText(self._peak_words(facts))

    def _peak_words(self, facts: LedgerFacts) -> str:
        if facts.peak is None or facts.total is None or facts.need is None:
            return ""
        words = self.tr("peak {0} of {1}")
        if facts.expected is None and not facts.need.is_whole:
            words = self.tr("≥{0} of {1}") if self._is_narrow else self.tr("peak at least {0} of {1}")
        return words.format(*_pair(facts.peak, facts.total))

    def _show_remark(self) -> None:
        """Show the line below the legend; before a run there is none in a small window."""
        text = _remark(self.facts)
        is_offer = self.facts.now is None and self.facts.expected is None
        self._remark.setText(text)
        self._remark.setVisible(bool(text) and not (is_offer and self._is_narrow))

    def _show_free(self, facts: LedgerFacts) -> None:
        label, value = self._legend["free"]
        free = None if facts.peak is None or facts.total is None else facts.total - facts.peak
        is_short = free is not None and free < 0
        missing = self.tr("Short") if self._is_narrow else self.tr("Short by")
        label.setText(missing if is_short else self.tr("Free"))
        value.setText("—" if free is None else _short(abs(free)))
        value.set_role("bad" if is_short else "text")


def _next_title(verdict: str) -> str:
    """Return the title where it is not of the run that is shown; of which memory, the figures beside it say."""
    return {"fits": tr("Next run fits"), "tight": tr("Next run is tight"),
            "does not fit": tr("Next run too large")}.get(verdict, tr("Next run: not known"))


def _remark(facts: LedgerFacts) -> str:
    """Return what a run holds now or held, against what was expected; before it, the largest that fits."""
    need = facts.need.total_bytes if facts.need else None
    if facts.now is not None and need is not None:
        return tr("holds {0} now, expected {1}").format(gib(facts.now), gib(need))
    if facts.expected is not None and need is not None:
        return tr("expected {0}, measured {1}").format(gib(facts.expected), gib(need))
    if facts.batch and facts.seq:
        return tr("fits up to batch {0}, or sequence {1}").format(f"{facts.batch:,}", f"{facts.seq:,}")
    if facts.batch:
        return tr("fits up to batch {0}").format(f"{facts.batch:,}")
    return ""


def _short(size: int) -> str:
    if size >= WHOLE_FROM:
        return f"{size / GIB:,.0f}{NBSP}GiB"
    return f"0{NBSP}GiB" if size == 0 else gib(size)


def _pair(part: int, whole: int) -> tuple[str, str]:
    """Return `6.3` and `8.0 GiB`, the unit said once."""
    digits = 2 if whole < GIB else 1 if whole < WHOLE_FROM else 0
    return f"{part / GIB:,.{digits}f}", f"{whole / GIB:,.{digits}f}{NBSP}GiB"


class _Swatch(QWidget):
    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role
        self.setFixedSize(11, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0.5, 3.5, 10, 10)
        if self._role == "free":
            painter.setPen(QPen(theme().colour("strong_line"), 1))
            painter.drawRoundedRect(box, 2, 2)
        else:
            painter.setPen(QPen(theme().colour(self._role), 1))
            painter.setBrush(theme().colour(self._role))
            painter.drawRoundedRect(box, 2, 2)
