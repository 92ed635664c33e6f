"""Draining: everything once and in order, and a poisoned event harms only itself."""

import time
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, select, text

from tests.factories import META_SECRET, change, make_meta_account
from tests.support.arriving import (
    DANA,
    arrive,
    at_once,
    body,
    interactions,
    keep,
    messages,
    receipt,
    said,
)
from webapp.accounts.models import AccountDrain
from webapp.columns import utcnow
from webapp.database import is_postgresql
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Receipt
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
from webapp.webhooks.models import AccountNotice, WebhookPayload
from webapp.webhooks.payloads import read_batch
from workers import inbound

POISON = "poison"


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def poison(app):
    """The database itself refuses one text, as it would refuse a value nobody thought of."""
    if is_postgresql():
        rule = f"CHECK (text <> '{POISON}') NOT VALID"
        order(f"ALTER TABLE messages ADD CONSTRAINT ck_poison {rule}")
    else:
        rule = f"WHEN NEW.text = '{POISON}' BEGIN SELECT RAISE(ABORT, 'ck_poison'); END"
        order(f"CREATE TRIGGER ck_poison BEFORE INSERT ON messages {rule}")
    yield
    heal()


def heal():
    if is_postgresql():
        order("ALTER TABLE messages DROP CONSTRAINT IF EXISTS ck_poison")
    else:
        order("DROP TRIGGER IF EXISTS ck_poison")


def order(statement):
    with unit_of_work():
        # SQLite's DROP … IF EXISTS trusts what this connection last knew of the schema.
        db.session.execute(text("SELECT count(*) FROM messages"))
        db.session.execute(text(statement))


def payloads():
    db.session.expire_all()
    return db.session.scalars(select(WebhookPayload).order_by(WebhookPayload.id)).all()


def texts():
    return [message.text for message in messages()]


def make_due():
    with unit_of_work():
        db.session.query(WebhookPayload).update({"next_attempt_at": None})


def test_everything_waiting_is_applied_in_order(meta):
    keep(meta, *(body(said(f"line {n}")) for n in range(30)))
    draining.drain(meta.id)
    assert [message.text for message in sorted(messages(), key=lambda m: m.id)] == [
        f"line {n}" for n in range(30)
    ]
    assert all(payload.processed_at and not payload.error for payload in payloads())


def test_more_than_one_batch_is_drained_in_one_go(meta):
    keep(meta, *(body(said(sender=f"1558{n % 9:07d}")) for n in range(230)))
    draining.drain(meta.id)
    assert (len(messages()), len(interactions())) == (230, 9)
    assert draining.accounts_with_work() == []


def test_one_body_of_many_messages_is_applied_whole(meta):
    arrive(meta, *(said(f"{n}", sender=f"1559{n % 9:07d}") for n in range(320)))
    assert (len(messages()), len(interactions())) == (320, 9)


def test_the_account_shows_when_it_was_last_heard_of(meta):
    payload = arrive(meta, said())
    row = db.session.get(AccountDrain, meta.id)
    assert row.last_event_at == payload.received_at


def test_a_missing_drain_row_is_made(meta):
    with unit_of_work():
        db.session.execute(delete(AccountDrain).where(AccountDrain.account_id == meta.id))
    arrive(meta, said())
    assert len(messages()) == 1
    assert db.session.get(AccountDrain, meta.id) is not None


def test_a_customer_goes_before_receipts_that_came_earlier(meta):
    said_first = body(receipt("wamid.out1", "delivered"))
    keep(meta, *[said_first] * 3, only_receipts=True)
    keep(meta, body(said("Is anyone there?")))

    batches = [read_batch(meta.id)]
    draining.drain(meta.id)

    assert [len(batch) for batch in batches] == [1]
    assert [message.text for message in messages()] == ["Is anyone there?"]
    assert db.session.scalar(select(Receipt.status)) == "delivered"
    assert read_batch(meta.id) == []


def test_receipts_are_read_in_small_batches(meta):
    many = body(*[receipt(f"wamid.{number}", "sent") for number in range(300)])
    keep(meta, *[many] * 10, only_receipts=True)

    read = read_batch(meta.id)

    assert sum(len(payload.tasks) for payload in read) <= 1_200
    assert len(read) < 10


def test_only_other_accounts_webhooks_are_left_alone(meta, account):
    keep(account, body(said()))
    draining.drain(meta.id)
    assert messages() == []
    assert draining.accounts_with_work() == [account.id]


@pytest.mark.only("postgresql")  # on SQLite, with its one writer, the second drain waits
def test_a_drain_that_finds_the_account_taken_leaves_it(app, meta):
    keep(meta, body(said()))
    with db.engine.connect() as other:
        other.execute(text("SELECT * FROM account_drains FOR NO KEY UPDATE"))
        draining.drain(meta.id)
        assert messages() == []
    draining.drain(meta.id)
    assert len(messages()) == 1


def test_drains_of_one_account_at_once_apply_everything_once(app, meta):
    keep(meta, *(body(said(f"{n}", sender=f"1560{n % 7:07d}")) for n in range(60)))
    account_id = meta.id
    at_once(app, *(partial(draining.drain, account_id) for _ in range(4)))
    draining.drain(account_id)
    assert len(messages()) == 60
    assert len(interactions()) == 7
    assert sum(interaction.unread for interaction in interactions()) == 60


def test_what_is_stored_while_a_drain_runs_is_not_forgotten(app, meta):
    account_id = meta.id

    def store_and_drain(n):
        with app.app_context():
            with unit_of_work():
                row = WebhookPayload(account_id=account_id, body=body(said(f"{n}")))
                db.session.add(row)
            draining.drain(account_id)

    at_once(app, *(partial(store_and_drain, n) for n in range(6)))
    assert draining.accounts_with_work() == []
    assert len(messages()) == 6


def test_a_poisoned_event_fails_alone(poison, meta):
    keep(meta, body(said("before")), body(said("a"), said(POISON), said("b")), body(said("after")))
    draining.drain(meta.id)
    assert sorted(texts()) == ["a", "after", "b", "before"]
    good, bad, last = payloads()
    assert good.processed_at and last.processed_at
    assert (bad.processed_at, bad.attempt_count) == (None, 1)
    assert bad.error.startswith("Event 2 (InboundMessage): ")
    assert "ck_poison" in bad.error or not is_postgresql()
    assert POISON not in bad.error.replace("ck_poison", "")


def test_a_failed_payload_waits_longer_each_time_and_then_for_an_admin(poison, meta):
    keep(meta, body(said(POISON)))
    waits = []
    for _ in range(draining.MOST_ATTEMPTS):
        make_due()
        draining.drain(meta.id)
        (payload,) = payloads()
        waits.append(round((payload.next_attempt_at - utcnow()) / timedelta(seconds=1), -1))
    assert waits[:5] == [10, 60, 600, 3600, 3600]
    assert payload.processed_at is not None
    assert payload.error
    assert draining.accounts_with_work() == []


def test_a_payload_that_waits_holds_up_nobody(poison, meta):
    keep(meta, body(said(POISON)))
    draining.drain(meta.id)
    arrive(meta, said("later"))
    assert texts() == ["later"]
    assert payloads()[0].processed_at is None


def test_once_the_cause_is_gone_the_rest_is_applied_once(poison, meta):
    keep(meta, body(said("a"), said(POISON), receipt("wamid.x", "read")))
    draining.drain(meta.id)
    heal()
    make_due()
    draining.drain(meta.id)
    (payload,) = payloads()
    assert sorted(texts()) == ["a", POISON]
    assert (payload.error, payload.processed_at is not None) == (None, True)
    assert db.session.query(Receipt).count() == 1
    assert interactions()[0].unread == 2


@pytest.mark.parametrize(
    "stored",
    [b"", b"not json", b"[" * 1_000_000, b'"text"', b"{}", b'{"object":"page"}', b"\xff\xfe"],
    ids=["empty", "words", "deep", "string", "object", "page", "bytes"],
)
def test_a_body_nobody_understands_is_kept_for_admins_and_blocks_nothing(meta, stored):
    keep(meta, stored, body(said("next")))
    draining.drain(meta.id)
    strange, _ = payloads()
    assert strange.processed_at is not None
    assert strange.note
    assert strange.error
    assert texts() == ["next"]


def test_news_of_no_use_needs_no_admin(meta):
    payload = arrive(meta, {"state_sync": [{"type": "contact"}]}, field="smb_app_state_sync")
    assert payload.processed_at is not None
    assert (payload.note, payload.error) == (None, None)


def test_an_event_goes_to_the_account_with_its_number(meta, queue):
    other = make_meta_account(queue, key="OTHER", phone="15550100201", phone_number_id="2")
    payload = arrive(meta, said(), number_id="2")
    assert messages()[0].account_id == other.id
    assert payload.error is None
    assert db.session.get(AccountDrain, other.id).last_event_at == payload.received_at


def test_an_account_with_another_secret_gets_nothing_of_ours(meta, queue):
    secret = {"app_secret": "f" * 32}
    make_meta_account(queue, key="OTHER", phone="1", phone_number_id="2", credentials=secret)
    payload = arrive(meta, said(), number_id="2")
    assert messages() == []
    assert "number id 2" in payload.note


def test_the_former_secret_of_a_number_still_counts(meta, queue):
    former = {"app_secret": "f" * 32, "app_secret_previous": META_SECRET}
    other = make_meta_account(
        queue, key="OTHER", phone="1", phone_number_id="2", credentials=former
    )
    arrive(meta, said(), number_id="2")
    assert messages()[0].account_id == other.id


def test_a_disabled_account_still_receives(meta):
    change(meta, enabled=False)
    arrive(meta, said())
    assert len(messages()) == 1


def test_a_sender_longer_than_any_number_is_noted_and_harms_nobody(meta):
    payload = arrive(meta, said(sender="1" * 50), said(sender="2" * 50, user_id="US." + "x" * 400))
    arrive(meta, said("fine"))
    assert payload.note
    assert texts() == ["fine"]


def test_news_of_a_template_is_noticed_once(meta):
    value = {
        "event": "REJECTED",
        "message_template_id": 7,
        "message_template_name": "visit",
        "message_template_language": "en_US",
        "reason": "INVALID_FORMAT",
    }
    for _ in range(2):
        arrive(meta, value, field="message_template_status_update")
    notice = db.session.scalars(select(AccountNotice)).one()
    assert notice.title == "Template “visit” (en_US): rejected"
    assert notice.severity == "warning"


def test_a_stop_is_remembered_and_a_repeat_undoes_no_resume(meta):
    def wish(value, at):
        return {"user_preferences": [{
            "wa_id": DANA, "category": "marketing_messages", "value": value, "timestamp": at,
        }]}  # fmt: skip

    arrive(meta, said())
    contact = messages()[0].contact
    arrive(meta, wish("stop", 1795300000), field="user_preferences")
    assert contact.opted_out_at is not None
    arrive(meta, wish("resume", 1795300100), field="user_preferences")
    arrive(meta, wish("stop", 1795300000), field="user_preferences")
    assert contact.opted_out_at is None


def test_the_job_drops_its_flag_before_it_looks(meta):
    keep(meta, body(said()))
    flag = f"wake:workers.inbound.drain:{meta.id}"
    redis_clients.hasty.set(flag, 1)
    inbound.drain(meta.id)
    assert not redis_clients.hasty.exists(flag)
    assert len(messages()) == 1


def test_a_drain_asked_to_stop_hands_over(meta):
    keep(meta, body(said()))
    draining.drain(meta.id, stop_asked=lambda: True)
    assert redis_clients.hasty.exists(f"wake:workers.inbound.drain:{meta.id}")


@pytest.mark.only("sqlite")  # PostgreSQL has no lock that stops a whole web process
def test_no_transaction_holds_the_lock_for_long(app, meta):
    keep(meta, *(body(said(sender=f"1561{n:07d}")) for n in range(60)))
    account_id, waits = meta.id, []

    def write_meanwhile():
        for _ in range(20):
            started = time.monotonic()
            with unit_of_work():
                db.session.execute(text("UPDATE queues SET weight = weight"))
            waits.append(time.monotonic() - started)
            time.sleep(0.02)

    at_once(app, partial(draining.drain, account_id), write_meanwhile)
    draining.drain(account_id)
    assert len(messages()) == 60
    assert sorted(waits)[len(waits) // 2] < 0.5
