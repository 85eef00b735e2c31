"""How far the worker is: plain counters in the timed loop, events from a thread beside it."""

import threading
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from llmscope.core.events import Event, Phase, PhaseStarted, Progress, Text

TICK_S = 0.1


class Cancelled(BaseException):
    """The person pressed Stop; raised at the next token or step. Not an `Exception`: no library may swallow it."""


class TextPiece(Struct, frozen=True):
    """New text of one sequence and when its last id was there."""

    sequence: int
    text: str
    at_ns: int


class Meter:
    """Counts work; the timed loop only adds integers, and a ticker thread turns them into events.

    `cancel` may be set from any thread and takes effect at the next `add` or `check`.
    """

    def __init__(self, send: Callable[[Event], None]) -> None:
        self.send = send
        self.cell = 0
        self.sample = 0
        self._counter = 0
        self._tokens = 0
        self._last_ns = self._rate_from_ns = time.perf_counter_ns()
        self._rate_from_tokens = 0
        self._cancelled = False
        self._finished: float | None = None
        self._request_ns = 0
        self._text: deque[TextPiece] = deque()
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None

    def begin_cell(self, cell: int) -> None:
        """Take up a cell; ticks are sent until `end_cell`."""
        self.cell, self.sample = cell, 0
        self._rate()
        self._finished = None  # what the test before was doing is no rate of this one
        self._over.clear()
        self._ticker = threading.Thread(target=self._tick, name="ticker", daemon=True)
        self._ticker.start()

    def end_cell(self) -> None:
        """Stop ticking and send what is left of the text."""
        self._over.set()
        if self._ticker is not None:
            self._ticker.join()
        self._send_text()

    def phase(self, phase: Phase) -> None:
        """Say that a new phase of the cell begins."""
        self.check()
        self._counter += 1
        self.send(PhaseStarted(t_ns=time.perf_counter_ns(), cell=self.cell, phase=phase))

    def begin_sample(self, index: int, request: bool = False) -> None:
        """Start the clock of the live rate for a sample; `request` also starts a text."""
        self._send_text()
        # The next pass may begin before a tick has seen that this one is done.
        self._finished = self._rate() or self._finished
        self.sample = index
        now = time.perf_counter_ns()
        self._rate_from_ns, self._rate_from_tokens, self._last_ns = now, self._tokens, now
        self._request_ns = now if request else 0

    def add(self, tokens: int) -> None:
        """Count tokens done; raises `Cancelled` if the run was stopped."""
        self._tokens += tokens
        self._counter += 1
        self._last_ns = time.perf_counter_ns()
        if self._cancelled:
            raise Cancelled

    def add_text(self, sequence: int, text: str, at_ns: int) -> None:
        """Queue new text; the ticker sends it."""
        self._text.append(TextPiece(sequence, text, at_ns))

    def check(self) -> None:
        """Raise `Cancelled` if the run was stopped."""
        if self._cancelled:
            raise Cancelled

    def cancel(self) -> None:
        """Ask the run to stop; from any thread."""
        self._cancelled = True

    def _tick(self) -> None:
        while not self._over.wait(TICK_S):
            self._send_text()
            self._send_progress()

    def _send_progress(self) -> None:
        rate, self._finished = self._rate() or self._finished, None
        self.send(Progress(t_ns=time.perf_counter_ns(), cell=self.cell, counter=self._counter,
                           sample=self.sample, tokens_per_s=rate))

    def _rate(self) -> float | None:
        """Return tokens a second since the last call that gave a rate, None when nothing was done since."""
        tokens, last_ns = self._tokens, self._last_ns
        if tokens <= self._rate_from_tokens or last_ns <= self._rate_from_ns:
            return None
        rate = (tokens - self._rate_from_tokens) / (last_ns - self._rate_from_ns) * 1e9
        self._rate_from_tokens, self._rate_from_ns = tokens, last_ns
        return rate

    def _send_text(self) -> None:
        pieces: list[TextPiece] = []
        while self._text:
            pieces.append(self._text.popleft())
        for sequence in dict.fromkeys(p.sequence for p in pieces):
            mine = [p for p in pieces if p.sequence == sequence]
            self.send(Text(t_ns=time.perf_counter_ns(), cell=self.cell, sample=self.sample, sequence=sequence,
                           text="".join(p.text for p in mine), request_ns=self._request_ns,
                           token_ns=tuple(p.at_ns for p in mine), token_chars=tuple(len(p.text) for p in mine)))
