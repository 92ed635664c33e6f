"""How each provider calls and what it hears: methods, raw addresses, proxies, former ones."""

import hashlib
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client

from tests.factories import META_SECRET, change, make_meta_account
from tests.providers.casts import KALEYRA, TWILIO
from tests.support.arriving import body as meta_body
from tests.support.arriving import keep, messages, said
from tests.support.stack import wait_for
from tests.webhooks.callers import FORM, JSON, Call, call_of, make_caller, ring, signed
from tests.webhooks.posting import kept, post
from tests.webhooks.posting import signed as signed_by_meta
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.webhooks import draining
from webapp.webhooks.front import Front

TEXT = {
    "twilio": call_of("twilio", "inbound_text"),
    "sinch": call_of("sinch", "inbound_text"),
    "kaleyra": call_of("kaleyra", "v1_get_text"),
}
EMPTY_TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


@pytest.fixture(params=TEXT)
def caller(request, queue):
    return make_caller(request.param, queue)


@pytest.fixture
def twilio(queue):
    return make_caller("twilio", queue)


@pytest.fixture
def kaleyra(queue):
    """Without a secret: the token in the path is all that proves a call."""
    known = {**KALEYRA.secrets, "callback_secret": ""}
    return make_caller("kaleyra", queue, credentials=known)


def test_a_call_is_kept_with_all_that_reading_it_needs(client, caller):
    call = TEXT[caller.provider]
    ring(client, caller, call)

    [payload] = kept()
    assert (payload.method, payload.query, payload.content_type, bytes(payload.body)) == (
        call.method,
        call.query,
        call.content_type,
        call.body,
    )
    assert payload.provider == caller.provider


def test_sinchs_signature_holds_for_five_minutes(client, queue):
    sinch = make_caller("sinch", queue)
    call = TEXT["sinch"]
    stale, fresh = (signed(sinch, call, at=time.time() - seconds) for seconds in (400, 200))

    assert ring(client, sinch, call, stale).status_code == 403
    assert ring(client, sinch, call, fresh).status_code == 200


def test_only_the_token_lets_a_get_of_kaleyra_in(client, kaleyra):
    query = TEXT["kaleyra"].query

    for path in ("/webhooks/kaleyra/nobody", kaleyra.webhook_path[:-1]):
        assert client.get(f"{path}?{query}").status_code == 404
    assert client.get(f"{kaleyra.webhook_path}?{query}").status_code == 200
    assert len(kept()) == 1


def test_a_secret_kaleyras_account_has_besides_is_asked_for(client, queue):
    kaleyra = make_caller("kaleyra", queue)

    assert ring(client, kaleyra, TEXT["kaleyra"], headers={}).status_code == 403
    headers = {"X-Webhook-Token": KALEYRA.secrets["callback_secret"]}
    assert ring(client, kaleyra, TEXT["kaleyra"], headers).status_code == 200


def test_kaleyra_may_call_by_get_post_and_put(client, kaleyra):
    for method in ("GET", "POST", "PUT"):
        call = Call(b'{"from":"15550100002","type":"text","body":"Hi"}', JSON, method)
        assert ring(client, kaleyra, call).status_code == 200

    assert [payload.method for payload in kept()] == ["GET", "POST", "PUT"]


def test_a_get_that_is_no_webhook_is_a_handshake_and_never_kept(client, queue):
    sinch, meta = make_caller("sinch", queue), make_meta_account()
    query = "hub.mode=subscribe&hub.verify_token=RIGHT&hub.challenge=42"

    assert client.get(sinch.webhook_path).status_code == 403
    assert client.get(f"{meta.webhook_path}?{query}").data == b"42"
    assert client.put(meta.webhook_path, data=b"{}").status_code == 405
    assert kept() == []


def test_a_get_needs_no_length(client, kaleyra):
    answer = client.get(
        f"{kaleyra.webhook_path}?from=15550100002&type=text&body=Hi",
        environ_overrides={"CONTENT_LENGTH": ""},
    )

    assert answer.status_code == 200
    assert bytes(kept()[0].body) == b""


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a=%C3%BC&b=+%2B", "a=%C3%BC&b=+%2B"),
        ("a=\xc3\xbc&b=1", "a=%C3%BC&b=1"),
        ("a=1&a=2&&c", "a=1&a=2&&c"),
        ("", ""),
    ],
)
def test_a_query_is_kept_as_it_came(client, kaleyra, sent, stored):
    client.get(kaleyra.webhook_path, environ_overrides={"QUERY_STRING": sent})

    assert kept()[0].query == stored


# ── Twilio signs the address as it is configured there ──


def door(app, monkeypatch, public_url):
    """The same door under another public address, as behind a proxy."""
    monkeypatch.setitem(app.config, "PUBLIC_URL", public_url)
    return Client(Front(app, app.wsgi_app))


@pytest.mark.parametrize(
    ("public", "configured"),
    [
        ("https://chat.example", "https://chat.example"),
        ("https://chat.example", "https://chat.example:443"),
        ("https://chat.example:443", "https://chat.example"),
        ("http://chat.example", "http://chat.example:80"),
        ("https://chat.example:8443", "https://chat.example:8443"),
        ("https://chat.example:8443", "https://chat.example"),
    ],
)
def test_twilios_signature_holds_behind_a_proxy_and_with_default_ports(
    app, monkeypatch, twilio, public, configured
):
    call = TEXT["twilio"]
    headers = signed(twilio, call, url=configured + twilio.webhook_path)

    answer = door(app, monkeypatch, public).post(
        twilio.webhook_path,
        base_url="http://10.0.0.7:8000",  # what the proxy calls us
        data=call.body,
        content_type=FORM,
        headers={**headers, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"},
    )

    assert (answer.status_code, answer.data) == (200, EMPTY_TWIML)
    assert len(kept()) == 1


def test_another_address_does_not_fit_twilios_signature(app, monkeypatch, twilio):
    call = TEXT["twilio"]
    headers = signed(twilio, call, url="https://evil.example" + twilio.webhook_path)

    answer = door(app, monkeypatch, "https://chat.example").post(
        twilio.webhook_path, data=call.body, content_type=FORM, headers=headers
    )
    assert (answer.status_code, kept()) == (403, [])


def test_twilio_signs_the_query_as_it_stands(client, twilio):
    call = Call(TEXT["twilio"].body, FORM, query="c=parley-1%2f2&n=%c3%bc+x")

    assert ring(client, twilio, call).status_code == 200
    assert kept()[0].query == call.query
    again = Call(call.body, FORM, query="c=parley-1%2F2&n=%c3%bc+x")
    assert ring(client, twilio, again, signed(twilio, call)).status_code == 403


def test_twilio_may_call_by_get_with_all_fields_in_the_address(client, twilio):
    call = Call(method="GET", query=TEXT["twilio"].body.decode())

    assert ring(client, twilio, call).status_code == 200
    draining.drain(twilio.id)
    assert len(messages()) == 1


def test_twilios_json_is_signed_by_its_digest_in_the_address(client, twilio):
    body = b'{"property": "value", "boolean": true}'
    call = Call(body, JSON, query=f"bodySHA256={hashlib.sha256(body).hexdigest()}")

    assert ring(client, twilio, call).status_code == 200
    changed = Call(body + b" ", JSON, query=call.query)
    assert ring(client, twilio, changed, signed(twilio, call)).status_code == 403


def test_twilios_receipt_carries_our_correlation_id_in_the_address(client, twilio):
    call = call_of("twilio", "status_delivered")
    ring(client, twilio, Call(call.body, FORM, query=urlencode({"c": "parley-abc"})))
    draining.drain(twilio.id)

    found = db.session.execute(db.text("SELECT correlation_id FROM receipts")).scalars().all()
    assert found == ["parley-abc"]


# ── accounts that change ──


def test_the_former_address_is_taken_until_it_is_dropped(client, twilio):
    former = twilio.webhook_token
    change(twilio, former_webhook_token=former, webhook_token="a-new-token")
    old_path = f"/webhooks/twilio/{former}"
    call = TEXT["twilio"]
    headers = signed(twilio, call, url=f"http://localhost:5000{old_path}")

    def arrives():
        answer = client.post(old_path, data=call.body, content_type=FORM, headers=headers)
        return answer.status_code

    assert arrives() == 200
    assert ring(client, twilio, call).status_code == 200
    change(twilio, former_webhook_token=None)
    wait_for(lambda: arrives() == 404)


def test_meta_may_prove_the_former_address_too(client, app):
    make_meta_account(former_webhook_token="old-one")
    query = "hub.mode=subscribe&hub.verify_token=RIGHT&hub.challenge=42"

    assert client.get(f"/webhooks/meta/old-one?{query}").data == b"42"


@pytest.fixture
def moved(queue):
    """A number that came from Meta and is at Twilio now."""
    held = {"app_secret": META_SECRET, "access_token": "token-1", "phone_number_id": "105"}
    return make_caller(
        "twilio", queue, former_provider="meta", former_credentials=held, moved_at=utcnow()
    )


def test_a_moved_number_hears_from_both_its_providers(client, moved):
    late = meta_body(said("Still here"), number_id="105")
    path = f"/webhooks/meta/{moved.webhook_token}"
    answer = client.post(path, data=late, headers=signed_by_meta(late), content_type=JSON)
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert ring(client, moved, TEXT["twilio"]).data == EMPTY_TWIML

    assert [payload.provider for payload in kept()] == ["meta", "twilio"]
    draining.drain(moved.id)
    assert {message.text for message in messages()} >= {"Still here"}
    assert len(messages()) == 2


def test_each_provider_of_a_moved_number_needs_its_own_proof(client, moved):
    path = f"/webhooks/meta/{moved.webhook_token}"

    assert client.post(path, data=b"{}", headers=signed_by_meta(b"{}", "x")).status_code == 403
    assert client.post(f"/webhooks/sinch/{moved.webhook_token}", data=b"{}").status_code == 404


def test_a_dropped_former_provider_is_no_longer_heard(client, moved):
    change(moved, former_provider=None, former_credentials=None)

    path = f"/webhooks/meta/{moved.webhook_token}"
    assert client.post(path, data=b"{}", headers=signed_by_meta(b"{}")).status_code == 404


def test_what_waited_when_a_number_moved_is_read_as_it_was_meant(client, queue):
    meta = make_meta_account(queue)
    post(client, meta, meta_body(said("Before the move")))
    change(
        meta,
        provider="twilio",
        credentials=TWILIO.secrets,
        former_provider="meta",
        former_credentials={"app_secret": META_SECRET},
        phone_number_id=None,
        waba_id=None,
        moved_at=utcnow(),
    )

    draining.drain(meta.id)
    assert [message.text for message in messages()] == ["Before the move"]


def test_one_kept_before_rows_named_their_provider_is_read_by_that_of_its_time(client, moved):
    early = meta_body(said("Long ago"), number_id="105")
    keep(moved, early, received_at=utcnow() - timedelta(days=2))

    draining.drain(moved.id)
    assert [message.text for message in messages()] == ["Long ago"]


def test_archived_and_disabled_accounts_still_receive(client, queue):
    account = make_caller("kaleyra", queue, enabled=False, archived_at=utcnow())

    assert ring(client, account, TEXT["kaleyra"]).status_code == 200
    draining.drain(account.id)
    assert len(messages()) == 1


def test_what_names_a_number_nobody_has_is_kept_for_admins_and_shown_to_nobody(client, queue):
    account = make_caller("twilio", queue, phone="15550109999")

    ring(client, account, TEXT["twilio"])
    draining.drain(account.id)

    [payload] = kept()
    assert messages() == []
    assert "has the number 15550100001" in payload.error


def test_one_address_for_two_numbers_reaches_the_right_one(client, queue):
    first = make_caller("twilio", queue, phone="15550109999")
    second = make_caller("twilio", queue, name="Second", key="SEC")

    ring(client, first, TEXT["twilio"])
    draining.drain(first.id)

    assert [message.account_id for message in messages()] == [second.id]
    assert db.session.get(Account, second.id).name == "Second"


def test_a_signature_that_cannot_be_checked_is_refused(client, twilio, monkeypatch):
    def broken(self, request):
        raise ValueError("odd")

    monkeypatch.setattr(PROVIDERS["twilio"], "verify", broken)
    assert ring(client, twilio, TEXT["twilio"]).status_code == 403
    assert kept() == []
