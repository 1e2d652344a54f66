"""Numbers in words, never without how sure they are; and other people's text, made safe to stand in Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from core.clock import now
from core.evaluate.weeks import FEW
from core.measure.intervals import Interval, Mean, Rate
from core.measure.paired import PairedMeans
from core.measure.runs import Median

Words = Callable[[float], str]
"""A number with its unit."""


def not_enough(n: int) -> str:
    """What stands where a number would, when it rests on too little."""
    return f"not enough data (n {n})"


def share(rate: Rate | None) -> str:
    """85 % (74 to 93 %, n 40)"""
    if rate is None or rate.n < FEW:
        return not_enough(rate.n if rate else 0)
    return f"{percent(rate.value)} ({between(rate.interval, percent)}, n {rate.n})"


def dollars(value: float) -> str:
    """$0.0123, $1.20: two digits that mean something."""
    sign = "-" if value < 0 else ""
    size = abs(value)
    digits = 2 if size >= 1 or size == 0 else 3 if size >= 0.1 else 4
    return f"{sign}${size:.{digits}f}"


def duration(seconds: float) -> str:
    """0.8 s, 41 s, 3.2 min"""
    size = abs(seconds)
    if size >= 120:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.0f} s" if size >= 10 else f"{seconds:z.1f} s"


def percent(value: float) -> str:
    """85 %"""
    return f"{100 * value:z.0f} %"


def plain(value: float) -> str:
    """12.3"""
    return f"{value:z.1f}"


def between(interval: Interval, words: Words) -> str:
    """74 to 93 %: both ends, the unit where it stands last."""
    low, high = words(interval.low), words(interval.high)
    value, _, unit = low.partition(" ")
    return f"{value if unit and high.endswith(' ' + unit) else low} to {high}"


def mean(found: Mean | Median | None, words: Words) -> str:
    """$0.012 ($0.010 to $0.015, n 40); without an interval where there is none."""
    if found is None or found.n < FEW:
        return not_enough(found.n if found else 0)
    sure = f"{between(found.interval, words)}, " if found.interval else "no interval, "
    return f"{words(found.value)} ({sure}n {found.n})"


def difference(found: PairedMeans | None, words: Words) -> str:
    """+$0.002 (-$0.001 to $0.004, n 40): candidate minus base."""
    if found is None or found.n_tasks < FEW:
        return not_enough(found.n_tasks if found else 0)
    sure = f"{between(found.interval, words)}, " if found.interval else "no interval, "
    return f"{'+' if found.difference > 0 else ''}{words(found.difference)} ({sure}n {found.n_tasks})"


def ago(at: datetime | None) -> str:
    """3 days ago; "" for no time."""
    if at is None:
        return ""
    seconds = (now() - at).total_seconds()
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {unit}{'' if n == 1 else 's'} ago"
    return "just now"


def clipped(text: str, most: int) -> str:
    """The beginning of a text in one line, with an ellipsis where more follows."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def escaped(text: str) -> str:
    """Text that others wrote, so that Markdown shows it as it is, in one line.

    An address becomes a link, and `:fire:` or `:material/bolt:` a picture, after the escapes are read, so a joiner
    without width stands inside them.
    """
    parted = re.sub(r"(?i)(:)(//)|(www)(\.)", "\\1\\3\u2060\\2\\4", text.replace("\n", " "))
    parted = re.sub(r":(?=[a-zA-Z+-][\w+/-]*:)", ":\u2060", parted)
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", parted)
