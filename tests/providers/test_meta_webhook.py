"""Meta's handshake and signature."""

import hashlib

import pytest

from webapp.providers.base import BadSignature
from webapp.providers.meta import signature_ok
from webapp.providers.signing import sign

from .conftest import META_CREDENTIALS, cases, webhook

HEADER = "x-hub-signature-256"
SECRET = META_CREDENTIALS["app_secret"]


@pytest.mark.parametrize("case", cases("_signature_vectors"), ids=lambda case: case["name"])
def test_the_signature_vectors_hold(meta_at, case):
    body = case["raw_body"].encode()
    assert hashlib.sha256(body).hexdigest() == case["raw_body_utf8_hex_sha256"]
    provider = meta_at("http://unused", app_secret=case["app_secret"])
    request = webhook(body, {HEADER: case["x_hub_signature_256"]})
    if case["expect"] == "accept":
        provider.verify(request)
    else:
        with pytest.raises(BadSignature):
            provider.verify(request)


@pytest.mark.parametrize(
    "header", (None, "", "sha256=", "sha256=é", "sha256=\ud800", "SHA256=" + "0" * 64, "sha256")
)
def test_odd_signature_headers_are_refused(meta_at, header):
    with pytest.raises(BadSignature):
        meta_at("http://unused").verify(webhook(b"{}", {HEADER: header} if header else {}))


def test_an_account_without_a_secret_accepts_nothing(meta_at):
    provider = meta_at("http://unused", app_secret="")
    with pytest.raises(BadSignature):
        provider.verify(webhook(b"{}", {HEADER: sign("", b"{}")}))


def test_the_former_secret_stays_valid_until_it_is_dropped(meta_at):
    request = webhook(b"{}", {HEADER: sign(SECRET, b"{}")})
    meta_at("http://unused", app_secret="new", app_secret_previous=SECRET).verify(request)
    with pytest.raises(BadSignature):
        meta_at("http://unused", app_secret="new").verify(request)


def test_the_hot_path_decides_alike():
    body = b'{"a":1}'
    assert signature_ok(SECRET.encode(), body, sign(SECRET, body))
    assert not signature_ok(SECRET.encode(), body + b" ", sign(SECRET, body))
    assert not signature_ok(b"", body, sign("", body))


@pytest.mark.parametrize("case", cases("_verify_requests"))
def test_the_handshake_cases_hold(meta_at, case):
    provider = meta_at("http://unused", verify_token=case["stored_token"])
    answer = provider.handshake(webhook(query=case["query"], method="GET"))
    assert answer == (case["expect_body"] if case["expect_status"] == 200 else None)


@pytest.mark.parametrize("token", ("", "é", "RIGHT\x00"))
def test_an_empty_or_odd_verify_token_matches_nothing(meta_at, token):
    query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1"}
    request = webhook(query=query, method="GET")
    assert meta_at("http://unused", verify_token="").handshake(request) is None
    assert meta_at("http://unused").handshake(request) is None
