"""The values of the live plots as a plain table."""

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHeaderView, QTableView, QVBoxLayout, QWidget

from llmscope.core.units import significant
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.plots import words
from llmscope.gui.plots.time_scale import clock
from llmscope.gui.theme import theme

_UNITS = {"tokens": "tok/s", "utilization": "%", "memory": "%", "power": "W", "temperature": "°C"}
_Index = QModelIndex | QPersistentModelIndex


class NumbersModel(QAbstractTableModel):
    """One row a second; each value is the highest of that second, empty where there was none."""

    def __init__(self, feed: LiveFeed, parent: QWidget) -> None:
        super().__init__(parent)
        titles = words.titles(parent)
        self._heads = [self.tr("Time")]
        self._columns = []
        for pane, unit in _UNITS.items():
            for source, series in feed.values(pane).items():
                name = titles[pane] if source == "work" else f"{words.source(pane, source, feed)} {unit}"
                self._heads.append(name)
                x, y = series.line(1.0)
                keep = ~np.isnan(y)
                self._columns.append(dict(zip(np.floor(x[keep]).astype(int).tolist(), y[keep].tolist(), strict=True)))
        self._seconds = sorted(set().union(*self._columns))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._seconds)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._heads)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        second = self._seconds[index.row()]
        if index.column() == 0:
            return clock(second)
        value = self._columns[index.column() - 1].get(second)
        return "" if value is None else significant(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        return None


class NumbersDialog(QDialog):
    """A table of the series as they were when it was opened."""

    def __init__(self, feed: LiveFeed, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Numbers of the live plots"))
        self.table = QTableView()
        self.table.setModel(NumbersModel(feed, self))
        self.table.setAccessibleName(self.tr("Values of the live plots, one row a second"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme().px("height", "control_small"))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.setShowGrid(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        self.resize(640, 480)
