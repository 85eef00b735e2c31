"""Python's garbage is looked for in the thread that owns the widgets, and in no other."""

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 1000


def collect_if_due() -> int:
    """Collect the oldest generation that is due by Python's own thresholds; return it, or -1 where none is."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        if counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return generation
    return -1


class GarbageCollector(QObject):
    """Takes the place of Python's automatic collection, which runs in whatever thread allocates.

    A widget in a reference cycle that a reader's thread happens to find would be destroyed there; Qt then crashes.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(collect_if_due)
        self._timer.start(INTERVAL_MS)
