"""From a stored message to what the provider is asked to send."""

import io

import pytest

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
    save,
)
from webapp import media_store
from webapp.contacts import numbers
from webapp.contacts.models import ContactIdentity
from webapp.extensions import db
from webapp.inbox import gate, outgoing, signed_files
from webapp.inbox.media_models import Media
from webapp.inbox.models import Direction
from webapp.providers.base import (
    Buttons,
    Capabilities,
    ContactsMessage,
    IdentityKind,
    ListMenu,
    LocationMessage,
    MediaMessage,
    Reaction,
    Recipient,
    TemplateMessage,
    Text,
)
from webapp.providers.meta.sending import message_body
from webapp.unit_of_work import unit_of_work

ALL = Capabilities(quotes=True)


@pytest.fixture
def talk(queue, ana):
    return make_interaction(make_meta_account(queue), owner=ana, queue=queue)


def command(talk, kind, text="", can=ALL, **columns):
    message = make_message(talk, text, Direction.OUT, kind=kind, status="queued", **columns)
    return outgoing.command_of(message, can)


def test_a_text_quotes_what_it_answers(talk):
    said = command(talk, "text", "Thursday", reply_to="wamid.7")
    assert (type(said), said.body, said.reply_to) == (Text, "Thursday", "wamid.7")


def test_a_quote_is_left_out_where_the_provider_cannot(talk):
    assert command(talk, "text", "Thursday", Capabilities(), reply_to="wamid.7").reply_to is None


def test_a_file_is_opened_from_the_store_or_fetched_by_a_signed_address(app, talk, tmp_path):
    app.config["MEDIA_DIR"] = tmp_path
    media_store.put("abc123", io.BytesIO(b"%PDF"))
    message = make_message(talk, "The bill", Direction.OUT, kind="document", status="queued")
    media = save(
        Media(
            message_id=message.id, account_id=talk.account_id, state="ready",
            storage_key="abc123", mime_type="application/pdf", filename="bill 7.pdf", size=4,
        )
    )  # fmt: skip
    said = outgoing.command_of(message, ALL)
    assert isinstance(said, MediaMessage)
    assert (said.caption, said.file.mime_type, said.file.size) == ("The bill", "application/pdf", 4)
    with said.file.open() as content:
        assert content.read() == b"%PDF"
    prefix = app.config["PUBLIC_URL"] + "/files/"
    assert said.file.url.startswith(prefix) and said.file.url.endswith("/bill%207.pdf")
    token = said.file.url.removeprefix(prefix).partition("/")[0]
    assert signed_files.media_id_in(token) == media.id


def test_a_file_that_is_no_longer_stored_is_not_tried(talk):
    with pytest.raises(outgoing.Unsendable, match="no longer stored"):
        command(talk, "image")


def test_a_place(talk):
    place = {"latitude": 41.1, "longitude": -8.6, "name": "Branch", "address": ""}
    said = command(talk, "location", content=place)
    assert isinstance(said, LocationMessage)
    assert (said.latitude, said.longitude, said.name) == (41.1, -8.6, "Branch")


def test_contact_cards(talk):
    card = {"name": "Priya", "phones": ["15550142233"], "emails": [], "organization": "Northgate"}
    said = command(talk, "contacts", content={"cards": [card]})
    assert isinstance(said, ContactsMessage)
    assert (said.cards[0].name, said.cards[0].phones) == ("Priya", ("15550142233",))


def test_a_reaction_names_its_message(talk):
    said = command(talk, "reaction", "👍", target_provider_id="wamid.9")
    assert said == Reaction(said.to, "wamid.9", "👍")


def test_buttons_and_a_list(talk):
    choices = [{"id": "a", "title": "Yes"}, {"id": "b", "title": "No"}]
    said = command(talk, "interactive", "Well?", content={"choices": choices, "footer": "f"})
    assert isinstance(said, Buttons)
    assert [choice.title for choice in said.choices] == ["Yes", "No"]
    sections = [{"title": "Orders", "choices": choices}]
    content = {"button": "Open", "sections": sections}
    said = command(talk, "interactive", "Well?", content=content)
    assert isinstance(said, ListMenu)
    assert (said.button, said.sections[0].title) == ("Open", "Orders")


def test_a_template(talk):
    content = {
        "name": "delivery_slot",
        "language": "en",
        "body": [{"value": "Dana"}],
        "buttons": [{"index": 0, "kind": "quick_reply", "value": "day"}],
    }
    said = command(talk, "template", "Hello Dana", content=content)
    assert isinstance(said, TemplateMessage)
    assert (said.name, said.body[0].value, said.buttons[0].value) == (
        "delivery_slot",
        "Dana",
        "day",
    )


def test_what_cannot_be_sent_says_so(talk):
    with pytest.raises(outgoing.Unsendable):
        command(talk, "order")


def test_the_recipient_is_the_first_identity_the_provider_takes(account):
    contact = make_contact(phone="15550142233")
    with unit_of_work():
        for kind, value in (("phone", "15550149999"), ("bsuid", "US.1")):
            db.session.add(
                ContactIdentity(
                    contact_id=contact.id, kind=kind, value=value, scope="", match_key=value
                )
            )
    db.session.expire_all()

    def address(*kinds):
        return outgoing.recipient_of(contact, account, kinds)

    assert address(IdentityKind.PHONE, IdentityKind.WA_ID) == Recipient(phone="15550142233")
    assert address(IdentityKind.PHONE) == Recipient(phone="15550149999")
    assert address(IdentityKind.WA_ID) == Recipient(phone="15550142233")
    assert address(IdentityKind.BSUID, IdentityKind.PHONE) == Recipient(bsuid="US.1")
    with pytest.raises(outgoing.Unsendable):
        address(IdentityKind.PARENT_BSUID)


BOTH = (IdentityKind.WA_ID, IdentityKind.PHONE)


def with_second_number(contact, digits, main=False):
    with unit_of_work():
        numbers.attach(contact, digits, main=main)
    return contact


def test_a_customer_is_written_to_at_their_main_number(account):
    contact = with_second_number(make_contact(phone="15550142233"), "15550149999", main=True)
    assert outgoing.recipient_of(contact, account, BOTH) == Recipient(phone="15550149999")


def test_the_main_number_counts_in_the_spelling_whatsapp_gave_it(account):
    contact = with_second_number(make_contact(phone="351912345678"), "5511987654321")
    change(contact, phone="551187654321")
    assert outgoing.recipient_of(contact, account, BOTH) == Recipient(phone="5511987654321")


def test_nothing_goes_to_a_retired_number(account):
    contact = with_second_number(make_contact(phone="15550142233"), "15550149999")
    with unit_of_work():
        numbers.retire(contact, contact.identities[0])
    assert outgoing.recipient_of(contact, account, BOTH) == Recipient(phone="15550149999")


def test_a_customer_with_retired_numbers_alone_is_not_written_to_and_the_gate_says_so(talk):
    contact = talk.contact
    with unit_of_work():
        numbers.retire(contact, contact.identities[0])
    with pytest.raises(outgoing.Unsendable, match="numbers of this customer are retired"):
        command(talk, "text", "Hello")
    refusal = gate.may_send(talk)
    assert (refusal.code, refusal.reason) == (
        "no_number",
        "All numbers of this customer are retired.",
    )


def test_a_template_may_begin_with_a_place_and_hand_over_a_code(talk):
    place = {"latitude": 41.1, "longitude": -8.6}
    content = {
        "name": "here",
        "language": "en",
        "header_place": place,
        "buttons": [{"index": 0, "kind": "otp", "value": "123456"}],
    }
    said = message_body(command(talk, "template", "Here", content=content))["template"]
    header, button = said["components"]

    assert header["parameters"] == [{"type": "location", "location": place}]
    assert (button["sub_type"], button["parameters"][0]["text"]) == ("url", "123456")
