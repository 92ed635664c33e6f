"""Files with a row for every conversation or message: made by a job, for leaders alone."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, make_contact, make_interaction, make_message
from webapp import jobs, media_store
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.reports import making
from webapp.reports.models import ReportFile
from webapp.staff.models import AuditEntry, Role
from webapp.unit_of_work import unit_of_work
from workers import clock


@pytest.fixture
def talks(cast):
    """Three conversations of today, the first with Dana in Support."""
    made = [
        make_interaction(cast.account, make_contact(name), queue=cast.queue)
        for name in ("Dana Whitlock", "Amara Okoye", "=SUM(A1)")
    ]
    for talk in made:
        make_message(talk, "Where is my order?")
    return made


def asked(browser, listing="every-conversation", format="csv", **choice):
    form = {"listing": listing, "format": format, "period": "today", **choice}
    assert browser.post("/reports/files", data=form).status_code == 303
    db.session.expire_all()
    return db.session.scalars(select(ReportFile).order_by(ReportFile.id.desc())).first()


def made(file):
    making.make(file.id)
    db.session.expire_all()
    return db.session.get(ReportFile, file.id)


def lines_of(browser, file):
    answer = browser.get(f"/reports/files/{file.id}", buffered=True)
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "listing, column", [("every-conversation", "Began"), ("every-message", "Written")]
)
def test_times_in_files_are_those_of_the_report_s_zone(sign_in, sara, talks, listing, column):
    browser = sign_in(sara)
    file = made(asked(browser, listing, zone="Asia/Kolkata", period="week"))
    moments = [datetime.fromisoformat(line[column]) for line in lines_of(browser, file)]
    assert {at.utcoffset() for at in moments} == {timedelta(hours=5, minutes=30)}
    assert min(moments) > utcnow() - timedelta(minutes=5)


def test_every_conversation_is_a_row_and_the_export_is_noted(sign_in, sara, talks):
    browser = sign_in(sara)
    file = made(asked(browser))
    assert (file.done_rows, file.total_rows, file.error) == (3, 3, None)
    lines = lines_of(browser, file)
    assert [line["Contact"] for line in lines] == ["Dana Whitlock", "Amara Okoye", "'=SUM(A1)"]
    assert lines[0]["Queue"] == "Support"
    noted = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).one()
    assert noted.after["report"] == "every-conversation"


def test_every_message_is_a_row(sign_in, sara, talks):
    browser = sign_in(sara)
    lines = lines_of(browser, made(asked(browser, "every-message")))
    assert [line["Text"] for line in lines] == ["Where is my order?"] * 3
    assert {line["Direction"] for line in lines} == {"Received"}


def test_a_file_keeps_to_the_filters(sign_in, cast, talks):
    change(talks[0], queue_id=None)
    browser = sign_in(cast.sara)
    file = made(asked(browser, "every-message", queue=str(cast.queue.id)))
    assert file.done_rows == 2


def test_a_workbook_too(sign_in, sara, talks):
    browser = sign_in(sara)
    file = made(asked(browser, format="xlsx"))
    answer = browser.get(f"/reports/files/{file.id}", buffered=True)
    assert answer.get_data().startswith(b"PK")


def test_a_job_is_hinted_and_clock_finds_what_none_picked_up(sign_in, sara):
    file = asked(sign_in(sara))
    queue = jobs.job_queue(making.JOB, redis_clients.patient)
    assert [job.args[0] for job in queue.jobs] == [file.id]
    redis_clients.patient.flushdb()
    clock.reports()
    assert [job.args[0] for job in queue.jobs] == [file.id]


def test_a_job_that_died_is_done_once_more_and_not_beside_a_living_one(sign_in, sara, talks):
    file = asked(sign_in(sara))
    change(file, beat_at=utcnow())
    assert made(file).finished_at is None
    change(file, beat_at=utcnow() - timedelta(minutes=6))
    assert made(file).finished_at


def test_who_may_see_reports_no_more_gets_none(sign_in, sara):
    file = asked(sign_in(sara))
    change(sara, role=Role.AGENT)
    file = made(file)
    assert (file.storage_key, file.error) == (None, "Its owner may no longer see reports.")


def test_a_file_is_its_owner_s_alone(sign_in, cast, talks):
    admin, ana = sign_in(cast.admin), sign_in(cast.ana)
    file = made(asked(sign_in(cast.sara)))
    assert admin.get(f"/reports/files/{file.id}").status_code == 404
    assert ana.get(f"/reports/files/{file.id}").status_code == 403


def test_files_are_thrown_away_after_a_week(sign_in, sara):
    file = made(asked(sign_in(sara)))
    with unit_of_work():
        making.expire(utcnow() + timedelta(days=8))
    assert db.session.scalars(select(ReportFile)).all() == []
    with pytest.raises(media_store.NotThere):
        media_store.open(file.storage_key)


@pytest.mark.parametrize("form", [{"listing": "x"}, {"format": "pdf"}])
def test_a_file_nobody_knows_is_refused(sign_in, sara, form):
    right = {"listing": "every-message", "format": "csv"}
    assert sign_in(sara).post("/reports/files", data=right | form).status_code == 400
