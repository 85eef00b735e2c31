"""The requests of a stored run that were answered as a whole, and the one that stands for them. No Qt in here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmscope.core import events as ev
from llmscope.core.spec import Cell


@dataclass
class Request:
    """One request of a `gen` test; `tokens` counts the new ids of all its sequences. Times of the host's clock."""

    cell: int
    sample: int
    request_ns: int
    end_ns: int = 0
    tokens: int = 0
    sequences: int = 1

    def add(self, text: ev.Text) -> None:
        """Take ids that came; their texts are read again once the request is chosen."""
        if text.token_ns and min(text.token_ns) >= self.request_ns and text.sequence >= 0:
            self.end_ns = max(self.end_ns, *text.token_ns)
            self.tokens += len(text.token_ns)
            self.sequences = max(self.sequences, text.sequence + 1)


def measured_requests(events: Iterable[ev.Event], cells: Sequence[Cell]) -> dict[int, list[Request]]:
    """Return the whole, counted requests by cell, without the warm-up's; memory grows with requests, not with ids."""
    found: dict[int, dict[int, Request]] = {}
    measured_ns: dict[int, int] = {}
    excluded: set[tuple[int, int]] = set()
    for event in events:
        match event:
            case ev.CellStarted():  # again, where a worker has died
                found.pop(event.cell, None)
                measured_ns.pop(event.cell, None)
            case ev.PhaseStarted(phase="generate"):
                measured_ns[event.cell] = event.t_ns
            case ev.Sample() if event.excluded is not None:
                excluded.add((event.cell, event.index))
            case ev.Text() if event.request_ns >= measured_ns.get(event.cell, event.request_ns + 1):
                request = Request(event.cell, event.sample, event.request_ns)
                found.setdefault(event.cell, {}).setdefault(event.request_ns, request).add(event)
    return {cell: kept for cell, requests in found.items() if 0 <= cell < len(cells) and (kept := [
        request for request in requests.values()
        if request.tokens == cells[cell].new * request.sequences and (cell, request.sample) not in excluded])}


def middle(requests: Sequence[Request]) -> Request:
    """Return the request that took neither long nor short: the median by duration, the shorter of two."""
    return sorted(requests, key=lambda request: request.end_ns - request.request_ns)[(len(requests) - 1) // 2]
