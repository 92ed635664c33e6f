"""Conversations begun from our side, and the clock that runs in them."""

import itertools
from datetime import timedelta

import pytest

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
)
from tests.inbox.templates import make_template
from tests.support.arriving import DANA, ago, arrive, receipt, said
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import closing, delivering, sending, starting
from webapp.inbox.models import CloseReason, Direction, Interaction, Message
from webapp.queues import accepting
from webapp.unit_of_work import unit_of_work

DAY = timedelta(hours=24)


@pytest.fixture
def north(queue):
    return make_meta_account(queue)


@pytest.fixture
def dana():
    return make_contact(phone=DANA)


@pytest.fixture
def ended(north, dana, ana, queue):
    """Wrapped up by Ana yesterday, its window closed."""
    return make_interaction(
        north,
        dana,
        owner=ana,
        queue=queue,
        state="closed",
        close_reason="agent",
        closed_at=ago(hours=30),
        window_expires_at=ago(hours=25),
        session_expires_at=ago(hours=25),
    )


def begun(north, dana, by, template=None):
    """Started by a template, as the page does it."""
    template = template or make_template(account=north)
    with unit_of_work():
        interaction = starting.start(north, dana, by)
        values = {("body", "1"): "Dana"}
        sending.send_template(interaction, by, template, values, "first")
    return interaction


def fresh(interaction):
    db.session.expire_all()
    return db.session.get(Interaction, interaction.id)


def test_writing_on_opens_a_new_conversation_of_the_senders_linked_to_the_old_one(ended, ben):
    with unit_of_work():
        new = starting.recontact(ended, ben)

    assert (new.direction, new.state, new.owner_id) == ("out", "assigned", ben.id)
    assert (new.previous_id, new.queue_id) == (ended.id, ended.queue_id)
    assert new.window_expires_at is None
    assert new.assigned_at is not None


def test_writing_on_deals_with_what_was_left_unanswered(ended, ana):
    change(ended, left_unanswered=True)
    with unit_of_work():
        starting.recontact(ended, ana)

    assert fresh(ended).left_unanswered is False


def test_a_window_that_is_open_still_comes_along(ended, ana):
    until = utcnow().replace(microsecond=0) + timedelta(hours=2)
    change(ended, window_expires_at=until)
    with unit_of_work():
        new = starting.recontact(ended, ana)

    assert new.window_expires_at == until
    assert sending.may_send(new) is None


def test_writing_on_in_an_unanswered_one_of_mine_stays_in_it(north, dana, ana):
    first = begun(north, dana, ana)
    with unit_of_work():
        assert starting.recontact(first, ana).id == first.id


def test_a_colleague_who_has_it_is_named(north, dana, ana, ben):
    make_interaction(north, dana, owner=ben)

    with pytest.raises(starting.Elsewhere, match="Ben Agent is already writing with Dana"):
        starting.start(north, dana, ana)


def test_one_that_waits_is_not_taken_past_its_queue(north, dana, ana, queue):
    make_interaction(north, dana, queue=queue)

    with pytest.raises(starting.Elsewhere, match="waits in Support"):
        starting.start(north, dana, ana)


def test_one_past_its_end_counts_as_closed_though_the_sweep_is_late(north, dana, ana, ben):
    over = make_interaction(north, dana, owner=ben, session_expires_at=ago(minutes=1))
    with unit_of_work():
        new = starting.start(north, dana, ana)

    assert (fresh(over).state, fresh(over).close_reason) == ("closed", "timeout")
    assert new.previous_id == over.id


def test_of_two_agents_the_first_begins_it_and_the_other_hears_who(app, north, dana, ana, ben):
    def start(user):
        with unit_of_work():
            try:
                return starting.start(north, dana, user).owner_id
            except starting.Elsewhere as error:
                return str(error)

    answers = [start(user) for user in (ana, ben)]

    assert answers[0] == ana.id
    assert "Ana Agent is already writing with Dana" in answers[1]


def test_a_full_agent_begins_nothing_and_a_leader_does(north, dana, ana, sara):
    change(ana, capacity=1)
    make_interaction(north, owner=ana)
    change(sara, capacity=1)
    make_interaction(north, owner=sara)

    with pytest.raises(accepting.Full, match="All 1 of your places are taken"):
        starting.start(north, dana, ana)
    with unit_of_work():
        assert starting.start(north, dana, sara).owner_id == sara.id


def test_a_new_number_becomes_a_contact_and_a_known_one_in_another_spelling_is_found(north):
    with unit_of_work():
        made = starting.contact_of(north, "+55 11 98888-7777", "Rafael Monteiro")
        again = starting.contact_of(north, "+55 11 8888-7777")

    assert (made.name, made.phone) == ("Rafael Monteiro", "5511988887777")
    assert made.id == again.id
    assert db.session.query(Contact).count() == 1


def test_a_number_that_is_none_is_refused_in_words(north):
    with pytest.raises(ValueError, match="Letters are no part of a number"):
        starting.contact_of(north, "+1 555 HELLO")


def test_the_session_runs_from_acceptance_until_a_receipt_tells(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    change(interaction, session_expires_at=ago(hours=-1))
    delivering.drain(north.id)

    now = fresh(interaction)
    assert abs(now.session_expires_at - utcnow() - DAY) < timedelta(minutes=1)
    assert now.window_expires_at is None


def sent_by(interaction):
    return db.session.get(Message, fresh(interaction).session_message_id)


def test_then_from_delivery_and_no_window_opens(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    delivered = ago(minutes=7)
    arrive(north, receipt(sent_by(interaction).provider_id, "delivered", delivered))

    now = fresh(interaction)
    assert now.session_expires_at == delivered + DAY
    assert now.window_expires_at is None
    assert sending.may_send(now).code == "window_closed"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["sent", "delivered", "read", "delivered again"]))
)
def test_receipts_in_any_order_and_twice_end_alike(north, dana, ana, stub, order):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    delivered = ago(minutes=7)
    moments = {"sent": ago(minutes=8), "delivered": delivered, "read": ago(minutes=2)}
    for word in order:
        status = word.partition(" ")[0]
        arrive(north, receipt(sent_by(interaction).provider_id, status, moments[status]))

    assert fresh(interaction).session_expires_at == delivered + DAY


def test_a_receipt_that_overtakes_the_answer_counts_and_stays(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    (call,) = delivering.claim(north.id, 5)
    delivered = ago(minutes=7)
    arrive(
        north, receipt("wamid.early", "delivered", delivered, correlation_id=call.correlation_id)
    )
    with unit_of_work():
        delivering.record(delivering.Answer(call, sent=delivering.Sent("wamid.early")))

    assert fresh(interaction).session_expires_at == delivered + DAY


def test_a_receipt_of_another_message_moves_nothing(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    before = fresh(interaction).session_expires_at
    make_message(interaction, "Later", Direction.OUT, provider_id="wamid.later")
    arrive(north, receipt("wamid.later", "delivered", ago(hours=3)))

    assert fresh(interaction).session_expires_at == before


def test_a_receipt_after_the_end_opens_nothing_again(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    with unit_of_work():
        closing.close(fresh(interaction), CloseReason.AGENT)
    until = fresh(interaction).session_expires_at
    arrive(north, receipt(sent_by(interaction).provider_id, "delivered", ago(minutes=5)))

    assert (fresh(interaction).state, fresh(interaction).session_expires_at) == ("closed", until)


def test_where_the_first_template_failed_the_next_one_starts_the_session(north, dana, ana):
    interaction = begun(north, dana, ana)
    change(sent_by(interaction), status="failed")
    other, values = make_template("other", account=north), {("body", "1"): "Dana"}
    with unit_of_work():
        second = sending.send_template(fresh(interaction), ana, other, values, "second")

    assert fresh(interaction).session_message_id == second.id


def test_the_reply_joins_it_opens_the_window_and_tells_the_owner(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    written = ago(seconds=5)
    arrive(north, said("Yes please", at=written))

    now = fresh(interaction)
    assert (now.owner_id, now.unread, now.state) == (ana.id, 1, "assigned")
    assert now.window_expires_at == written + DAY
    assert now.unanswered_since == written
    assert db.session.query(Interaction).count() == 1


def test_a_reply_does_not_lengthen_the_session_we_began(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    delivered = ago(hours=2)
    arrive(north, receipt(sent_by(interaction).provider_id, "delivered", delivered))
    arrive(north, said("Yes please"))

    assert fresh(interaction).session_expires_at == delivered + DAY


def test_unanswered_it_ends_by_itself_and_is_not_called_left_unanswered(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    delivering.drain(north.id)
    arrive(north, receipt(sent_by(interaction).provider_id, "delivered", ago(hours=25)))
    with unit_of_work():
        closing.sweep()

    now = fresh(interaction)
    assert (now.state, now.close_reason, now.left_unanswered) == ("closed", "timeout", False)


def test_what_we_begin_with_is_no_first_reply(north, dana, ana, stub):
    interaction = begun(north, dana, ana)
    assert interaction.first_reply_at is None
    delivering.drain(north.id)
    arrive(north, said("Yes please"))
    with unit_of_work():
        sending.write(fresh(interaction), ana, "Thank you", "reply")

    assert fresh(interaction).first_reply_at is not None


def test_the_use_of_a_template_is_counted(north, dana, ana):
    template = make_template(account=north)
    begun(north, dana, ana, template)
    db.session.refresh(template)

    assert template.used_count == 1
    assert template.last_used_at is not None


def test_the_message_keeps_the_words_as_sent_whatever_becomes_of_the_template(north, dana, ana):
    template = make_template(account=north)
    interaction = begun(north, dana, ana, template)
    change(template, components=[{"type": "BODY", "text": "Something else"}])

    message = sent_by(interaction)
    assert message.text == "Hello Dana, are you there?"
    assert message.template_id == template.id


def test_trying_a_failed_template_again_asks_the_gate_for_it_again(north, dana, ana):
    template = make_template(account=north)
    interaction = begun(north, dana, ana, template)
    message = change(sent_by(interaction), status="failed")
    change(template, status="paused")

    with pytest.raises(sending.Refused, match="is paused by WhatsApp"), unit_of_work():
        sending.retry(message, ana)
