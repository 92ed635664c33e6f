"""The pretend phone's webhooks take the way of every other provider's."""

import io
from collections import Counter
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from tests.factories import make_contact, make_interaction, save
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import delivering, media, sending
from webapp.inbox.media_models import Media
from webapp.inbox.models import Interaction, InteractionState, Message
from webapp.providers import sandbox_crowd as crowd
from webapp.providers.commands import Recipient, TemplateMessage
from webapp.sandbox import posting
from webapp.sandbox.models import SandboxCustomer, SandboxEvent, SandboxReceipt
from webapp.sandbox.phone import Phone
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload


def picture():
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "#336699").save(file, "JPEG")
    return file.getvalue()


def count(table):
    return db.session.query(table).count()


@pytest.fixture
def answered(cast, customer, say):
    """The customer has written, Ana has answered, and the message has left."""

    def answer(behaviour="read", text="Good morning"):
        with unit_of_work():
            db.session.get(SandboxCustomer, customer.id).behaviour = behaviour
        say("Hello")
        with unit_of_work():
            interaction = db.session.scalar(select(Interaction))
            interaction.owner_id, interaction.state = cast.ana.id, InteractionState.ASSIGNED
            message_id = sending.write(interaction, cast.ana, text, "key-1").id
        delivering.drain(cast.account.id)
        return message_id

    return answer


def deliver(account, after=timedelta(seconds=3)):
    """Post what is owed by then, and let the worker read it."""
    with unit_of_work():
        for receipt in db.session.scalars(select(SandboxReceipt)):
            receipt.due_at -= after
    posting.deliver_receipts()
    draining.drain(account.id)
    db.session.rollback()


def status_of(message_id):
    return db.session.get(Message, message_id).status


def test_what_the_customer_writes_is_stored_verified_and_opens_a_conversation(say, queue):
    assert say("Hello there") == 200

    assert count(WebhookPayload) == 1
    interaction = db.session.scalar(select(Interaction))
    assert (interaction.last_text, interaction.queue_id) == ("Hello there", queue.id)
    assert interaction.contact_name == "Test customer A"


def test_a_wrong_signature_is_refused_and_leaves_nothing(say, customer):
    with unit_of_work():
        db.session.get(SandboxCustomer, customer.id).bad_signature = True

    assert say("Hello") == 403

    assert count(WebhookPayload) == count(Message) == 0
    event = db.session.scalar(select(SandboxEvent))
    assert (event.answer, event.well_signed) == (403, False)


def test_the_same_webhook_twice_is_one_message(say, customer):
    with unit_of_work():
        db.session.get(SandboxCustomer, customer.id).behaviour = "twice"

    say("Hello")

    assert count(WebhookPayload) == 2
    assert count(Message) == 1


def test_an_event_sent_again_counts_once(say):
    say("Hello")
    posting.repeat(db.session.scalar(select(SandboxEvent.id)))

    assert count(SandboxEvent) == 2
    assert count(Message) == 1


def test_a_picture_is_fetched_from_the_phone(say):
    say("Look", file=picture())
    media.fetch(db.session.scalar(select(Media.id)))

    db.session.rollback()
    found = db.session.scalar(select(Media))
    assert (found.state, found.mime_type) == ("ready", "image/jpeg")
    assert db.session.scalar(select(Message.text)) == "Look"


@pytest.mark.parametrize(
    "options",
    [
        {"text": "  "},
        {"text": "", "file": b"x" * (5 * 1024 * 1024 + 1)},
        {"text": "", "file": b"x" * (16 * 1024 * 1024 + 1), "mime_type": "video/mp4"},
    ],
)
def test_what_no_phone_could_send_is_refused_in_words(say, options):
    with pytest.raises(ValueError, match="hoose|rite"):
        say(**options)

    assert count(WebhookPayload) == 0


@pytest.mark.parametrize(
    "behaviour, status", [("sent", "sent"), ("delivered", "delivered"), ("read", "read")]
)
def test_receipts_climb_as_far_as_the_phone_is_set_to(answered, account, behaviour, status):
    message_id = answered(behaviour)

    deliver(account)

    assert status_of(message_id) == status
    assert count(SandboxReceipt) == 0


def test_a_message_is_read_two_seconds_after_it_was_delivered(answered, account):
    message_id = answered("read")
    assert posting.receipts_due()

    deliver(account, after=timedelta())
    assert status_of(message_id) == "delivered"
    assert not posting.receipts_due()

    deliver(account)
    assert status_of(message_id) == "read"


@pytest.mark.parametrize("code", ["131026", "131047"])
def test_a_refused_message_fails_with_its_code(answered, code):
    message_id = answered(f"refused:{code}")

    db.session.rollback()
    message = db.session.get(Message, message_id)
    assert (message.status, message.error_code) == ("failed", code)
    assert message.error


def test_no_answer_leaves_a_message_unknown_for_good(answered, account):
    message_id = answered("no_answer")

    deliver(account)

    assert status_of(message_id) == "unknown"


def test_a_number_nobody_set_up_reads_everything(cast, account):
    interaction = make_interaction(account, make_contact(phone="15550009999"), owner=cast.ana)
    with unit_of_work():
        message_id = sending.write(
            db.session.get(Interaction, interaction.id), cast.ana, "Hello", "key"
        ).id
    delivering.drain(account.id)

    deliver(account)

    assert status_of(message_id) == "read"
    assert count(SandboxEvent) == 0


def test_only_the_newest_events_are_kept(customer, account):
    save(
        *(
            SandboxEvent(
                customer_id=customer.id, account_id=account.id, title=f"Event {number}",
                body=b"{}", well_signed=True, answer=200, milliseconds=1, at=utcnow(),
            )
            for number in range(40)
        )
    )  # fmt: skip

    posting.say(customer.id, account.id, "One more")

    assert count(SandboxEvent) == posting.KEPT_EVENTS


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [
        ("image/png", "image"),
        ("image/webp", "sticker"),
        ("audio/ogg; codecs=opus", "voice"),
        ("audio/mpeg", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
        ("", "document"),
    ],
)
def test_the_phone_sends_every_kind_of_file(say, mime_type, kind):
    assert say("", file=b"some bytes", mime_type=mime_type, filename="a.bin") == 200

    message = db.session.scalar(select(Message))
    assert (message.kind, message.media.state) == (kind, "pending")
    assert message.media.filename == ("a.bin" if kind == "document" else "")


def test_words_with_a_file_that_carries_none_follow_it(say):
    say("Listen to this", file=b"some bytes", mime_type="audio/mpeg")

    messages = db.session.scalars(select(Message).order_by(Message.id)).all()
    assert [(message.kind, message.text) for message in messages] == [
        ("audio", ""),
        ("text", "Listen to this"),
    ]


def test_a_reaction_earns_no_more_than_sent(answered, account, cast):
    answered("read")
    deliver(account)
    with unit_of_work():
        interaction = db.session.scalar(select(Interaction))
        inbound = db.session.scalar(select(Message).where(Message.direction == "in"))
        reaction_id = sending.react(interaction, cast.ana, inbound, "👍", "key-2").id
    delivering.drain(account.id)

    deliver(account)

    assert status_of(reaction_id) == "sent"
    assert count(SandboxReceipt) == 0


def test_of_a_crowd_most_read_some_fail_and_a_few_answer():
    phones = [crowd.number(place) for place in range(100)]
    behaviours = Counter(map(crowd.behaviour, phones))
    assert behaviours["read"] > 60
    assert behaviours["refused:131026"] == 3 and behaviours["no_answer"] == 1
    answering = [phone for phone in phones if crowd.answer(phone)]
    assert len(answering) == crowd.ANSWERING
    assert {crowd.behaviour(phone) for phone in answering} == {"read"}
    assert not crowd.answer("15550000001")


def test_somebody_of_the_crowd_answers_a_template_in_their_own_time(cast, account):
    phone = next(filter(crowd.answer, map(crowd.number, range(100))))
    command = TemplateMessage(Recipient(phone=phone), "spring_offer", "en")
    Phone(account.id).accepted(command.to, "sandbox.1", "", command)
    deliver(account, after=timedelta(seconds=20))
    said = db.session.scalars(select(Message).where(Message.direction == "in")).one()
    assert said.text == crowd.answer(phone)
