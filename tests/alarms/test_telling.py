"""Who hears of an alarm: people by mail, systems by webhook, leaders in the page."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, save
from tests.support.mail_server import MailServer
from tests.support.ports import free_port
from webapp import jobs
from webapp.alarms import judging, mailing, rules, showing
from webapp.alarms.models import Alarm, AlarmRule
from webapp.alarms.reading import Reading
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.live import push
from webapp.outgoing_webhooks.models import OutgoingWebhook, WebhookDelivery
from webapp.settings.models import Interval, IntervalSpan
from webapp.unit_of_work import unit_of_work
from workers import clock

START = utcnow()


@pytest.fixture(autouse=True)
def start():
    """Of each test its own: a whole run may take longer than what is looked back at."""
    global START
    START = utcnow()


@pytest.fixture
def server(app, monkeypatch):
    running = MailServer()
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://{running.address}")
    yield running
    running.close()


def make_rule(**columns):
    values = {"name": "Too many wait", "figure": "waiting", "bound": 5, "minutes": 0}
    return save(AlarmRule(**(values | columns)))


def fire(value=9, minutes=0):
    readings = {"waiting": [Reading("", "", value)]}
    judging.judge(readings, START + timedelta(minutes=minutes))
    db.session.expire_all()
    return db.session.scalars(select(Alarm).order_by(Alarm.id.desc())).first()


def reword(rule, by):
    values = {name: getattr(rule, name) for name in rules.COLUMNS}
    rules.change(rule, values | {"figure": "open", "bound": 90}, by=by)


def mail_due(now=None):
    for alarm_id in mailing.due(now):
        mailing.mail(alarm_id, now)


def test_admins_get_one_mail_when_it_fires_and_one_when_it_ends(cast, server):
    make_rule(mails=True)
    fire()
    mail_due()
    mail_due()
    fire(0, minutes=2)
    mail_due(utcnow() + timedelta(minutes=10))
    assert [mail["Subject"] for mail in server.mails] == [
        "Alarm: All queues: waiting customers above 5",
        "Over: All queues: waiting customers above 5",
    ]
    assert server.recipients == [cast.admin.email] * 2
    assert "9 now. Rule: Too many wait." in server.mails[0].get_content()


def test_a_rule_names_whom_to_write_to(cast, server):
    make_rule(mails=True, mail_to=["night@example.com", "desk@example.com"])
    fire()
    mail_due()
    assert server.recipients == ["night@example.com", "desk@example.com"]


def test_a_mail_that_is_refused_is_tried_again_later(cast, server):
    make_rule(mails=True)
    fire()
    server.refuses = True
    mail_due()
    server.refuses = False
    mail_due()
    assert server.mails == []
    mail_due(utcnow() + timedelta(minutes=6))
    assert len(server.mails) == 1


def test_an_end_within_quiet_hours_is_written_about_when_they_are_over(cast, server):
    span = IntervalSpan(week_days=[(START.weekday() + 3) % 7])
    night = save(Interval(name="Night", spans=[span]))
    make_rule(mails=True, quiet_id=night.id)
    fire()
    mail_due(START)
    change(span, always=True)
    fire(0, minutes=3)
    mail_due(START + timedelta(minutes=4))
    assert len(server.mails) == 1
    change(span, always=False)
    mail_due(START + timedelta(minutes=10))
    assert [mail["Subject"].partition(":")[0] for mail in server.mails] == ["Alarm", "Over"]


def test_a_rule_without_mail_writes_to_nobody(cast, server):
    make_rule()
    fire()
    assert mailing.due() == []


def test_clock_asks_for_the_mails(cast, server):
    make_rule(mails=True)
    alarm = fire()
    clock.alarm_mail()
    queue = jobs.job_queue("workers.alarms.mail", redis_clients.patient)
    assert [job.args[0] for job in queue.jobs] == [alarm.id]


def test_a_webhook_hears_of_firing_acknowledging_and_ending(cast):
    webhook = save(OutgoingWebhook(name="Pager", url="https://x.example", secret="s"))
    make_rule(webhook_id=webhook.id)
    alarm = fire()
    fire(minutes=1)
    with unit_of_work():
        judging.acknowledge(db.session.get(Alarm, alarm.id), by=cast.sara)
    fire(0, minutes=3)
    told = db.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()
    assert [one.kind for one in told] == ["alarm.fired", "alarm.acknowledged", "alarm.ended"]
    facts = json.loads(told[1].body)["data"]
    assert (facts["value"], facts["bound"], facts["by"]) == (9, 5, "Sara Supervisor")


@pytest.mark.parametrize("ends", [rules.delete, reword])
def test_a_webhook_hears_of_the_end_when_the_rule_is_another_or_gone(cast, admin, ends):
    webhook = save(OutgoingWebhook(name="Pager", url="https://x.example", secret="s"))
    rule = make_rule(webhook_id=webhook.id)
    fire()
    with unit_of_work():
        ends(db.session.get(AlarmRule, rule.id), by=admin)
    told = db.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()
    assert [one.kind for one in told] == ["alarm.fired", "alarm.ended"]
    assert json.loads(told[1].body)["data"]["figure"] == "waiting"


def test_a_mail_says_that_it_is_over_though_the_rule_is_deleted(cast, admin, server):
    rule = make_rule(mails=True)
    fire()
    mail_due()
    with unit_of_work():
        rules.delete(db.session.get(AlarmRule, rule.id), by=admin)
    assert (rules.all_rules(), rules.found(rule.id), showing.open_alarms()) == ([], None, [])
    clock.deleted_alarm_rules()
    mail_due(utcnow() + timedelta(minutes=6))
    assert [mail["Subject"].partition(":")[0] for mail in server.mails] == ["Alarm", "Over"]
    clock.deleted_alarm_rules()
    assert db.session.scalars(select(AlarmRule)).all() == []


@pytest.mark.parametrize("told", [False, True])
def test_a_deleted_rule_that_has_nothing_more_to_write_is_gone_at_once(cast, admin, server, told):
    rule = make_rule(mails=told)
    if not told:
        fire()
    with unit_of_work():
        rules.delete(db.session.get(AlarmRule, rule.id), by=admin)
    assert db.session.scalars(select(AlarmRule)).all() == []


def test_who_was_written_to_hears_the_end_where_the_rule_is_switched_off(cast, admin, server):
    rule = make_rule(mails=True)
    fire()
    mail_due()
    with unit_of_work():
        rules.switch(db.session.get(AlarmRule, rule.id), False, by=admin)
    fire(minutes=1)
    mail_due(utcnow() + timedelta(minutes=6))
    assert [mail["Subject"].partition(":")[0] for mail in server.mails] == ["Alarm", "Over"]


def test_pages_are_told_when_it_fires_and_when_its_figure_moves(app):
    make_rule()
    seen = []
    for minutes, value in enumerate((9, 9, 8)):
        fire(value, minutes)
        seen.append(push.current_seq(["alarms"])["alarms"])
    assert seen == [1, 1, 2]


def test_who_was_told_late_hears_at_once_that_somebody_looks_after_it(cast):
    webhook = save(OutgoingWebhook(name="Pager", url="https://x.example", secret="s"))
    span = IntervalSpan(always=True)
    night = save(Interval(name="Night", spans=[span]))
    make_rule(webhook_id=webhook.id, quiet_id=night.id)
    alarm = fire()
    with unit_of_work():
        judging.acknowledge(db.session.get(Alarm, alarm.id), by=cast.sara)
    assert db.session.scalars(select(WebhookDelivery)).all() == []
    change(span, always=False, week_days=[(START.weekday() + 3) % 7])
    fire(minutes=1)
    told = db.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()
    assert [one.kind for one in told] == ["alarm.fired", "alarm.acknowledged"]
    assert json.loads(told[1].body)["data"]["by"] == "Sara Supervisor"


def test_a_mail_server_that_is_away_loses_no_alarm_and_holds_up_nothing(cast, app, monkeypatch):
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    make_rule(mails=True)
    alarm = fire()
    mail_due()
    assert mailing.due() == []
    running = MailServer()
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://{running.address}")
    try:
        mail_due(utcnow() + timedelta(minutes=6))
        assert len(running.mails) == 1
    finally:
        running.close()
    db.session.expire_all()
    assert db.session.get(Alarm, alarm.id).mailed_at


def test_an_alarm_nobody_could_be_written_to_about_is_not_said_to_be_over(cast, server):
    make_rule(mails=True)
    fire()
    server.refuses = True
    mail_due()
    fire(0, minutes=2)
    server.refuses = False
    mail_due(utcnow() + timedelta(minutes=10))
    assert server.mails == []


def test_who_was_written_to_hears_the_end_though_the_rule_writes_no_more(cast, server):
    rule = make_rule(mails=True)
    fire()
    mail_due()
    change(rule, mails=False)
    fire(0, minutes=2)
    mail_due(utcnow() + timedelta(minutes=10))
    assert [mail["Subject"].partition(":")[0] for mail in server.mails] == ["Alarm", "Over"]
