"""STOP is obeyed at once, in many languages, alone and never inside a sentence."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.contacts import opting_out, stop_words
from webapp.contacts.models import ConsentEntry, Contact
from webapp.extensions import db
from webapp.inbox import receiving
from webapp.inbox.models import InteractionEvent, Message
from webapp.providers.base import AccountRef, Identity, IdentityKind, InboundMessage, MessageKind
from webapp.unit_of_work import unit_of_work

NUMBERS = itertools.count(1)
NOW = utcnow().replace(microsecond=0)


@pytest.fixture(autouse=True)
def fresh_words(app):
    opting_out.forget()
    yield
    opting_out.forget()


def write(account, text, kind=MessageKind.TEXT, at=NOW, **rest):
    event = InboundMessage(
        id=rest.pop("id", None) or f"wamid.stop{next(NUMBERS)}",
        account_ref=AccountRef(),
        identities=(Identity(IdentityKind.WA_ID, "15550123409"),),
        kind=kind,
        sent_at=at,
        raw={},
        sender_name="Dana",
        text=text,
        **rest,
    )
    with unit_of_work():
        receiving.receive(account, event)
    return db.session.scalars(select(Contact)).one()


@pytest.mark.parametrize(
    "text",
    ["STOP", " stop! ", "Stop.", "arrêt", "ARRET", "Baja", "İptal", "iptal", "إيقاف", "बंद करो",
     "rezygnuję", "REZYGNUJE", "Cancelar inscrição", "stop 🙏", "退订", "Opt-out"],
)  # fmt: skip
def test_a_stop_word_alone_is_understood_whatever_its_case_accents_and_punctuation(app, text):
    assert opting_out.words().asks(text) is False


@pytest.mark.parametrize(
    "text",
    ["Please stop the delivery", "non stop", "bus stop", "", "🙏", "What does STOP do?", "बंद",
     "stop " * 40],
)  # fmt: skip
def test_a_stop_word_inside_a_sentence_means_nothing(app, text):
    assert opting_out.words().asks(text) is None


def test_every_word_asks_for_one_thing_only():
    words = stop_words.default_words()
    stop, start = ({stop_words.plain(word) for word in words[name]} for name in ("stop", "start"))
    assert not stop & start and "" not in stop | start


def test_a_customer_who_writes_stop_is_opted_out_with_the_words_and_the_providers_time(account):
    at = NOW - timedelta(minutes=3)
    contact = write(account, "Stop!", at=at)
    assert (contact.consent, contact.opted_out_at) == ("out", at)
    entry = db.session.scalars(select(ConsentEntry)).one()
    message = db.session.scalars(select(Message)).one()
    assert (entry.how, entry.words, entry.at, entry.message_id) == (
        "keyword", "Stop!", at, message.id,
    )  # fmt: skip
    event = db.session.scalars(
        select(InteractionEvent).where(InteractionEvent.kind == "opted_out")
    ).one()
    assert event.data["text"] == "Asked to stop marketing"


def test_start_takes_it_back_and_the_newest_wins_whatever_arrives_last(account):
    write(account, "START", at=NOW - timedelta(minutes=1))
    contact = write(account, "STOP", at=NOW - timedelta(minutes=5))
    assert contact.consent == "in"
    assert write(account, "STOP", at=NOW).consent == "out"


def test_the_same_message_twice_is_one_opt_out(account):
    write(account, "STOP", id="wamid.same")
    write(account, "STOP", id="wamid.same")
    assert len(db.session.scalars(select(ConsentEntry)).all()) == 1


@pytest.mark.parametrize(
    ("kind", "text", "content"),
    [
        (MessageKind.BUTTON, "Stop promotions", {"payload": "STOP"}),
        (MessageKind.BUTTON, "STOP", {"payload": "row-7"}),
        (MessageKind.BUTTON_REPLY, "No more", {"id": "unsubscribe"}),
    ],
)
def test_a_button_asks_by_its_text_or_by_what_it_carries(account, kind, text, content):
    contact = write(account, text, kind, content=content)
    assert contact.consent == "out"
    assert db.session.scalars(select(ConsentEntry)).one().how == "button"


def test_words_an_admin_chose_are_obeyed_and_others_are_not(account, admin):
    with unit_of_work():
        opting_out.save(opting_out.Words(stop=("Ende",), start=("Los",)), admin)
    assert write(account, "STOP").consent == "none"
    assert write(account, "ende").consent == "out"


def test_a_word_cannot_ask_for_both(admin):
    with pytest.raises(ValueError, match="both"), unit_of_work():
        opting_out.save(opting_out.Words(stop=("Ende",), start=("ENDE!",)), admin)


def test_the_answer_an_admin_wrote_goes_out_once_through_the_gate(account, admin):
    with unit_of_work():
        opting_out.save(opting_out.Words(("STOP",), ("START",), "You get no more offers."), admin)
    for _ in range(2):
        write(account, "STOP", id="wamid.once")
    sent = db.session.scalars(select(Message).where(Message.direction == "out")).one()
    assert (sent.text, sent.status) == ("You get no more offers.", "queued")


def test_an_answer_the_gate_refuses_does_not_stop_the_opt_out(account, admin):
    with unit_of_work():
        opting_out.save(opting_out.Words(("STOP",), ("START",), "Done."), admin)
    with unit_of_work():
        account.enabled = False
        db.session.add(account)
    contact = write(account, "STOP")
    assert contact.consent == "out"
    assert not db.session.scalars(select(Message).where(Message.direction == "out")).all()


def test_an_ordinary_message_asks_the_database_nothing_more_than_before(account):
    write(account, "Hello", at=NOW)
    write(account, "How are you?", at=NOW)  # the words are known, the contact touched
    with counted_queries() as queries:
        write(account, "Fine", at=NOW)
    assert not [query for query in queries if "settings" in query or "consents" in query]
    assert not [query for query in queries if query.startswith("UPDATE contacts")]


def test_the_last_contact_is_kept_in_steps_of_ten_minutes(account):
    write(account, "Hello", at=NOW - timedelta(minutes=30))
    contact = write(account, "Hello?", at=NOW - timedelta(minutes=25))
    assert contact.last_contact_at == NOW - timedelta(minutes=30)
    contact = write(account, "Hello??", at=NOW - timedelta(minutes=5))
    assert contact.last_contact_at == NOW - timedelta(minutes=5)
    contact = write(account, "late", at=NOW - timedelta(hours=5))
    assert contact.last_contact_at == NOW - timedelta(minutes=5)
