"""What Ctrl+C and SIGTERM do while there is a window: they end it in order. No Qt in here: it is imported meanwhile."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self


class Ending:
    """Holds both signals for as long as it is entered: raised within Qt's own calls and imports they could crash it.

    Whatever is given to `by` is called once between two steps of Python, at once if a signal came before.
    """

    def __init__(self) -> None:
        self._end: Callable[[], object] | None = None
        self._is_asked = False

    def by(self, end: Callable[[], object]) -> None:
        """Say how to end."""
        self._end = end
        if self._is_asked:
            end()

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came: for where nothing has to be ended yet."""
        if self._is_asked:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._is_asked = True
        if self._end is not None:
            self._end()
