"""Where everything stands on a card: a wide one and a square one, in px."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["card", "square"]


@dataclass(frozen=True)
class Layout:
    """Sizes of a card; `least_px` is how high a test of one run is at least, `most_px` how high one usually is at most.

    `name_room` is how wide the names at the left are, 0 where they stand above their bars.
    """

    width: int
    height: int
    margin: int
    top: int
    title_px: int
    title_lines: int
    about_px: int
    about_lines: int
    label_px: int
    small_px: int
    name_px: int
    value_px: int
    times_px: int
    foot_px: int
    foot_lines: int
    name_room: int
    bars_room: int
    value_right: int
    bar_pitch: int
    least_px: int
    most_px: int

    @property
    def right(self) -> int:
        """The right end of everything."""
        return self.width - self.margin

    @property
    def room(self) -> int:
        """From the left end of everything to the right one."""
        return self.width - 2 * self.margin

    @property
    def bars_left(self) -> int:
        """Where bars begin."""
        return self.margin + self.name_room


LAYOUTS: dict[Kind, Layout] = {
    "card": Layout(width=1200, height=630, margin=48, top=40, title_px=38, title_lines=2, about_px=18, about_lines=1,
                   label_px=22, small_px=16, name_px=19, value_px=24, times_px=44, foot_px=15, foot_lines=3,
                   name_room=196, bars_room=458, value_right=828, bar_pitch=29, least_px=61,
                   most_px=122),
    "square": Layout(width=1080, height=1080, margin=56, top=50, title_px=48, title_lines=2, about_px=22,
                     about_lines=2, label_px=26, small_px=19, name_px=23, value_px=28, times_px=52, foot_px=18,
                     foot_lines=5, name_room=0, bars_room=520, value_right=752, bar_pitch=34, least_px=96, most_px=146),
}
