"""The gate, and writing a message down."""

from datetime import timedelta

import pytest

from tests.factories import (
    change,
    make_account,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
    save,
)
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing, sending
from webapp.inbox.media_models import Attachment
from webapp.inbox.models import CloseReason, Direction, Message, MessageStatus
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def talk(account, queue, ana):
    return make_interaction(account, owner=ana, queue=queue)


def write(talk, ana, text="Good morning", key="k1", **more):
    with unit_of_work():
        return sending.write(talk, ana, text, key, **more)


def refused(talk, ana):
    with pytest.raises(sending.Refused) as error:
        write(talk, ana)
    assert db.session.query(Message).count() == 0
    return error.value.refusal.code


def test_a_reply_is_queued_and_answers_the_customer(talk, ana):
    make_message(talk, "Hello?")
    message = write(talk, ana)
    assert (message.status, message.direction) == (MessageStatus.QUEUED, Direction.OUT)
    assert talk.unanswered_since is None
    assert talk.first_reply_at == message.received_at
    assert talk.last_text == "Good morning"


def test_the_same_key_twice_writes_once(talk, ana):
    first, second = write(talk, ana), write(talk, ana, "Good morning again")
    assert first.id == second.id
    assert db.session.query(Message).count() == 1


def test_a_reply_after_the_window_closes_is_refused(talk, ana):
    change(talk, window_expires_at=utcnow() - timedelta(seconds=1))
    assert refused(talk, ana) == "window_closed"


def test_a_reply_without_any_customer_message_is_refused(talk, ana):
    change(talk, window_expires_at=None)
    assert refused(talk, ana) == "window_closed"


def test_a_reply_in_an_ended_session_is_refused_before_the_sweep_came(talk, ana):
    change(talk, session_expires_at=utcnow() - timedelta(seconds=1))
    assert refused(talk, ana) == "closed"


def test_a_reply_to_a_wrapped_up_conversation_is_refused(talk, ana):
    with unit_of_work():
        closing.close(talk, CloseReason.AGENT, ana)
    assert refused(talk, ana) == "closed"


def test_a_switched_off_account_sends_nothing(talk, ana, account):
    change(account, enabled=False)
    assert refused(talk, ana) == "account_disabled"


def test_a_blocked_contact_gets_nothing(account, queue, ana):
    talk = make_interaction(account, make_contact(blocked_at=utcnow()), owner=ana, queue=queue)
    assert refused(talk, ana) == "blocked"


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4097])
def test_a_text_whatsapp_would_not_take_is_refused_in_words(talk, ana, text):
    with pytest.raises(ValueError, match=r"Write something|4,096 characters; this has 4,097"):
        write(talk, ana, text)


def test_a_zero_byte_is_dropped_because_postgresql_refuses_it(talk, ana):
    assert write(talk, ana, "a\x00b").text == "ab"


def test_a_note_is_possible_at_any_time_and_never_queued(talk, ana):
    change(talk, window_expires_at=utcnow() - timedelta(hours=1))
    with unit_of_work():
        note = sending.note(talk, ana, "Ask for the site manager", "n1")
        again = sending.note(talk, ana, "Ask for the site manager", "n1")
    assert note.id == again.id
    assert (note.direction, note.status) == (Direction.NOTE, MessageStatus.RECEIVED)
    assert talk.last_text == ""


def test_a_failed_message_is_sent_again_once_however_often_asked(talk, ana):
    failed = make_message(talk, "Lost", Direction.OUT, status=MessageStatus.FAILED)
    with unit_of_work():
        first = sending.retry(failed, ana)
    with unit_of_work():
        second = sending.retry(failed, ana)
    assert first.id == second.id != failed.id
    assert failed.status == MessageStatus.FAILED
    assert failed.retried_as_id == first.id


def test_what_was_delivered_is_not_sent_again(talk, ana):
    sent = make_message(talk, "Fine", Direction.OUT, status=MessageStatus.DELIVERED)
    with pytest.raises(ValueError, match="failed"), unit_of_work():
        sending.retry(sent, ana)


@pytest.fixture
def meta_talk(queue, ana):
    return make_interaction(make_meta_account(queue), owner=ana, queue=queue)


def attachment(talk, ana, kind="image", **columns):
    values = {"mime_type": "image/jpeg", "filename": "lamp.jpg", "size": 10, "sha256": "0" * 64}
    return save(
        Attachment(
            interaction_id=talk.id, user_id=ana.id, kind=kind, storage_key="abc", **values | columns
        )
    )


def write_file(talk, ana, file, caption="", key="f1", **more):
    with unit_of_work():
        return sending.write_file(talk, ana, file, caption, key, **more)


def test_a_file_becomes_its_messages_own(meta_talk, ana):
    file = attachment(meta_talk, ana, thumbnail_key="small", width=4, height=3)
    message = write_file(meta_talk, ana, file, "The blue one", reply_to="wamid.4")
    assert (message.kind, message.text, message.status) == ("image", "The blue one", "queued")
    assert (message.media.state, message.media.storage_key) == ("ready", "abc")
    assert (message.media.thumbnail_key, message.media.width) == ("small", 4)
    assert message.reply_to == "wamid.4"
    assert db.session.query(Attachment).count() == 0
    assert (meta_talk.last_kind, meta_talk.last_text) == ("image", "The blue one")


def test_the_same_file_twice_is_sent_once(meta_talk, ana):
    file = attachment(meta_talk, ana)
    first, second = write_file(meta_talk, ana, file), write_file(meta_talk, ana, file)
    assert first.id == second.id


def test_a_file_that_is_gone_says_so(meta_talk, ana):
    file = attachment(meta_talk, ana)
    write_file(meta_talk, ana, file)
    with pytest.raises(ValueError, match="sent already, or thrown away"):
        write_file(meta_talk, ana, file, key="f2")


def test_a_caption_the_provider_cannot_carry_follows_as_a_message(meta_talk, ana):
    file = attachment(meta_talk, ana, "audio", mime_type="audio/mpeg")
    message = write_file(meta_talk, ana, file, "Listen to this")
    caption = db.session.query(Message).filter(Message.id > message.id).one()
    assert (message.text, caption.kind, caption.text) == ("", "text", "Listen to this")


def test_a_caption_too_long_is_refused_and_the_file_kept(meta_talk, ana):
    file = attachment(meta_talk, ana)
    with pytest.raises(ValueError, match="may have 1,024 characters; this has 1,025"):
        write_file(meta_talk, ana, file, "x" * 1025)
    assert db.session.query(Attachment).count() == 1


def test_the_row_says_how_long_a_voice_message_plays(meta_talk, ana):
    file = attachment(meta_talk, ana, "voice", mime_type="audio/ogg; codecs=opus", seconds=24)
    write_file(meta_talk, ana, file)
    assert meta_talk.last_text == "Voice message, 0:24"


def test_a_failed_file_is_sent_again_from_the_same_stored_file(meta_talk, ana):
    failed = write_file(meta_talk, ana, attachment(meta_talk, ana), "The blue one")
    change(failed, status=MessageStatus.FAILED)
    with unit_of_work():
        again = sending.retry(failed, ana)
    assert again.media.id != failed.media.id
    assert (again.kind, again.text, again.media.storage_key) == ("image", "The blue one", "abc")


def test_a_place_and_a_card_are_kept_as_the_provider_needs_them(meta_talk, ana):
    place = {"latitude": 41.1, "longitude": -8.6, "name": "Branch", "address": "Street 4"}
    card = {"name": "Priya", "phones": ["15550142233"], "emails": [], "organization": ""}
    with unit_of_work():
        first = sending.send_location(meta_talk, ana, place, "l1")
        second = sending.send_contacts(meta_talk, ana, [card], "c1")
    assert (first.kind, first.text, first.content) == ("location", "Branch, Street 4", place)
    assert (second.kind, second.text, second.content) == ("contacts", "Priya", {"cards": [card]})


def react(talk, ana, message, emoji, key="r1"):
    with unit_of_work():
        return sending.react(talk, ana, message, emoji, key)


def test_a_reaction_is_a_mark_and_no_answer(meta_talk, ana):
    theirs = make_message(meta_talk, "Here it is")
    mark = react(meta_talk, ana, theirs, "👍")
    assert (mark.kind, mark.text, mark.target_provider_id) == ("reaction", "👍", theirs.provider_id)
    assert (meta_talk.last_text, meta_talk.first_reply_at) == ("Here it is", None)
    assert meta_talk.unanswered_since is not None
    assert react(meta_talk, ana, theirs, "", "r2").text == ""


def test_a_reaction_is_one_emoji_to_something_that_was_sent(meta_talk, ana):
    theirs = make_message(meta_talk, "Here it is")
    with pytest.raises(ValueError, match="one emoji"):
        react(meta_talk, ana, theirs, "thanks")
    waiting = make_message(meta_talk, "x", Direction.OUT, provider_id=None, status="queued")
    with pytest.raises(ValueError, match="has not reached WhatsApp"):
        react(meta_talk, ana, waiting, "👍")


def test_what_the_provider_cannot_do_is_refused_with_its_name(queue, ana):
    talk = make_interaction(make_account(queue, provider="twilio"), owner=ana, queue=queue)
    refusal = sending.may_send(talk, "reaction")
    assert (refusal.code, refusal.reason) == ("capability", "Twilio cannot send reactions.")


def test_a_provider_of_shorter_texts_is_named(queue, ana):
    talk = make_interaction(make_account(queue, provider="twilio"), owner=ana, queue=queue)
    with pytest.raises(ValueError, match="Twilio takes up to 1,600 characters; this has 1,700"):
        write(talk, ana, "x" * 1700)


def test_only_a_template_may_go_after_the_window_closed(meta_talk):
    change(meta_talk, window_expires_at=utcnow() - timedelta(hours=1))
    assert sending.may_send(meta_talk, "image").code == "window_closed"
    assert sending.may_send(meta_talk, "template") is None
