"""Opening hours in one line, like `Mon-Fri 09:00-17:00 Europe/Rome`."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LINE = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?"
    r"\s+(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    first: int
    last: int
    opens: time
    closes: time
    zone: ZoneInfo

    def opened_at(self, now):
        """When it opened today, if it is open now; else None."""
        local = now.astimezone(self.zone)
        if not self._is_day(local.weekday()) or not self.opens <= local.time() < self.closes:
            return None
        return datetime.combine(local.date(), self.opens, self.zone)

    def _is_day(self, day):
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


def parse(line):
    """ValueError for what is not such a line."""
    found = LINE.fullmatch(line.strip())
    if not found:
        raise ValueError("is not like Mon-Fri 09:00-17:00 Europe/Rome")
    first = _day(found["first"])
    hours = OpeningHours(
        first,
        _day(found["last"]) if found["last"] else first,
        time.fromisoformat(found["opens"]),
        time.fromisoformat(found["closes"]),
        _zone(found["zone"] or "UTC"),
    )
    if hours.opens >= hours.closes:
        raise ValueError("closes before it opens")
    return hours


def _day(name):
    if name.lower() not in DAYS:
        raise ValueError(f"knows no day {name}")
    return DAYS.index(name.lower())


def _zone(name):
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"knows no time zone {name}") from None
