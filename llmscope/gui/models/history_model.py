"""The stored runs as a Qt table: the wanted ones, the latest first under the days they were made on, or sorted."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QDate, QModelIndex, QObject, QPersistentModelIndex, Qt

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import MACHINE
from llmscope.core.units import NBSP, measured, plus_minus
from llmscope.gui import words
from llmscope.gui.models.history_filter import Wanted, kept, ordered
from llmscope.gui.models.history_trends import Point, Trends, group
from llmscope.runs.entry import Brief, Entry

Index = QModelIndex | QPersistentModelIndex
WHEN, MODEL, DEVICE, TYPE, KEY, SECOND, SAME, VERDICT, TAGS = range(9)
#: Role under which a row hands out its `Entry`, None for a day.
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
#: Runs that the small line of a row shows.
MOST_POINTS = 7
#: Tests of one id that a tooltip names.
MOST_TOLD = 12

_OF_A_RUN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


class HistoryModel(QAbstractTableModel):
    """A row is a run, or the day above the runs made on it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []
        self.found: list[Entry] = []
        self.tests: list[str] = []
        self.key = self.second = ""
        self.has_tags = False
        self._chosen = ""
        self.order = (WHEN, True)
        self._wanted = Wanted()
        self._ordered: list[Entry] = []
        self._badges: dict[str, str] = {}
        self._rows: list[Entry | float] = []
        self._days: list[float] = []
        self._named: dict[float, str] = {}
        self._texts: dict[str, tuple[str, ...]] = {}
        self._trends: Trends = {}
        self._titles = (self.tr("When"), self.tr("Model"), self.tr("Device"), self.tr("Type"), "", "",
                        self.tr("Same settings"), self.tr("Verdict"), self.tr("Tags"))

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Take the runs, the latest first."""
        finished: Counter[str] = Counter()  # what was stopped has the fewest figures to show
        plans = Counter((entry.planned, entry.status == "done") for entry in entries)  # far fewer than runs
        for (planned, is_done), runs in plans.items():
            finished.update(dict.fromkeys(planned, runs if is_done else 0))
        self.tests = sorted(finished, key=lambda test: (-finished[test], _rank(test), test))
        self.entries = list(entries)
        self.has_tags = any(entry.marks or entry.is_reference for entry in entries)
        self._days = list(_days(self.entries))
        self._named.clear()
        self._choose()
        self._put_in_order()
        self._fill()

    def show_trends(self, trends: Trends) -> None:
        """Take the values of all runs by what must be the same for them to be compared."""
        self._trends = trends
        self._say_changed(SAME, SAME)

    def show_only(self, wanted: Wanted) -> None:
        """Show only the wanted runs."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._fill()

    def order_by(self, column: int) -> None:
        """Sort by a column, numbers and times from the top first; by the same one again the other way round."""
        before, descending = self.order
        self.order = column, not descending if column == before else column in (WHEN, KEY, SECOND)
        self._texts.clear()  # what stands under no day has its date
        self._put_in_order()
        self._fill()

    def set_key(self, test: str) -> None:
        """Show the values of a test; the other column shows the next one that runs have."""
        if test != self._chosen:
            self._chosen = test
            self._choose()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, KEY, SECOND)
            if self._wanted.verdict or self.order[0] in (KEY, SECOND, VERDICT):
                self._put_in_order()
                self._fill()
            else:
                self._say_changed(KEY, VERDICT)

    def remove(self, runs: set[str]) -> None:
        """Take runs out of the list."""
        self.show_entries([entry for entry in self.entries if entry.id not in runs])

    def put(self, changed: Entry) -> None:
        """Take a run in the place of the one of its id."""
        self.show_entries([changed if entry.id == changed.id else entry for entry in self.entries])

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

    def series(self, entry: Entry, most: int) -> list[Point]:
        """Return the key test in the latest of one's own runs with the settings of this one, up to this one."""
        brief = entry.test(self.key)
        if brief is None or not brief.counted or entry.is_reference:
            return []
        found = self._trends.get(group(entry, brief), [])
        at = bisect_right(found, entry.at_s, key=lambda point: point[0])
        return found[max(0, at - most) : at]

    def same(self, entry: Entry) -> list[float]:
        """Return the values of the small line of a row."""
        return [value for _, value, _ in self.series(entry, MOST_POINTS)]

    def badge(self, entry: Entry) -> str:
        """Return the word of a run's badge."""
        known = self._badges.get(entry.id)
        if known is None:
            known = self._badges[entry.id] = words.run_badge(entry, entry.test(self.key))
        return known

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else TAGS + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self.entry(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return _OF_A_RUN

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.ToolTipRole and section in (KEY, SECOND):
            return self.tr("* is of another model than the first one of its run: the row's tooltip names it")
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._test_title(self._test_of(section)) if section in (KEY, SECOND) else self._titles[section]

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
            texts = self._spoken(entry)
            return ", ".join(text for text in texts if text) if index.column() == WHEN else texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            note = entry.marks.note if entry.marks is not None else ""
            parts = entry.name, entry.id, words.models(entry.models), entry.reason, note
            return "\n".join(filter(None, (*parts, *self._of_models(entry))))
        return None

    def texts(self, entry: Entry) -> tuple[str, ...]:
        """Return the texts of a run's columns."""
        known = self._texts.get(entry.id)
        if known is None:
            known = self._texts[entry.id] = self._make_texts(entry)
        return known

    def other_model(self, entry: Entry, column: int) -> str:
        """Return which model the value of a test's column is of where that is not the run's first, else nothing."""
        brief = entry.test(self._test_of(column))
        if brief is None or brief.median is None or brief.model in (MACHINE, *entry.models[:1]):
            return ""
        return words.model_name(brief.model)

    def _test_of(self, column: int) -> str:
        return self.key if column == KEY else self.second

    def _spoken(self, entry: Entry) -> list[str]:
        """Return the texts of a run's columns as they are read out."""
        texts = list(self.texts(entry))
        for column in (KEY, SECOND):
            texts[column] = " · ".join(filter(None, (texts[column], self.other_model(entry, column))))
        return texts

    def _make_texts(self, entry: Entry) -> tuple[str, ...]:
        (value, plus), (second, _) = figure(entry.test(self.key)), figure(entry.test(self.second))
        values = (f"{value} {self._which(entry, self.key) or plus}".strip(),
                  f"{second} {self._which(entry, self.second)}".strip())
        return (self._when(entry), words.models(entry.models), entry.device,
                "/".join(map(words.short_dtype, entry.dtypes)), *values, "", self.badge(entry), ", ".join(entry.labels))

    def _which(self, entry: Entry, test: str) -> str:
        """Return that a value is one of several with one id, mostly nothing."""
        several = len(entry.alike(test))
        return self.tr("1 of {0}").format(several) if several > 1 else ""

    def _of_models(self, entry: Entry) -> Iterator[str]:
        """Yield the values in a test's column with their model, where one id has several or it is not the first."""
        for column in (KEY, SECOND):
            alike = entry.alike(self._test_of(column))
            if len(alike) > 1 or self.other_model(entry, column):
                yield from (f"{brief.name} · {words.model_name(brief.model)}: {_with_unit(brief)}"
                            for brief in alike[:MOST_TOLD])

    def _when(self, entry: Entry) -> str:
        """Return the time of a run below its day, the date of one below no day."""
        at = time.localtime(entry.at_s)
        clock = time.strftime("%H:%M", at)
        if self.order[0] == WHEN:
            return clock
        is_this_year = at.tm_year == time.localtime().tm_year
        return f"{words.month_day(QDate(*at[:3]))} {clock if is_this_year else at.tm_year}"

    def _put_in_order(self) -> None:
        column, descending = self.order
        if column == WHEN:
            self._ordered = self.entries if descending else self.entries[::-1]
        else:
            self._ordered = ordered(self.entries, lambda entry: self._value(entry, column), descending)

    def _value(self, entry: Entry, column: int) -> Any:
        """Return what a run is sorted by."""
        match column:
            case 1:
                return (entry.name or words.models(entry.models)).casefold()
            case 2 | 3:
                return (entry.device if column == DEVICE else "/".join(entry.dtypes)).casefold()
            case 4 | 5:
                brief = entry.test(self._test_of(column))
                return None if brief is None else brief.median
            case 7:
                return self.badge(entry)
            case 8:
                return ", ".join(entry.labels).casefold()
        return None

    def _test_title(self, test: str) -> str:
        unit = next((brief.unit for entry in self.found if (brief := entry.test(test)) is not None), "")
        return f"{test}, {unit}" if unit else test

    def _choose(self) -> None:
        self._texts.clear()
        self._badges.clear()
        self.key = self._chosen if self._chosen in self.tests else next(iter(self.tests), "")
        self.second = next((test for test in self.tests if test != self.key), "")

    def _fill(self) -> None:
        self.beginResetModel()
        self.found = kept(self._ordered, self._wanted, self.badge)
        self._rows = list(_with_days(self.found, self._days) if self.order[0] == WHEN else self.found)
        self.endResetModel()

    def _say_changed(self, first: int, last: int) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, first), self.index(len(self._rows) - 1, last))


def figure(brief: Brief | None) -> tuple[str, str]:
    """Return the value of a test and its ±; a dash where it was not measured."""
    if brief is None or brief.median is None:
        return "—", ""
    return measured(brief.median, brief.half_width), "" if brief.half_width is None else plus_minus(brief.half_width)


def _with_unit(brief: Brief) -> str:
    value, plus = figure(brief)
    return value if brief.median is None else f"{value}{NBSP}{brief.unit} {plus}".strip()


def _rank(test: str) -> int:
    """Return the place of a test among those that tell most."""
    kind = test.rstrip("0123456789")
    return words.HEADLINES.index(kind) if kind in words.HEADLINES else len(DEFINITIONS)


def _days(entries: Sequence[Entry]) -> Iterator[float]:
    """Yield when each day on which runs were made began, the first one first; the entries have the latest first."""
    ended = -inf
    for entry in reversed(entries):
        if entry.at_s >= ended:
            year, month, day = time.localtime(entry.at_s)[:3]
            began, ended = (time.mktime((year, month, day + days, 0, 0, 0, 0, 0, -1)) for days in (0, 1))
            yield began


def _with_days(entries: Sequence[Entry], days: list[float]) -> Iterator[Entry | float]:
    """Yield the entries, which are in the order of time, each day's first after the moment at which the day began.

    A filter makes the rows anew at each key: what the clock says of all days was asked before.
    """
    began, ended = inf, inf
    for entry in entries:
        if not began <= entry.at_s < ended:
            place = bisect_right(days, entry.at_s)
            began, ended = days[place - 1], days[place] if place < len(days) else inf
            yield began
        yield entry
