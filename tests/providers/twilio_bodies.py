"""Webhooks as Twilio posts them, from the samples of their decoded fields."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from webapp.providers.base import WebhookRequest
from webapp.providers.twilio.forms import FORM
from webapp.providers.twilio.signing import HEADER, sign

from .conftest import payload

ACCOUNT_SID = "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN = "0123456789abcdef0123456789abcdef"
TWILIO_CREDENTIALS = {"account_sid": ACCOUNT_SID, "auth_token": TOKEN}
PHONE = "15550100001"
URL = "https://chat.example/webhooks/twilio/t0ken"
ARRIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def twilio_fields(name, **changes):
    """A sample's fields; a change to None leaves the field out."""
    fields = {**json.loads(payload(name, "twilio")), **changes}
    return {key: value for key, value in fields.items() if value is not None}


def twilio_body(name, **changes):
    return urlencode(twilio_fields(name, **changes)).encode()


def twilio_posted(body, url=URL, headers=None, method="POST"):
    """A webhook as the door hands it on."""
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    headers = {"content-type": FORM, **(headers or {})}
    return WebhookRequest(method, url, headers, body, query, ARRIVED)


def twilio_signed(body, wrong="", url=URL):
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    return twilio_posted(body, url, {HEADER: sign(wrong or TOKEN, url, pairs)})
