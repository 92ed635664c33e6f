"""Days and hours as people live them: in a zone, over changes of its clock.

Sums are counted in slices of a quarter of an hour: every zone's days and hours begin with one.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp.analytics.epoch import moment_of

SLICE = 900  # seconds


def start_of_day(day, zone):
    """The moment a local date begins, in UTC terms whatever the clock does that day."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def today(now, zone):
    """The local date of this moment."""
    return now.astimezone(ZoneInfo(zone)).date()


def span(first_day, last_day, zone):
    """From the beginning of the first date until the end of the last one, both included."""
    return start_of_day(first_day, zone), start_of_day(last_day + timedelta(days=1), zone)


def minute_of(day, minute, zone):
    """The moment so many minutes into a local date, in UTC: a day of change has 1,380 or 1,500."""
    return start_of_day(day, zone).astimezone(UTC) + timedelta(minutes=minute)


def minutes_of(day, zone):
    """How many minutes a local date has."""
    start, end = span(day, day, zone)
    return round((end.timestamp() - start.timestamp()) / 60)


def written(text):
    """The date somebody wrote into an address; None where it is none."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    # Days that a zone or a database could not name are nobody's wish.
    return found if 2000 <= found.year <= 2200 else None


def days(first_day, last_day):
    return [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]


def day_of(second, zone):
    """The local date of a slice."""
    return moment_of(second).astimezone(ZoneInfo(zone)).date()


def hour_of(second, zone):
    """The local hour of a slice, by its beginning; an hour that the clock repeats comes twice."""
    local = moment_of(second).astimezone(ZoneInfo(zone))
    return local.replace(minute=0)


def fold(sliced, label):
    """Sums of `count(…, step=SLICE)` put together by what `label` says of each slice's second.

    {(…, second): {name: number}} → {(…, label): {name: number}}
    """
    folded = {}
    for (*key, second), numbers in sliced.items():
        into = folded.setdefault((*key, label(second)), {})
        for name, number in numbers.items():
            into[name] = into.get(name, 0) + number
    return folded
