"""The forms of the settings: the plan, and an interval as it is being typed."""

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, RadioField, SelectChoice
from wtforms.validators import NumberRange, Optional

from webapp.opening_hours import Schedule, Span
from webapp.settings import hours
from webapp.settings.plan import Kind

WEEK_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
CLOCK = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)|(24):?00")
MOST_ROWS = 200


class PlanForm(FlaskForm):
    kind = RadioField(
        "Plan",
        choices=[
            SelectChoice(Kind.BOTH.value, "Inbound & outbound"),
            SelectChoice(Kind.INBOUND.value, "Inbound only"),
        ],
        default=Kind.BOTH,
    )
    seats = IntegerField(
        "Seats",
        [Optional(), NumberRange(1, 100_000, "Choose a number from 1 to 100,000.")],
        description="How many people may be active. Empty: as many as you like.",
    )
    last_day = DateField(
        "Valid until", [Optional()], description="The last day it holds, in UTC. Empty: no end."
    )


@cache
def time_zones():
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


@dataclass
class Hours:
    """An interval as typed, right or wrong: nothing typed gets lost."""

    name: str = ""
    description: str = ""
    time_zone: str = "UTC"
    days: list = field(default_factory=lambda: [[] for _ in WEEK_DAYS])  # of [from, until]
    specials: list = field(default_factory=list)
    holidays: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)

    def checked(self, interval=None):
        """What may be saved, for `hours`; None with `errors` filled where something is wrong."""
        self.errors = {}
        wanted = {
            "name": self.name.strip(),
            "description": self.description.strip(),
            "time_zone": self.time_zone.strip(),
            "spans": self._weekly() + self._special(),
            "holidays": self._holidays(),
        }
        self._check_words(wanted, interval)
        return None if self.errors else wanted

    def _check_words(self, wanted, interval):
        if not wanted["name"]:
            self.errors["name"] = "Write a name."
        elif len(wanted["name"]) > 120:
            self.errors["name"] = "At most 120 characters."
        elif hours.has_name(wanted["name"], but=interval):
            self.errors["name"] = "Other hours have this name already."
        if wanted["time_zone"] not in available_timezones():
            self.errors["time_zone"] = "Choose one from the list, like Europe/Rome."

    def _weekly(self):
        """Days with the same hours become one span."""
        found = {}
        for day, spans in enumerate(self.days):
            for place, (starts, ends) in enumerate(spans):
                span = self._times(starts, ends, f"day-{day}-{place}")
                if span:
                    found.setdefault(span, []).append(day)
        return [
            {**_plain(), "starts": starts, "ends": ends, "week_days": list(dict.fromkeys(days))}
            for (starts, ends), days in found.items()
        ]

    def _special(self):
        return [self._one_special(place, one) for place, one in enumerate(self.specials)]

    def _one_special(self, place, typed):
        key = f"special-{place}"
        times = self._times(typed["starts"], typed["ends"], key) if not typed["always"] else None
        starts, ends = times or ("00:00", "24:00")
        try:
            days = _month_days(typed["month_days"])
        except ValueError as error:
            self.errors[key] = str(error)
            days = []
        chosen = {"week_days": typed["week_days"], "month_days": days, "months": typed["months"]}
        if typed["always"]:
            chosen = {name: [] for name in chosen}
        return {
            "name": typed["name"].strip()[:120],
            "always": typed["always"],
            "starts": starts,
            "ends": ends,
            **chosen,
        }

    def _times(self, starts, ends, key):
        try:
            starts, ends = _clock(starts), _clock(ends)
        except ValueError as error:
            self.errors[key] = str(error)
            return None
        if starts == ends:
            self.errors[key] = "These are the same. The whole day is 00:00 to 24:00."
        elif starts == "24:00":
            self.errors[key] = "24:00 is an end; the day starts at 00:00."
        return starts, ends

    def _holidays(self):
        found = {}
        for place, typed in enumerate(self.holidays):
            try:
                day = date.fromisoformat(typed["day"])
            except ValueError:
                self.errors[f"holiday-{place}"] = "Choose the day."
                continue
            if day in found:
                self.errors[f"holiday-{place}"] = "This day is in the list already."
            found[day] = {
                "day": day,
                "name": typed["name"].strip()[:120],
                "yearly": typed["yearly"],
            }
        return list(found.values())

    def pressed(self, change):
        """What a button did: another row, or one less."""
        verb, _, where = change.partition(" ")
        kind, _, place = where.partition("-")
        numbers = [int(one) for one in place.split("-") if one.isdecimal()]
        rows = self._rows(kind, numbers)
        if rows is None:
            return
        if verb == "add" and len(rows) < MOST_ROWS:
            rows.append(_empty(kind))
        elif verb == "drop" and numbers and numbers[-1] < len(rows):
            del rows[numbers[-1]]
        elif verb == "copy":
            self.days[1:5] = [[list(span) for span in self.days[0]] for _ in range(4)]

    def _rows(self, kind, numbers):
        if kind == "day" and numbers and numbers[0] < len(WEEK_DAYS):
            return self.days[numbers[0]]
        return {"special": self.specials, "holiday": self.holidays}.get(kind)

    def as_schedule(self):
        """What is right so far, for the preview."""
        trial = Hours(**{name: getattr(self, name) for name in self.__dataclass_fields__})
        trial.errors = {}
        spans = trial._weekly() + trial._special()
        zone = self.time_zone if self.time_zone in available_timezones() else "UTC"
        return Schedule(
            zone,
            tuple(
                Span(**{name: value for name, value in one.items() if name != "name"})
                for one in spans
            ),
            tuple(hours.IntervalHoliday(**one) for one in trial._holidays()),
        )


def typed_from(interval):
    """An interval laid out for editing: plain weekly spans by day, all others one by one."""
    typed = Hours(interval.name, interval.description, interval.time_zone)
    for span in interval.spans:
        if span.always or span.name or span.month_days or span.months:
            typed.specials.append(_laid_out(span))
        else:
            for day in span.week_days or range(len(WEEK_DAYS)):
                typed.days[day].append([span.starts, span.ends])
    for spans in typed.days:
        spans.sort()
    typed.holidays = [
        {"day": one.day.isoformat(), "name": one.name, "yearly": one.yearly}
        for one in interval.holidays
    ]
    return typed


def typed_in(posted):
    """What the page holds, as it was typed."""
    typed = Hours(
        posted.get("name", ""), posted.get("description", ""), posted.get("time_zone", "").strip()
    )
    typed.days = [_posted_day(posted, day) for day in range(len(WEEK_DAYS))]
    typed.specials = [_posted_special(posted, n) for n in posted.getlist("special")[:MOST_ROWS]]
    typed.holidays = [
        {
            "day": posted.get(f"holiday-{n}-day", ""),
            "name": posted.get(f"holiday-{n}-name", ""),
            "yearly": f"holiday-{n}-yearly" in posted,
        }
        for n in posted.getlist("holiday")[:MOST_ROWS]
    ]
    return typed


def _posted_day(posted, day):
    pairs = zip(posted.getlist(f"from-{day}"), posted.getlist(f"until-{day}"), strict=False)
    return [list(pair) for pair in pairs][:MOST_ROWS]


def _posted_special(posted, n):
    return {
        "name": posted.get(f"special-{n}-name", ""),
        "always": f"special-{n}-always" in posted,
        "starts": posted.get(f"special-{n}-starts", ""),
        "ends": posted.get(f"special-{n}-ends", ""),
        "week_days": _numbers(posted.getlist(f"special-{n}-week_days"), 0, 6),
        "month_days": posted.get(f"special-{n}-month_days", ""),
        "months": _numbers(posted.getlist(f"special-{n}-months"), 1, 12),
    }


def _laid_out(span):
    days = ", ".join(str(day) for day in span.month_days)
    return {name: getattr(span, name) for name in hours.SPAN} | {"month_days": days}


def _plain():
    return {"name": "", "always": False, "week_days": [], "month_days": [], "months": []}


def _empty(kind):
    if kind == "day":
        return ["09:00", "17:00"]
    if kind == "holiday":
        return {"day": "", "name": "", "yearly": False}
    return {**_plain(), "starts": "00:00", "ends": "24:00", "month_days": ""}


def _numbers(texts, least, most):
    return sorted({int(one) for one in texts if one.isdecimal() and least <= int(one) <= most})


def _clock(text):
    found = CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError("Write times like 09:00.")
    return "24:00" if found[3] else f"{int(found[1]):02d}:{found[2]}"


def _month_days(text):
    """1, 15, 20-25"""
    days = set()
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        found = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= 31:
            raise ValueError("Write days of the month like 1, 15, 20-25.")
        days.update(range(first, last + 1))
    return sorted(days)
