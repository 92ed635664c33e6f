"""Admins get one mail when an alert opens and one when it ends; a failure hurts nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, make_user
from tests.support.mail_server import MailServer
from tests.support.ports import free_port
from webapp import jobs
from webapp.alerting import mailing, raising
from webapp.alerting.models import Alert
from webapp.alerting.raising import Trouble
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.staff.models import Role
from webapp.unit_of_work import unit_of_work
from workers import clock

TROUBLE = Trouble("one", "Support EU cannot send", "The token is revoked.", "Paste a new one.")


@pytest.fixture
def server(app, monkeypatch):
    running = MailServer()
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://{running.address}")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Parley <parley@example.com>")
    yield running
    running.close()


@pytest.fixture
def opened(cast):
    return open_alert()


def open_alert(at=None):
    with unit_of_work():
        raising.raise_alert("kind", TROUBLE, at)
    return db.session.scalars(select(Alert).order_by(Alert.id.desc())).first()


def end_alert(at=None):
    with unit_of_work():
        raising.end("kind", "one", at)


def mail_due(now=None):
    for alert_id in mailing.due(now):
        mailing.mail(alert_id)
    db.session.expire_all()


def test_an_alert_is_mailed_to_the_admins_once(server, opened):
    make_user("Second Admin", Role.ADMIN, email="second@example.com")
    make_user("Former Admin", Role.ADMIN, email="former@example.com", active=False)
    mail_due()
    mail_due()
    (mail,) = server.mails
    assert mail["Subject"] == "Alert: Support EU cannot send"
    assert mail["From"] == "Parley <parley@example.com>"
    assert server.recipients == ["admin@example.com", "second@example.com"]
    text = mail.get_content()
    for words in ("The token is revoked.", "Paste a new one.", "/accounts/alerts"):
        assert words in text


def test_its_end_is_mailed_once(server, opened):
    mail_due()
    end_alert()
    mail_due()
    mail_due()
    assert [mail["Subject"] for mail in server.mails] == [
        "Alert: Support EU cannot send", "Mended: Support EU cannot send"
    ]  # fmt: skip


def test_one_that_ended_before_anybody_was_told_is_not_mailed(server, opened):
    end_alert()
    mail_due()
    assert server.mails == []


def test_one_that_comes_and_goes_is_told_once_an_hour(server, opened):
    mail_due()
    end_alert()
    mail_due()
    again = open_alert()
    mail_due()
    assert len(server.mails) == 2
    assert mailing.due(utcnow() + timedelta(minutes=61)) == [again.id]


def test_a_mail_that_cannot_be_sent_is_tried_again_later_and_hurts_nothing(
    app, opened, monkeypatch
):
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    mail_due()
    assert db.session.get(Alert, opened.id).mailed_at is None
    assert mailing.due() == []
    assert mailing.due(utcnow() + timedelta(minutes=6)) == [opened.id]


def test_a_server_that_takes_no_recipient_is_asked_again_later(server, opened):
    server.refuses = True
    mail_due()
    assert db.session.get(Alert, opened.id).mailed_at is None


def test_without_smtp_nobody_is_written_to(app, opened, monkeypatch):
    monkeypatch.setitem(app.config, "SMTP_URL", None)
    assert mailing.due() == []


def test_the_login_in_the_address_is_used(app, server, opened, monkeypatch):
    address = f"smtp://post%40example.com:p%2Fw@{server.address}"
    monkeypatch.setitem(app.config, "SMTP_URL", address)
    mail_due()
    assert server.logins == [["post@example.com", "p/w"]]


def test_two_jobs_send_one_mail(server, opened):
    mailing.mail(opened.id)
    mailing.mail(opened.id)
    assert len(server.mails) == 1


def test_an_end_during_the_mail_of_its_beginning_is_told_too(server, opened):
    mail_due()
    began = utcnow() - timedelta(seconds=2)
    change(db.session.get(Alert, opened.id), mailed_at=began, mail_tried_at=began)
    end_alert(utcnow() - timedelta(seconds=1))
    mail_due()
    assert len(server.mails) == 2


def test_the_clock_finds_what_is_to_be_mailed(server, opened):
    clock.mails()
    assert jobs.job_queue("workers.alerting.mail", redis_clients.patient).count == 1


def test_a_title_over_several_lines_makes_one_subject(server, cast):
    with unit_of_work():
        raising.raise_alert("kind", Trouble("two", "Bad\nBcc: everybody@example.com"))
    mail_due()
    assert server.mails[0]["Subject"] == "Alert: Bad Bcc: everybody@example.com"
    assert server.mails[0]["Bcc"] is None
