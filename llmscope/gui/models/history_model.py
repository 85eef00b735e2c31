"""The stored runs as a Qt table: the latest first, under the days they were made on, narrowed by a search."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QDate, QModelIndex, QObject, QPersistentModelIndex, Qt

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.units import measured, plus_minus
from llmscope.gui import words
from llmscope.runs.entry import Brief, Entry

Index = QModelIndex | QPersistentModelIndex
WHEN, MODEL, DEVICE, TYPE, KEY, SECOND, SAME, VERDICT = range(8)
#: Role under which a row hands out its `Entry`, None for a day.
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
#: Runs that the small line of a row shows.
MOST_POINTS = 7

_OF_A_RUN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

Group = tuple[str, ...]
#: Moments in Unix seconds and values, the oldest first, by group.
Trends = dict[Group, list[tuple[float, float]]]


class HistoryModel(QAbstractTableModel):
    """A row is a run, or the day above the runs made on it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self.found: list[Entry] = []
        self.tests: list[str] = []
        self.key = self.second = ""
        self._chosen = ""
        self._wanted: list[str] = []
        self._rows: list[Entry | float] = []
        self._named: dict[float, str] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._trends: Trends = {}

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Take the runs, the latest first."""
        counts: Counter[str] = Counter()
        for planned, runs in Counter(entry.planned for entry in entries).items():  # far fewer plans than runs
            counts.update(dict.fromkeys(planned, runs))
        self.tests = sorted(counts, key=lambda test: (-counts[test], _rank(test), test))
        self.entries = list(entries)
        self._named.clear()
        self._choose()
        self._fill()

    def show_trends(self, trends: "Trends") -> None:
        """Take the values of all runs by what must be the same for them to be compared."""
        self._trends = trends
        self._say_changed(SAME, SAME)

    def search(self, text: str) -> None:
        """Show only runs that have all words."""
        wanted = text.lower().split()
        if wanted != self._wanted:
            self._wanted = wanted
            self._fill()

    def set_key(self, test: str) -> None:
        """Show the values of a test; the other column shows the next one that runs have."""
        if test != self._chosen:
            self._chosen = test
            self._choose()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, KEY, SECOND)
            self._say_changed(KEY, VERDICT)

    def remove(self, runs: set[str]) -> None:
        """Take runs out of the list."""
        self.show_entries([entry for entry in self.entries if entry.id not in runs])

    def entry(self, row: int) -> Entry | None:
        """Return the run of a row, None for a day."""
        line = self._rows[row] if 0 <= row < len(self._rows) else None
        return line if isinstance(line, Entry) else None

    def day(self, row: int) -> str:
        """Return the day that a row names, empty for a run."""
        began = self._rows[row]
        if isinstance(began, Entry):
            return ""
        if began not in self._named:
            self._named[began] = words.day(QDate(*time.localtime(began)[:3]), QDate.currentDate())
        return self._named[began]

    def row_of(self, run: str) -> int:
        """Return the row of a run, −1 where it is not shown."""
        return next((row for row, line in enumerate(self._rows) if isinstance(line, Entry) and line.id == run), -1)

    def same(self, entry: Entry) -> list[float]:
        """Return the key test's values of the latest runs with the settings of this one, up to this one."""
        brief = entry.test(self.key)
        if brief is None or not brief.counted:
            return []
        found = self._trends.get(group(entry, brief), [])
        at = bisect_right(found, entry.at_s, key=lambda point: point[0])
        return [value for _, value in found[max(0, at - MOST_POINTS) : at]]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 8

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.entry(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return _OF_A_RUN

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("When"), self.tr("Model"), self.tr("Device"), self.tr("Type"), self._key_title(), self.second,
                self.tr("Same settings"), self.tr("Verdict"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        entry = self.entry(index.row())
        if role == ENTRY_ROLE:
            return entry
        if entry is None:
            shown = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) and index.column() == WHEN
            return self.day(index.row()) if shown else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.texts(entry)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            texts = self.texts(entry)
            return ", ".join(text for text in texts if text) if index.column() == WHEN else texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (entry.id, words.models(entry.models), entry.reason) if part)
        return None

    def texts(self, entry: Entry) -> tuple[str, ...]:
        """Return the texts of a run's columns."""
        known = self._texts.get(entry.id)
        if known is None:
            known = self._texts[entry.id] = self._make_texts(entry)
        return known

    def _make_texts(self, entry: Entry) -> tuple[str, ...]:
        key, second = entry.test(self.key), entry.test(self.second)
        value, plus = figure(key)
        return (time.strftime("%H:%M", time.localtime(entry.at_s)), words.models(entry.models), entry.device,
                "/".join(map(words.short_dtype, entry.dtypes)), f"{value} {plus}".strip(), figure(second)[0], "",
                words.run_badge(entry, key))

    def _key_title(self) -> str:
        unit = next((brief.unit for entry in self.found if (brief := entry.test(self.key)) is not None), "")
        return f"{self.key}, {unit}" if unit else self.key

    def _choose(self) -> None:
        self._texts.clear()
        self.key = self._chosen if self._chosen in self.tests else next(iter(self.tests), "")
        self.second = next((test for test in self.tests if test != self.key), "")

    def _fill(self) -> None:
        self.beginResetModel()
        self.found = self.entries
        for word in self._wanted:
            self.found = [entry for entry in self.found if word in entry.words]
        self._rows = list(_with_days(self.found))
        self.endResetModel()

    def _say_changed(self, first: int, last: int) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, first), self.index(len(self._rows) - 1, last))


def figure(brief: Brief | None) -> tuple[str, str]:
    """Return the value of a test and its ±; a dash where it was not measured."""
    if brief is None or brief.median is None:
        return "—", ""
    return measured(brief.median, brief.half_width), "" if brief.half_width is None else plus_minus(brief.half_width)


def _rank(test: str) -> int:
    """Return the place of a test among those that tell most."""
    kind = test.rstrip("0123456789")
    return words.HEADLINES.index(kind) if kind in words.HEADLINES else len(DEFINITIONS)


def trends(entries: Sequence[Entry]) -> Trends:
    """Return the values that stand of all tests, by what must be the same for them to be compared."""
    found: Trends = {}
    for entry in reversed(entries):
        for brief in entry.tests:
            if brief.counted and brief.median is not None:
                found.setdefault(group(entry, brief), []).append((entry.at_s, brief.median))
    return found


def group(entry: Entry, brief: Brief) -> Group:
    """Return what must be the same for two values to be compared."""
    return entry.device, brief.test, brief.model, brief.same


def _with_days(entries: Sequence[Entry]) -> Iterator[Entry | float]:
    """Yield the entries, which are in the order of time, each day's first after the moment at which the day began."""
    began, ended = 0.0, 0.0
    for entry in entries:
        if not began <= entry.at_s < ended:
            year, month, day = time.localtime(entry.at_s)[:3]
            began, ended = (time.mktime((year, month, day + days, 0, 0, 0, 0, 0, -1)) for days in (0, 1))
            yield began
        yield entry
