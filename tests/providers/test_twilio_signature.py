"""X-Twilio-Signature: Twilio's own vectors, ports, odd forms, JSON, rotation, other accounts."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from webapp.providers import provider_for
from webapp.providers.base import BadSignature
from webapp.providers.twilio import signing

from .conftest import FakeAccount, payload
from .twilio_bodies import (
    ACCOUNT_SID,
    TOKEN,
    TWILIO_CREDENTIALS,
    URL,
    twilio_body,
    twilio_posted,
    twilio_signed,
)

# twilio/twilio-python, tests/unit/test_request_validator.py
VECTOR_TOKEN = "12345"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
VECTOR_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VECTORS = (
    (VECTOR_URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (VECTOR_URL.replace(".com", ".com:443"), "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
)
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


@pytest.fixture
def twilio():
    return provider_for(FakeAccount("twilio", dict(TWILIO_CREDENTIALS)), {})


def verified(url, signature, body, token=VECTOR_TOKEN, **headers):
    request = twilio_posted(body, url, {"x-twilio-signature": signature, **headers})
    signing.verify(request, (token,))


@pytest.mark.parametrize(("url", "signature"), VECTORS)
def test_twilios_own_vectors_are_right(url, signature):
    assert signing.sign(VECTOR_TOKEN, url, CALL.items()) == signature
    verified(url, signature, urlencode(CALL).encode())


def test_the_vector_over_a_digest_of_json_is_right():
    url = f"{VECTOR_URL}&bodySHA256={JSON_DIGEST}"
    verified(url, JSON_SIGNATURE, JSON_BODY, **{"content-type": "application/json"})


def test_another_json_body_under_the_same_digest_is_refused():
    url = f"{VECTOR_URL}&bodySHA256={JSON_DIGEST}"
    with pytest.raises(BadSignature):
        verified(url, JSON_SIGNATURE, JSON_BODY + b" ", **{"content-type": "application/json"})


def test_json_without_a_digest_is_refused():
    signature = signing.sign(TOKEN, URL)
    with pytest.raises(BadSignature):
        verified(URL, signature, JSON_BODY, TOKEN, **{"content-type": "application/json"})


def test_the_reference_sample_is_accepted(twilio):
    sample = json.loads(payload("_signature_example", "twilio"))
    headers = {"x-twilio-signature": sample["x_twilio_signature"]}
    twilio.verify(twilio_posted(twilio_body("inbound_text"), sample["url"], headers))


@pytest.mark.parametrize(
    ("signed_as", "called_as"),
    (
        ("https://chat.example:443/w/t", "https://chat.example/w/t"),
        ("https://chat.example/w/t", "https://chat.example:443/w/t"),
        ("http://chat.example:80/w/t?c=1", "http://chat.example/w/t?c=1"),
        ("https://chat.example/w/t", "https://chat.example:8443/w/t"),
        ("https://[::1]/w/t", "https://[::1]:8443/w/t"),
        ("https://chat.example:443?c=1", "https://chat.example?c=1"),
    ),
)
def test_a_port_may_be_signed_or_left_out(signed_as, called_as):
    body = twilio_body("inbound_text")
    pairs = signing.pairs_of(body)
    verified(called_as, signing.sign(TOKEN, signed_as, pairs), body, TOKEN)


def test_another_port_than_the_one_called_is_refused():
    signature = signing.sign(TOKEN, "https://chat.example:8444/w/t")
    with pytest.raises(BadSignature):
        verified("https://chat.example:8443/w/t", signature, b"", TOKEN)


def test_the_query_is_signed_as_it_was_written(twilio):
    url = URL + "?c=parley-%7e1&x=a%20b&y=a+b&empty="
    twilio.verify(twilio_signed(twilio_body("status_read"), url=url))
    with pytest.raises(BadSignature):
        request = twilio_signed(twilio_body("status_read"), url=url)
        twilio.verify(replace(request, url=url.replace("%7e", "~")))


def test_a_get_has_its_fields_in_the_address(twilio):
    url = f"{URL}?{twilio_body('inbound_text').decode()}"
    request = twilio_posted(b"", url, {"x-twilio-signature": signing.sign(TOKEN, url)}, "GET")
    twilio.verify(request)
    with pytest.raises(BadSignature):
        twilio.verify(replace(request, url=url + "x"))


def test_values_of_a_repeated_name_count_once_each_in_order():
    url, token = "https://a.example/", TOKEN
    body = b"B=2&A=z&A=b&A=z&Empty=&C="
    expected = signing.sign(token, url + "AbAzB2CEmpty")
    verified(url, expected, body, token)


def test_bytes_that_are_no_text_are_signed_as_they_are():
    url, body = "https://a.example/", b"A=%ff%f0%9f%91%8b"
    expected = signing.sign(
        TOKEN, url, [("A", b"\xff\xf0\x9f\x91\x8b".decode(errors="surrogateescape"))]
    )
    verified(url, expected, body, TOKEN)


def test_the_former_token_stays_valid_while_it_is_replaced():
    known = {"account_sid": ACCOUNT_SID, "auth_token": "new", "auth_token_previous": TOKEN}
    twilio = provider_for(FakeAccount("twilio", known), {})
    twilio.verify(twilio_signed(twilio_body("inbound_text")))
    twilio.verify(twilio_signed(twilio_body("inbound_text"), wrong="new"))
    with pytest.raises(BadSignature):
        twilio.verify(twilio_signed(twilio_body("inbound_text"), wrong="older"))


def test_a_webhook_of_another_twilio_account_is_refused_though_rightly_signed(twilio):
    with pytest.raises(BadSignature, match="another Twilio account"):
        twilio.verify(twilio_signed(twilio_body("inbound_text", AccountSid="AC" + "0" * 32)))


def test_so_is_one_that_comes_by_get(twilio):
    url = f"{URL}?AccountSid=AC{'0' * 32}"
    headers = {"x-twilio-signature": signing.sign(TOKEN, url)}
    with pytest.raises(BadSignature, match="another Twilio account"):
        twilio.verify(twilio_posted(b"", url, headers, "GET"))


def test_an_empty_token_signs_nothing():
    for known in ({"auth_token": ""}, {"auth_token": None}, {}):
        twilio = provider_for(FakeAccount("twilio", {"account_sid": ACCOUNT_SID, **known}), {})
        headers = {"x-twilio-signature": signing.sign("", URL)}
        with pytest.raises(BadSignature):
            twilio.verify(twilio_posted(b"", URL, headers))


def test_a_flood_of_fields_is_refused(twilio):
    with pytest.raises(BadSignature):
        twilio.verify(twilio_posted(b"a=&" * 5000, URL, {"x-twilio-signature": "x"}))
