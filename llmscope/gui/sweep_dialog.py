"""The dialog that asks which values a sweep goes over, and says at once how many tests that makes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from llmscope.core.spec import Backend
from llmscope.gui import words
from llmscope.gui.choices import Choices
from llmscope.gui.sweep_choice import MOST, count_words, names, numbers, with_sweep
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Label

MODELS_PX, WIDTH_PX = 138, 460


class SweepDialog(QDialog):
    """`taken` is what was chosen once the dialog was accepted; `cost` tells the tests of choices and their seconds."""

    def __init__(self, parent: QWidget, choices: Choices, dtypes: Sequence[str], models: Mapping[str, str],
                 cost: Callable[[Choices], tuple[int, float]]) -> None:
        super().__init__(parent)
        self._choices, self._cost = choices, cost
        self.taken = choices
        self.setWindowTitle(self.tr("Sweep"))
        now: dict[str, tuple[Any, ...]] = {name: (value,) for name in ("batch", "seq", "new", "model")
                                           if (value := getattr(choices, name))}
        now |= {"backend": ("eager",), "dtype": (choices.dtype,)} | dict(choices.sweep)
        dtypes = dtypes or now["dtype"]
        now["dtype"] = tuple(name for name in now["dtype"] if name in dtypes) or (dtypes[0],)
        self.lists = {name: QLineEdit(", ".join(map(str, now.get(name, ())))) for name in MOST}
        self.lists["threads"].setPlaceholderText(self.tr("torch's own choice"))
        self.boxes = {"dtype": _boxes({name: words.short_dtype(name) for name in dtypes}, now.get("dtype", ())),
                      "backend": _boxes({name: name for name in get_args(Backend)}, now["backend"])}
        self.models = _model_list(models, now.get("model", ()))
        self._verdict = Label("", "body", 600)
        self._verdict.setWordWrap(True)
        self.accept_button = Button(self.tr("Take this sweep"))
        self._lay_out()
        self._judge()

    def axes(self) -> dict[str, tuple[Any, ...]] | str:
        """Return the values of each setting that has some, or what is wrong with one."""
        found: dict[str, tuple[Any, ...]] = {}
        for name, line in self.lists.items():
            if text := line.text().strip().strip(","):
                read = numbers(name, text)
                if isinstance(read, str):
                    return read
                found[name] = read
        for name, boxes in self.boxes.items():
            found[name] = tuple(key for key, box in boxes.items() if box.isChecked())
        items = (self.models.item(row) for row in range(self.models.count()))
        found["model"] = tuple(item.data(Qt.ItemDataRole.UserRole) for item in items
                               if item.checkState() == Qt.CheckState.Checked)
        usual = {"backend": ("eager",), "model": (self._choices.model,)}
        return {name: values for name, values in found.items() if values and values != usual.get(name)}

    def _judge(self) -> None:
        """Say how many tests the values make, or what is wrong with them."""
        axes = self.axes()
        taken = axes if isinstance(axes, str) else with_sweep(self._choices, axes)
        self.accept_button.setEnabled(isinstance(taken, Choices))
        self._verdict.set_role("bad" if isinstance(taken, str) else "text")
        if isinstance(taken, Choices):
            self.taken = taken
            self._verdict.setText(count_words(*self._cost(taken)))
        else:
            self._verdict.setText(taken)
        self._verdict.setAccessibleName(self._verdict.text())

    def _lay_out(self) -> None:
        intro = Label(self.tr("Give several values with commas between: every ticked test runs with each combination "
                              "of them."), role="text_2")
        intro.setWordWrap(True)
        intro.setMinimumWidth(WIDTH_PX)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (name, title) in enumerate(names().items()):
            label = Label(title, "body", role="text_2")
            at_top = name == "model"
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop if at_top else Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(self._control(name, title, label), row, 1)
        buttons = QHBoxLayout()
        cancel = Button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self.accept)
        self.accept_button.setDefault(True)
        buttons.addWidget(self._verdict, 1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(self.tr("Sweep over several values"), "title", 600))
        layout.addWidget(intro)
        layout.addLayout(grid)
        layout.addLayout(buttons)

    def _control(self, name: str, title: str, label: Label) -> QWidget:
        """Return the control of a setting, named and listened to."""
        if name in self.lists:
            line = self.lists[name]
            line.setFont(theme().font())
            line.setAccessibleName(title)
            line.textChanged.connect(self._judge)
            label.setBuddy(line)
            return line
        if name == "model":
            self.models.setAccessibleName(title)
            self.models.itemChanged.connect(self._judge)
            return self.models
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(18)
        for box in self.boxes[name].values():
            box.setAccessibleName(f"{title} {box.text()}")
            box.toggled.connect(self._judge)
            layout.addWidget(box)
        layout.addStretch(1)
        return row


def _boxes(offered: Mapping[str, str], taken: Sequence[str]) -> dict[str, QCheckBox]:
    boxes = {key: QCheckBox(text) for key, text in offered.items()}
    for key, box in boxes.items():
        box.setFont(theme().font())
        box.setChecked(key in taken)
    return boxes


def _model_list(offered: Mapping[str, str], taken: Sequence[str]) -> QListWidget:
    models = QListWidget()
    models.setObjectName("models")
    models.setFont(theme().font())
    models.setFixedHeight(MODELS_PX)
    for ref, title in offered.items():
        item = QListWidgetItem(title, models)
        item.setData(Qt.ItemDataRole.UserRole, ref)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ref in taken else Qt.CheckState.Unchecked)
    return models
