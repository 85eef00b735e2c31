"""The bar at the top: name, page, machine, power source, theme and Save picture."""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from llmscope.gui.icons import paint_icon
from llmscope.gui.page_stack import Tab
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Icon, Label, Line


class Logo(QWidget):
    """The roofline with its two points."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(20, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_icon(QPainter(self), "logo-dark" if theme().is_dark else "logo-light", self.rect().toRectF())


class TopBar(QFrame):
    """`page_asked` carries the page of a tab, `theme_chosen` the new mode; `picture_asked` is Save picture."""

    page_asked = Signal(str)
    picture_asked = Signal()
    theme_chosen = Signal(str)

    def __init__(self, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self.setProperty("kind", "bar")
        self.setObjectName("top_bar")
        self.setFixedHeight(theme().px("height", "top_bar"))
        self.tabs = {tab.name: self._make_tab(tab) for tab in tabs}
        self._name = Label("llmscope", "strong", 600)
        self._machine = Label("", "body", 600)
        self._parts = ElidedLabel("", "small", role="text_2")
        self._parts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._power_icon, self._power = Icon("plug", 14), Label("", "small", role="text_2")
        self._power_line = Line(True, 20)
        self.theme_button = Button("", "sun", "icon", "text_2")
        self.theme_button.clicked.connect(self._on_theme)
        self.theme_menu = self._make_theme_menu()
        self.save = Button(self.tr("Save picture"), "image")
        self.show_picture("")
        self.save.clicked.connect(self.picture_asked)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(10)
        row.addWidget(Logo())
        row.addWidget(self._name)
        row.addSpacing(18)
        for tab in self.tabs.values():
            row.addWidget(tab)
        row.addStretch(1)
        row.addWidget(self._machine)
        row.addWidget(self._parts)
        row.addWidget(self._power_line)
        row.addWidget(self._power_icon)
        row.addWidget(self._power)
        row.addSpacing(8)
        row.addWidget(self.theme_button)
        row.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row, 1)
        self.show_power(None)
        self.show_mode()

    def show_page(self, page: str) -> None:
        """Mark the tab of the page that is shown."""
        for name, tab in self.tabs.items():
            tab.setChecked(name == page)

    def show_machine(self, label: str) -> None:
        """Show what the machine is called: its processor, then the rest."""
        first, _, rest = label.partition(" · ")
        self._machine.setText(first)
        self._parts.set_text(rest)

    def show_power(self, on_battery: bool | None) -> None:
        """Show the power source where it is known."""
        for part in (self._power_line, self._power_icon, self._power):
            part.setVisible(on_battery is not None)
        self._power_icon.set_icon("battery" if on_battery else "plug", "warn" if on_battery else "text_2")
        self._power.setText(self.tr("On battery") if on_battery else self.tr("Mains power"))

    def show_picture(self, why_none: str) -> None:
        """Offer the picture of the page, or say why there is none."""
        self.save.setEnabled(not why_none)
        self.save.setToolTip(why_none or self.tr("Save the result as a picture (Ctrl+S)"))

    def show_mode(self) -> None:
        """Show which theme is chosen."""
        self.theme_button.set_icon("sun" if theme().is_dark else "moon")
        for action in self.theme_menu.actions():
            action.setChecked(action.data() == theme().mode)
        chosen = next(action.text() for action in self.theme_menu.actions() if action.isChecked())
        text = self.tr("Theme: {0}").format(chosen)
        self.theme_button.setToolTip(self.tr("{0} (Ctrl+T)").format(text))
        self.theme_button.setAccessibleName(text)

    def set_narrow(self, narrow: bool) -> None:
        """Leave out what a small window has no room for."""
        self._parts.setVisible(not narrow)
        self._name.setVisible(not narrow)

    def _make_tab(self, tab: Tab) -> Button:
        button = Button(tab.title, tab.icon, "tab")
        button.setCheckable(True)
        button.setObjectName(tab.name)
        button.setToolTip(tab.keys)
        button.clicked.connect(self._on_tab)
        return button

    def _make_theme_menu(self) -> QMenu:
        menu = QMenu(self)
        for mode, name in (("system", self.tr("Like the system")), ("dark", self.tr("Dark")),
                           ("light", self.tr("Light"))):
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setData(mode)
            action.triggered.connect(self._on_mode)
        return menu

    def _on_theme(self) -> None:
        self.theme_menu.popup(self.theme_button.mapToGlobal(self.theme_button.rect().bottomLeft()))

    def _on_mode(self) -> None:
        self.theme_chosen.emit(cast(QAction, self.sender()).data())

    def _on_tab(self) -> None:
        self.page_asked.emit(self.sender().objectName())
