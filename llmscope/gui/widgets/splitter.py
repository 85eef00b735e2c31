"""Two parts that share their room, with a handle between them."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCursor, QMoveEvent
from PySide6.QtWidgets import QApplication, QSplitter, QSplitterHandle


class Splitter(QSplitter):
    """Neither part can be dragged away; the handle is as wide as told."""

    def __init__(self, orientation: Qt.Orientation, handle_px: int) -> None:
        super().__init__(orientation)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(handle_px)

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class _Handle(QSplitterHandle):
    """Is not left lit where it moves away from under a mouse at rest: Qt tells it only when the mouse moves."""

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        if self.underMouse() and not self.rect().contains(self.mapFromGlobal(QCursor.pos())):
            self.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
            QApplication.sendEvent(self, QEvent(QEvent.Type.HoverLeave))
