"""What the button and the status bar say in each state of a run, and the strip of one that is over."""

from dataclasses import replace
from datetime import datetime

from llmscope.analysis import row_names
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.core.spec import MACHINE, RunSpec
from llmscope.core.stopping import MACHINE_ROUNDS
from llmscope.core.units import NBSP, about, duration, plus_minus
from llmscope.gui import row_words, words
from llmscope.gui.expected import Expected
from llmscope.gui.header_strip import MOST_FIGURES, MessageLook
from llmscope.gui.plots.time_scale import clock
from llmscope.gui.run_button import RunButtonLook
from llmscope.gui.run_state import RunState
from llmscope.gui.setup import Setup
from llmscope.gui.words import tr
from llmscope.hardware.host import device_name

#: What a test that takes longer than expected is given on top of it, again and again.
LATE_S = 5.0
#: So many models, precisions or devices of a run are named.
MOST_NAMES = 3


def message_look(run: RunState) -> MessageLook:
    """Return the strip of a run that is over; a stored one says that it is, and when it was made."""
    look = _with_moment(run, _ended_look(run))
    return replace(look, text=f"{look.text} {run.aside}".strip(), can_go_on=run.earlier is not None,
                   can_compare=run.is_reference)


def dismissed_look(run: RunState) -> MessageLook:
    """Return the strip of a run whose failure was taken note of."""
    return replace(_with_moment(run, done_look(run)), can_go_on=run.earlier is not None)


def _with_moment(run: RunState, look: MessageLook) -> MessageLook:
    """Say which run it is, and of a stored one when it was made."""
    what = what_ran(run)
    if run.is_reference:
        where = str(run.machine.get("label") or "").partition(" · ")[0]
        return replace(look, what=tr("Measured on {1}, {0}: {2}").format(when(run.utc), where, what))
    said = tr("Measured by {1}, without graphs, on {0}") if run.other_program else tr("Stored run of {0}")
    moment = said.format(when(run.utc), run.other_program) if run.is_stored else ""
    return replace(look, what=what, moment=moment)


def what_ran(run: RunState) -> str:
    """Return models, precisions and devices of a run: `SmolLM2-135M · bf16 · CPU, AMD EPYC`."""
    states = [run.cells[number] for number in run.shown]
    dtypes = (state.cell.dtype if state.row is None else state.row.dtype for state in states
              if state.cell.model != MACHINE)
    parts = ([words.model_name(state.cell.model) for state in states],
             [words.short_dtype(dtype) for dtype in dtypes if dtype != "auto"],
             [_device(run, state.cell.device) for state in states])
    return " · ".join(said for part in parts if (said := _some(list(dict.fromkeys(part)))))


def _device(run: RunState, device: str) -> str:
    kind, name = words.short_device(device), device_name(run.machine, device)
    return kind if name in (kind, device) else f"{kind}, {name}"


def _some(names: list[str]) -> str:
    """Return names with + between, the first three where they are more."""
    rest = len(names) - MOST_NAMES
    return " + ".join(names[:MOST_NAMES]) + (tr(" and {0} more").format(rest) if rest > 0 else "")


def _ended_look(run: RunState) -> MessageLook:
    if run.was_cut_off:
        return MessageLook("stopped", tr("This run was cut off at {0}").format(clock(run.seconds)), _kept(run))
    if run.status == "stopped":
        return MessageLook("stopped", tr("You stopped this run at {0}").format(clock(run.seconds)), _kept(run))
    failed = run.failed_row
    if run.status == "failed" and failed is not None:
        why = f"{_sentence(failed.reason or '')} {_kept_beside(run)}".strip()
        return MessageLook("failed", failed_title(failed), why)
    if run.status == "failed":
        return MessageLook("failed", tr("The run could not be done"), _sentence(run.reason or ""))
    return done_look(run)


def done_look(run: RunState) -> MessageLook:
    """Return the strip that counts what a run brought; a check mark only if something of it is steady."""
    kind = "done" if any(row.verdict == "valid" for row in run.rows) else "warn"
    noisy = run.rows and all(row.verdict == "not_converged" for row in run.rows)
    advice = tr("Close other programs, or choose Standard accuracy.") if noisy else ""
    title = tr("Done: {0} in {1}, {2}").format(tests_of(run), duration(run.seconds), verdicts(run.rows))
    # That it is saved, and by which name, the status bar says.
    return MessageLook(kind, title, " ".join(filter(None, (_key_limit(run), advice))), figures=_figures(run))


def _key_limit(run: RunState) -> str:
    """Return what limits the test that tells most, such as `tg128 is limited by compute: 60 % of …`."""
    rows = run.counted
    known = [(words.HEADLINES.index(row.definition.partition("/")[0]), f"{name} {line}.")
             for row, name in zip(rows, row_names.names(rows), strict=True) if (line := words.limit_line(row))]
    return min(known, key=lambda item: item[0], default=(0, ""))[1]


def _figures(run: RunState) -> tuple[tuple[str, str, str], ...]:
    """Return the headline values: of the tests that tell most, in that order, each with its interval."""
    named = zip(run.cells, row_names.names([state.cell for state in run.cells]), strict=True)
    counted = [(state, name) for state, name in named if state.row is not None and state.row in run.counted]
    best = sorted(counted, key=lambda item: words.HEADLINES.index(item[0].cell.workload))[:MOST_FIGURES]
    figures, model = [], ""
    for state, name in best:
        value, unit, plus, _ = row_words.value(state)
        # The model is named once, and where another one follows.
        told = name if state.cell.model == model else f"{name}, {words.model_name(state.cell.model)}"
        figures.append((value, f"{unit}{NBSP}{NBSP}{plus}", told))
        model = state.cell.model
    return tuple(figures)


def failed_title(row: Row) -> str:
    """Return what happened, in the person's terms."""
    title = DEFINITIONS[row.definition.partition("/")[0]].title.lower()
    if is_out_of_memory(row):
        place = tr("memory") if row.device == "cpu" else tr("GPU memory")
        return tr("The {0} test ran out of {1}").format(title, place)
    how = tr("The {0} test is not counted") if row.verdict == "invalid" else tr("The {0} test failed")
    return how.format(title)


def is_out_of_memory(row: Row) -> bool:
    """Return whether memory was what a failed test lacked."""
    return "memory" in row.extra or (row.reason or "").startswith("out of")


def button_look(run: RunState, setup: Setup, expected: Expected, accuracy: RunSpec | None) -> RunButtonLook:
    """Return the button: `accuracy` is the spec that a press of Run would start."""
    if run.status == "stopping":
        return RunButtonLook("stopping", tr("Stopping"), tr("drops this sample"))
    if run.is_open:
        left = seconds_left(run, expected)
        elapsed = run.elapsed_s
        return RunButtonLook("stop", tr("Stop"), tr("{0} elapsed").format(clock(elapsed)),
                             tr("{0} left").format(about(left)), round(elapsed / max(1.0, elapsed + left), 2))
    if run.status in ("done", "stopped") and accuracy is not None and run.spec is not None \
            and accuracy.cells == run.spec.cells and accuracy.accuracy == run.spec.accuracy:
        took = tr("took {0}").format(duration(run.seconds)) if run.status == "done" else \
            tr("stopped at {0}").format(clock(run.seconds))
        return RunButtonLook("run", tr("Run again"), took, "F5")
    if accuracy is None:
        return RunButtonLook("run", tr("Run"), "F5")
    time = about(expected.total(accuracy.cells, accuracy.accuracy))
    if len(setup.cells) == 1 and run.status == "failed":
        return RunButtonLook("run", tr("Run"), tr("{0} only").format(setup.cells[0].test), time)
    return RunButtonLook("run", tr("Run"), time, "F5")


def seconds_left(run: RunState, expected: Expected) -> float:
    """Return the expected seconds until the run ends; a test that takes longer than expected adds some at a time."""
    if run.spec is None:
        return 0.0
    left = 0.0
    for state in run.cells:
        if state.row is None:
            least_s = LATE_S if state is run.now and state.cell.model != MACHINE else 0.0
            left += max(least_s, expected.seconds(state.cell, run.spec.accuracy) - run.took_s(state))
    return left


def status_words(run: RunState, setup: Setup) -> tuple[str, str]:
    """Return the status bar's state and remark."""
    of = tr("{0} of {1}")
    done, every = len(run.rows), len(run.shown)
    if run.status == "starting":
        return tr("Starting"), tr("a new worker process loads torch") if run.waits_for_worker else ""
    if run.is_open:
        test = run.now.cell.test if run.now else ""
        at = of.format(min(every, done + 1), tests(every))
        what = f"{test}, {at}" if test else at
        if run.now is not None and run.now.cell.model == MACHINE:
            what = ceilings_words(run)
        return (tr("Running") if run.status == "running" else tr("Stopping")), what
    remark = tr("{0} done").format(of.format(len(run.counted), tests(every)))
    match run.status:
        case _ if run.is_stored:
            return tr("Stored run"), run.run
        case "failed":
            return tr("Failed"), f"{run.failed_row.test}, {remark}" if run.failed_row else run.reason or ""
        case "stopped":
            return tr("Stopped"), remark
        case "done":
            return tr("Saved"), tr("run {0}").format(run.run)
    return tr("Ready"), "" if setup.can_run else tr("a setting cannot be used")


def ceilings_words(run: RunState) -> str:
    """Return how far measuring the machine itself is."""
    return tr("ceilings of this machine, {0}").format(round_words(run))


def round_words(run: RunState) -> str:
    """Return which of its turns the test at hand has: `round 2 of 8`."""
    return tr("round {0} of {1}").format(run.now.turns if run.now is not None else 1, MACHINE_ROUNDS)


def tests_of(run: RunState) -> str:
    """Return how many tests a run has: `3 tests and the ceilings`."""
    of_model = tests(len(run.shown))
    return tr("{0} and the ceilings").format(of_model) if run.ceilings else of_model


def tests(count: int) -> str:
    """Return `1 test` or `7 tests`."""
    return tr("1 test") if count == 1 else tr("{0} tests").format(count)


def verdicts(rows: list[Row]) -> str:
    """Return `6 steady and 1 noisy`."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[VERDICT_WORDS[row.verdict]] = counts.get(VERDICT_WORDS[row.verdict], 0) + 1
    parts = [f"{count} {word}" if len(rows) > 1 else word for word, count in counts.items()]
    if len(counts) == 1 and len(rows) > 1:
        return tr("all {0}").format(next(iter(counts)))
    return tr(" and ").join(parts) if len(parts) < 3 else ", ".join(parts)


def when(utc: str) -> str:
    """Return a moment as `21 Nov 2026 18:40` in the machine's time; an unreadable one as it stands."""
    try:
        moment = datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return utc or tr("an unknown day")
    return f"{moment.day} {moment:%b %Y %H:%M}".replace(" ", NBSP)


def _kept(run: RunState) -> str:
    finished = len(run.counted)
    first = {0: tr("No test was finished."), 1: tr("1 finished test is saved.")}.get(
        finished, tr("{0} finished tests are saved.").format(finished))
    cut = next((row for row in run.rows if row.verdict in ("cancelled", "interrupted") and row.n), None)
    if cut is None:
        return first
    samples = tr("1 sample") if cut.n == 1 else tr("{0} samples").format(cut.n)
    width = "" if cut.half_width is None else f", {plus_minus(cut.half_width)}"
    return f"{first} {tr('{0} has {1}{2}.').format(cut.test, samples, width)}"


def _kept_beside(run: RunState) -> str:
    others = len(run.counted)
    if not others:
        return ""
    return tr("The other test is saved.") if others == 1 else tr(
        "{0} other tests are saved.").format(others)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith(".") else text + "."
