"""Adds, changes and deletes intervals, and says what uses one and how it stands."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from wtforms import SelectChoice

from webapp.accounts.models import Account, RoutingStep
from webapp.alarms.models import KEPT, AlarmRule
from webapp.campaigns.models import Campaign
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.settings import intervals, values
from webapp.settings.models import Interval, IntervalHoliday, IntervalSpan
from webapp.staff.models import differences, record

EXPECTED = "expected_hours"  # the setting of alerting.watching: within which silence is unusual
COLUMNS = ("name", "description", "time_zone")
SPAN = ("name", "always", "starts", "ends", "week_days", "month_days", "months")
HOLIDAY = ("day", "name", "yearly")


class InUse(Exception):
    """Why an interval can't be deleted, in words for the screen."""


@dataclass(frozen=True, slots=True)
class State:
    open: bool
    words: str


def all_intervals():
    return db.session.scalars(
        select(Interval)
        .options(selectinload(Interval.spans), selectinload(Interval.holidays))
        .order_by(Interval.name)
    ).all()


def select_choices(always):
    """For forms that choose one; `always` is what none means there."""
    rows = db.session.execute(select(Interval.id, Interval.name).order_by(Interval.name))
    return [SelectChoice("", always), *(SelectChoice(str(id), name) for id, name in rows)]


def add(wanted, by):
    interval = Interval()
    _apply(interval, wanted)
    db.session.add(interval)
    db.session.flush()
    record(by, "added", interval, after=facts(interval))
    return interval


def change(interval, wanted, by):
    before = facts(interval)
    if before == wanted_facts(wanted):
        return
    interval.spans.clear()
    interval.holidays.clear()
    db.session.flush()  # the same holiday again must find its place free
    _apply(interval, wanted)
    db.session.flush()
    old, new = differences(before, facts(interval))
    record(by, "changed", interval, before=old, after=new)


def remove(interval, by):
    """Delete an interval nothing depends on; raises InUse with what does."""
    users = used_by(interval)
    if users:
        where = ", ".join(users)
        raise InUse(f"{interval.name} is used by {where}. Choose other hours there first.")
    record(by, "deleted", interval, before=facts(interval))
    db.session.delete(interval)
    db.session.flush()


def used_by(interval):
    routed = select(Account.name).join(RoutingStep).where(RoutingStep.interval_id == interval.id)
    queues = select(Queue.name).where(Queue.interval_id == interval.id)
    campaigns = select(Campaign.name).where(Campaign.interval_id == interval.id)
    alarms = select(AlarmRule.name).where(AlarmRule.quiet_id == interval.id, KEPT)
    named = (
        ("routing of", routed.distinct().order_by(Account.name)),
        ("queue", queues.order_by(Queue.name)),
        ("campaign", campaigns.order_by(Campaign.name)),
        ("the quiet hours of the alarm", alarms.order_by(AlarmRule.name)),
    )
    found = [f"{what} {name}" for what, names in named for name in db.session.scalars(names)]
    return found + ["the alarm for silence"] * (expected_id() == interval.id)


def expected_id():
    return values.get(EXPECTED, {}).get("interval_id")


def expect(interval_id, by):
    """Within these hours silence is an alarm; None leaves it to the environment's line."""
    values.put(EXPECTED, {"interval_id": interval_id}, by)


def has_name(name, but=None):
    found = select(Interval.id).where(func.lower(Interval.name) == name.strip().lower())
    if but is not None:
        found = found.where(Interval.id != but.id)
    return db.session.scalar(found) is not None


def facts(interval):
    return wanted_facts(
        {name: getattr(interval, name) for name in COLUMNS}
        | {
            "spans": [{name: getattr(one, name) for name in SPAN} for one in interval.spans],
            "holidays": [
                {name: getattr(one, name) for name in HOLIDAY} for one in interval.holidays
            ],
        }
    )


def wanted_facts(wanted):
    """The same whether they come from a form or from a row: days as text, in order."""
    days = sorted(wanted["holidays"], key=lambda one: str(one["day"]))
    return {name: wanted[name] for name in COLUMNS} | {
        "spans": [dict(one) for one in wanted["spans"]],
        "holidays": [one | {"day": str(one["day"])} for one in days],
    }


def _apply(interval, wanted):
    for name in COLUMNS:
        setattr(interval, name, wanted[name])
    interval.spans = [
        IntervalSpan(position=position, **span) for position, span in enumerate(wanted["spans"])
    ]
    interval.holidays = [IntervalHoliday(**holiday) for holiday in wanted["holidays"]]


def state(interval, now):
    """Open until 17:00; Closed until Monday 09:00: by the interval's own clock."""
    if intervals.is_open(interval, now):
        ends = intervals.next_closing(interval, now)
        return State(True, f"Open until {_when(interval, ends, now)}" if ends else "Always open")
    opens = intervals.next_opening(interval, now)
    return State(False, f"Closed until {_when(interval, opens, now)}" if opens else "Never open")


def coming_week(interval, now):
    """[(day, its hours as text, whether a holiday closes it)] from today on."""
    today = now.astimezone(ZoneInfo(interval.time_zone)).date()
    days = [today + timedelta(days=n) for n in range(7)]
    return [
        (day, ", ".join(_span(*span) for span in intervals.hours_of(interval, day)),
         intervals.is_holiday(interval, day))
        for day in days
    ]  # fmt: skip


def _span(starts, ends):
    if (starts, ends) == (0, intervals.DAY):
        return "all day"
    return f"{_clock(starts)} to {_clock(ends)}"


def _clock(minutes):
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _when(interval, at, now):
    zone = ZoneInfo(interval.time_zone)
    there, here = at.astimezone(zone), now.astimezone(zone)
    days = (there.date() - here.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    if days == 1:
        return f"tomorrow {there:%H:%M}"
    if days < 7:
        return f"{there:%A %H:%M}"
    return f"{there.day} {there:%b %Y, %H:%M}"
