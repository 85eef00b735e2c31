"""The line above the table of stored runs: the search, what narrows the list, and the key test."""

from typing import get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from llmscope.analysis.evidence import Limiter
from llmscope.gui import words
from llmscope.gui.history_parts import SearchBox
from llmscope.gui.models.history_filter import DAYS, LIMITED, Choices, Wanted
from llmscope.gui.settings import Settings
from llmscope.gui.widgets.basic import Button, Label
from llmscope.gui.widgets.field import Picker

SEARCH_PX, LEAST_SEARCH_PX, LEAST_PX, MOST_PX, KEY_PX = 262, 150, 96, 132, 104


class FilterLine(QWidget):
    """`changed` says that other runs are wanted, `key_chosen` that another test is in the bold column."""

    changed = Signal()
    key_chosen = Signal()

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self._settings = settings
        self.search, self.key = SearchBox(), Picker()
        self.pickers = {name: Picker() for name in self._any()}
        self.clear_button = Button("", "close", "icon", "text_2")
        self._key_label = Label(self.tr("Key test"), "small", role="text_2")
        self._lay_out()
        self._restore()
        self.search.textChanged.connect(self._on_changed)
        self.key.activated.connect(self._on_key)
        self.clear_button.clicked.connect(self.clear)
        for picker in self.pickers.values():
            picker.activated.connect(self._on_changed)

    def wanted(self) -> Wanted:
        """Return which runs are wanted."""
        return Wanted(self.search.text(), **{name: picker.taken() for name, picker in self.pickers.items()})

    def offer(self, choices: Choices) -> None:
        """Offer what the runs have; what is taken stays, whether any run has it or not."""
        found = {"model": choices.models, "device": choices.devices, "test": choices.tests, "tag": choices.tags,
                 "verdict": choices.verdicts, "date": tuple(DAYS)}
        for name, keys in found.items():
            self._offer(name, keys, self.pickers[name].taken())

    def offer_keys(self, tests: list[str], otherwise: str) -> str:
        """Offer the tests for the bold column, and return the one that is taken."""
        remembered = self._settings.text("history/key", otherwise, tuple(tests) or ("",))
        self.key.offer({test: test for test in tests}, remembered)
        return self.key.taken()

    def take_key(self, test: str) -> None:
        """Choose the test of the bold column, where runs have it."""
        if self.key.findData(test) >= 0:
            self.key.setCurrentIndex(self.key.findData(test))
            self._on_key()

    def clear(self) -> None:
        """Want all runs."""
        for picker in self.pickers.values():
            picker.setCurrentIndex(0)
        self.search.clear()
        self._on_changed()

    def set_narrow(self, narrow: bool) -> None:
        """Leave out what only explains."""
        self._key_label.setVisible(not narrow)

    def _on_changed(self) -> None:
        wanted = self.wanted()
        self._settings.keep("history/search", wanted.words)
        for name, picker in self.pickers.items():
            self._settings.keep(f"history/{name}", picker.taken())
            picker.setToolTip(picker.currentText())
        self._show_clear()
        self.changed.emit()

    def _on_key(self) -> None:
        self._settings.keep("history/key", self.key.taken())
        self.key_chosen.emit()

    def _show_clear(self) -> None:
        self.clear_button.setVisible(self.wanted() != Wanted())

    def _restore(self) -> None:
        self.search.setText(self._settings.text("history/search", ""))
        for name in self.pickers:
            self._offer(name, tuple(DAYS) if name == "date" else (), self._settings.text(f"history/{name}", ""))
        self._show_clear()

    def _offer(self, name: str, keys: tuple[str, ...], taken: str) -> None:
        every = dict.fromkeys(("", *keys, taken))
        self.pickers[name].offer({key: self._label(name, key) for key in every}, taken)

    def _label(self, name: str, key: str) -> str:
        if not key:
            return self._any()[name]
        if name == "date":
            return {"today": self.tr("Today"), "week": self.tr("7 days"), "month": self.tr("30 days"),
                    "year": self.tr("365 days")}.get(key, key)
        limiter = key.removeprefix(LIMITED)
        if name == "verdict" and limiter != key and limiter in get_args(Limiter):
            return self.tr("limited by {0}").format(words.bound_name(limiter))
        return words.model_name(key) if name == "model" else key

    def _any(self) -> dict[str, str]:
        return {"model": self.tr("Any model"), "device": self.tr("Any device"), "test": self.tr("Any test"),
                "date": self.tr("Any date"), "verdict": self.tr("Any verdict"), "tag": self.tr("Any tag")}

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.search.setMinimumWidth(LEAST_SEARCH_PX)
        self.search.setMaximumWidth(SEARCH_PX)
        row.addWidget(self.search, 3)
        names = {"model": self.tr("Model"), "device": self.tr("Device"), "test": self.tr("Test"),
                 "date": self.tr("Date"), "verdict": self.tr("Verdict or limit"), "tag": self.tr("Tag")}
        for name, picker in self.pickers.items():
            picker.setAccessibleName(names[name])
            picker.setMinimumWidth(LEAST_PX)
            picker.setMaximumWidth(MOST_PX)
            row.addWidget(picker, 2)
        self.clear_button.setAccessibleName(self.tr("Show all runs"))
        self.clear_button.setToolTip(self.tr("Show all runs"))
        row.addWidget(self.clear_button)
        row.addStretch(0)  # takes what the filters leave
        self.key.setAccessibleName(self.tr("Key test"))
        self.key.setFixedWidth(KEY_PX)
        row.addWidget(self._key_label, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.key)
