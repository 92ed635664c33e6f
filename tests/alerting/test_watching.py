"""Each kind of trouble is found, said in words, and ends by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from tests.factories import change, make_contact, make_interaction, make_message, save
from tests.support.fake_provider import refused_credentials
from webapp.accounts import health
from webapp.accounts.models import AccountDrain
from webapp.alerting import watching
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.inbox.models import Direction, MessageStatus
from webapp.settings import values
from webapp.settings.models import Interval, IntervalSpan
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload

TUESDAY_NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def look(now=None):
    """The open alerts after one pass."""
    watching.look(now)
    db.session.expire_all()
    return db.session.scalars(
        select(Alert).where(Alert.ended_at.is_(None)).order_by(Alert.id)
    ).all()


def kinds(now=None):
    return [alert.kind for alert in look(now)]


@pytest.fixture
def talk(account, queue, ana):
    return make_interaction(account, owner=ana, queue=queue)


def failed(talk, count, code="131026", **columns):
    for _ in range(count):
        values = {"status_at": utcnow(), "attempt_count": 1, "error": "Not reachable"} | columns
        make_message(
            talk, "Hi", Direction.OUT, status=MessageStatus.FAILED, error_code=code, **values
        )


def test_nothing_wrong_is_nothing_said(account):
    assert kinds() == []


def test_a_payload_that_failed_is_told_until_it_is_tried_again(account):
    payload = save(WebhookPayload(account_id=account.id, body=b"x", error="Oh", attempt_count=1))
    (alert,) = look()
    assert alert.title == "Northgate Care: 1 webhook could not be applied or understood"
    change(payload, error=None, processed_at=utcnow())
    assert kinds() == []


def test_a_payload_that_waits_too_long_is_told(account):
    now = utcnow()
    save(WebhookPayload(account_id=account.id, body=b"x", received_at=now))
    assert kinds(now + timedelta(minutes=4)) == []
    assert kinds(now + timedelta(minutes=6)) == ["payloads_waiting"]


def test_a_payload_that_waits_after_an_error_does_not_count_as_waiting(account):
    hour_ago = utcnow() - timedelta(hours=1)
    save(
        WebhookPayload(
            account_id=account.id, body=b"x", received_at=hour_ago, error="Oh", attempt_count=2
        )
    )
    assert kinds() == ["payloads_failed"]


def test_growing_unknown_is_told(talk):
    for number in range(watching.MOST_UNKNOWN):
        assert kinds() == []
        make_message(
            talk, str(number), Direction.OUT, status=MessageStatus.UNKNOWN, status_at=utcnow()
        )
    assert kinds() == ["messages_unknown"]
    assert kinds(utcnow() + timedelta(hours=2)) == []


def test_a_repeated_failure_of_one_kind_is_told_with_its_reason(talk):
    failed(talk, watching.MOST_REPEATED - 1)
    failed(talk, 1, "131049")
    assert kinds() == []
    failed(talk, 1)
    (alert,) = look()
    assert alert.title == "Northgate Care: 10 messages failed alike: Not reachable"
    assert alert.subject.endswith(":131026")


def test_old_failures_and_what_never_left_are_no_alarm(talk):
    failed(talk, watching.MOST_REPEATED, status_at=utcnow() - timedelta(hours=1))
    failed(talk, watching.MOST_REPEATED, "window_closed", attempt_count=0)
    assert kinds() == []


def test_files_that_cannot_be_kept_are_told(talk):
    for _ in range(watching.MOST_MEDIA):
        message = make_message(talk, "")
        save(
            Media(
                message_id=message.id,
                account_id=talk.account_id,
                attempt_count=2,
                error="The file could not be kept (OSError).",
            )
        )
    (alert,) = look()
    assert (alert.kind, alert.detail) == ("media_failing", "The file could not be kept (OSError).")


@pytest.mark.parametrize(
    ("days", "severity"), [(15, None), (13, "warning"), (2, "critical"), (-1, "critical")]
)
def test_a_token_that_runs_out_is_told_two_weeks_before(account, days, severity):
    ends = utcnow() + timedelta(days=days)
    with unit_of_work():
        health.row_of(account.id).facts = {"token_expires_at": ends.isoformat()}
    assert [alert.severity for alert in look()] == ([severity] if severity else [])


def test_rejected_signatures_are_told_while_they_come(account):
    now = utcnow()
    for number in (3, 2):
        assert kinds() == []
        with unit_of_work():
            health.rejected(account.id, number, now)
    assert kinds(now) == ["signatures_rejected"]
    assert kinds(now + timedelta(minutes=16)) == []


def test_an_account_slowed_down_for_long_is_told_until_when(account):
    with unit_of_work():
        health.slowed(account.id, utcnow() + timedelta(minutes=5), "Too fast")
    assert kinds() == []
    with unit_of_work():
        health.slowed(account.id, utcnow() + timedelta(hours=5), "Too fast")
    assert kinds() == ["account_slowed"]


def test_a_stopped_account_that_is_switched_off_is_no_alarm_any_more(account):
    with unit_of_work():
        health.stopped(account.id, refused_credentials())
    assert kinds() == ["account_stopped"]
    change(account, enabled=False)
    assert kinds() == []


def heard(account, *, every, last, count=watching.RHYTHM):
    rows = [
        WebhookPayload(
            account_id=account.id,
            body=b"x",
            processed_at=last,
            received_at=last - every * (count - 1 - number),
        )
        for number in range(count)
    ]
    save(*rows)
    change(db.session.get(AccountDrain, account.id), last_event_at=last)


def test_silence_in_opening_hours_is_told_where_much_used_to_come(account):
    heard(account, every=timedelta(minutes=2), last=TUESDAY_NOON - timedelta(minutes=59))
    assert kinds(TUESDAY_NOON) == []
    (alert,) = look(TUESDAY_NOON + timedelta(minutes=1))
    assert alert.kind == "account_silent"
    assert alert.title == "Northgate Care has heard nothing since 2026-11-24 11:01 UTC"
    change(db.session.get(AccountDrain, account.id), last_event_at=TUESDAY_NOON)
    assert kinds(TUESDAY_NOON + timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 11, 24, 23, 0, tzinfo=UTC),
        datetime(2026, 11, 28, 12, 0, tzinfo=UTC),  # a Saturday
        datetime(2026, 11, 23, 9, 30, tzinfo=UTC),  # Monday, half an hour after opening
    ],
)
def test_nobody_is_woken_for_the_silence_of_a_night_or_a_weekend(account, now):
    heard(account, every=timedelta(minutes=2), last=now - timedelta(hours=10))
    assert kinds(now) == []


def test_an_account_that_rarely_hears_anything_may_be_silent(account):
    heard(account, every=timedelta(minutes=40), last=TUESDAY_NOON - timedelta(hours=3))
    assert kinds(TUESDAY_NOON) == []


def test_a_new_account_may_be_silent(account):
    last = TUESDAY_NOON - timedelta(hours=3)
    heard(account, every=timedelta(minutes=1), last=last, count=watching.RHYTHM - 1)
    assert kinds(TUESDAY_NOON) == []


def test_the_alarm_for_silence_can_be_switched_off(app, account, monkeypatch):
    monkeypatch.setitem(app.config, "SILENCE_MINUTES", 0)
    heard(account, every=timedelta(minutes=2), last=TUESDAY_NOON - timedelta(hours=3))
    assert kinds(TUESDAY_NOON) == []


@pytest.fixture
def payloads_cannot_be_read(app):
    def refuse(_connection, _cursor, sql, *_):
        if "FROM webhook_payloads" in sql:
            raise OperationalError(sql, {}, Exception("statement timeout"))

    yield lambda: event.listen(db.engine, "before_cursor_execute", refuse)
    event.remove(db.engine, "before_cursor_execute", refuse)


def test_a_watch_that_fails_leaves_its_alerts_and_stops_no_other(talk, payloads_cannot_be_read):
    save(WebhookPayload(account_id=talk.account_id, body=b"x", error="Oh", attempt_count=1))
    assert kinds() == ["payloads_failed"]
    payloads_cannot_be_read()
    failed(talk, watching.MOST_REPEATED)
    assert kinds() == ["payloads_failed", "failures_repeated"]


def test_alerts_of_two_accounts_stand_side_by_side(talk, fake, queue, ana):
    other = make_interaction(fake, make_contact(), owner=ana, queue=queue)
    failed(talk, watching.MOST_REPEATED)
    failed(other, watching.MOST_REPEATED)
    assert {alert.account_id for alert in look()} == {talk.account_id, fake.id}


def test_hours_chosen_in_the_settings_take_the_place_of_the_environments(account):
    saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)
    heard(account, every=timedelta(minutes=2), last=saturday - timedelta(hours=3))
    assert kinds(saturday) == []
    weekend = save(Interval(name="Weekend", spans=[IntervalSpan(week_days=[5, 6])]))
    with unit_of_work():
        values.put("expected_hours", {"interval_id": weekend.id}, by="test")
    assert kinds(saturday) == ["account_silent"]
