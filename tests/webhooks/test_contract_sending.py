"""What every provider's accounts do with messages that leave, against its stand-in."""

import io
from datetime import timedelta

import pytest

from tests.factories import change, make_contact, make_interaction, make_message, save
from tests.providers.casts import CASTS
from tests.support.files import MP4, PDF, picture, voice_note
from tests.support.stubs.base import CUT
from tests.webhooks.far_side import message_of, write
from webapp import media_store
from webapp.accounts import health
from webapp.accounts.access_points import capabilities_of
from webapp.accounts.models import AccountDrain, AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import delivering, looking_up
from webapp.inbox.media_models import Media
from webapp.inbox.models import Attempt, Direction, Message, MessageStatus
from webapp.providers.base import MessageKind
from webapp.unit_of_work import unit_of_work

ASKED = {name: cast for name, cast in CASTS.items() if cast.provider_at().can.looks_up}
CONTENT_ID = "HX" + "0" * 31 + "7"
FILES = {
    MessageKind.IMAGE: (picture(size=(40, 30)), "image/jpeg", "photo.jpg"),
    MessageKind.VIDEO: (MP4, "video/mp4", "film.mp4"),
    MessageKind.AUDIO: (b"ID3" + bytes(200), "audio/mpeg", "song.mp3"),
    MessageKind.VOICE: (voice_note(), "audio/ogg", "voice.ogg"),
    MessageKind.DOCUMENT: (PDF, "application/pdf", "Grüße 2026.pdf"),
    MessageKind.STICKER: (picture("WEBP", (64, 64)), "image/webp", "sticker.webp"),
}
CARD = {"name": "Ben Okoye", "phones": ["15550140001"], "emails": ["ben@example.com"]}
CHOICES = [{"id": "yes", "title": "Yes, please"}, {"id": "no", "title": "No"}]
MENU = {"button": "Choose", "sections": [{"title": "Mornings", "choices": CHOICES}]}
PLACE = {"latitude": 52.5, "longitude": 13.4, "name": "Branch", "address": "Main Street 1"}
TEMPLATE = {
    "name": "visit_reminder",
    "language": "en_US",
    "body": [{"value": "Amara"}, {"value": "Friday"}],
}
# What is stored of each kind, files apart: its text and its structured rest.
STORED = {
    "text": (MessageKind.TEXT, "Hello 👋", None),
    "location": (MessageKind.LOCATION, "Branch", PLACE),
    "contacts": (MessageKind.CONTACTS, "Ben Okoye", {"cards": [CARD]}),
    "reaction": (MessageKind.REACTION, "👍", {"emoji": "👍"}),
    "reaction taken back": (MessageKind.REACTION, "", {"emoji": ""}),
    "buttons": (MessageKind.INTERACTIVE, "Shall we come?", {"choices": CHOICES}),
    "list": (MessageKind.INTERACTIVE, "When?", MENU),
    "template": (MessageKind.TEMPLATE, "Amara, see you on Friday", TEMPLATE),
}


@pytest.fixture
def send(side, talk):
    def drain():
        delivering.drain(side.account.id)
        db.session.expire_all()

    return drain


def queued(talk, kind, text="", **columns):
    return make_message(
        talk, text, Direction.OUT, kind=kind, status="queued", provider_id=None, **columns
    )


def with_file(talk, kind, caption=""):
    content, mime_type, filename = FILES[kind]
    message = queued(talk, kind, caption)
    media_store.put(f"{message.id:032x}", io.BytesIO(content))
    return save(
        Media(
            message_id=message.id, account_id=talk.account_id, state="ready", size=len(content),
            storage_key=f"{message.id:032x}", mime_type=mime_type, filename=filename,
        )
    ).message  # fmt: skip


def every_kind(side, talk, incoming):
    """One stored message of each kind, whether the provider can send it or not."""
    content = dict(TEMPLATE)
    if side.cast.provider == "twilio":
        content["name"] = CONTENT_ID
        side.stub.contents[CONTENT_ID] = {}
    for kind, text, rest in STORED.values():
        rest = content if rest is TEMPLATE else rest
        target = incoming.provider_id if kind == MessageKind.REACTION else None
        yield queued(talk, kind, text, content=rest, target_provider_id=target)
    for kind in FILES:
        yield with_file(talk, kind)


def make_due():
    with unit_of_work():
        db.session.query(Message).update({"retry_at": None})


def pause_over():
    with unit_of_work():
        db.session.query(AccountDrain).update({"paused_until": None})


# ── every kind ──


def test_every_kind_goes_out_or_is_refused_with_the_reason(side, talk, send):
    """A wrong call would be among the stand-in's broken rules, which are asked for at the end."""
    incoming = db.session.query(Message).one()
    ids = [message.id for message in every_kind(side, talk, incoming)]
    send()
    can = capabilities_of(side.account)
    for message in map(message_of, ids):
        sent = message.kind in can.kinds or (message.kind == "template" and can.templates)
        words = message.kind, message.text, message.error
        assert message.status == (MessageStatus.SENT if sent else MessageStatus.FAILED), words
        assert sent or message.error_code == "capability"
    sent = [id for id in ids if message_of(id).status == MessageStatus.SENT]
    assert len({message_of(id).provider_id for id in sent}) == len(sent) == len(side.taken)
    names = [attempt.correlation_id for attempt in db.session.query(Attempt)]
    assert sorted(taken.correlation_id for taken in side.taken) == sorted(names)


def test_captions_and_quotes_go_along_where_the_provider_carries_them(side, talk, send):
    incoming = db.session.query(Message).one()
    can = capabilities_of(side.account)
    ids = [with_file(talk, kind, "See this").id for kind in sorted(can.captions)]
    ids.append(queued(talk, "text", "Yes", reply_to=incoming.provider_id).id)
    send()
    assert {message_of(id).status for id in ids} == {MessageStatus.SENT}


def test_a_customer_without_a_number_is_written_to_by_id_or_not_at_all(side, talk, send, ana):
    contact = make_contact("Hidden")
    identity = contact.identities[0]
    user_id = "US.13491208655302741918"
    change(identity, kind="bsuid", value=user_id, match_key=f"bsuid:{user_id}")
    other = make_interaction(side.account, contact, owner=ana)
    id = write(other, ana, "Hello you")
    send()
    by_id = "bsuid" in capabilities_of(side.account).addresses
    assert message_of(id).status == ("sent" if by_id else "failed")


# ── error answers ──


def test_a_refusal_for_good_fails_in_words_and_lets_the_next_go(side, talk, ana, send):
    side.will_answer("refused")
    first = write(talk, ana, "one")
    send()
    side.will_answer_well()
    second = write(talk, ana, "two")
    send()
    failed = message_of(first)
    assert failed.status == MessageStatus.FAILED
    assert failed.error
    assert failed.error_code
    assert message_of(second).status == MessageStatus.SENT


def test_a_refusal_for_now_is_tried_again_in_the_order_written(side, talk, ana, send):
    side.will_answer("later")
    first, second = write(talk, ana, "one"), write(talk, ana, "two")
    send()
    waiting = message_of(first)
    assert (waiting.status, message_of(second).status) == ("queued", "queued")
    assert waiting.retry_at > utcnow()
    side.will_answer_well()
    make_due()
    pause_over()
    send()
    assert (message_of(first).status, message_of(second).status) == ("sent", "sent")
    tried = db.session.query(Attempt).order_by(Attempt.id).all()
    assert [attempt.message_id for attempt in tried] == [first, first, second]
    assert len({attempt.correlation_id for attempt in tried}) == 3
    arrived = [taken.correlation_id for taken in side.taken]
    assert arrived == [attempt.correlation_id for attempt in tried[1:]]


@pytest.mark.parametrize("status", [CUT, 502, 503, 504])
def test_a_call_without_a_clear_answer_is_unknown_and_never_sent_again(
    side, talk, ana, send, status
):
    side.will_not_answer(status)
    first = write(talk, ana, "one")
    send()
    side.will_answer_well()
    second = write(talk, ana, "two")
    for _ in range(2):
        make_due()
        send()
    assert message_of(first).status == MessageStatus.UNKNOWN
    assert message_of(second).status == MessageStatus.SENT
    assert db.session.query(Attempt).count() == 2


def test_a_call_without_an_answer_is_settled_by_its_receipt(side, talk, ana, send):
    side.will_not_answer()
    id = write(talk, ana, "one")
    send()
    (attempt,) = db.session.query(Attempt)
    taken = side.as_taken(attempt.correlation_id)
    assert side.tells("delivered", taken) == 200
    side.drain()
    assert message_of(id).status == MessageStatus.DELIVERED


@pytest.mark.parametrize("facts", ASKED.values(), ids=ASKED)
def test_a_call_without_an_answer_is_settled_by_asking_where_one_can_ask(side, talk, ana, send):
    side.will_not_answer()
    id = write(talk, ana, "one")
    send()
    side.has_sent(side.taken[-1])
    change(message_of(id), look_up_at=utcnow())
    looking_up.settle_unknown(side.account.id)
    assert message_of(id).status in (MessageStatus.SENT, MessageStatus.DELIVERED)
    assert message_of(id).provider_id == side.taken[-1].id
    assert len(side.taken) == 1


def answering(how):
    """The providers whose cast says how they word this."""
    chosen = {name: cast for name, cast in CASTS.items() if how in cast.errors}
    return pytest.mark.parametrize("facts", chosen.values(), ids=chosen)


@answering("auth")
def test_refused_credentials_stop_the_account_and_keep_what_is_queued(side, talk, ana, send):
    side.will_answer("auth")
    first, second = write(talk, ana, "one"), write(talk, ana, "two")
    send()
    make_due()
    send()
    assert [message_of(id).status for id in (first, second)] == ["queued", "queued"]
    assert side.taken == []
    stopped = db.session.get(AccountHealth, side.account.id)
    assert stopped.stopped_at
    assert stopped.stop_reason


@answering("auth")
def test_what_was_kept_leaves_once_the_credentials_are_mended(side, talk, ana, send):
    side.will_answer("auth")
    id = write(talk, ana, "one")
    send()
    with unit_of_work():
        health.resume(db.session.merge(side.account), ana)
    send()
    assert message_of(id).status == MessageStatus.SENT
    assert len(side.taken) == 1


@answering("rate")
def test_a_rate_answer_slows_the_whole_account_by_its_hint(side, talk, ana, queue, send):
    other = make_interaction(side.account, make_contact(phone="15550149999"), owner=ana)
    side.will_answer("rate")
    first = write(talk, ana, "one")
    send()
    second = write(other, ana, "another conversation")
    send()
    waiting = message_of(first)
    assert (waiting.status, message_of(second).status) == ("queued", "queued")
    assert timedelta(seconds=4) < waiting.retry_at - utcnow() <= timedelta(seconds=7)
    assert side.taken == []
    pause_over()
    make_due()
    send()
    assert (message_of(first).status, message_of(second).status) == ("sent", "sent")
