"""Stored runs side by side: the tests that they share, how many times as fast each is, and what else differs.

Two results stand beside each other if test, model, length, batch and depth are the same; a model is the same where
everybody calls it so. With another version of the definition they are shown and not compared. All else (device,
precision, threads, versions) is a difference to be told.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from msgspec import Struct, structs

from llmscope.analysis.compare_floors import Floor, assumed_floor, floor_of
from llmscope.analysis.compare_settings import Setting, Side, settings
from llmscope.analysis.model_names import common_names, other_size, shown_name, told
from llmscope.analysis.row_names import how
from llmscope.analysis.times_as_fast import TimesAsFast, together
from llmscope.core.definitions import DEFINITIONS, is_of_machine, test_id
from llmscope.core.results import COUNTED, VERDICT_WORDS, Row
from llmscope.core.rows import cell_of

#: Runs that have a letter, a colour and a shape.
LETTERS = "ABCD"
LEAST_RUNS, MOST_RUNS = 2, len(LETTERS)
#: Options that change what a test does; the others change how it is computed.
_OF_THE_WORK = ("optimizer", "checkpointing", "scenario")

#: What must be the same for two results to stand beside each other: test, model, answers to each prompt, and the
#: length, which the id of gen does not tell; 0 where the test has none.
Test = tuple[str, str, int, int]


class Value(Struct, frozen=True):
    """What one run has of a test: its row, why that has no value that counts, and how it stands to the baseline.

    `row` is None where the run has no such test. `times` is None for the baseline and where nothing can be compared.
    """

    row: Row | None = None
    why: str = ""
    times: TimesAsFast | None = None

    @property
    def counted(self) -> bool:
        """Whether there is a value that stands."""
        return self.row is not None and self.row.verdict in COUNTED and self.row.median is not None


class Line(Struct, frozen=True):
    """A test with its value by run; `name` tells it from others with the same id."""

    name: str
    test: str
    model: str
    definition: str
    unit: str
    values: tuple[Value, ...]

    @property
    def kind(self) -> str:
        """The test without its sizes, such as `pp`."""
        return self.definition.partition("/")[0]

    @property
    def is_shared(self) -> bool:
        """Whether at least two runs have a value."""
        return sum(value.counted for value in self.values) > 1


class Comparison(Struct, frozen=True):
    """Runs by place, the baseline's place, and what came of them.

    `lines` are the tests that at least two runs tried, `alone` those of only one run, by run. `floors` are by run the
    widest that was used.
    """

    sides: tuple[Side, ...]
    baseline: int
    lines: tuple[Line, ...]
    alone: tuple[tuple[str, ...], ...]
    settings: tuple[Setting, ...]
    floors: tuple[Floor, ...]

    @property
    def is_apart(self) -> bool:
        """Whether no test was tried by two of the runs."""
        return not self.lines

    @property
    def shown(self) -> tuple[Line, ...]:
        """The tests of models; where there are none, those of the machines."""
        of_models = tuple(line for line in self.lines if not is_of_machine(line.kind))
        return of_models or self.lines

    def rows(self, place: int) -> tuple[Row, ...]:
        """Return the rows of a run that take part."""
        return tuple(row for line in self.shown if (row := line.values[place].row) is not None)


def compare(sides: Sequence[Side], baseline: int = 0, repeats: Sequence[Side] = ()) -> Comparison:
    """Return two to four runs side by side; `repeats` are other runs of these machines, which tell their floors."""
    if not LEAST_RUNS <= len(sides) <= MOST_RUNS or not 0 <= baseline < len(sides):
        raise ValueError(f"{len(sides)} runs with the baseline {baseline} cannot be compared")
    matched = list(_matched(sides, baseline))
    floors = _Floors(sides, repeats)
    lines = _timed([_line(name, rows, baseline) for name, rows in matched if _tried(rows) > 1], baseline, floors)
    alone = tuple(tuple(name for name, rows in matched if _tried(rows) == 1 and rows[place] is not None)
                  for place in range(len(sides)))
    found = Comparison(tuple(sides), baseline, lines, alone, (), floors.widest())
    own = [found.rows(place) or side.rows for place, side in enumerate(sides)]
    named = (*_models(found), *settings(sides, own, baseline))
    return Comparison(found.sides, baseline, lines, alone, named, found.floors)


def test_of(side: Side, row: Row) -> Test:
    """Return what must be the same for two rows to be compared, beside the definition."""
    kind, _, version = row.definition.partition("/")
    if kind not in DEFINITIONS or is_of_machine(kind):
        return row.test, row.model, 1, 0
    options = {name: value for name, value in row.options.items() if name in _OF_THE_WORK}
    # The test of another program may have what ours lacks, such as a depth of pp: its own id tells it.
    test = row.test if not version.isdigit() else test_id(
        kind, seq=row.seq, new=row.new, depth=row.depth, batch=row.batch, options=options)
    asked, cell = side.started.spec.sampling, cell_of(row)
    answers = (asked if cell is None else cell.sampling(asked)).sequences if kind == "gen" else 1
    length = row.seq if "seq" in DEFINITIONS[kind].uses else 0
    return test, row.model, answers, length


def _tried(rows: Sequence[Row | None]) -> int:
    return sum(row is not None for row in rows)


def _matched(sides: Sequence[Side], baseline: int) -> Iterator[tuple[str, tuple[Row | None, ...]]]:
    """Yield the name of each test with its row by run, in the order of the baseline.

    What varies within a run, such as the precision in a sweep, must be the same too: the name tells it.
    """
    tests: dict[Test, list[list[Row]]] = {}
    names = common_names(side.rows for side in sides)
    for place in sorted(range(len(sides)), key=lambda place: place != baseline):
        for row in sides[place].rows:
            test, _, answers, length = test_of(sides[place], row)
            key = test, names[told(row)], answers, length
            tests.setdefault(key, [[] for _ in sides])[place].append(row)
    of_id = Counter(key[:-1] for key in tests)
    for (plain_id, model, answers, length), by_run in tests.items():
        several = of_id[plain_id, model, answers] > 1
        test = f"{plain_id} · sequence {length:,}" if several else plain_id
        ways = [list(map(how, rows)) for rows in by_run]
        varying = [name for name in dict.fromkeys(chain(*chain(*ways)))
                   if any(len({way.get(name, "") for way in of_run}) > 1 for of_run in ways)]
        groups: dict[tuple[str, ...], list[Row | None]] = {}
        for place, (rows, of_run) in enumerate(zip(by_run, ways, strict=True)):
            for row, way in zip(rows, of_run, strict=True):
                group = groups.setdefault(tuple(way.get(name, "") for name in varying), [None] * len(sides))
                held = group[place]
                if held is None or (held.verdict not in COUNTED and row.verdict in COUNTED):
                    group[place] = row
        for values, group in groups.items():
            yield " · ".join([test, *filter(None, values)]), tuple(group)


def _line(name: str, rows: Sequence[Row | None], baseline: int) -> Line:
    base = rows[baseline]
    of = base or next(row for row in rows if row is not None)
    values = tuple(Value(row, _why(row, None if place == baseline else base, of.definition))
                   for place, row in enumerate(rows))
    return Line(name, of.test, of.model, of.definition, of.unit, values)


def _why(row: Row | None, base: Row | None, definition: str) -> str:
    """Return why a row cannot be compared with the baseline's, nothing where it can."""
    if row is None:
        return "not measured"
    if row.verdict not in COUNTED or row.median is None:
        word = VERDICT_WORDS[row.verdict]
        return f"{word}: {row.reason}" if row.reason and row.reason != word else word
    if row.definition != definition:
        return f"not compared: measured by the definition {row.definition}, the baseline by {definition}"
    if base is not None and (why := other_size(row, base)):
        return why
    if base is not None and base.verdict in COUNTED and row.run == base.run:
        return f"the same measurement, of run {row.run}: one of the two took it over"
    return ""


def _models(found: Comparison) -> Iterator[Setting]:
    """Yield what each run calls the model, where they call one by several names."""
    if any(len({value.row.model for value in line.values if value.row is not None}) > 1 for line in found.shown):
        values = tuple("/".join(dict.fromkeys(map(shown_name, found.rows(place)))) or None
                       for place in range(len(found.sides)))
        others = tuple(place for place, value in enumerate(values) if value not in (None, values[found.baseline]))
        yield Setting("Model", "compared", values, others)


def _timed(lines: Sequence[Line], baseline: int, floors: "_Floors") -> tuple[Line, ...]:
    """Return the lines with how many times as fast each value is as the baseline's.

    The tests of models and those of the machine, which are not shown beside them, are judged each for themselves.
    """
    times: dict[tuple[int, int], TimesAsFast | None] = {}
    for of_machine in (False, True):
        pairs = {(number, place): (row, base, (floors.of(place, row), floors.of(baseline, base)))
                 for number, line in enumerate(lines) if is_of_machine(line.kind) is of_machine
                 for place, row, base in _comparable(line, baseline)}
        times |= zip(pairs, together(list(pairs.values())), strict=True)
    return tuple(structs.replace(line, values=tuple(structs.replace(value, times=times.get((number, place)))
                                                    for place, value in enumerate(line.values)))
                 for number, line in enumerate(lines))


def _comparable(line: Line, baseline: int) -> Iterator[tuple[int, Row, Row]]:
    """Yield the places whose value can be held against the baseline's, with both rows."""
    base = line.values[baseline]
    for place, value in enumerate(line.values):
        if place != baseline and base.row is not None and base.counted and value.row is not None and not value.why:
            yield place, value.row, base.row


class _Floors:
    """The floor of each machine for each test, from the stored repeats of it."""

    def __init__(self, sides: Sequence[Side], repeats: Sequence[Side]) -> None:
        self._sides = sides
        # A run that went on with another holds rows of that one: each measurement counts once, by the run it is of.
        compared = {row.run for side in sides for row in side.rows}
        self._values: dict[tuple[object, ...], dict[tuple[object, ...], dict[str, float]]] = {}
        for side in repeats:
            for row in side.rows:
                if row.verdict in COUNTED and row.median is not None and row.median > 0 and row.run not in compared:
                    settings = self._values.setdefault(self._test(side, row), {})
                    settings.setdefault(self._settings(side, row), {})[row.run] = row.median
        self._used: list[list[Floor]] = [[] for _ in sides]

    def of(self, place: int, row: Row) -> Floor:
        """Return the floor of a run's machine for a test."""
        settings = self._values.get(self._test(self._sides[place], row), {})
        found = floor_of([list(values.values()) for values in settings.values()])
        found = found if found.runs else assumed_floor(row.samples)
        self._used[place].append(found)
        return found

    def widest(self) -> tuple[Floor, ...]:
        """Return by run the widest floor that was used, an assumed one where none was."""
        return tuple(max(used, key=lambda floor: floor.share, default=Floor()) for used in self._used)

    @staticmethod
    def _test(side: Side, row: Row) -> tuple[object, ...]:
        return side.machine, row.device, row.definition, *test_of(side, row)

    @staticmethod
    def _settings(side: Side, row: Row) -> tuple[object, ...]:
        """Return what else must be the same for a run to be a repeat of another."""
        versions = tuple(sorted(side.started.versions.items()))
        return (*how(row).values(), row.extra.get("threads"), versions, side.program,
                side.started.machine.get("on_battery") is True)
