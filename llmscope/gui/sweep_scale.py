"""Where a value lies between the least and the largest of a grid, evenly or by decades, and in which colour."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QColor

from llmscope.gui.plots.style import mixed
from llmscope.gui.theme import theme

#: From this ratio of the largest to the least value on, a scale goes by decades.
LOG_FROM = 10.0
#: How much of the hue the least and the largest value have.
LEAST, MOST = 0.12, 1.0


@dataclass(frozen=True)
class Scale:
    """`low` and `high` are the ends; `is_log` says that equal ratios are equally long."""

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies from 0 to 1; the middle where both ends are the same."""
        low, high, value = (math.log(v) for v in (self.low, self.high, value)) if self.is_log else (
            self.low, self.high, value)
        return 0.5 if high <= low else (value - low) / (high - low)


def scale_of(values: Iterable[float], from_zero: bool = False) -> Scale | None:
    """Return the scale over some values, None without any; `from_zero` where it is not by decades."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return None
    low, high = min(known), max(known)
    is_log = low > 0 and high / low > LOG_FROM
    return Scale(0.0 if from_zero and not is_log else low, high, is_log)


def ticks(scale: Scale) -> Sequence[float]:
    """Return round values along a scale: 1, 2 and 5 of each decade, or steps of those."""
    if scale.is_log:
        decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
        found = [step * 10.0**decade for decade in decades for step in ((1, 2, 5) if len(decades) < 4 else (1,))]
    else:
        rough = (scale.high - scale.low or scale.high or 1.0) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        found = [step * number for number in range(math.floor(scale.low / step), math.ceil(scale.high / step) + 1)]
    return [value for value in found if scale.low * 0.999 <= value <= scale.high * 1.001]


def shade(share: float) -> QColor:
    """Return the colour of a value: one hue, the more the larger."""
    return mixed(theme().colour("series_a"), theme().colour("panel"), LEAST + (MOST - LEAST) * share)


def ink(ground: QColor) -> QColor:
    """Return black or white, whichever stands out more: at least 4.5:1 on any colour."""
    light = _luminance(ground)
    return QColor("#000000" if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else "#ffffff")


def _luminance(colour: QColor) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (
        colour.redF(), colour.greenF(), colour.blueF()))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
