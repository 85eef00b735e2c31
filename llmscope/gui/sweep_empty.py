"""What stands in the place of a sweep's curves while no test of it has a value."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope.gui.looks import tests
from llmscope.gui.run_state import RunState
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Icon, Label
from llmscope.gui.words import tr


class NoCurves(QWidget):
    """Says why there is nothing to draw, and what can be done."""

    def __init__(self) -> None:
        super().__init__()
        self._icon = Icon("clock", 24, "text_2")
        self._title, self._text = Label("", "strong", 600), Label("", "body", role="text_2")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 8, 24, 8)
        layout.setSpacing(theme().px("layout", "gap"))
        layout.addStretch(2)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        layout.addStretch(3)

    def show_run(self, run: RunState) -> None:
        """Say it of a run."""
        icon, title, text = why_empty(run)
        self._icon.set_icon(icon, "text_2")
        self._title.setText(title)
        self._text.setText(text)
        self.setAccessibleName(f"{title}. {text}")


def why_empty(run: RunState) -> tuple[str, str, str]:
    """Return an icon, what is the case, and what comes of it or can be done."""
    if run.is_open:
        return "clock", tr("No test is done yet"), tr("Each one that is done adds a point.")
    if run.counted:
        return "info", tr("Nothing to draw here"), tr("No test with these settings gave a result. Choose others above.")
    if run.earlier is None:
        return "x-circle", tr("No test gave a result"), tr("The list says of each test why.")
    title = tr("Cut off before a test was finished") if run.was_cut_off else \
        tr("Stopped before a test was finished")
    return "stop", title, tr("Press “Go on with this run” to measure its {0}.").format(tests(len(run.shown)))
