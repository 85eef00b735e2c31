"""How gen picks the next token: temperature, top-p, top-k, how many answers, and the seed."""

from PySide6.QtCore import QLocale, QSignalBlocker, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QSpinBox, QWidget

from llmscope.core.scenarios import Shape
from llmscope.core.spec import Sampling
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label, repolish

DEFAULT_SEED = 1234
#: The fields of the title line are lower than others, and have no arrows.
_SMALL_FIELD = """QAbstractSpinBox { min-height: 22px; padding: 0 0 0 5px; }
QAbstractSpinBox:focus { min-height: 20px; padding: 0 0 0 4px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; }
QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0; }"""


class SamplingFields(QWidget):
    """The person's own settings; those of a scenario or a stored run stand in their place, locked, while it is shown.

    One answer is made where the most likely token is taken: the others would be the same.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._own: dict[str, float] = {}
        self._own_seed = DEFAULT_SEED
        self._stored: tuple[Sampling, int] | None = None
        self._shape: Shape | None = None
        self._is_locked = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self.temperature = self._number(self.tr("Temperature"), 0.0, 10.0)
        self.top_p = self._number(self.tr("Top-p"), 0.01, 1.0)
        self.top_k = self._count(self.tr("Top-k"), 0, 1_000_000)
        self.sequences = self._count(self.tr("Sequences"), 1, 64)
        self.seed = self._count(self.tr("Seed"), 0, 2**31 - 1, width=58)
        self.temperature.setToolTip(self.tr("0 takes the most likely token each time"))
        self.top_k.setToolTip(self.tr("0 considers every token"))
        self._boxes: dict[str, QSpinBox | QDoubleSpinBox] = {
            "temperature": self.temperature, "top_p": self.top_p, "top_k": self.top_k, "sequences": self.sequences}
        self.set_sampling(Sampling())
        for name, box in self._boxes.items():
            box.setObjectName(name)
            box.valueChanged.connect(self._on_edited)
        self.seed.valueChanged.connect(self._on_seed)

    def sampling(self) -> Sampling:
        """Return the person's own settings."""
        own = self._own
        return Sampling(temperature=own["temperature"], top_k=round(own["top_k"]), top_p=own["top_p"],
                        sequences=round(own["sequences"]) if own["temperature"] else 1)

    def set_sampling(self, sampling: Sampling) -> None:
        """Set the person's own settings."""
        self._own = {name: getattr(sampling, name) for name in self._boxes}
        self._show()
        self.changed.emit()

    def own_seed(self) -> int:
        """Return the person's own seed."""
        return self._own_seed

    def show_stored(self, stored: tuple[Sampling, int] | None) -> None:
        """Show sampling and seed of a stored run, or the person's own again."""
        self._stored = stored
        self._show()

    def show_shape(self, shape: Shape | None) -> None:
        """Show the settings of a scenario, or the person's own again."""
        if shape is not self._shape:
            self._shape = shape
            self._show()

    def set_locked(self, is_locked: bool) -> None:
        """Lock all fields during a run."""
        self._is_locked = is_locked
        self._show()

    def remark(self) -> str:
        """Return what is to be known of the settings: how many answers there will be, where that is not as asked."""
        temperature = self._own["temperature"] if self._shape is None else self._shape.temperature
        if self._stored is not None or temperature or self._own["sequences"] == 1:
            return ""
        return self.tr("At temperature 0 all {0} sequences would be the same: one is made.").format(
            round(self._own["sequences"]))

    def _show(self) -> None:
        sampling, seed = self._stored or (None, self._own_seed)
        values = dict(self._own) if sampling is None else {name: getattr(sampling, name) for name in self._boxes}
        if self._shape is not None:
            values |= {name: getattr(self._shape, name) for name in ("temperature", "top_p", "top_k")}
        is_one = values["temperature"] == 0
        is_open = not self._is_locked and self._stored is None
        values["sequences"] = 1 if is_one else values["sequences"]
        for name, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setValue(values[name])  # type: ignore[arg-type]
            self._set_open(box, is_open and not (is_one if name == "sequences" else self._shape))
        with QSignalBlocker(self.seed):
            # The terminal takes seeds that a box cannot count to: such a one stands as text at the least value.
            self.seed.setSpecialValueText(str(seed) if seed > self.seed.maximum() else "")
            self.seed.setValue(seed if seed <= self.seed.maximum() else self.seed.minimum())
        self._set_open(self.seed, is_open)
        self.sequences.setToolTip(self.tr("Several sequences need a temperature above 0") if is_one
                                  else self.tr("Answers to the same request, side by side"))

    @staticmethod
    def _set_open(box: QAbstractSpinBox, is_open: bool) -> None:
        if box.isEnabled() != is_open or bool(box.property("locked")) == is_open:
            box.setEnabled(is_open)
            box.setProperty("locked", not is_open)
            repolish(box)

    def _on_edited(self, value: float) -> None:
        self._own[self.sender().objectName()] = round(value, 2)
        self._show()
        self.changed.emit()

    def _on_seed(self, seed: int) -> None:
        self._own_seed = seed
        self.changed.emit()

    def _number(self, name: str, low: float, high: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setDecimals(2)
        box.setSingleStep(0.05)
        box.setRange(low, high)
        self._add(name, box, 46)
        return box

    def _count(self, name: str, low: int, high: int, width: int = 42) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        self._add(name, box, width)
        return box

    def _add(self, name: str, box: QAbstractSpinBox, width: int) -> None:
        label = Label(name, "small", role="text_2")
        label.setBuddy(box)
        box.setLocale(QLocale.c())
        box.setFont(theme().font("small"))
        box.setStyleSheet(_SMALL_FIELD)
        box.lineEdit().setTextMargins(5, 0, 0, 0)
        box.setFixedSize(width, theme().px("height", "control_small"))
        box.setAccessibleName(name)
        self._row.addWidget(label)
        self._row.addWidget(box)
