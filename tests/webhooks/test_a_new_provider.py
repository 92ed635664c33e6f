"""A sixth provider is one class and one line: door, worker, pages and sender take it as it is."""

import hashlib
import json

import pytest

from tests.factories import make_account
from tests.support.arriving import interactions, messages
from tests.webhooks.far_side import message_of, write
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.inbox.models import MessageStatus
from webapp.providers import PROVIDERS
from webapp.providers.base import (
    AccountRef,
    BadSignature,
    Capabilities,
    CheckLine,
    CredentialField,
    Identity,
    IdentityKind,
    InboundMessage,
    MessageKind,
    Provider,
    ProviderError,
    Receipt,
    Sent,
    StatusUpdate,
)
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

DANA = "15550142233"


class Pigeon(Provider):
    """All that a provider needs to be; what it sends lies in `sent`."""

    name = "pigeon"
    label = "Pigeon Post"
    summary = "By air"
    answer = (200, "coo", "text/plain")
    can = Capabilities(kinds=frozenset({MessageKind.TEXT}), max_text=100)
    form_fields = (CredentialField("ring", "Ring number", secret=True, rotates=True),)
    guide = ("Tell the loft to fly to {webhook_url}.",)
    sent = []

    def verify(self, request):
        if request.headers.get("x-ring") != ringed(self.credentials.get("ring"), request.body):
            raise BadSignature("Another pigeon's ring")

    def parse(self, request):
        said, at = json.loads(request.body), request.received_at
        if "landed" in said:
            return [StatusUpdate(AccountRef(), said["landed"], DANA, Receipt.DELIVERED, at, said)]
        who = (Identity(IdentityKind.PHONE, said["from"]),)
        return [
            InboundMessage(
                said["id"], AccountRef(), who, MessageKind.TEXT, at, said, text=said["text"]
            )
        ]

    def send(self, command, correlation_id):
        if command.body == "Fly in this storm":
            raise ProviderError("No pigeon flies today", permanent=True, code="STORM")
        self.sent.append((command.to.phone, command.body))
        return Sent(f"pigeon-{len(self.sent)}")

    def check(self):
        return [CheckLine("Loft", True, "Three pigeons are home.")]


def ringed(ring, body):
    return ring and hashlib.sha256(ring.encode() + body).hexdigest()


@pytest.fixture
def pigeons(app, monkeypatch, queue):
    monkeypatch.setitem(PROVIDERS, "pigeon", Pigeon)  # the one line
    monkeypatch.setattr(Pigeon, "sent", [])
    return make_account(queue, "pigeon", credentials={"ring": "NL-77"})


@pytest.fixture
def arrive(client, pigeons):
    def post(ring="NL-77", **said):
        body = json.dumps(said).encode()
        headers = {"X-Ring": ringed(ring, body)}
        answer = client.post(pigeons.webhook_path, data=body, headers=headers)
        draining.drain(pigeons.id)
        db.session.expire_all()
        return answer

    return post


def test_its_webhooks_come_in_by_its_own_proof(arrive):
    assert arrive(ring="another", id="1", **{"from": DANA, "text": "Hello"}).status_code == 403
    for _ in range(2):
        answer = arrive(id="1", **{"from": DANA, "text": "Hello"})
        assert (answer.status_code, answer.text) == (200, "coo")
    assert [message.text for message in messages()] == ["Hello"]
    assert len(interactions()) == 1


def test_its_customers_are_answered_and_its_receipts_climb(arrive, pigeons, ana):
    arrive(id="1", **{"from": DANA, "text": "Hello"})
    with unit_of_work():
        (talk,) = interactions()
        talk.owner_id, talk.state = ana.id, "assigned"
    id, refused = write(talk, ana, "Good day"), write(talk, ana, "Fly in this storm")
    delivering.drain(pigeons.id)
    assert Pigeon.sent == [(DANA, "Good day")]
    assert (message_of(refused).status, message_of(refused).error_code) == ("failed", "STORM")
    arrive(landed="pigeon-1")
    assert message_of(id).status == MessageStatus.DELIVERED


def test_it_stands_in_the_form_with_its_fields_and_its_guide(pigeons, sign_in, admin):
    browser = sign_in(admin)
    assert "Pigeon Post" in browser.get("/accounts/add").text
    page = browser.get(f"/accounts/{pigeons.id}").text
    assert "Ring number" in page
    assert f"Tell the loft to fly to http://localhost:5000{pigeons.webhook_path}" in page


def test_its_conversations_are_like_any_other(arrive, pigeons, sign_in, sara):
    arrive(id="1", **{"from": DANA, "text": "Hello"})
    page = sign_in(sara).get(f"/inbox/{interactions()[0].id}")
    assert page.status_code == 200
    assert "Hello" in page.text
