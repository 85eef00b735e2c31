"""What the page at hand shows, its keys, and those of every page."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from llmscope.gui.widgets.basic import Button, Label


class HelpDialog(QDialog):
    """A short page that F1 opens, about the page of that name; Esc closes it."""

    def __init__(self, parent: QWidget, page: str = "run") -> None:
        super().__init__(parent)
        title, about, keys = {"run": self._run, "compare": self._compare, "hardware": self._hardware,
                              "history": self._history, "race": self._race}[page]()
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        text = Label(about)
        text.setWordWrap(True)
        text.setMinimumWidth(440)
        layout.addWidget(Label(title, "title", 600))
        layout.addWidget(text)
        layout.addLayout(self._keys((*keys, *self._everywhere())))
        close = Button(self.tr("Close"))
        close.clicked.connect(self.close)
        close.setDefault(True)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        layout.addLayout(foot)

    def _run(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.tr("The Run page"), self.tr(
            "Choose a model and what to test at the left, then press Run. The graphs share one time axis, "
            "tinted by the phase of the work. Each test ends when its value is known as well as the accuracy asks. "
            "Every value stands with its range (95 % sure) and the number of samples n."), (
            ("F5", self.tr("run")), ("Shift+F5", self.tr("stop; what is finished is kept")),
            ("Ctrl+S", self.tr("save the result as a picture that carries its run")),
            ("Ctrl+Shift+C", self.tr("copy the picture")),
            ("Ctrl+C", self.tr("in the table: copy the selected rows")),
            ("Ctrl+F", self.tr("the model")))

    def _compare(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.tr("Compare"), self.tr(
            "Two to four stored runs side by side. “64.4× as fast” is a ratio of speeds, whatever the unit; its ± "
            "combines both intervals. A difference is only told beyond that and beyond what the machine changes from "
            "run to run by itself, found from stored repeats. Tests stand beside each other if test, model, length and "
            "batch are the same; every other setting that differs is listed."), (
            ("Ctrl+D", self.tr("in History: compare the selected runs")),
            ("Ctrl+C", self.tr("in a table: copy the selected rows")),
            ("Ctrl+S", self.tr("save the comparison as a picture")))

    def _hardware(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.tr("Hardware"), self.tr(
            "What this machine was measured to do at most, and every test of the run below that roof: at the left "
            "of the bend memory limits it, at the right arithmetic. Choose a test to see its formula with the "
            "numbers, what takes its time, and what would make it faster."), (
            ("← →", self.tr("in the roofline: the next test")), ("↑ ↓", self.tr("in the table: the next test")),
            ("F2", self.tr("in What if: a price of your own")),
            ("Ctrl+C", self.tr("in the table: copy the selected rows")),
            ("Ctrl+S", self.tr("save what was measured as a picture")), ("Ctrl+Shift+C", self.tr("copy the picture")),
            ("F5", self.tr("start a new run")), ("Shift+F5", self.tr("stop it")))

    def _history(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.tr("History"), self.tr(
            "All stored runs, the latest first. The bold value is the key test's, which you choose at the right. The "
            "small line shows its last values in runs with the same model, device and settings. A run that was cut "
            "off keeps the tests that had finished. Drop a saved picture, or results of llama-bench, optimum-benchmark "
            "or vLLM, on the window to add them."), (
            ("Ctrl+F", self.tr("search; all words must occur")), ("Enter", self.tr("open the run on the Run page")),
            ("Ctrl+D", self.tr("compare the selected runs")),
            ("F2", self.tr("name, tags and note")), ("Menu", self.tr("in the table: sort, and what else can be done")),
            ("Del", self.tr("delete the selected runs")), ("Ctrl+Z", self.tr("undo that within ten seconds")),
            ("Ctrl+C", self.tr("in the table: copy the selected rows")), ("F5", self.tr("start a new run")))

    def _race(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.tr("Race"), self.tr(
            "One request of each of two stored runs, beside each other and at the pace at which it was answered: every "
            "token stands there when it came. Both begin with their request and end at the same number of new tokens. "
            "The request shown is the median one of its test by duration."), (
            ("Space", self.tr("play and pause; from the start where the race is over")),
            ("← →", self.tr("seek; with Home and End to start and finish")), ("+ −", self.tr("faster and slower")),
            ("F11", self.tr("present: full screen, larger type; Esc ends it")),
            ("Ctrl+S", self.tr("save this moment, or the end, as a picture")))

    def _everywhere(self) -> tuple[tuple[str, str], ...]:
        return (("Ctrl+1 … 4", self.tr("Run, Compare, Hardware, History")), ("Ctrl+T", self.tr("change the theme")),
                ("F1", self.tr("this page")), ("Ctrl+Q", self.tr("quit; a run that goes on is asked about")))

    @staticmethod
    def _keys(keys: tuple[tuple[str, str], ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        for row, (key, word) in enumerate(keys):
            cap = Label(key, "small", 500)
            cap.setProperty("kind", "keycap")
            grid.addWidget(cap, row, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(Label(word), row, 1)
        grid.setColumnStretch(1, 1)
        return grid
