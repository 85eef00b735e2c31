"""Runs side by side: their cards, speeds, rooflines and settings; on the page and in a picture."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from llmscope.gui import compare_look as look
from llmscope.gui.compare_cards import Cards
from llmscope.gui.compare_empty import NothingToCompare
from llmscope.gui.compare_roofline import CompareRoofline
from llmscope.gui.compare_settings import SettingsTable
from llmscope.gui.compare_speed import SpeedTable
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Label, Panel
from llmscope.runs.compare import Compared

#: Rows of settings that are in view before the table scrolls.
MOST_SETTINGS = 9
PLOT_PX, WHOLE_PLOT_PX = 260, 330
SPEED_STRETCH, OTHER_STRETCH = 12, 11


class CompareBody(QWidget):
    """`unwanted` carries the place of a run that is taken out."""

    unwanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.cards, self.speed, self.roofline, self.settings = Cards(), SpeedTable(), CompareRoofline(), SettingsTable()
        self.apart = NothingToCompare()
        self.apart.add.hide()  # a card adds one
        self.every = Button(self.tr("Show all"), "", "quiet", "text_2")
        self.every.setCheckable(True)
        self.every.toggled.connect(self._show_settings)
        self.cards.unwanted.connect(self.unwanted)
        self._compared: Compared | None = None
        self._is_whole = False
        self._panels = (Panel(self.tr("Speed"), self.tr("bars start at zero; each test has its own scale; whiskers are "
                                                        "95 % confidence")),
                        Panel(self.tr("Roofline")), Panel(self.tr("Settings that differ")))
        self._alone = Label("", "small", role="text_2")
        self._alone.setWordWrap(True)
        self._alone.setContentsMargins(14, 6, 14, 8)
        self._lay_out()

    def show_runs(self, compared: Compared) -> None:
        """Show two to four runs."""
        self._compared = compared
        self.cards.show_runs(compared)
        is_apart = compared.comparison.is_apart
        self._tables.setVisible(not is_apart)
        self.apart.setVisible(is_apart)
        if is_apart:
            self.apart.show_apart(compared.comparison)
            return
        self.speed.show_speeds(compared.comparison)
        self.roofline.show_runs(compared)
        self._show_roofline()
        self._alone.setText(look.alone(compared.comparison))
        self._alone.setVisible(bool(self._alone.text()))
        self._show_settings()

    def set_whole(self, whole: bool, narrow: bool) -> None:
        """Show both tables in full, without scrolling; in a narrow room all stands in one column."""
        self._is_whole = whole
        self.speed.set_narrow(narrow)
        speed, roofline, settings = self._panels
        for panel in self._panels:
            self._grid.removeWidget(panel)
        self._grid.addWidget(speed, 0, 0, 1 if narrow else 2, 1)
        self._grid.addWidget(roofline, 1 if narrow else 0, 0 if narrow else 1)
        self._grid.addWidget(settings, 2 if narrow else 1, 0 if narrow else 1)
        self._grid.setColumnStretch(0, SPEED_STRETCH)
        self._grid.setColumnStretch(1, 0 if narrow else OTHER_STRETCH)
        self.roofline.setMinimumHeight(WHOLE_PLOT_PX if whole else PLOT_PX)
        self._size_tables()

    def _show_roofline(self) -> None:
        """Fold the roofline where there is nothing to draw; the settings then have its room."""
        has_points = bool(self.roofline.points)
        self.roofline.setVisible(has_points)
        self._panels[1].remark.set_text(
            self.tr("no test of these runs has known FLOPs and bytes") if not has_points else
            self.tr("measured ceilings; percent is the share reached") if self.roofline.roofs else
            self.tr("the ceilings of these runs are not known here"))
        self._grid.setRowStretch(0, int(has_points))
        self._grid.setRowStretch(1, int(not has_points))

    def _show_settings(self) -> None:
        if self._compared is None:
            return
        found, every = self._compared.comparison, self.every.isChecked()
        same = sum(not setting.differing for setting in found.settings)
        self.settings.show_settings(found, every)
        remark = self.tr("{0} others are the same").format(same) if same < len(found.settings) else \
            self.tr("none of {0}").format(same)
        self._panels[2].remark.set_text("" if every else remark)
        self._panels[2].title.setText(self.tr("All settings") if every else self.tr("Settings that differ"))
        self.every.setText(self.tr("Show less") if every else self.tr("Show all"))
        self.every.setAccessibleName(self.tr("Show all settings"))
        self._size_tables()

    def _size_tables(self) -> None:
        rows = self.settings.rows.rowCount()
        has_room = self._is_whole or not self.roofline.points
        self.speed.limit_height(self.speed.height_of(self.speed.rows.rowCount()) if self._is_whole else None)
        self.settings.limit_height(self.settings.height_of(rows if has_room else min(MOST_SETTINGS, rows)))

    def _lay_out(self) -> None:
        speed, roofline, settings = self._panels
        speed.body.addWidget(self.speed, 1)
        speed.body.addWidget(self._alone)
        roofline.body.addWidget(self.roofline, 1)
        settings.head.addWidget(self.every)
        settings.body.addWidget(self.settings)
        settings.body.addStretch(1)
        speed.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._tables = QWidget()
        self._grid = QGridLayout(self._tables)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme().px("layout", "gap"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme().px("layout", "gap"))
        layout.addWidget(self.cards)
        layout.addWidget(self._tables, 1)
        layout.addWidget(self.apart, 1)
        self.set_whole(False, False)
