"""The sandbox page: a phone to be the customer with."""

import io

import pytest
from sqlalchemy import select

from tests.conftest import settings_for
from tests.factories import make_meta_account, save
from webapp import create_app
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.inbox.models import Interaction, InteractionState, Message
from webapp.sandbox.models import SandboxCustomer, SandboxEvent
from webapp.webhooks import draining


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


@pytest.fixture
def address(account, customer):
    return f"/sandbox/{account.id}/{customer.id}"


def text_of(answer):
    return answer.get_data(as_text=True)


def test_the_sandbox_is_for_admins(sign_in, sara, ana, client, address):
    for path in ("/sandbox", address, f"{address}/phone"):
        assert sign_in(sara).get(path).status_code == 403
        assert sign_in(ana).get(path).status_code == 403
        assert client.get(path).status_code == 302
    assert sign_in(ana).post(f"{address}/say", data={"text": "Hi"}).status_code == 403
    assert db.session.query(Message).count() == 0


def test_without_a_customer_the_page_offers_to_add_some(desk):
    assert "Add three test customers" in text_of(desk.get("/sandbox"))

    answer = desk.post("/sandbox/prepare", follow_redirects=True)

    assert "Test customer A" in text_of(answer)
    assert db.session.query(SandboxCustomer).count() == 3


def test_the_page_shows_phone_agent_s_side_and_last_event(desk, say, address):
    say("Is <b>anyone</b> there?")

    page = text_of(desk.get(address))

    assert "Is &lt;b&gt;anyone&lt;/b&gt; there?" in page
    assert "Is <b>anyone" not in page
    assert "Waiting in Support" in page
    assert "Accepted, 200" in page
    assert "valid" in page


def test_writing_as_the_customer_reaches_the_inbox(desk, address, account):
    answer = desk.post(f"{address}/say", data={"text": "Hello"})

    assert answer.status_code == 303
    assert db.session.scalar(select(SandboxEvent.answer)) == 200


def test_an_empty_message_gets_a_sentence(desk, address):
    answer = desk.post(f"{address}/say", data={"text": ""}, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "Write something" in text_of(answer)


def test_a_file_no_phone_could_send_is_refused(desk, address):
    data = {"file": (io.BytesIO(b"x" * (6 * 1024 * 1024)), "a.jpg", "image/jpeg")}

    answer = desk.post(f"{address}/say", data=data, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "at most 5 MB" in text_of(answer)


def test_a_phone_keeps_how_it_is_set_to_behave(desk, address, customer):
    desk.post(f"{address}/behave", data={"behaviour": "refused:131026", "bad_signature": "on"})

    found = db.session.get(SandboxCustomer, customer.id)
    assert (found.behaviour, found.bad_signature) == ("refused:131026", True)
    assert desk.post(f"{address}/behave", data={"behaviour": "explode"}).status_code == 400


def test_only_the_times_offered_can_pass(desk, say, address):
    say()
    assert desk.post(f"{address}/shift", data={"seconds": "86400"}).status_code == 303
    assert db.session.scalar(select(Interaction)).is_closed()
    assert desk.post(f"{address}/shift", data={"seconds": "-5"}).status_code == 400


def test_starting_over_empties_the_phone_and_keeps_the_records(desk, say, address, customer):
    say("Long ago")

    page = text_of(desk.post(f"{address}/start-over", follow_redirects=True))

    assert "Write a message below" in page
    assert db.session.scalar(select(Interaction.state)) == InteractionState.CLOSED
    assert db.session.query(Message).count() == 1
    say("Hello again")
    assert "Hello again" in text_of(desk.get(f"{address}/phone"))


def test_an_event_of_another_customer_is_not_found(desk, say, account, address):
    say()
    event_id = db.session.scalar(select(SandboxEvent.id))
    desk.post(f"/sandbox/{account.id}/customers", data={"name": "B", "phone": "+15550000002"})
    other = db.session.scalar(select(SandboxCustomer.id).order_by(SandboxCustomer.id.desc()))

    assert desk.post(f"/sandbox/{account.id}/{other}/events/{event_id}/repeat").status_code == 404
    assert desk.post(f"{address}/events/{event_id}/repeat").status_code == 303


def test_two_customers_cannot_have_one_number(desk, account, customer):
    answer = desk.post(
        f"/sandbox/{account.id}/customers",
        data={"name": "Twin", "phone": f"+{customer.phone}"},
        follow_redirects=True,
    )

    assert "has this number already" in text_of(answer)


def test_a_real_account_has_no_pretend_phone(desk, customer):
    account = make_meta_account()

    assert desk.get(f"/sandbox/{account.id}/{customer.id}").status_code == 404


def test_switched_off_there_is_no_sandbox(database, redis_server, data_dir):
    settings = settings_for(database, redis_server.url, data_dir)
    app = create_app(settings | {"SANDBOX": False})

    assert app.test_client().get("/sandbox").status_code == 404
    assert "sandbox.index" not in app.view_functions


@pytest.fixture
def sent_to(cast, customer, say):
    """`sent_to(kind, …)` is a message of the business's that stands on the customer's phone."""

    def message(kind="text", **columns):
        say("Hello")
        interaction = db.session.scalar(select(Interaction))
        return save(
            Message(
                account_id=cast.account.id,
                contact_id=interaction.contact_id,
                interaction_id=interaction.id,
                kind=kind,
                direction="out",
                status="read",
                provider_id="sandbox.out-1",
                written_at=utcnow(),
                **{"text": "Shall we come?", **columns},
            )
        )

    return message


def last(account):
    draining.drain(account.id)
    db.session.rollback()
    return db.session.scalar(select(Message).order_by(Message.id.desc()))


BUTTONS = {"choices": [{"id": "yes", "title": "Yes, please"}, {"id": "no", "title": "No"}]}
LIST = {
    "button": "Choose",
    "sections": [
        {"title": "Mornings", "choices": [{"id": "9", "title": "9 o'clock", "description": "Here"}]}
    ],
}
TEMPLATE = {"name": "visit", "language": "en", "shown": {"buttons": ["Confirm"]}}


@pytest.mark.parametrize(
    ("kind", "content", "choice", "answered", "text"),
    [
        ("interactive", BUTTONS, "yes", "button_reply", "Yes, please"),
        ("interactive", LIST, "9", "list_reply", "9 o'clock"),
        ("template", TEMPLATE, "Confirm", "button", "Confirm"),
    ],
)
def test_a_tap_answers_what_was_offered(
    desk, address, account, sent_to, kind, content, choice, answered, text
):
    message = sent_to(kind, content=content)
    page = text_of(desk.get(f"{address}/phone"))
    assert f'name="choice" value="{choice}"' in page

    desk.post(f"{address}/tap", data={"message": message.id, "choice": choice})

    reply = last(account)
    assert (reply.kind, reply.text, reply.reply_to) == (answered, text, "sandbox.out-1")


def test_a_tap_on_what_was_never_offered_gets_a_sentence(desk, address, sent_to):
    message = sent_to("interactive", content=BUTTONS)
    data = {"message": message.id, "choice": "maybe"}

    answer = desk.post(f"{address}/tap", data=data, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "does not offer this" in text_of(answer)


def test_a_reaction_is_set_and_taken_back(desk, address, account, sent_to):
    message = sent_to()

    desk.post(f"{address}/react", data={"message": message.id, "emoji": "👍"})
    reaction = last(account)
    assert (reaction.kind, reaction.text) == ("reaction", "👍")
    assert reaction.target_provider_id == "sandbox.out-1"
    assert 'aria-pressed="true"' in text_of(desk.get(f"{address}/phone"))

    desk.post(f"{address}/react", data={"message": message.id, "emoji": ""})
    assert last(account).text == ""
    assert 'aria-pressed="true"' not in text_of(desk.get(f"{address}/phone"))


def test_a_reply_quotes_the_message_it_answers(desk, address, account, sent_to):
    message = sent_to()
    form = text_of(desk.get(f"{address}/say?message={message.id}"))
    assert "Shall we come?" in form

    desk.post(f"{address}/say", data={"text": "Yes", "message": message.id})

    assert (last(account).text, last(account).reply_to) == ("Yes", "sandbox.out-1")


def test_a_location_and_a_contact_card_can_be_sent(desk, address, account):
    desk.post(f"{address}/say", data={"also": "place", "text": "48.2082, 16.3738"})
    place = last(account)
    assert (place.kind, place.content["latitude"]) == ("location", 48.2082)

    desk.post(f"{address}/say", data={"also": "card"})
    assert last(account).kind == "contacts"

    assert "Robin Hale" in text_of(desk.get(f"{address}/phone"))


def test_a_place_nobody_finds_gets_a_sentence(desk, address):
    data = {"also": "place", "text": "somewhere"}

    answer = desk.post(f"{address}/say", data=data, headers={"HX-Request": "true"})

    assert answer.status_code == 422


def test_another_customers_message_cannot_be_answered(desk, account, sent_to):
    message = sent_to()
    stranger = save(SandboxCustomer(name="Test customer B", phone="15550000002"))
    address = f"/sandbox/{account.id}/{stranger.id}"

    desk.post(f"{address}/react", data={"message": message.id, "emoji": "👍"})

    assert last(account).kind != "reaction"


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        ("location", {"latitude": 1.5, "longitude": 2.5, "name": "The branch"}, "The branch"),
        ("contacts", {"cards": [{"name": "Ben Okoye", "phones": ["15550140001"]}]}, "Ben Okoye"),
        ("template", TEMPLATE | {"shown": {"header": "Your visit", "buttons": []}}, "Your visit"),
        ("template", TEMPLATE | {"shown": {"footer": "Write STOP", "buttons": []}}, "Write STOP"),
    ],
)
def test_the_phone_shows_every_kind_it_gets(desk, address, sent_to, kind, content, shown):
    sent_to(kind, content=content)
    assert shown in text_of(desk.get(f"{address}/phone"))


@pytest.mark.parametrize(
    ("kind", "mime_type", "shown"),
    [
        ("document", "application/pdf", "invoice.pdf"),
        ("voice", "audio/ogg", "<audio"),
        ("video", "video/mp4", "<video"),
    ],
)
def test_the_phone_shows_the_files_it_gets(desk, address, sent_to, kind, mime_type, shown):
    message = sent_to(kind, text="")
    facts = {"mime_type": mime_type, "filename": "invoice.pdf", "storage_key": "0" * 32}
    save(Media(account_id=message.account_id, message_id=message.id, state="ready", **facts))
    assert shown in text_of(desk.get(f"{address}/phone"))


def test_enter_sends_the_text_and_not_a_location(desk, address, account, say):
    """A browser's Enter presses a form's first button to submit."""
    say("Hello")
    form = text_of(desk.get(f"{address}/say"))
    first = form.index('type="submit"')
    assert 'aria-label="Send"' in form[first : form.index(">", first)]
