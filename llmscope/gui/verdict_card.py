"""What limits a test: the limiter in large type, the measurement that says so, and what would change it."""

from collections.abc import Mapping, Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout

from llmscope.analysis.bottleneck import MARGIN, Finding
from llmscope.analysis.ceilings import Bound, Limit
from llmscope.analysis.evidence import Claim
from llmscope.analysis.remedies import Remedy
from llmscope.core.units import NBSP, significant
from llmscope.gui import words
from llmscope.gui.hardware_look import Measured, uncounted
from llmscope.gui.trial_lines import TrialLines
from llmscope.gui.trials import Trial, predicted
from llmscope.gui.widgets.badge import Badge
from llmscope.gui.widgets.basic import Label, Line, Panel
from llmscope.gui.widgets.field import Picker
from llmscope.gui.widgets.gauge import Gauge
from llmscope.gui.words import tr

#: So many claims, and so many changes of each kind, have room.
MOST_CLAIMS, MOST_CHANGES = 4, 4


class VerdictCard(Panel):
    """`chosen` carries the number of the test that was picked."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("What limits it"))
        self.picker = Picker()
        self.picker.setMinimumWidth(150)
        self.picker.setAccessibleName(self.tr("Test"))
        self.picker.activated.connect(self._on_activated)
        self.head.setStretch(1, 0)
        self.head.addWidget(self.picker, 1)
        self.limiter = Label("", "title", 600)
        self.evidence, self.rated = _paragraph("text_2", "body"), _paragraph("text_2")
        self._claims = [_ClaimLine() for _ in range(MOST_CLAIMS)]
        self._of_time = Label(self.tr("share of the time"), "small", role="text_2")
        self._of_time.setToolTip(self.tr("Where a test is as near to one ceiling as to the other, both explain "
                                         "the same time: together that can be more than all of it."))
        self.help, self.no_help, self.trials = _paragraph(), _paragraph(), TrialLines()
        self.badge, self.why = Badge(), _paragraph("text_2")
        self._lay_out()

    def show_tests(self, tests: Sequence[Measured], number: int, empty: str) -> None:
        """Show one of several tests, or a line where there is none."""
        self.picker.offer({str(n): test.name for n, test in enumerate(tests)}, str(number))
        self.picker.setVisible(bool(tests))
        test = tests[number] if 0 <= number < len(tests) else None
        found, trials = (test.found, test.trials) if test is not None else (None, ())
        self._show(found, empty if test is None else uncounted(test.row) or self.tr("Nothing was looked for in it."))
        self._show_all_changes(found, trials)
        self._show_rated(test.rated if test is not None else {})

    def _show_rated(self, rated: Mapping[Bound, Limit]) -> None:
        """Show the shares of the vendor's figures below those of the measured ceilings."""
        said = " · ".join(self.tr("{0} of {1}").format(words.percent(limit.share), _figure(limit))
                          for limit in rated.values())
        self.rated.setText(self.tr("Of the vendor's figures: {0}").format(said))
        self.rated.setToolTip("\n".join(limit.test for limit in rated.values()))
        self.rated.setVisible(bool(rated))

    def show_name(self, name: str) -> None:
        """Name the test in the title line, in place of the box in which another is picked."""
        self.picker.hide()
        self.remark.set_text(name)
        self.head.setStretch(1, 1)

    def _show(self, found: Finding | None, empty: str) -> None:
        self.limiter.setText(_title(found))
        self.limiter.setVisible(found is not None)
        self.evidence.setText(_sentence(found.evidence) if found is not None else empty)
        claims = found.claims[:MOST_CLAIMS] if found is not None else ()
        for number, line in enumerate(self._claims):
            line.show_claim(claims[number] if number < len(claims) else None)
        self._of_time.setVisible(bool(claims))
        self.badge.setVisible(found is not None and bool(claims))
        self.why.setVisible(found is not None and bool(claims))
        if found is not None:
            sure = found.is_sure and found.limiter != "unclear"
            self.badge.set_word(self.tr("sure") if sure else self.tr("not sure"), "steady" if sure else "warned")
            self.why.setText(self._why(found))

    def _show_all_changes(self, found: Finding | None, trials: Sequence[Trial]) -> None:
        """Show changes of the machine as text, and those that can be tried as lines of their own."""
        tried = {trial.words for trial in trials}
        helps, helps_not = ([change for change in changes if change.words not in tried] for changes in (
            (found.would_help, found.would_not_help) if found is not None else ((), ())))
        self._show_changes(self.help, self.tr("Would help"), helps)
        self._show_changes(self.no_help, self.tr("Would not help"), helps_not)
        self.trials.show_trials(trials)
        self._line.setVisible(bool(helps or helps_not or trials))

    def _why(self, found: Finding) -> str:
        if found.limiter == "unclear":
            return self.tr("far from both ceilings")
        if found.margin is None:
            return self.tr("the only sign that was found")
        lead = words.percent(found.margin)
        if found.is_sure:
            return self.tr("leads the next by {0} of the time").format(lead)
        if found.claims[1].limiter == "unclear":
            return self.tr("as much of the time is far from both ceilings")
        if found.margin < MARGIN:
            return self.tr("{0} is nearly as likely").format(words.bound_name(found.claims[1].limiter))
        return self.tr("its ceiling is not nearly reached")

    @staticmethod
    def _show_changes(label: Label, title: str, changes: Sequence[Remedy]) -> None:
        said = " · ".join(f"{escape(change.words).replace(' %', '&nbsp;%')}:&nbsp;{predicted(change)}"
                          for change in changes[:MOST_CHANGES])
        label.setText(f"<span style='font-weight:600'>{escape(title)}</span>&nbsp; {said}")
        label.setVisible(bool(changes))

    def _on_activated(self) -> None:
        self.chosen.emit(int(self.picker.taken()))

    def _lay_out(self) -> None:
        self._line = Line()
        for label in (self.help, self.no_help):
            label.setTextFormat(Qt.TextFormat.RichText)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._of_time, 0, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        for row, claim in enumerate(self._claims, 1):
            for column, part in enumerate((claim.name, claim.gauge, claim.share)):
                grid.addWidget(part, row, column)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.badge)
        foot.addWidget(self.why, 1)
        inner = QVBoxLayout()
        inner.setContentsMargins(14, 10, 14, 12)
        inner.setSpacing(8)
        for part in (self.limiter, self.evidence, self.rated):
            inner.addWidget(part)
        inner.addLayout(grid)
        inner.addWidget(self._line)
        for part in (self.help, self.no_help, self.trials):
            inner.addWidget(part)
        inner.addLayout(foot)
        inner.addStretch(1)
        self.body.addLayout(inner)


class _ClaimLine:
    """A line of the card: who takes how much of the time."""

    def __init__(self) -> None:
        self.name, self.gauge, self.share = Label(), Gauge(), Label("", "body", 600)
        self.share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_claim(self, claim: Claim | None) -> None:
        for part in (self.name, self.gauge, self.share):
            part.setVisible(claim is not None)
        if claim is None:
            return
        explained = claim.limiter != "unclear"
        name = _upper(words.bound_name(claim.limiter)) if explained else tr("Operations")
        share = words.percent(claim.share)
        self.name.setText(name)
        self.name.setToolTip(claim.evidence)
        self.gauge.setToolTip(claim.evidence)
        self.gauge.setAccessibleName(f"{name}: {share}")
        self.gauge.set_share(claim.share)
        self.share.setText(share)


def _paragraph(role: str = "text", size: str = "small") -> Label:
    label = Label("", size, role=role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _title(found: Finding | None) -> str:
    return "" if found is None else _upper(words.limiter_name(found))


def _figure(limit: Limit) -> str:
    """Return a figure of the vendor, such as `40.1 TFLOPS dense`."""
    dense = f" {tr('dense')}" if limit.bound == "compute" else ""
    return f"{significant(limit.ceiling)}{NBSP}{limit.unit}{dense}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{_upper(text)}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
