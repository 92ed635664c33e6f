"""How long stored webhooks stay, and what their end leaves."""

from datetime import timedelta

import pytest

from tests.factories import make_interaction, make_message, save
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.webhooks import retention
from webapp.webhooks.models import WebhookPayload


@pytest.fixture
def days(app, monkeypatch):
    monkeypatch.setitem(app.config, "PAYLOAD_RETENTION_DAYS", 30)
    return lambda number: utcnow() - timedelta(days=number)


def stored(account, at, **columns):
    columns = {"processed_at": at} | columns
    return save(WebhookPayload(account_id=account.id, body=b"{}", received_at=at, **columns)).id


def left():
    return [row.id for row in db.session.query(WebhookPayload).order_by(WebhookPayload.id)]


def test_what_is_processed_goes_after_its_days(account, days):
    stored(account, days(31))
    young = stored(account, days(29))

    assert retention.sweep() == 1
    assert left() == [young]


def test_what_has_an_error_is_kept_twice_as_long(account, days):
    stored(account, days(61), error="Event 1 failed.")
    failed = stored(account, days(59), error="Event 1 failed.")

    retention.sweep()
    assert left() == [failed]


def test_what_is_not_processed_stays_however_old(account, days):
    waiting = stored(account, days(400), processed_at=None)

    retention.sweep()
    assert left() == [waiting]


def test_failed_ones_at_the_beginning_hold_up_nothing(account, days, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    kept = [stored(account, days(50), error="Event 1 failed.") for _ in range(7)]
    for _ in range(7):
        stored(account, days(40))
    young = [stored(account, days(1)) for _ in range(4)]

    assert retention.sweep() == 7
    assert left() == kept + young


def test_the_walk_ends_where_the_young_ones_begin(account, days, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(6):
        stored(account, days(31 if number < 2 else 1))

    with counted_queries() as queries:
        retention.sweep()
    assert len([query for query in queries if query.startswith("SELECT max(")]) == 2


def test_a_message_outlives_its_webhook(account, days):
    payload_id = stored(account, days(31))
    message_id = make_message(make_interaction(account), payload_id=payload_id).id

    retention.sweep()
    assert left() == []
    assert db.session.get(Message, message_id).payload_id == payload_id


def test_it_stops_between_two_batches_when_asked(account, days, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    for _ in range(3):
        stored(account, days(31))
    answers = iter((False, True))

    assert retention.sweep(lambda: next(answers)) == 1
