"""A conversation through Kaleyra from end to end: door, drain, reply, receipts; nothing pretended
but Kaleyra itself."""

import pytest

from tests.factories import change, make_account
from tests.support.stubs.kaleyra import KaleyraStub
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.inbox import delivering, sending
from webapp.inbox.models import Interaction, Message, MessageStatus
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining
from webapp.webhooks.models import AccountNotice

PUBLIC = "http://localhost"


@pytest.fixture
def stub(app, client):
    class InProcess(KaleyraStub):
        def post(self, url, *, data, headers, method="POST"):
            place = url.removeprefix(PUBLIC)
            return client.open(place, method=method, data=data, headers=headers).status_code

    server = InProcess()
    before = app.config["KALEYRA_API_URL"]
    app.config["KALEYRA_API_URL"] = server.url
    yield server
    app.config["KALEYRA_API_URL"] = before
    server.close()


@pytest.fixture(params=("v1", "v2"))
def number(request, stub, queue):
    return make_account(
        queue,
        provider="kaleyra",
        phone=stub.secrets["number"],
        waba_id=stub.secrets["waba_id"],
        credentials={
            "region": "in",
            "sid": stub.secrets["sid"],
            "api_key": stub.secrets["api_key"],
            "api_version": request.param,
        },
    )


def address_of(number):
    return PUBLIC + number.webhook_path


def drain(number):
    draining.drain(number.id)
    db.session.expire_all()


def talk_of(number):
    return db.session.query(Interaction).filter_by(account_id=number.id).one()


def messages(number):
    return db.session.query(Message).filter_by(account_id=number.id).order_by(Message.id).all()


def reply(number, ana, text, reply_to=None):
    with unit_of_work():
        talk = talk_of(number)
        talk.owner_id, talk.state = ana.id, "assigned"
        sending.write(talk, ana, text, f"key-{text}", reply_to=reply_to)
    delivering.drain(number.id)
    db.session.expire_all()
    return messages(number)[-1]


def hear(number, stub, text="Hello", **more):
    status = stub.say(address_of(number), text, **more)
    drain(number)
    return status


def told(number, stub, status, **more):
    answer = stub.receipt(address_of(number), stub.taken[-1], status, **more)
    assert answer == 200
    drain(number)
    return messages(number)[-1].status


@pytest.mark.parametrize("form", ("get", "post", "form", "v2"))
def test_what_a_customer_writes_arrives_once_however_it_comes(number, stub, form):
    text = 'Tea & "cake" + 👋'
    same = {"id": "wamid.1", "type": "text", "text": {"body": text}} if form == "v2" else None
    for _ in range(2):
        assert hear(number, stub, text, form=form, v2=same, at=1_790_000_000) == 200
    assert [message.text for message in messages(number)] == [text]


def test_a_reply_climbs_with_its_receipts(number, stub, ana):
    hear(number, stub)
    sent = reply(number, ana, "Good day")
    assert sent.status == MessageStatus.SENT
    assert not stub.broken_rules
    assert told(number, stub, "delivered") == MessageStatus.DELIVERED
    assert told(number, stub, "READ") == MessageStatus.READ
    assert told(number, stub, "sent") == MessageStatus.READ


@pytest.mark.parametrize("ending", ("", ":0"))
def test_receipts_match_by_kaleyras_id_where_our_reference_is_lost(number, stub, ana, ending):
    hear(number, stub)
    reply(number, ana, "Good day")
    bare = stub.taken[-1].id.partition(":")[0]
    receipt = {"id": bare + ending, "mobile": "15550100002", "status": "read", "ref": "<ref>"}
    assert stub.call(address_of(number), receipt) == 200
    drain(number)
    assert messages(number)[-1].status == MessageStatus.READ


def test_what_kaleyra_did_not_send_fails_in_words(number, stub, ana):
    hear(number, stub)
    reply(number, ana, "Good day")
    failed = {"error": "Insufficient balance", "error_code": "E110"}
    if stub.taken[-1].callback_url:
        assert told(number, stub, "NOT-SENT", **failed) == MessageStatus.FAILED
        assert "balance" in messages(number)[-1].error
    else:
        errors = [{"code": 131026, "title": "Undeliverable"}]
        assert told(number, stub, "failed", errors=errors) == MessageStatus.FAILED
        assert messages(number)[-1].error == "Not reachable on WhatsApp"


def test_a_quote_finds_our_message_by_kaleyras_id(number, stub, ana):
    hear(number, stub)
    ours = reply(number, ana, "Good day")
    hear(number, stub, "This one", form="v2", reply_to=ours.provider_id)
    assert messages(number)[-1].reply_to == ours.provider_id
    hear(number, stub, "And this", reply_to=f"{ours.provider_id}:0")
    assert messages(number)[-1].reply_to == ours.provider_id


def test_an_address_nobody_has_and_a_missing_secret_are_turned_away(number, stub):
    assert stub.say(f"{PUBLIC}/webhooks/kaleyra/guessed", "Hi") == 404
    change(
        db.session.get(Account, number.id),
        credentials={**number.credentials, "callback_secret": "between-us"},
    )
    for form in ("get", "post", "v2"):
        assert stub.say(address_of(number), "Hi", form=form) == 403
    stub.secrets["callback_secret"] = "between-us"
    assert stub.say(address_of(number), "Hi", form="post") == 200


def test_with_a_secret_receipts_of_v1_come_without_the_header(number, stub, ana):
    stub.secrets["callback_secret"] = "between-us"
    change(
        db.session.get(Account, number.id),
        credentials={**number.credentials, "callback_secret": "between-us"},
    )
    hear(number, stub)
    reply(number, ana, "Good day")
    assert told(number, stub, "delivered") == MessageStatus.DELIVERED


def test_news_of_the_numbers_quality_is_kept_and_starts_nothing(number, stub):
    news = {"display_phone_number": number.phone, "event": "FLAGGED", "current_limit": "TIER_10K"}
    assert stub.call(address_of(number), news, "get") == 200
    drain(number)
    assert not messages(number)
    (notice,) = db.session.query(AccountNotice).filter_by(account_id=number.id)
    assert notice.severity == "warning"
