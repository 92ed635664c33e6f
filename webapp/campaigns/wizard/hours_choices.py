"""Sending hours to choose from, in words; and hours that are made for one campaign."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from webapp import words
from webapp.campaigns.timing import zone_of
from webapp.columns import utcnow
from webapp.settings import hours

WEEK_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_SHOWN = 4
all_intervals = hours.all_intervals


def week_in_words(interval):
    """Mon to Fri 09:00 to 19:00, Sat 10:00 to 13:00"""
    if not interval.spans:
        return "Never open"
    return ", ".join(_span(span) for span in interval.spans[:MOST_SHOWN])


def holidays_in_words(interval):
    """The names of its days off, or how many there are."""
    names = [one.name or f"{one.day.day} {one.day:%b}" for one in interval.holidays]
    if len(names) > MOST_SHOWN:
        return f"{len(names)} days off"
    return ", ".join(names) or "None"


def add_own(campaign, spans, by):
    """Hours under the campaign's name; `spans` are (starts, ends, week days)."""
    rows = [
        {"name": "", "always": False, "starts": starts, "ends": ends, "week_days": days,
         "month_days": [], "months": []}
        for starts, ends, days in spans
    ]  # fmt: skip
    wanted = {
        "name": _free_name(f"Hours of {campaign.name}"[:110]),
        "description": "",
        "time_zone": zone_of(campaign),
        "spans": rows,
        "holidays": [],
    }
    return hours.add(wanted, by)


def zones_in_words(campaign, by_zone, now=None):
    """[(how many, where they are)] by their distance from the viewer's clock, most first."""
    now = now or utcnow()
    here = now.astimezone(words.zone()).utcoffset()
    groups = {}
    for zone, many in by_zone.items():
        ahead = now.astimezone(ZoneInfo(zone)).utcoffset() - here
        groups[ahead] = groups.get(ahead, 0) + many
    return [
        (many, _distance(ahead)) for ahead, many in sorted(groups.items(), key=lambda one: -one[1])
    ]


def _distance(ahead):
    """in your zone; 1 hour ahead; 9 hours behind"""
    if not ahead:
        return "in your zone"
    hours_apart = abs(ahead) / timedelta(hours=1)
    unit = "hour" if hours_apart == 1 else "hours"
    return f"{hours_apart:g} {unit} {'ahead' if ahead > timedelta() else 'behind'}"


def _span(span):
    if span.always:
        return "always"
    days = span.week_days or list(range(7))
    return f"{_days(days)} {span.starts} to {span.ends}"


def _days(days):
    if days == list(range(7)):
        return "every day"
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{WEEK_DAYS[days[0]]} to {WEEK_DAYS[days[-1]]}"
    return ", ".join(WEEK_DAYS[day] for day in days)


def _free_name(name):
    number, free = 1, name
    while hours.has_name(free):
        number += 1
        free = f"{name} {number}"
    return free
