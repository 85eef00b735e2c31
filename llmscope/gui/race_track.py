"""A stored request as a function of time: which of its tokens had come, and what they said. No Qt in here."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Reading:
    """What the machine did at a moment, in ns since the request; shares in percent, None is "not readable"."""

    at_ns: int
    busy_percent: float | None
    memory_percent: float | None


@dataclass(frozen=True)
class Track:
    """One request. All times are ns since it was made, in order.

    `token_ns` counts the ids of all its sequences, `step_ns` those of the first one, whose text is `text`; after
    its step i that had `text_ends[i]` characters.
    """

    token_ns: tuple[int, ...]
    step_ns: tuple[int, ...]
    text: str
    text_ends: tuple[int, ...]
    readings: tuple[Reading, ...] = ()

    def tokens_at(self, at_ns: int) -> int:
        """Return how many ids had come by then."""
        return bisect_right(self.token_ns, at_ns)

    def steps_at(self, at_ns: int) -> int:
        """Return how many ids of the first sequence had come by then."""
        return bisect_right(self.step_ns, at_ns)

    def text_at(self, at_ns: int) -> str:
        """Return the first sequence's text by then."""
        steps = self.steps_at(at_ns)
        return self.text[:self.text_ends[steps - 1]] if steps else ""

    def reading_at(self, at_ns: int) -> Reading | None:
        """Return the last reading by then, None before the first."""
        count = bisect_right(self.readings, at_ns, key=lambda reading: reading.at_ns)
        return self.readings[count - 1] if count else None

    @property
    def end_ns(self) -> int:
        """When the last id came."""
        return self.token_ns[-1]

    def up_to(self, tokens: int) -> "Track":
        """Return the track until it has so many tokens; at least one."""
        kept = self.token_ns[:tokens]
        steps = self.steps_at(kept[-1])
        return replace(self, token_ns=kept, step_ns=self.step_ns[:steps], text=self.text_at(kept[-1]),
                       text_ends=self.text_ends[:steps])


@dataclass
class Recorder:
    """Builds a track from the texts of one request as they were written down."""

    request_ns: int
    _token_ns: list[int] = field(default_factory=list)
    _step_ns: list[int] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    _readings: list[Reading] = field(default_factory=list)

    def add_text(self, sequence: int, text: str, token_ns: Sequence[int], token_chars: Sequence[int]) -> None:
        """Take ids of a sequence with their text."""
        since_ns = [at - self.request_ns for at in token_ns]
        self._token_ns += since_ns
        if sequence == 0 and since_ns:
            begun = self._ends[-1] if self._ends else 0
            self._step_ns += since_ns
            self._texts.append(text)
            self._ends += [begun + end for end in _ends(len(text), len(since_ns), token_chars)]

    def add_reading(self, at_ns: int, busy_percent: float | None, memory_percent: float | None) -> None:
        """Take what the machine did at a moment of the host's clock."""
        self._readings.append(Reading(at_ns - self.request_ns, busy_percent, memory_percent))

    def track(self) -> Track:
        """Return what was recorded."""
        readings = sorted(self._readings, key=lambda reading: reading.at_ns)
        return Track(tuple(sorted(self._token_ns)), tuple(sorted(self._step_ns)), "".join(self._texts),
                     tuple(self._ends), tuple(readings))


def _ends(characters: int, ids: int, chars: Sequence[int]) -> list[int]:
    """Return how much of a text had come after each id.

    Runs of earlier versions do not say: a tenth of a second's text is spread evenly over its ids.
    """
    if len(chars) != ids or min(chars) < 0 or sum(chars) != characters:
        return [round(characters * (place + 1) / ids) for place in range(ids)]
    ends, end = [], 0
    for count in chars:
        end += count
        ends.append(end)
    return ends
