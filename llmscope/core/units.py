"""Numbers as people read them: digits that the interval supports, binary memory, decimal rates."""

import math

NBSP = "\u00a0"
GIB = 1024**3


def significant(value: float, digits: int = 3) -> str:
    """Return a value with so many significant digits, comma groups, no exponent: `27,900`, `193`, `0.0512`."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "not a number"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, decimals)
    if rounded and math.floor(math.log10(abs(rounded))) > math.floor(math.log10(abs(value))):
        decimals -= 1
    return f"{rounded:,.{max(0, decimals)}f}"


def measured(value: float, half_width: float | None) -> str:
    """Return a measured value: three digits, a fourth where its ± is under 2 %."""
    return significant(value, 4 if half_width is not None and half_width < 0.02 else 3)


def plus_minus(half_width: float | None) -> str:
    """Return the half-width as `±1.3 %`, beyond the value itself as `>±100 %`, or `—` where there is no interval."""
    if half_width is None:
        return "—"
    return f">±100{NBSP}%" if half_width > 1 else f"±{max(half_width * 100, 0.1):.1f}{NBSP}%"


def gib(size_bytes: float | None) -> str:
    """Return a memory size in GiB, below 0.1 GiB in MiB; None is `not readable`."""
    if size_bytes is None:
        return "not readable"
    if abs(size_bytes) < 0.1 * GIB:
        return f"{size_bytes / 1024**2:.0f}{NBSP}MiB"
    return f"{size_bytes / GIB:,.{2 if size_bytes < 9.995 * GIB else 1}f}{NBSP}GiB"


def duration(seconds: float) -> str:
    """Return a duration: `41 s` under a minute, else `1:55`."""
    whole = max(0, round(seconds))
    return f"{whole}{NBSP}s" if whole < 60 else f"{whole // 60}:{whole % 60:02d}"


def about(seconds: float) -> str:
    """Return an estimate rounded to 5 s, said as one: `about 45 s`."""
    return f"about {duration(max(5, 5 * round(seconds / 5)))}"


def parameters(count: int) -> str:
    """Return a parameter count as `6.95 M` or `8.03 B`."""
    scaled, letter = (count / 1e9, "B") if count >= 999.5e6 else (count / 1e6, "M")
    return f"{significant(scaled)}{NBSP}{letter}"
