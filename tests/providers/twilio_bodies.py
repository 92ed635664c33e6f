"""Webhooks as Twilio posts them, from the samples of their decoded fields."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from webapp.providers.base import WebhookRequest
from webapp.providers.twilio.forms import FORM
from webapp.providers.twilio.signing import HEADER, sign

from .casts import TWILIO
from .conftest import payload

TWILIO_CREDENTIALS = TWILIO.credentials
ACCOUNT_SID, TOKEN = TWILIO_CREDENTIALS["account_sid"], TWILIO_CREDENTIALS["auth_token"]
PHONE = TWILIO.phone
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
