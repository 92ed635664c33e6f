"""The sandbox page: a phone to be the customer with."""

import io

import pytest
from sqlalchemy import select

from tests.conftest import settings_for
from tests.factories import make_meta_account
from webapp import create_app
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState, Message
from webapp.sandbox.models import SandboxCustomer, SandboxEvent


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


def test_a_file_that_is_no_picture_is_refused(desk, address):
    data = {"picture": (io.BytesIO(b"%PDF"), "a.pdf", "application/pdf")}

    answer = desk.post(f"{address}/say", data=data, headers={"HX-Request": "true"})

    assert answer.status_code == 422


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
