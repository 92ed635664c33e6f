"""Reports by mail: at the time on the wall, about the days before, for who may still see them."""

import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import change
from tests.support.mail_server import MailServer
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.reports import making, scheduling
from webapp.reports.models import ReportFile, ReportSchedule, Rhythm
from webapp.staff import assigning
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work
from workers import clock

MONDAY = {
    "report": "queues",
    "choice": {},
    "format": "csv",
    "rhythm": Rhythm.WEEKLY,
    "day": 0,
    "clock": "07:00",
    "time_zone": "Europe/Rome",
    "recipients": ["lead@example.com"],
}
SATURDAY = datetime(2026, 10, 24, 12, tzinfo=UTC)  # Rome's clock goes back that night


@pytest.fixture
def server(app, monkeypatch):
    running = MailServer()
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://{running.address}")
    yield running
    running.close()


def schedule(by, now=SATURDAY, **values):
    with unit_of_work():
        return scheduling.add(MONDAY | values, by=by, now=now)


def made(now=None):
    """What the jobs would do."""
    for file_id in making.due():
        making.make(file_id)
    for file_id in scheduling.to_mail(now):
        scheduling.mail(file_id, now)
    db.session.expire_all()
    return db.session.scalars(select(ReportFile)).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, datetime(2026, 10, 26, 6, tzinfo=UTC)),
        ({"rhythm": Rhythm.DAILY}, datetime(2026, 10, 25, 6, tzinfo=UTC)),
        ({"rhythm": Rhythm.DAILY, "clock": "15:00"}, datetime(2026, 10, 24, 13, tzinfo=UTC)),
        ({"rhythm": Rhythm.MONTHLY, "day": 1}, datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ({"time_zone": "Asia/Kolkata"}, datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
    ],
)
def test_it_is_sent_when_the_clock_on_the_wall_says_so(sara, values, expected):
    assert schedule(sara, **values).next_run_at == expected


@pytest.mark.parametrize(
    ("values", "first", "last"),
    [
        ({}, date(2026, 10, 19), date(2026, 10, 25)),
        ({"rhythm": Rhythm.DAILY}, date(2026, 10, 24), date(2026, 10, 24)),
        ({"rhythm": Rhythm.MONTHLY, "day": 1}, date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_it_is_about_the_days_before(sara, values, first, last):
    one = schedule(sara, **values)
    scheduling.run_due(one.next_run_at)
    [file] = db.session.scalars(select(ReportFile)).all()
    choice = making.choice_of(file)
    assert (choice.first, choice.last, choice.zone) == (first, last, "Europe/Rome")


def test_the_file_is_mailed_once_and_the_next_time_is_a_week_later(server, sara):
    one = schedule(sara)
    due = one.next_run_at
    scheduling.run_due(due)
    scheduling.run_due(due)
    [file] = made()
    made()
    assert file.mailed_at
    [mail] = server.mails
    assert mail["Subject"] == "Report: Queues, 2026-10-19 to 2026-10-25 (Europe/Rome)"
    [attachment] = mail.iter_attachments()
    assert attachment.get_filename() == "queues.csv"
    assert "Queue,Waited,Accepted" in attachment.get_content()
    assert server.recipients == ["lead@example.com"]
    db.session.expire_all()
    assert db.session.get(ReportSchedule, one.id).next_run_at == due + timedelta(days=7)


def test_weeks_that_were_missed_are_made_up_for_by_one(sara):
    one = schedule(sara)
    scheduling.run_due(one.next_run_at + timedelta(days=30))
    assert len(db.session.scalars(select(ReportFile)).all()) == 1
    db.session.expire_all()
    assert db.session.get(ReportSchedule, one.id).next_run_at > SATURDAY + timedelta(days=30)


def test_a_mail_that_is_refused_is_sent_some_minutes_later(server, sara):
    scheduling.run_due(schedule(sara).next_run_at)
    now = utcnow()
    server.refuses = True
    made(now)
    server.refuses = False
    made(now + timedelta(minutes=1))
    assert server.mails == []
    made(now + timedelta(minutes=6))
    made(now + timedelta(minutes=12))
    assert len(server.mails) == 1


def test_a_mail_whose_job_died_is_sent_by_another(server, sara, monkeypatch):
    scheduling.run_due(schedule(sara).next_run_at)
    now = utcnow()
    with pytest.raises(SystemExit), monkeypatch.context() as dying:
        dying.setattr("smtplib.SMTP.send_message", lambda *_: sys.exit())
        made(now)
    db.session.rollback()
    made(now + timedelta(minutes=6))
    assert len(server.mails) == 1


def test_one_that_fails_holds_up_nobody_behind_it(sara):
    broken, sound = schedule(sara), schedule(sara)
    change(broken, time_zone="Mars/Olympus")
    scheduling.run_due(broken.next_run_at)
    [file] = db.session.scalars(select(ReportFile)).all()
    assert file.schedule_id == sound.id

    change(broken, time_zone="Europe/Rome")
    scheduling.run_due(broken.next_run_at)
    files = db.session.scalars(select(ReportFile).order_by(ReportFile.id)).all()
    assert [one.schedule_id for one in files] == [sound.id, broken.id]


def test_two_clocks_that_find_it_at_once_ask_for_one_file(sara):
    one = schedule(sara)
    due_at = one.next_run_at
    for _ in range(2):
        with unit_of_work():
            scheduling.run(one.id, due_at, due_at)
    assert len(db.session.scalars(select(ReportFile)).all()) == 1


def test_whoever_was_made_an_agent_sends_nothing(server, sara):
    one = schedule(sara)
    change(sara, role="agent")
    scheduling.run_due(one.next_run_at)
    [file] = made()
    assert (file.error, server.mails) == ("Its owner may no longer see reports.", [])


def test_what_was_made_and_not_sent_yet_is_sent_as_its_owner_sees_it_today(server, cast):
    server.refuses = True
    scheduling.run_due(schedule(cast.sara).next_run_at)
    [before] = [file.storage_key for file in made()]
    server.refuses = False
    with unit_of_work():
        assigning.assign(db.session.get(User, cast.sara.id), [cast.queue.id], by="test")
    later = utcnow() + timedelta(minutes=6)
    [file] = made(later)
    assert (file.storage_key, server.mails) == (None, [])
    [file] = made(later + timedelta(minutes=6))
    assert file.led == [cast.queue.id] and file.storage_key != before
    assert len(server.mails) == 1 and file.mailed_at


def test_what_was_made_and_not_sent_yet_leaves_no_more_once_its_owner_is_gone(server, sara):
    server.refuses = True
    scheduling.run_due(schedule(sara).next_run_at)
    made()
    server.refuses = False
    change(sara, active=False)
    for minutes in (6, 12):
        [file] = made(utcnow() + timedelta(minutes=minutes))
    assert (file.error, server.mails) == ("Its owner may no longer see reports.", [])


def test_clock_makes_what_is_due(sara):
    schedule(sara, now=utcnow() - timedelta(days=8))
    clock.reports()
    assert len(db.session.scalars(select(ReportFile)).all()) == 1


FORM = {
    "report": "agents",
    "when": "weekly:0",
    "clock": "07:00",
    "time_zone": "Europe/Rome",
    "format": "xlsx",
    "recipients": "lead@example.com, boss@example.com",
}


def test_a_leader_sets_one_up_from_a_report_with_its_filters_and_stops_it(sign_in, cast):
    browser = sign_in(cast.sara)
    path = f"/reports/schedules?queue={cast.queue.id}"
    assert browser.post(path, data=FORM).status_code == 303
    one = db.session.scalars(select(ReportSchedule)).one()
    assert (one.choice, one.rhythm, one.day) == ({"queue": cast.queue.id}, "weekly", 0)
    page = browser.get("/reports/schedules").get_data(as_text=True)
    assert "Every Monday at 07:00, Europe/Rome" in page and "boss@example.com" in page
    assert browser.post(f"/reports/schedules/{one.id}/delete").status_code == 303
    assert db.session.scalars(select(ReportSchedule)).all() == []


def test_another_leader_s_is_not_theirs_to_stop_but_admins_may(sign_in, cast):
    one = schedule(cast.admin)
    path = f"/reports/schedules/{one.id}/delete"
    assert sign_in(cast.sara).post(path).status_code == 404
    mine = schedule(cast.sara)
    assert sign_in(cast.admin).post(f"/reports/schedules/{mine.id}/delete").status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [{"clock": "25:00"}, {"time_zone": "Mars"}, {"recipients": "nobody"}, {"report": "x"}],
)
def test_what_cannot_be_is_refused_in_words(sign_in, sara, wrong):
    assert sign_in(sara).post("/reports/schedules", data=FORM | wrong).status_code == 422
