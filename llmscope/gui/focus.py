"""What the keyboard has reached is in view."""

from PySide6.QtWidgets import QScrollArea, QWidget


def bring_into_view(widget: QWidget | None) -> None:
    """Scroll the area around a widget as far as shows it; one without such an area is seen anyway."""
    parent = widget.parentWidget() if widget is not None else None
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    if widget is not None and parent is not None:
        parent.ensureWidgetVisible(widget)
