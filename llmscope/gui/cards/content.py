"""What a card says, before anything is painted."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Value:
    """A value in words, with what is drawn of it; `why` stands in its place where there is none.

    `place` is the run's among those that are compared. `times` is the ratio, with its ± in `times_plus`. `share` is how
    near it came to what limits it, which `below` names. `is_bad`: it failed, `is_warned`: it is not steady.
    """

    place: int = 0
    text: str = ""
    unit: str = ""
    behind: str = ""
    median: float | None = None
    ends: tuple[float, float] | None = None
    why: str = ""
    times: str = ""
    times_plus: str = ""
    below: str = ""
    share: float | None = None
    is_bad: bool = False
    is_warned: bool = False
    is_resolved: bool = False


@dataclass(frozen=True)
class Test:
    """A test by what it does and its id, with its values by run."""

    title: str
    name: str
    values: tuple[Value, ...]

    @property
    def most(self) -> float:
        """The largest number that is drawn of it."""
        return max((value.ends[1] if value.ends else value.median or 0.0 for value in self.values), default=0.0)


@dataclass(frozen=True)
class Machine:
    """A machine or a run by its label, with lines about it; `letter` is empty where there is only one."""

    label: str
    lines: tuple[str, ...]
    letter: str = ""


@dataclass(frozen=True)
class Content:
    """All that a card says: `foot` are sentences, `differing` settings, `data` what the file says as text."""

    title: str
    about: str
    machines: tuple[Machine, ...]
    tests: tuple[Test, ...]
    warnings: str
    foot: tuple[str, ...]
    differing: tuple[str, ...] = ()
    data: dict[str, str] = field(default_factory=dict)
