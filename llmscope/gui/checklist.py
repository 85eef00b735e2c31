"""The tests to tick, each with its ids and how long it takes."""

from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import MACHINE, OF_MACHINE, OF_MODEL, Cell, Workload
from llmscope.gui import words
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Icon, Label, repolish


@dataclass(frozen=True)
class CheckRow:
    """What a row shows: its ids, and time or mark at the right end."""

    ticked: bool = False
    ids: str = ""
    right: str = ""
    mark: str = ""
    bold: bool = False


#: All tests of the machine are ticked together.
CEILINGS = "ceilings"
#: The rows, and which tests each stands for.
KINDS: dict[str, tuple[Workload, ...]] = {**{w: (w,) for w in OF_MODEL}, CEILINGS: OF_MACHINE}
#: Rows that are always there; the others show when they are ticked, or all are asked for.
FIRST = ("load-warm", "pp", "tg", "gen", "train", CEILINGS)


class Checklist(QWidget):
    """One row a kind of test, one for all of the machine's; `toggled` says which the person ticked or unticked."""

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, _Row] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for kind in KINDS:
            row = _Row(kind)
            row.box.clicked.connect(self._on_clicked)
            row.box.setObjectName(kind)
            self._rows[kind] = row
            layout.addWidget(row)
        self._show_all = False
        self._more = Button("", kind="more", role="text_2")
        self._more.clicked.connect(self._on_more)
        layout.addWidget(self._more)
        self._show_rows()

    def show_row(self, kind: str, row: CheckRow) -> None:
        """Show a row's state."""
        shown = self._rows[kind]
        was_ticked = shown.box.isChecked()
        shown.show_row(row)
        if row.ticked != was_ticked:
            self._show_rows()

    def boxes(self) -> list[QCheckBox]:
        """Return the check boxes in their order."""
        return [row.box for row in self._rows.values()]

    def put_below(self, kind: str, options: QWidget) -> None:
        """Put the settings of a kind of test below its row."""
        layout = cast(QVBoxLayout, self.layout())
        layout.insertWidget(layout.indexOf(self._rows[kind]) + 1, options)

    def put_in_tab_order(self, kind: str, *controls: QWidget) -> None:
        """Let Tab go to the settings of a kind of test right after its box."""
        before: QWidget = self._rows[kind].box
        for control in controls:
            QWidget.setTabOrder(before, control)
            before = control

    def set_locked(self, locked: bool) -> None:
        """Show the ticks without letting them be changed."""
        for box in self.boxes():
            box.setEnabled(not locked)
            box.setProperty("locked", locked)
            repolish(box)

    def _show_rows(self) -> None:
        hidden = 0
        for kind, row in self._rows.items():
            is_shown = self._show_all or kind in FIRST or row.box.isChecked()
            row.setHidden(not is_shown)
            hidden += not is_shown
        word = self.tr("Fewer tests") if self._show_all else self.tr("{0} more tests").format(hidden)
        self._more.setText(word)
        self._more.setAccessibleName(word)
        self._more.setVisible(self._show_all or hidden > 0)

    def _on_more(self) -> None:
        self._show_all = not self._show_all
        self._show_rows()

    def _on_clicked(self) -> None:
        box = cast(QCheckBox, self.sender())
        self.toggled.emit(box.objectName(), box.isChecked())


class _Row(QWidget):
    def __init__(self, kind: str) -> None:
        super().__init__()
        if kind == CEILINGS:
            title, plain = self.tr("Ceilings"), self.tr("what this machine can do at most")
            tip = self.tr("Products of matrices, memory, transfers and disk; every result is shown against them.")
        else:
            definition = DEFINITIONS[kind]
            title, plain = definition.title, definition.plain
            tip = f"{definition.plain.capitalize()}. {definition.unit}: {definition.formula}."
        self.box = QCheckBox(title)
        self.box.setFont(theme().font("body", 500))
        self.box.setAccessibleDescription(plain)
        self.box.setToolTip(tip)
        self._ids = ElidedLabel("", "small", role="text_2")
        self._mark = Icon("check", 13, "text_2")
        self._right = Label("", "small", role="text_2")
        self._shown: CheckRow | None = None
        self.setFixedHeight(theme().px("height", "checklist_row"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.box)
        layout.addWidget(self._ids, 1)
        layout.addWidget(self._mark)
        layout.addWidget(self._right)

    def show_row(self, row: CheckRow) -> None:
        if row == self._shown:
            return
        self._shown = row
        self.box.setChecked(row.ticked)
        self.box.setAccessibleName(f"{self.box.text()} {row.ids}")
        self._ids.set_text(row.ids)
        self._right.setText(row.right)
        self._right.setFont(theme().font("small", 600 if row.bold else 400))
        self._right.set_role("bad" if row.mark == "x-circle" else "text" if row.bold else "text_2")
        self._mark.setVisible(bool(row.mark))
        if row.mark:
            self._mark.set_icon(row.mark, "bad" if row.mark == "x-circle" else "text_2")


def ids_of(cells: list[Cell], model: str) -> str:
    """Return the ids of tests of one kind; those of another model than the chosen one say so."""
    if cells and cells[0].model == MACHINE:
        return words.tr("{0} tests").format(len(cells))
    others = {cell.model for cell in cells} - {model}
    ids = " ".join(dict.fromkeys(cell.test for cell in cells))
    return f"{ids} {words.tr('of')} {', '.join(words.model_name(other) for other in others)}" if others else ids
