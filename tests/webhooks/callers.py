"""Twilio, Sinch and Kaleyra as they call our webhooks: their sample files, signed as they sign."""

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from tests.factories import make_account
from webapp.providers.sinch import signing as sinch_signing
from webapp.providers.twilio import signing as twilio_signing

PAYLOADS = Path(__file__).parents[1] / "providers" / "payloads"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
JSON = "application/json"
PUBLIC_URL = "http://localhost:5000"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"

ACCOUNTS = {
    "twilio": {
        "credentials": {
            "account_sid": "AC0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "auth_token": AUTH_TOKEN,
        }
    },
    "sinch": {
        "app_id": "01HQ0000000000000000000APP",
        "credentials": {
            "region": "eu",
            "project_id": "c36f3d3d-1523-4edd-ae42-000000000001",
            "key_id": "key",
            "key_secret": "key-secret-1",
            "webhook_secret": "sinch-webhook-secret",
        },
    },
    "kaleyra": {
        "waba_id": "100000000000002",
        "credentials": {"region": "in", "sid": "HXAP00000000IN", "api_key": "A0000key"},
    },
}


@dataclass(frozen=True)
class Call:
    body: bytes = b""
    content_type: str = ""
    method: str = "POST"
    query: str = ""
    headers: dict = field(default_factory=dict)


def make_caller(provider, queue=None, **columns):
    """The account that provider's samples are addressed to."""
    values = {"phone": "15550100001"} | ACCOUNTS[provider] | columns
    return make_account(queue, provider, **values)


def samples(provider):
    """Names of what the provider posts to us; answers to what we send are no webhooks."""
    names = sorted(path.name for path in (PAYLOADS / provider).glob("[!_]*.json"))
    return [name for name in names if not name.startswith("send_")]


def call_of(provider, name):
    """A sample as the provider sends it, still unsigned."""
    found = json.loads((PAYLOADS / provider / name).read_text())
    if provider == "twilio":
        return Call(urlencode(found).encode(), FORM)
    if found.get("method") == "GET":
        return Call(method="GET", query=found["query_string"])
    return Call(json.dumps(found["body"] if "method" in found else found).encode(), JSON)


def signed(account, call, **changes):
    """The headers that prove where it comes from."""
    return _SIGNING[account.provider](account, call, **changes)


def ring(client, account, call, headers=None):
    """The webhook, signed unless told otherwise."""
    return client.open(
        account.webhook_path + (f"?{call.query}" if call.query else ""),
        method=call.method,
        data=call.body,
        content_type=call.content_type or None,
        headers=signed(account, call) if headers is None else headers,
    )


def _twilio(account, call, url=None, token=AUTH_TOKEN):
    url = (url or PUBLIC_URL + account.webhook_path) + (f"?{call.query}" if call.query else "")
    form = call.content_type.startswith("application/x-www-form-urlencoded")
    pairs = parse_qsl(call.body.decode(), keep_blank_values=True) if form else []
    return {"X-Twilio-Signature": twilio_signing.sign(token, url, pairs)}


def _sinch(account, call, at=None, secret="sinch-webhook-secret"):
    return sinch_signing.signed_headers(secret, call.body, uuid.uuid4().hex, at)


def _kaleyra(account, call):
    return {}


_SIGNING = {"twilio": _twilio, "sinch": _sinch, "kaleyra": _kaleyra}
