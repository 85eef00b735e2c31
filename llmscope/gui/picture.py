"""The picture of a result: the Run page at twice its size, with what one must know to read it."""

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from llmscope import __version__
from llmscope.core.results import Row
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP
from llmscope.gui import looks, words
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.pages.run_page import RunPage
from llmscope.gui.run_body import RunBody
from llmscope.gui.run_state import RunState
from llmscope.gui.theme import theme
from llmscope.gui.top_bar import Logo
from llmscope.gui.widgets.basic import ElidedLabel, Label, Line
from llmscope.gui.words import tr
from llmscope.hardware.host import Machine

SCALE = 2
WIDTH = 1136
UPPER_HEIGHT, LOWER_HEIGHT, HEAD_HEIGHT = 476, 236, 62


def draw(page: RunPage, feed: LiveFeed, machine: Machine | None) -> QImage:
    """Return the run that a page shows as an image of twice its size, free of focus, buttons and scroll bars."""
    sheet = _Sheet(page, feed, machine)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    sheet.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    sheet.show()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    sheet.body.plots.refresh()
    sheet.body.generation.refresh()
    image = QImage(sheet.size() * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(theme().colour("window"))
    painter = QPainter(image)
    sheet.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)
    painter.end()
    for key, text in sheet.facts.items():
        image.setText(key, text)
    sheet.close()
    sheet.deleteLater()
    return image


def facts(run: RunState, titles: dict[str, str], devices: dict[str, str], machine: Machine | None) -> dict[str, str]:
    """Return what the head of the picture says; the same words go into the file as text."""
    cell = run.cells[0].cell
    power = {True: tr("on battery"), False: tr("mains power"), None: tr("power source not readable")}
    models = list(dict.fromkeys(state.cell.model for state in run.cells))
    return {
        "Title": " + ".join(titles.get(model, words.model_name(model)) for model in models),
        "Machine": str(run.machine.get("label") or (machine.label if machine else "")),
        "Device": devices.get(cell.device, cell.device),
        "Settings": words.settings_lines([state.cell for state in run.cells]),
        "Accuracy": _accuracy(run),
        "Power": power[run.on_battery],
        "Date": looks.when(run.utc),
        "Software": _software(run),
        "Results": "; ".join(_result(row) for row in run.rows),
    }


def _accuracy(run: RunState) -> str:
    if run.other_program:
        return tr("measured by {0}").format(run.other_program)
    accuracy = run.spec.accuracy if run.spec else "standard"
    return tr("±{0} asked, {1} confidence").format(f"{100 * EPSILON[accuracy]:.2g}{NBSP}%", f"95{NBSP}%")


def _software(run: RunState) -> str:
    named = run.versions if run.other_program else ("torch", "transformers")
    parts = [f"{name} {run.versions[name]}" for name in named if name in run.versions]
    return " · ".join([run.program or f"llmscope {__version__}", *parts])


def _result(row: Row) -> str:
    value = "—" if row.median is None else f"{row.median:.6g} {row.unit}"
    return ", ".join(part for part in (f"{row.test} {value} n={row.n} {row.verdict}", words.limit_line(row)) if part)


class _Sheet(QWidget):
    """The head over a body of its own, which shows the same run; never on the screen."""

    def __init__(self, page: RunPage, feed: LiveFeed, machine: Machine | None) -> None:
        super().__init__()
        control, run = page.control, page.run
        self.facts = facts(run, control.titles(), control.device_names(), machine)
        self.body = RunBody(feed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head())
        layout.addWidget(Line())
        layout.addWidget(self.body, 1)
        layout.addWidget(Line())
        layout.addWidget(self._foot())
        self._fill(page)
        upper = max(UPPER_HEIGHT, self.body.results.rows_height() + theme().px("height", "area_header") + 4)
        lower = LOWER_HEIGHT + theme().px("layout", "gap") if run.spoken else 0
        bands = HEAD_HEIGHT + theme().px("layout", "strip") + theme().px("height", "status_bar") + 2
        margins = 2 * theme().px("layout", "margin") + theme().px("layout", "gap")
        self.setFixedSize(WIDTH, upper + lower + bands + margins)

    def _head(self) -> QWidget:
        facts = self.facts
        first = _row(Logo(), Label("llmscope", "strong", 600), ElidedLabel(facts["Title"], "strong", 600),
                     Label(facts["Machine"], "body", 600))
        first.setStretch(2, 1)
        left = f"{facts['Settings']} · {facts['Device']}"
        second = _row(ElidedLabel(left, "small", role="text_2"),
                      Label(f"{facts['Accuracy']} · {facts['Power']}", "small", role="text_2"))
        second.setStretch(0, 1)
        return _band(HEAD_HEIGHT, first, second)

    def _foot(self) -> QWidget:
        row = _row(ElidedLabel(self.facts["Software"], "caption", role="text_2"),
                   Label(self.facts["Date"], "caption", role="text_2"))
        row.setStretch(0, 1)
        return _band(theme().px("height", "status_bar"), row)

    def _fill(self, page: RunPage) -> None:
        run, body = page.run, self.body
        body.show_welcome(False)
        body.below.setVisible(bool(run.spoken))
        page.show_in(body)
        for event in page.replay():
            body.generation.on_event(event)
        body.generation.show_stored(run.spec)
        for button in self.findChildren(QPushButton):
            button.hide()


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(10)
    for widget in widgets:
        row.addWidget(widget)
    return row


def _band(height: int, *rows: QHBoxLayout) -> QWidget:
    band = QWidget()
    band.setFixedHeight(height)
    layout = QVBoxLayout(band)
    layout.setContentsMargins(16, 5, 16, 5)
    layout.setSpacing(1)
    for row in rows:
        layout.addLayout(row)
    return band
