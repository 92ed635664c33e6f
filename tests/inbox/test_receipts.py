"""Receipts climb a message's status, each once, whichever of send and receipt came first."""

import itertools
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
    save,
)
from tests.support.arriving import DANA, ago, arrive, at_once, body, keep, receipt, said
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import receipts
from webapp.inbox.models import Attempt, Direction, Interaction, Message, Receipt
from webapp.live import push
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

WAMID = "wamid.out"


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def talk(meta, queue, ana):
    return make_interaction(meta, make_contact(phone=DANA), owner=ana, queue=queue)


@pytest.fixture
def sent(talk):
    return make_message(talk, "Hello", Direction.OUT, provider_id=WAMID, attempt_count=1)


def attempt(message, number, correlation_id, **columns):
    values = {"outcome": "sent", **columns}
    return save(
        Attempt(message_id=message.id, number=number, correlation_id=correlation_id, **values)
    )


def now_of(message):
    db.session.expire_all()
    return db.session.get(Message, message.id)


def kept():
    return db.session.scalars(select(Receipt).order_by(Receipt.id)).all()


def test_what_the_provider_charges_a_delivered_message_as_is_kept(meta, sent):
    pricing = {"category": "service", "type": "regular"}
    arrive(meta, receipt(WAMID, "sent", pricing=pricing))
    assert now_of(sent).charged_as is None
    arrive(meta, receipt(WAMID, "delivered", pricing=pricing))
    assert now_of(sent).charged_as == "service"


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "read"])))
def test_in_any_order_a_status_only_climbs(meta, sent, order):
    for status in order:
        arrive(meta, receipt(WAMID, status))
    assert now_of(sent).status == "read"
    assert db.session.get(Interaction, sent.interaction_id).last_status == "read"


def test_one_body_may_hold_them_all(meta, sent):
    arrive(meta, *(receipt(WAMID, status) for status in ("read", "sent", "delivered")))
    assert now_of(sent).status == "read"
    assert len(kept()) == 3


def test_a_receipt_is_kept_once_and_seen_by_the_owner(meta, sent, ana):
    for _ in range(3):
        arrive(meta, receipt(WAMID, "delivered"))
    assert len(kept()) == 1
    assert kept()[0].message_id == sent.id
    room = f"interaction:{sent.interaction_id}"
    assert push.current_seq([room])[room] == 1


def test_played_counts_as_read(meta, sent):
    arrive(meta, receipt(WAMID, "played"))
    assert now_of(sent).status == "read"


def test_a_failure_says_why_and_what_to_do(meta, sent):
    at = ago(minutes=1)
    arrive(meta, receipt(WAMID, "failed", at=at, code=131047))
    message = now_of(sent)
    assert (message.status, message.error_code, message.status_at) == ("failed", "131047", at)
    assert "24" in message.error
    assert message.error_action


def test_whoever_is_not_on_whatsapp_is_marked_until_something_reaches_them(meta, sent):
    arrive(meta, receipt(WAMID, "failed", code=131026))
    assert now_of(sent).contact.unreachable_at is not None
    arrive(meta, receipt(WAMID, "delivered"))
    assert now_of(sent).contact.unreachable_at is None


def test_whoever_writes_is_on_whatsapp(meta, sent):
    change(sent.contact, unreachable_at=utcnow())
    arrive(meta, said("Hello"))
    assert now_of(sent).contact.unreachable_at is None


def test_a_failure_after_delivery_changes_nothing(meta, sent):
    arrive(meta, receipt(WAMID, "delivered"))
    arrive(meta, receipt(WAMID, "failed", code=131026))
    assert (now_of(sent).status, now_of(sent).error) == ("delivered", None)


def test_proof_of_delivery_overrules_a_failure(meta, sent):
    arrive(meta, receipt(WAMID, "failed", code=131026))
    arrive(meta, receipt(WAMID, "delivered"))
    message = now_of(sent)
    assert (message.status, message.error, message.error_code) == ("delivered", None, None)


def test_an_unknown_send_is_settled_by_its_receipt_and_learns_its_id(meta, talk):
    message = make_message(talk, "Hello", Direction.OUT, status="unknown", provider_id=None)
    lost = attempt(message, 1, "ours-1", outcome="unknown")
    arrive(meta, receipt(WAMID, "sent", correlation_id="ours-1"))
    settled = now_of(message)
    assert (settled.status, settled.provider_id) == ("sent", WAMID)
    assert (db.session.get(Attempt, lost.id).outcome, lost.provider_id) == ("sent", WAMID)


@pytest.mark.parametrize("status", ["sending", "queued", "sent"])
def test_a_late_failure_of_an_earlier_attempt_spoils_nothing(meta, talk, status):
    message = make_message(talk, "Hello", Direction.OUT, status=status, provider_id="wamid.2")
    attempt(message, 1, "ours-1", provider_id="wamid.1")
    attempt(message, 2, "ours-2", provider_id="wamid.2")
    arrive(meta, receipt("wamid.1", "failed", correlation_id="ours-1", code=131026))
    arrive(meta, receipt("wamid.1", "failed", code=131026, recipient="other"))
    assert (now_of(message).status, now_of(message).error) == (status, None)
    assert all(one.message_id == message.id for one in kept())


def test_delivery_by_an_earlier_attempt_counts(meta, talk):
    message = make_message(talk, "Hello", Direction.OUT, status="sending", provider_id=None)
    attempt(message, 1, "ours-1", outcome="unknown")
    attempt(message, 2, "ours-2", outcome="sending")
    arrive(meta, receipt("wamid.1", "delivered", correlation_id="ours-1"))
    assert now_of(message).status == "delivered"


def test_a_queued_message_waits_for_its_next_attempt_whatever_the_last_one_tells(meta, talk):
    message = make_message(talk, "Hello", Direction.OUT, status="queued", provider_id=None)
    attempt(message, 1, "ours-1", outcome="refused")
    arrive(meta, receipt("wamid.1", "failed", correlation_id="ours-1", code=131026))
    assert now_of(message).status == "queued"


def test_another_accounts_receipt_moves_nothing(meta, sent, queue):
    other = make_meta_account(queue, key="OTHER", phone="15550100201", phone_number_id="2")
    arrive(other, receipt(WAMID, "read"), number_id="2")
    assert now_of(sent).status == "sent"


def test_a_receipt_before_its_message_is_kept_and_settled_by_the_recorder(meta, talk):
    message = make_message(talk, "Hello", Direction.OUT, status="sending", provider_id=None)
    arrive(meta, receipt(WAMID, "delivered"))
    assert kept()[0].message_id is None
    with unit_of_work():
        recorded = db.session.get(Message, message.id)
        recorded.provider_id, recorded.status = WAMID, "sent"
        db.session.flush()
        receipts.settle(recorded)
    assert now_of(message).status == "delivered"
    assert kept()[0].message_id == message.id


def test_the_clock_settles_what_both_missed(meta, talk, sent):
    arrive(meta, receipt("wamid.late", "read"))
    change(sent, provider_id="wamid.late")
    with unit_of_work():
        assert receipts.settle_unmatched() == 1
    assert now_of(sent).status == "read"
    with unit_of_work():
        assert receipts.settle_unmatched() == 0


def test_the_clock_leaves_what_another_system_sent(meta):
    arrive(meta, receipt("wamid.foreign", "read"))
    with unit_of_work():
        assert receipts.settle_unmatched() == 0
        assert receipts.settle_unmatched(now=utcnow() + timedelta(days=9)) == 0


def test_a_groups_receipts_are_kept_and_move_nothing(meta, sent):
    arrive(
        meta,
        receipt(WAMID, "read", recipient_type="group", recipient_participant_id=DANA),
    )
    assert now_of(sent).status == "sent"
    assert kept()[0].detail["group"] is True


def test_whoever_comes_second_finds_the_other(app, meta, talk):
    """The recorder and the keeper of a receipt at the same moment, many times over."""

    def record(message_id, wamid):
        with unit_of_work():
            message = db.session.get(Message, message_id)
            message.provider_id, message.status = wamid, "sent"
        with unit_of_work():
            receipts.settle(db.session.get(Message, message_id))

    account_id, ids = meta.id, []
    for n in range(15):
        message = make_message(talk, "Hello", Direction.OUT, status="sending", provider_id=None)
        keep(meta, body(receipt(f"wamid.r{n}", "delivered")))
        ids.append(message.id)
        at_once(
            app,
            partial(record, message.id, f"wamid.r{n}"),
            partial(draining.drain, account_id),
        )
    statuses = [db.session.get(Message, message_id).status for message_id in ids]
    assert statuses == ["delivered"] * 15


def test_a_thousand_receipts_take_few_statements(meta, talk):
    made = [
        Message(
            account_id=meta.id,
            contact_id=talk.contact_id,
            interaction_id=talk.id,
            direction="out",
            status="sent",
            provider_id=f"wamid.many{n}",
            written_at=ago(minutes=1),
        )
        for n in range(1000)
    ]
    save(*made)
    keep(meta, body(*(receipt(f"wamid.many{n}", "delivered") for n in range(1000))))
    with counted_queries() as queries:
        draining.drain(meta.id)
    assert len(queries) < 180
    assert db.session.query(Message).filter_by(status="delivered").count() == 1000
