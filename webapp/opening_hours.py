"""Opening hours in one line, like `Mon-Fri 09:00-17:00 Europe/Rome`, shaped as an interval is."""

import re
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LINE = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?"
    r"\s+(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """What a span of `settings.models.IntervalSpan` says."""

    starts: str
    ends: str
    week_days: tuple[int, ...] = ()  # 0 is Monday
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    always: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """What an `Interval` says: `settings.intervals` reads both alike."""

    time_zone: str
    spans: tuple[Span, ...]
    holidays: tuple = ()


def parse(line):
    """ValueError for what is not such a line."""
    found = LINE.fullmatch(line.strip())
    if not found:
        raise ValueError("is not like Mon-Fri 09:00-17:00 Europe/Rome")
    opens, closes = _clock(found["opens"]), _clock(found["closes"])
    if opens >= closes:
        raise ValueError("closes before it opens")
    span = Span(starts=opens, ends=closes, week_days=_days(found["first"], found["last"]))
    return Schedule(time_zone=_zone(found["zone"] or "UTC"), spans=(span,))


def _days(first, last):
    """Sat-Mon goes round the weekend."""
    first = _day(first)
    last = _day(last) if last else first
    return tuple((first + n) % 7 for n in range((last - first) % 7 + 1))


def _day(name):
    if name.lower() not in DAYS:
        raise ValueError(f"knows no day {name}")
    return DAYS.index(name.lower())


def _clock(text):
    return time.fromisoformat(text).strftime("%H:%M")


def _zone(name):
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"knows no time zone {name}") from None
    return name
