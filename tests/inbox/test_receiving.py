"""What a customer's message does: one row, the right interaction, and the two clocks."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
)
from tests.support.arriving import (
    DANA,
    ago,
    arrive,
    at_once,
    body,
    interactions,
    keep,
    messages,
    said,
)
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox import closing, sending
from webapp.inbox.media_models import Media
from webapp.inbox.models import Interaction, InteractionState, Message
from webapp.live import push
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

DAY = timedelta(hours=24)


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def dana(app):
    return make_contact(phone=DANA)


@pytest.fixture
def talk(meta, dana, queue, ana):
    """Dana's conversation with Ana, an hour old."""
    start = ago(hours=1)
    return make_interaction(
        meta,
        dana,
        owner=ana,
        queue=queue,
        started_at=start,
        last_message_at=start,
        last_customer_at=start,
        window_expires_at=start + DAY,
        session_expires_at=start + DAY,
    )


def only(rows):
    (row,) = rows
    return row


def reaction(target, emoji="👍", **more):
    return said(type="reaction", reaction={"message_id": target, "emoji": emoji}, text=None, **more)


def test_the_first_message_opens_an_interaction_that_waits_in_the_accounts_queue(meta, queue):
    at = ago(minutes=2)
    arrive(meta, said("Is anyone there?", at=at))
    interaction, message = only(interactions()), only(messages())
    assert (interaction.state, interaction.queue_id) == (InteractionState.WAITING, queue.id)
    assert message.interaction_id == interaction.id
    assert interaction.window_expires_at == interaction.session_expires_at == at + DAY
    assert (interaction.unread, interaction.last_text) == (1, "Is anyone there?")
    assert interaction.contact_name == "Dana Whitlock"
    assert redis_clients.hasty.exists(f"wake:workers.inbound.offer:{queue.id}")


def test_an_open_interaction_takes_the_next_message_and_its_owner_is_told(meta, talk, ana):
    arrive(meta, said("One more thing"))
    interaction = only(interactions())
    assert (interaction.id, interaction.unread) == (talk.id, 1)
    assert push.current_seq([f"user:{ana.id}"]) == {f"user:{ana.id}": 1}


def test_the_same_message_twice_is_stored_once(meta):
    arrive(meta, said(id="wamid.same"), said(id="wamid.same"))
    arrive(meta, said(id="wamid.same"))
    assert len(messages()) == 1
    assert only(interactions()).unread == 1


def test_the_same_message_on_a_closed_interaction_opens_none(meta):
    arrive(meta, said(id="wamid.same"))
    with unit_of_work():
        closing.close(only(interactions()), "agent")
    arrive(meta, said(id="wamid.same"))
    assert len(interactions()) == 1


def test_a_time_in_the_future_counts_as_now(meta):
    arrive(meta, said(at=ago(days=-3)))
    assert only(messages()).written_at <= utcnow()
    assert only(interactions()).window_expires_at <= utcnow() + DAY


def test_no_answer_stands_above_its_question(meta, talk):
    make_message(talk, "The answer", direction="out")
    arrive(meta, said("The question", at=ago(minutes=5)))
    assert [message.text for message in messages()] == ["The question", "The answer"]
    shown = only(interactions())
    assert (shown.last_text, shown.unread) == ("The answer", 1)


def test_the_window_counts_from_the_last_customer_message_and_never_moves_back(meta, talk):
    last = ago(minutes=1)
    arrive(meta, said(at=last))
    arrive(meta, said(at=ago(hours=5)))
    assert only(interactions()).window_expires_at == last + DAY


def test_a_session_counts_from_the_first_message(meta, talk):
    before = talk.session_expires_at
    arrive(meta, said())
    assert only(interactions()).session_expires_at == before


def test_a_session_counts_from_the_last_message_where_the_account_says_so(meta, talk):
    change(meta, session_anchor="last")
    at = ago(minutes=1)
    arrive(meta, said(at=at))
    assert only(interactions()).session_expires_at == at + DAY
    arrive(meta, said(at=ago(hours=3)))
    assert only(interactions()).session_expires_at == at + DAY


def test_an_outbound_interaction_takes_the_reply_and_keeps_its_own_end(meta, talk):
    change(meta, session_anchor="last")
    change(talk, direction="out", window_expires_at=None)
    end, at = talk.session_expires_at, ago(minutes=1)
    arrive(meta, said(at=at))
    interaction = only(interactions())
    assert (interaction.window_expires_at, interaction.session_expires_at) == (at + DAY, end)


def test_a_message_after_the_end_closes_the_old_session_and_opens_the_next(meta, talk):
    change(talk, session_expires_at=ago(seconds=1), unanswered_since=ago(hours=2))
    arrive(meta, said("Still there?"))
    old, new = interactions()
    assert (old.state, old.close_reason, old.left_unanswered) == ("closed", "timeout", True)
    assert old.closed_at == old.session_expires_at
    assert (new.previous_id, new.state) == (old.id, InteractionState.WAITING)
    assert only(messages()).interaction_id == new.id


def test_sweep_or_drain_first_makes_no_difference(meta, talk):
    change(talk, session_expires_at=ago(seconds=1))
    with unit_of_work():
        closing.sweep()
    arrive(meta, said("Still there?"))
    old, new = interactions()
    assert (old.close_reason, new.previous_id) == ("timeout", old.id)


def test_pages_that_still_show_the_ended_conversation_learn_of_the_next_one(meta, talk):
    with unit_of_work():
        closing.close(talk, "agent")
    room = f"interaction:{talk.id}"
    before = push.current_seq([room])[room]
    arrive(meta, said("Still there?"), said("Hello?"))
    assert push.current_seq([room])[room] == before + 1


def test_after_closing_the_next_message_opens_a_linked_interaction(meta, talk):
    window = talk.window_expires_at
    with unit_of_work():
        closing.close(talk, "agent")
    arrive(meta, said(at=ago(hours=3)))
    old, new = interactions()
    assert new.previous_id == old.id
    assert new.window_expires_at == window, "the window of a contact never moves back"


def test_a_message_late_by_more_than_a_day_starts_its_session_at_its_arrival(meta, queue):
    at = ago(hours=30)
    arrive(meta, said(at=at))
    interaction = only(interactions())
    assert interaction.state == InteractionState.WAITING
    assert interaction.session_expires_at > utcnow() + timedelta(hours=23)
    assert interaction.window_expires_at == at + DAY
    assert not interaction.window_open()


@pytest.mark.parametrize(
    "value",
    [
        reaction("wamid.target"),
        said(
            type="edit",
            edit={
                "original_message_id": "wamid.target",
                "message": {"type": "text", "text": {"body": "Better"}},
            },
        ),
        said(type="revoke", revoke={"original_message_id": "wamid.target"}),
        said(type="system", system={"type": "user_changed_number", "wa_id": "15550149999"}),
        said(type="request_welcome"),
    ],
    ids=["reaction", "edit", "revoke", "system", "welcome"],
)
def test_what_is_no_word_of_the_customer_opens_nothing(meta, value):
    arrive(meta, value)
    assert interactions() == []
    assert only(messages()).interaction_id is None


def test_marks_count_nothing_unread_and_move_no_clock(meta, talk):
    before = (talk.window_expires_at, talk.last_message_at)
    arrive(meta, reaction("wamid.target"))
    interaction, mark = only(interactions()), only(messages())
    assert interaction.unread == 0
    assert (interaction.window_expires_at, interaction.last_message_at) == before
    assert (mark.kind, mark.target_provider_id, mark.interaction_id) == (
        "reaction",
        "wamid.target",
        talk.id,
    )


def test_a_mark_on_a_closed_conversation_refreshes_its_bubble(meta, talk):
    target = make_message(talk, provider_id="wamid.target")
    with unit_of_work():
        closing.close(talk, "agent")
    room = f"interaction:{talk.id}"
    before = push.current_seq([room])[room]
    arrive(meta, reaction(target.provider_id))
    assert push.current_seq([room])[room] == before + 1


def test_a_group_message_is_kept_without_contact_or_interaction(meta):
    arrive(meta, said("Any news?", group_id="group-1"))
    message = only(messages())
    assert (message.contact_id, message.interaction_id) == (None, None)
    assert message.content["group_id"] == "group-1"
    assert interactions() == []


def echo(**more):
    said_by_app = {
        "from": "15550100200",
        "to": DANA,
        "id": "wamid.echo",
        "timestamp": str(int(utcnow().timestamp())),
        "type": "text",
        "text": {"body": "From my phone"},
    }
    return {"message_echoes": [said_by_app | more]}


def test_an_echo_of_the_business_app_is_an_answer_in_the_open_conversation(meta, talk):
    change(talk, unanswered_since=ago(hours=1), unread=1)
    arrive(meta, echo(), field="smb_message_echoes")
    message, interaction = only(messages()), only(interactions())
    assert (message.direction, message.status, message.source) == ("out", "sent", "app")
    assert message.interaction_id == talk.id
    assert (interaction.last_text, interaction.unanswered_since) == ("From my phone", None)
    assert interaction.unread == 1


def test_a_question_written_before_our_answer_but_come_after_it_still_waits_for_one(
    meta, talk, ana
):
    with unit_of_work():
        sending.write(talk, ana, "Anything else?", "key")
    arrive(meta, said("And my refund?", at=ago(minutes=1)))
    interaction = only(interactions())
    assert interaction.last_text == "Anything else?"
    assert interaction.unanswered_since == messages()[0].written_at


def test_an_echo_opens_no_interaction(meta):
    arrive(meta, echo(), field="smb_message_echoes")
    assert interactions() == []
    assert only(messages()).contact_id is not None


def test_history_and_standby_are_kept_beside_an_open_conversation(meta, talk):
    old = said("Old question", at=ago(days=9))["messages"]
    history = {"history": [{"threads": [{"id": DANA, "messages": old}]}]}
    arrive(meta, history, field="history")
    arrive(meta, {"standby": said("To the bot")}, field="standby")
    assert [(m.source, m.interaction_id) for m in messages()] == [
        ("history", None),
        ("standby", None),
    ]
    assert only(interactions()).unread == 0


def test_a_file_is_asked_for_after_its_message_is_visible(meta):
    image = {"id": "880055", "mime_type": "image/jpeg", "sha256": "x" * 44}
    arrive(meta, said(type="image", image=image, text=None))
    media = db.session.scalars(select(Media)).one()
    assert (media.state, media.provider_media_id) == ("pending", "880055")
    assert media.message_id == only(messages()).id
    assert redis_clients.hasty.exists(f"wake:workers.inbound.fetch_media:{media.id}")


def test_the_list_row_follows_the_customers_name(meta, talk):
    change(talk.contact, name="", profile_name="Dana")
    arrive(meta, said(name="Dana W."))
    assert only(interactions()).contact_name == "Dana W."


def test_two_accounts_of_one_customer_have_an_interaction_each(meta, queue):
    other = make_meta_account(queue, key="OTHER", phone="15550100201", phone_number_id="2")
    arrive(meta, said())
    arrive(other, said(), number_id="2")
    assert {row.account_id for row in interactions()} == {meta.id, other.id}
    assert len({row.contact_id for row in interactions()}) == 1


def test_drains_of_two_tokens_that_meet_on_one_message_store_it_once(app, meta, queue):
    other = make_meta_account(queue, key="OTHER", phone="15550100201", phone_number_id="2")
    for n in range(8):
        value = said(sender=f"1557{n:07d}", id=f"wamid.race{n}")
        keep(meta, body(value))
        keep(other, body(value))
        at_once(app, partial(draining.drain, meta.id), partial(draining.drain, other.id))
    assert len(messages()) == len(interactions()) == 8
    assert all(interaction.unread == 1 for interaction in interactions())


def test_of_many_drains_and_an_agent_only_one_opens_the_interaction(app, meta, dana):
    start = ago(minutes=1)

    def write_on():
        with suppress(IntegrityError), unit_of_work():
            found = db.session.scalars(
                select(Interaction).where(Interaction.state != "closed")
            ).first()
            if found is None:
                db.session.add(
                    Interaction(
                        account_id=account_id,
                        contact_id=contact_id,
                        direction="out",
                        state="unmanaged",
                        started_at=start,
                        session_expires_at=start + DAY,
                        last_message_at=start,
                    )
                )

    account_id, contact_id = meta.id, dana.id
    keep(meta, body(said()))
    at_once(app, write_on, partial(draining.drain, account_id))
    draining.drain(account_id)
    assert len(interactions()) == 1
    assert db.session.query(Message).one().interaction_id == interactions()[0].id
