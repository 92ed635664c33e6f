"""Webhooks as Sinch posts them, and an account beside its stand-in."""

import json
import time
import uuid
from dataclasses import replace

from tests.support.stubs.sinch import SinchStub
from webapp.providers import provider_for
from webapp.providers.http import Http
from webapp.providers.sinch.signing import signed_headers

from .conftest import FakeAccount, payload, webhook

SINCH_CREDENTIALS = dict(SinchStub.secrets)
WEBHOOK_URL = "https://chat.example/webhooks/sinch/t0ken"


def sinch_signed(body, wrong="", at=None):
    secret = wrong or SINCH_CREDENTIALS["webhook_secret"]
    at = time.time() if at is None else at
    return webhook(body, signed_headers(secret, body, uuid.uuid4().hex, at))


def sinch_body(name, **changes):
    """A sample with parts of its envelope replaced."""
    return json.dumps(json.loads(payload(name, "sinch")) | changes).encode()


def sinch_said(**said):
    """A message of a customer with this `contact_message`."""
    message = json.loads(payload("inbound_text", "sinch"))["message"]
    return sinch_body("inbound_text", message=message | {"contact_message": said})


def sinch_provider(stub, timeout=(1, 0.6), settings=None, **credentials):
    account = FakeAccount("sinch", stub.secrets | credentials)
    known = {**stub.environment(), "WEBHOOK_URL": WEBHOOK_URL, "PHONE": "15550100200"}
    return provider_for(account, {**known, **(settings or {})}, Http(timeout))


def parsed(body, **request):
    account = FakeAccount("sinch", dict(SINCH_CREDENTIALS))
    return provider_for(account, {}).parse(replace(webhook(body), **request))
