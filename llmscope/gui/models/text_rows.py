"""Rows of texts under titles: what all tables of What if are made of."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class TextRows(QAbstractTableModel):
    """The first column is what a row is about: it is read out with the whole row."""

    at_left: tuple[int, ...] = (0,)

    def titles(self) -> tuple[str, ...]:
        """Return the columns' titles, with their units."""
        raise NotImplementedError

    def tips(self) -> dict[int, str]:
        """Return what is to be known of columns."""
        return {}

    def texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        raise NotImplementedError

    def tip(self, row: int) -> str:
        """Return what is to be known of a row."""
        raise NotImplementedError

    def how(self, column: int) -> Qt.AlignmentFlag:
        """Return at which side a column stands."""
        return LEFT if column in self.at_left else RIGHT

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.titles())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.titles()[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return self.tips().get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self.rowCount():
            return None
        column, texts = index.column(), self.texts(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return texts[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, texts)) if column == 0 else texts[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.how(column)
        return self.tip(index.row()) if role == Qt.ItemDataRole.ToolTipRole else None
