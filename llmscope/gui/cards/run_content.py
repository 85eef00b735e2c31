"""What the card of one run says: its best results, how sure they are, and what limits each."""

from collections.abc import Mapping, Sequence

from llmscope import __version__
from llmscope.analysis import row_names
from llmscope.core.results import COUNTED, Row
from llmscope.core.rows import cell_of
from llmscope.core.units import NBSP, gib, measured, plus_minus
from llmscope.gui import words
from llmscope.gui.cards.content import Content, Machine, Test, Value
from llmscope.gui.cards.texts import not_steady, order_of, test_title, why_not
from llmscope.gui.picture_facts import of_run
from llmscope.gui.run_state import RunState
from llmscope.gui.words import tr
from llmscope.hardware.host import device_name, gpus_of


def run_content(run: RunState, label: str = "", name: str = "") -> Content:
    """Return what a card says of a run with at least one ended test; `label` stands for the machine's own.

    `name` is what a person called the run.
    """
    facts = of_run(run, {}, _devices(run), None)
    facts |= {"Machine": label} if label else {}
    rows = sorted(run.rows, key=lambda row: (row.verdict not in COUNTED, order_of(_kind(row))))
    first = {_kind(row): row for row in reversed(rows)}
    chosen = [row for row in rows if first[_kind(row)] is row] + [row for row in rows if first[_kind(row)] is not row]
    several = len({row.model for row in rows}) > 1
    called = dict(zip(map(id, rows), row_names.names(rows), strict=True))
    tests = tuple(Test(test_title(_kind(row)), called[id(row)], (_value(row, several),)) for row in chosen)
    about = " · ".join(filter(None, (name, facts["Settings"])))
    return Content(_title(chosen[0]), about, (_machine(run, facts),), tests, _warnings(rows), tuple(_foot(run, facts)),
                   data=facts)


def _devices(run: RunState) -> Mapping[str, str]:
    return {state.cell.device: device_name(run.machine, state.cell.device) for state in run.cells}


def _kind(row: Row) -> str:
    return row.definition.partition("/")[0]


def _title(row: Row) -> str:
    """Return the one sentence that stands large."""
    model = words.model_name(row.model)
    if row.median is None or row.verdict not in COUNTED:
        return tr("{0}: no test gave a result").format(model)
    value = f"{measured(row.median, row.half_width)}{NBSP}{row.unit}"
    does = {"gen": tr("{0} answers at {1}"), "tg": tr("{0} writes {1}"), "pp": tr("{0} reads {1}"),
            "train": tr("{0} trains at {1}"), "ttft": tr("{0} begins to answer after {1}")}
    return does.get(_kind(row), tr("{0}: {1}")).format(model, value)


def _machine(run: RunState, facts: Mapping[str, str]) -> Machine:
    memory = run.machine.get("memory_bytes")
    parts = [device_name(run.machine, "cpu"), gib(memory) if isinstance(memory, int | float) else ""]
    about = " · ".join(dict.fromkeys([facts["Device"], *filter(None, parts)]))
    # A box to type in may give other spaces back than it was given.
    usual = {str(label).replace(NBSP, " ") for label in ("", about, run.machine.get("label"))}
    is_own = facts["Machine"].replace(NBSP, " ") not in usual
    return Machine(facts["Machine"] or about, (about if is_own else tr("measured on {0}").format(facts["Device"]),))


def _value(row: Row, names_model: bool) -> Value:
    counted = row.verdict in COUNTED and row.median is not None
    cell = cell_of(row)
    below = words.limit_line(row, short=names_model) or (words.plain(cell) if cell is not None else row.test)
    if names_model:
        below = f"{words.model_name(row.model)}, {below}"
    if row.median is None or not counted:
        return Value(why=why_not(row), is_bad=row.verdict in ("failed", "invalid"))
    verdict = words.verdict_text(row.verdict, row.reason or "")
    behind = " · ".join([*([plus_minus(row.half_width)] if row.half_width is not None else [tr("no interval")]),
                         f"n{NBSP}{row.n}", verdict])
    return Value(text=measured(row.median, row.half_width), unit=row.unit, behind=behind, median=row.median,
                 below=below, share=words.limit_share(row), is_warned=row.verdict != "valid")


def _warnings(rows: Sequence[Row]) -> str:
    """Return the tests that are not steady: `tg128 noisy, train512 failed`."""
    return ", ".join(f"{name}{NBSP}{word}" for row, name in zip(rows, row_names.names(rows), strict=True)
                     if (word := not_steady(row)))


def _foot(run: RunState, facts: Mapping[str, str]) -> list[str]:
    steady = [tr("All steady.")] if all(row.verdict == "valid" for row in run.rows) else []
    gpus = gpus_of(run.machine) if any(state.cell.device != "cpu" for state in run.cells) else []
    driver = next((str(gpu["driver"]) for gpu in gpus if gpu.get("driver")), "")
    software = facts["Software"].removeprefix(f"llmscope {__version__}").strip(" ·").replace(" · ", ", ")
    software = ", ".join(filter(None, (software, driver and tr("driver {0}").format(driver))))
    width = tr("± is half of the {0} interval, {1}.").format(f"95{NBSP}%", facts["Accuracy"].partition(",")[0])
    power = facts["Power"]
    return [width, f"{power[:1].upper()}{power[1:]}.", *steady, f"{facts['Date']}.", f"{software}." if software else ""]
