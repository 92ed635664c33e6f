"""Sends reports again and again: each day, week or month, about the days before."""

import logging
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import or_, select, update

from webapp import media_store
from webapp.analytics import periods
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.mail import sending
from webapp.reports import choosing, files, making
from webapp.reports.models import ReportFile, ReportSchedule, Rhythm
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=5)  # a mail that could not be sent, or whose job was lost
LARGEST = 10 * 1024 * 1024  # of an attachment; a larger file is fetched from its page
WEEK_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def add(values, by, now=None):
    schedule = ReportSchedule(**values, owner_id=by.id)
    schedule.next_run_at = next_run(schedule, now or utcnow())
    db.session.add(schedule)
    db.session.flush()
    record(by, "added", schedule, after=values)
    return schedule


def delete(schedule, by):
    record(by, "deleted", schedule, before={"report": schedule.report})
    db.session.delete(schedule)


def next_run(schedule, after):
    """The first moment after this one at which the clock on the wall says so."""
    zone = ZoneInfo(schedule.time_zone)
    day = after.astimezone(zone).date()
    at = time.fromisoformat(schedule.clock)
    while True:
        moment = datetime.combine(day, at, zone)
        # Compared as moments: on a night of change two clocks differ, the moments do not.
        if _is_its_day(schedule, day) and moment.timestamp() > after.timestamp():
            return moment
        day += timedelta(days=1)


def run_due(now=None):
    """Ask for the files whose time has come; one missed while all was down is made once.

    One that fails holds up nobody behind it: it stays due, and is tried again at the next look.
    """
    now = now or utcnow()
    due = (
        select(ReportSchedule.id, ReportSchedule.next_run_at)
        .where(ReportSchedule.next_run_at <= now)
        .order_by(ReportSchedule.next_run_at, ReportSchedule.id)
    )
    for schedule_id, due_at in db.session.execute(due).all():
        try:
            with unit_of_work():
                run(schedule_id, due_at, now)
        except Exception:
            log.exception("report schedule %s could not be run", schedule_id)


def run(schedule_id, due_at, now):
    """Ask for the file that was due at this moment, once: two clocks may have found it."""
    schedule = db.session.get(ReportSchedule, schedule_id)
    if schedule is None:
        return
    won = db.session.execute(
        update(ReportSchedule)
        .where(ReportSchedule.id == schedule_id, ReportSchedule.next_run_at == due_at)
        .values(next_run_at=next_run(schedule, now), last_run_at=now)
        .execution_options(synchronize_session=False)
    ).rowcount
    if won:
        _ask(schedule, due_at, now)


def to_mail(now=None):
    """Files of schedules that are made and not yet sent."""
    if not sending.is_set_up():
        return []
    found = select(ReportFile.id).where(ReportFile.schedule_id.is_not(None))
    return db.session.scalars(found.where(*_unsent(now or utcnow()))).all()


def mail(file_id, now=None):
    """Claim and commit, send with no transaction open, note and commit; what was refused, or whose
    job died, is tried by clock again."""
    now = now or utcnow()
    with unit_of_work():
        won = db.session.execute(
            update(ReportFile)
            .where(ReportFile.id == file_id, *_unsent(now))
            .values(mail_tried_at=now)
            .execution_options(synchronize_session=False)
        ).rowcount
        file = won and db.session.get(ReportFile, file_id)
        if file and not making.may_fetch(file):
            making.make_again(file)
        letter = _written(file) if file and file.storage_key else None
    if letter is None:
        return
    try:
        sending.send(letter)
    except Exception as error:
        log.warning("report file %s was not sent: %s", file_id, type(error).__name__)
        return
    with unit_of_work():
        file = db.session.get(ReportFile, file_id)
        if file is not None:
            file.mailed_at = now


def words(schedule):
    """“Every Monday at 07:00, Europe/Rome”"""
    when = {
        Rhythm.DAILY: "Every day",
        Rhythm.WEEKLY: f"Every {WEEK_DAYS[schedule.day % 7]}",
        Rhythm.MONTHLY: f"On day {schedule.day} of every month",
    }[schedule.rhythm]
    return f"{when} at {schedule.clock}, {schedule.time_zone}"


def _is_its_day(schedule, day):
    if schedule.rhythm == Rhythm.WEEKLY:
        return day.weekday() == schedule.day
    return schedule.rhythm == Rhythm.DAILY or day.day == schedule.day


def _unsent(now):
    waited = or_(ReportFile.mail_tried_at.is_(None), ReportFile.mail_tried_at < now - AGAIN_AFTER)
    return ReportFile.storage_key.is_not(None), ReportFile.mailed_at.is_(None), waited


def _ask(schedule, due_at, now):
    """The file is about the days before the one it was to be sent on."""
    day = periods.today(due_at, schedule.time_zone)
    choice = choosing.read(schedule.choice | {"zone": schedule.time_zone}, now)
    first, last = _days_before(schedule.rhythm, day)
    making.ask(
        schedule.owner,
        schedule.report,
        choice._replace(first=first, last=last, period="own"),
        schedule.format,
        schedule.id,
    )


def _days_before(rhythm, day):
    yesterday = day - timedelta(days=1)
    if rhythm == Rhythm.DAILY:
        return yesterday, yesterday
    if rhythm == Rhythm.WEEKLY:
        return day - timedelta(days=7), yesterday
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _written(file):
    choice, title = making.choice_of(file), making.title_of(file.report)
    about = f"{title}, {choice.first:%Y-%m-%d} to {choice.last:%Y-%m-%d} ({choice.zone})"
    paragraphs = [about, words(file.schedule) + "."]
    if file.size > LARGEST:
        page = f"{current_app.config['PUBLIC_URL']}/reports/files"
        paragraphs.append(f"The file is too large for a mail. It is kept for seven days: {page}")
    letter = sending.message(f"Report: {about}", file.schedule.recipients, paragraphs)
    if file.size <= LARGEST:
        main, _, sub = files.FORMATS[file.format].partition(";")[0].partition("/")
        with media_store.open(file.storage_key) as content:
            letter.add_attachment(
                content.read(), main, sub, filename=f"{file.report}.{file.format}"
            )
    return letter
