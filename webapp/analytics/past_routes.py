"""Looking back: the board at any minute of a day, and one person's day as a time line."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_login import current_user

from webapp import pages
from webapp.analytics import board, choosing, days, past, periods, tiles
from webapp.analytics.routes import asked, bp, seen_person
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.settings.zone import time_zone
from webapp.staff import access
from webapp.staff.models import User, record
from webapp.tables import exporting
from webapp.unit_of_work import unit_of_work


@bp.get("/past", endpoint="past")
@access.needs(*access.LEADERS)
def past_page():
    """The board at a local day's minute; without one, an hour ago."""
    zone, choice = time_zone(), asked()
    now = utcnow()
    hour_ago = now - timedelta(hours=1)
    day = periods.written(request.args.get("day")) or periods.today(hour_ago, zone)
    minute = _minute(day, zone, hour_ago)
    moment = min(periods.minute_of(day, minute, zone), now)
    view = board.View(past.snapshot(moment, zone), choice)
    local = moment.astimezone(ZoneInfo(zone))
    return pages.render(
        "analytics/past.html",
        "analytics/_past.html",
        view=view,
        choice=choice,
        tiles=tiles.of(view),
        waiting=past.waiting(moment, view.has_place),
        periods=choosing.PERIODS,
        moment=moment,
        local=local,
        day=day,
        minute=minute,
        today=periods.today(now, zone),
        zone=zone,
        last=periods.minutes_of(day, zone) - 1,
    )


@bp.get("/agents/<int:id>/day", endpoint="day")
@access.needs(*access.LEADERS)
def day_page(id):
    person = seen_person(id)
    zone, now = time_zone(), utcnow()
    today = periods.today(now, zone)
    day = min(periods.written(request.args.get("day")) or today, today)
    return pages.render(
        "analytics/day.html", agent=person, day=day,
        line=days.of(person, day, zone, now, by=current_user),
        today=today, before=day - timedelta(days=1), after=day + timedelta(days=1),
        show=request.args.get("show", "all"),
    )  # fmt: skip


@bp.get("/agents/<int:id>/day.csv")
@access.needs(*access.LEADERS)
def day_csv(id):
    """The same day as a file, its times in the configured zone; who got it is noted."""
    person, zone, now = seen_person(id), time_zone(), utcnow()
    today = periods.today(now, zone)
    day = min(periods.written(request.args.get("day")) or today, today)
    rows = [
        (*(at.astimezone(ZoneInfo(zone)) for at in (begin, end)), *rest)
        for begin, end, *rest in days.of(person, day, zone, now, by=current_user).rows
    ]
    with unit_of_work():
        me = db.session.get(User, current_user.id)
        record(me, "exported", person, after={"day": day.isoformat()})
    labels = ("From", "Until", "Seconds", "What", "Detail", "Queue")
    answer = Response(
        "".join(exporting.csv_of_rows(labels, rows)), content_type="text/csv; charset=utf-8"
    )
    name = f"day-{id}-{day.isoformat()}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _minute(day, zone, hour_ago):
    """How far into the local day; by itself as far as it was an hour ago."""
    minute = request.args.get("minute", type=int)
    if minute is None:
        into = hour_ago - periods.start_of_day(periods.today(hour_ago, zone), zone)
        minute = int(into.total_seconds() // 60)
    return max(0, min(minute, periods.minutes_of(day, zone) - 1))
