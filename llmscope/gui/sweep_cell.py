"""The words in a cell of the heat map: its value, and as much of its interval and verdict as it has room for."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath, QPolygonF

from llmscope.gui.theme import theme

#: Height of a line, room for the star, what is left free at both ends together, and between words beside each other.
LINE_PX, STAR_PX, FREE_PX, GAP_PX = 17, 13, 6, 8

Lines = tuple[str, ...]


def offers(best: str, interval: str, verdict: str) -> list[Lines]:
    """Return the lines that may stand beside a value, those that say most first; `best` is empty for all but one."""
    both, least = f"{interval} {verdict}".strip(), verdict or interval
    found: list[Lines] = [(both,), (interval, verdict)]
    if best:  # before its interval goes its name: the star says it too
        found = [(best, both), (best, interval, verdict), (f"{best} {both}",), *found, (f"{best} {least}",)]
    found += [(least,), (best,)]
    return list(dict.fromkeys(tuple(filter(None, (line.strip() for line in lines))) for lines in found))


def fitting(box: QRectF, value: str, offered: Sequence[Lines], star: bool) -> Lines:
    """Return the first of some lines that have room below a value, or beside it in a low cell; none where none has."""
    lines = int(box.height() // LINE_PX) - 1
    room = box.width() - FREE_PX - (0 if lines else GAP_PX + QFontMetrics(_strong()).horizontalAdvance(value))
    return next((each for each in offered if len(each) <= max(1, lines)
                 and all(width <= room for width in _widths(each, star))), ())


def paint_value(painter: QPainter, box: QRectF, value: str, offered: Sequence[Lines], star: bool) -> None:
    """Draw a value with the lines that have room, a star before the first of them."""
    lines = fitting(box, value, offered, star) or (("",) if star else ())
    value_px, widths, centre = QFontMetrics(_strong()).horizontalAdvance(value), _widths(lines, star), box.center()
    below = box.height() >= 2 * LINE_PX
    y = centre.y() - (len(lines) / 2 * LINE_PX if below else 0)
    left = centre.x() - (value_px + (0 if below or not lines else GAP_PX + widths[0])) / 2
    painter.setFont(_strong())
    painter.drawText(QRectF(left, y - 9, value_px, 18), Qt.AlignmentFlag.AlignCenter, value)
    for number, (line, width) in enumerate(zip(lines, widths, strict=True)):
        y += LINE_PX if below else 0
        at, mark = centre.x() - width / 2 if below else left + value_px + GAP_PX, STAR_PX if star and not number else 0
        if mark:
            _star(painter, QPointF(at + 5, y + 0.5))
        painter.setFont(_small(bool(mark)))
        painter.drawText(QRectF(at + mark, y - 8, width - mark, 16), Qt.AlignmentFlag.AlignCenter, line)


def _widths(lines: Lines, star: bool) -> list[int]:
    return [QFontMetrics(_small(star and not number)).horizontalAdvance(line) + (STAR_PX if star and not number else 0)
            for number, line in enumerate(lines)]


def _strong() -> QFont:
    return theme().font("body", 600)


def _small(starred: bool) -> QFont:
    return theme().font("caption", 600 if starred else 400)


def _star(painter: QPainter, centre: QPointF) -> None:
    """Fill a star of five points in the colour of the words."""
    points = QPolygonF([QPointF(0, -5), QPointF(1.4, -1.7), QPointF(5, -1.5), QPointF(2.2, 0.8), QPointF(3.1, 4.3),
                        QPointF(0, 2.3), QPointF(-3.1, 4.3), QPointF(-2.2, 0.8), QPointF(-5, -1.5),
                        QPointF(-1.4, -1.7)]).translated(centre)
    path = QPainterPath()
    path.addPolygon(points)
    painter.fillPath(path, painter.pen().color())
