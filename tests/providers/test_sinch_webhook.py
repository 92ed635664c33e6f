"""Who may post as Sinch: signature, nonce and time, and which app it is about."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from webapp.providers import provider_for
from webapp.providers.base import BadSignature
from webapp.providers.sinch.signing import sign

from .conftest import FakeAccount, payload, webhook
from .sinch_bodies import SINCH_CREDENTIALS, sinch_body, sinch_signed

NOW = datetime(2026, 3, 1, 12, 24, tzinfo=UTC)
HEADER = "x-sinch-webhook-signature"
# Of Sinch's own library: sinch-sdk-node, authorization.helper.test.ts.
VECTOR_BODY = (
    b'{"app_id":"","accepted_time":"2021-10-18T17:49:13.813615Z","project_id":"e2df3a34-a71b-4448-'
    b'9db5-a8d2baad28e4","contact_create_notification":{"contact":{"id":"01FJA8B466Y0R2GNXD78MD9SM1'
    b'","channel_identities":[{"channel":"SMS","identity":"48123456789","app_id":""}],"display_name'
    b'":"New Test Contact","email":"new.contact@email.com","external_id":"","metadata":"","language'
    b'":"EN_US"}},"message_metadata":""}'
)
VECTOR_PROJECT = "e2df3a34-a71b-4448-9db5-a8d2baad28e4"


def sinch(**credentials):
    return provider_for(FakeAccount("sinch", SINCH_CREDENTIALS | credentials), {})


def example():
    return json.loads(payload("_signature_example", "sinch"))


def test_the_vector_of_sinchs_own_library_is_accepted():
    headers = {
        f"{HEADER}-timestamp": "1634579353",
        f"{HEADER}-nonce": "01FJA8B4A7BM43YGWSG9GBV067",
        f"{HEADER}-algorithm": "HmacSHA256",
        HEADER: "6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE=",
    }
    at = datetime.fromtimestamp(1634579360, UTC)
    request = webhook(VECTOR_BODY, headers, received_at=at)
    sinch(webhook_secret="foo_secret1234", project_id=VECTOR_PROJECT).verify(request)


def test_the_example_with_an_emoji_is_accepted():
    given = example()
    at = datetime.fromtimestamp(1772367840, UTC)
    request = webhook(given["raw_body"].encode(), given["headers"], received_at=at)
    sinch(webhook_secret=given["secret"]).verify(request)


@pytest.mark.parametrize("seconds", (-300, 0, 300))
def test_a_signature_is_good_for_five_minutes_either_way(seconds):
    request = sinch_signed(payload("inbound_text", "sinch"), at=NOW.timestamp())
    sinch().verify(replace(request, received_at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", (-301, 301, 86_400))
def test_an_older_or_later_signature_is_refused(seconds):
    request = sinch_signed(payload("inbound_text", "sinch"), at=NOW.timestamp())
    with pytest.raises(BadSignature, match="five minutes"):
        sinch().verify(replace(request, received_at=NOW + timedelta(seconds=seconds)))


def test_the_former_secret_is_taken_while_it_is_replaced():
    request = sinch_signed(payload("inbound_text", "sinch"), wrong="the former one")
    sinch(webhook_secret_previous="the former one").verify(request)


@pytest.mark.parametrize("name", ("timestamp", "nonce", "algorithm"))
def test_every_signed_part_is_needed(name):
    request = sinch_signed(payload("inbound_text", "sinch"))
    for value in ("", "x", "\ud800", "١٦٣٤٥٧٩٣٥٣"):
        with pytest.raises(BadSignature):
            sinch().verify(replace(request, headers={**request.headers, f"{HEADER}-{name}": value}))


def test_a_time_that_is_none_is_refused_though_signed():
    body = payload("inbound_text", "sinch")
    for timestamp in ("", "soon", "1e9", "-5", "9" * 400):
        headers = {
            f"{HEADER}-timestamp": timestamp,
            f"{HEADER}-nonce": "n",
            f"{HEADER}-algorithm": "HmacSHA256",
            HEADER: sign(SINCH_CREDENTIALS["webhook_secret"], body, "n", timestamp),
        }
        with pytest.raises(BadSignature):
            sinch().verify(webhook(body, headers))


@pytest.mark.parametrize("name", ("app_id", "project_id"))
def test_another_apps_events_are_refused_though_signed_with_the_same_secret(name):
    request = sinch_signed(sinch_body("inbound_text", **{name: "another"}))
    with pytest.raises(BadSignature, match=name):
        sinch().verify(request)


@pytest.mark.parametrize("named", ({"app_id": ""}, {"project_id": ""}, {"app_id": None}))
def test_news_that_names_no_app_or_no_project_is_taken(named):
    sinch().verify(sinch_signed(sinch_body("contact_create", **named)))


def test_a_signed_body_that_is_not_json_is_kept_for_people_to_see():
    sinch().verify(sinch_signed(b"not JSON"))
