"""The picture of a comparison: the Compare page at twice its size, with what one must know to read it."""

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from llmscope import __version__
from llmscope.analysis.compare_words import headline
from llmscope.gui import compare_look as look
from llmscope.gui.compare_body import CompareBody
from llmscope.gui.theme import theme
from llmscope.gui.top_bar import Logo
from llmscope.gui.widgets.basic import ElidedLabel, Label
from llmscope.runs.compare import Compared

SCALE = 2
WIDTH, MARGIN, GAP = 1360, 16, 10


def draw(compared: Compared) -> QImage:
    """Return a comparison as an image of twice its size, free of focus, buttons and scroll bars."""
    sheet = _Sheet(compared)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    sheet.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    sheet.show()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    image = QImage(sheet.size() * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(theme().colour("window"))
    painter = QPainter(image)
    sheet.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)
    painter.end()
    image.setText("Title", headline(compared.comparison))
    image.setText("Results", look.as_tsv(look.table(compared.comparison)))
    sheet.close()
    sheet.deleteLater()
    return image


class _Sheet(QWidget):
    """Headline, runs, and what holds for all of them; never on the screen."""

    def __init__(self, compared: Compared) -> None:
        super().__init__()
        found, body = compared.comparison, CompareBody()
        title = Label(headline(found), "title", 600)
        title.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Logo(), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(title, 1)
        foot = QHBoxLayout()
        foot.addWidget(ElidedLabel(look.same(found), "caption", role="text_2"), 1)
        foot.addWidget(Label(self.tr("± is half of the 95 % interval · llmscope {0}").format(__version__), "caption",
                             role="text_2"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        layout.addWidget(ElidedLabel(look.subtitle(found), "body", role="text_2"))
        layout.addWidget(body, 1)
        layout.addLayout(foot)
        body.show_runs(compared)
        body.set_whole(True, False)
        for button in self.findChildren(QPushButton):
            button.hide()
        self.setFixedWidth(WIDTH)
        self.ensurePolished()
        self.setFixedHeight(max(layout.totalHeightForWidth(WIDTH), layout.totalMinimumSize().height()))
