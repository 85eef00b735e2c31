"""Controls of the rail: a label above, and below it what is to be known of the value or why it cannot be used."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label, repolish

#: Qt 6.11 does not take the padding of a style sheet into a spin box.
TEXT_MARGIN = 7


class NumberBox(QSpinBox):
    """A whole number with comma groups; the wheel only turns it while it has the focus."""

    def __init__(self, low: int, high: int) -> None:
        self._list = ""
        super().__init__()
        self.setRange(low, high)
        self.setGroupSeparatorShown(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
        self.setStepType(QAbstractSpinBox.StepType.DefaultStepType)
        self.setMinimumWidth(60)
        self.setFixedHeight(theme().px("height", "control"))
        self.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)

    def show_list(self, text: str) -> None:
        """Show several numbers in the place of the one, or that one again."""
        self._list = text
        self.setSuffix("")  # this draws the text anew

    def textFromValue(self, value: int) -> str:
        return self._list or super().textFromValue(value)

    def stepBy(self, steps: int) -> None:
        """Double and halve, as these numbers are chosen; a single step from a number that is no power of two."""
        value = self.value()
        self.setValue(min(self.maximum(), value * 2) if steps > 0 else max(self.minimum(), value // 2))

    def wheelEvent(self, event: object) -> None:
        if self.hasFocus():
            super().wheelEvent(event)  # type: ignore[arg-type]
        else:
            event.ignore()  # type: ignore[attr-defined]


class Picker(QComboBox):
    """A choice among keys, each shown as a text; long texts are shortened in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)

    def offer(self, choices: dict[str, str], taken: str) -> None:
        """Show these choices, with one taken; it does not say `activated`."""
        now = {self.itemData(i): self.itemText(i) for i in range(self.count())}
        if now != choices:
            self.clear()
            for key, text in choices.items():
                self.addItem(text, key)
        self.setCurrentIndex(max(0, self.findData(taken)) if choices else -1)
        self.setToolTip(self.currentText())

    def taken(self) -> str:
        """Return the key of the choice, empty where there is none."""
        return str(self.currentData() or "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as Qt does, which would cut a long text without a sign of it."""
        option, painter = QStyleOptionComboBox(), QStylePainter(self)
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option,
                                           QStyle.SubControl.SC_ComboBoxEditField, self)
        option.currentText = option.fontMetrics.elidedText(
            self.currentText(), Qt.TextElideMode.ElideMiddle, room.width() - 2)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: object) -> None:
        event.ignore()  # type: ignore[attr-defined]


class Field(QWidget):
    """A control with its label; `show_problem` puts a reason below it, in the place of what `show_hint` said."""

    def __init__(self, name: str, control: QWidget) -> None:
        super().__init__()
        self.control = control
        self.label = Label(name, "small", role="text_2")
        self.label.setBuddy(control)
        control.setAccessibleName(name)
        control.setFont(theme().font())
        self._below = Label("", "small", role="text_2")
        self._below.setWordWrap(True)
        self._below.hide()
        self._hint = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.label)
        layout.addWidget(control)
        layout.addWidget(self._below)

    @property
    def problem(self) -> str:
        """The reason shown below the control, or nothing."""
        return self._below.text() if self._below.property("role") == "bad" else ""

    def show_hint(self, text: str) -> None:
        """Explain the value below the control, unless a reason against it stands there."""
        self._hint = text
        if not self.problem:
            self._say(text, "text_2")

    def show_problem(self, text: str) -> None:
        """Mark the control as unusable with the reason, or clear that."""
        if text == self.problem:
            return
        self._say(text or self._hint, "bad" if text else "text_2")
        self.control.setProperty("invalid", bool(text))
        repolish(self.control)

    def _say(self, text: str, role: str) -> None:
        self._below.setText(text)
        self._below.set_role(role)
        self._below.setVisible(bool(text))
        self.control.setAccessibleDescription(text)

    def set_locked(self, locked: bool) -> None:
        """Show the value flat, without letting it be changed."""
        self.label.set_role("text_3" if locked else "text_2")
        self.control.setEnabled(not locked)
        self.control.setProperty("locked", locked)
        repolish(self.control)
