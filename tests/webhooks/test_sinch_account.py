"""An account at Sinch from the door to the provider and back, against Sinch's stand-in."""

import json
import uuid

import pytest

from tests.factories import change, make_account, make_contact, make_interaction
from tests.providers.sinch_bodies import sinch_body, sinch_signed
from tests.support.arriving import interactions, messages
from tests.support.stubs.sinch import CONTACT, SinchStub
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import catching_up, media, naming, sending
from webapp.inbox.media_models import Media
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

ANN = "15550100002"


@pytest.fixture
def sinch(app):
    stub = SinchStub(key_id=f"key-{uuid.uuid4().hex}")
    before = {name: app.config[name] for name in stub.environment()}
    app.config.update(stub.environment())
    yield stub
    app.config.update(before)
    stub.close()


@pytest.fixture
def account(sinch, queue):
    credentials = {name: value for name, value in sinch.secrets.items() if name != "app_id"}
    app_id = sinch.secrets["app_id"]
    return make_account(queue, "sinch", app_id=app_id, credentials=credentials)


@pytest.fixture
def arrive(client, account):
    def post(body):
        headers = dict(sinch_signed(body).headers)
        answer = client.post(
            account.webhook_path, data=body, headers=headers, content_type="application/json"
        )
        draining.drain(account.id)
        db.session.expire_all()
        return answer.status_code

    return post


@pytest.fixture
def talk(account, queue, ana):
    contact = make_contact("", phone=ANN)
    return make_interaction(account, contact, owner=ana, queue=queue)


def write(talk, ana, text="Hello"):
    with unit_of_work():
        return sending.write(talk, ana, text, uuid.uuid4().hex).id


def test_the_name_is_asked_for_where_sinch_keeps_it(arrive, account, sinch):
    sinch.contacts[CONTACT] = "Ann Example"
    arrive(sinch_body("inbound_text"))
    contact = db.session.query(Contact).one()
    naming.fetch(f"{account.id}:{contact.id}:{CONTACT}")
    db.session.expire_all()
    assert db.session.query(Contact).one().profile_name == "Ann Example"
    assert interactions()[0].contact_name == "Ann Example"


def test_a_name_from_sinchs_address_book_is_shown(arrive):
    arrive(sinch_body("inbound_text"))
    arrive(sinch_body("contact_create"))
    assert db.session.query(Contact).one().profile_name == "Ann Example"
    assert interactions()[0].contact_name == "Ann Example"


def test_somebody_in_sinchs_address_book_who_never_wrote_is_nobody_here(arrive):
    assert arrive(sinch_body("contact_create")) == 200
    assert db.session.query(Contact).count() == 0


def test_a_file_is_fetched_from_where_the_webhook_says(arrive, account, sinch):
    path = sinch.host(b"%PDF-1.4 bill", "application/pdf")
    message = json.loads(sinch_body("inbound_document"))["message"]
    message["contact_message"]["media_message"]["url"] = sinch.url + path
    arrive(sinch_body("inbound_document", message=message))
    media.fetch(db.session.query(Media).one().id)
    db.session.expire_all()
    found = db.session.query(Media).one()
    assert (found.state, found.mime_type, found.filename) == (
        "ready",
        "application/pdf",
        "invoice.pdf",
    )


def test_what_was_missed_is_fetched_and_the_late_webhook_counts_no_more(arrive, account, sinch):
    message = json.loads(sinch_body("inbound_text"))["message"]
    sinch.written("Lost", message_id=message["id"])
    change(account, created_at=utcnow().replace(year=utcnow().year - 1))
    catching_up.fetch_missed(account.id)
    draining.drain(account.id)
    arrive(sinch_body("inbound_text"))
    db.session.expire_all()
    assert [found.text for found in messages()] == ["Lost"]
