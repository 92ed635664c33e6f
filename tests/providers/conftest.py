"""Providers against a local stand-in of their API; nothing here needs the application."""

import json
import uuid

import pytest

from tests.support.stubs import stub_class
from webapp.providers import provider_for
from webapp.providers.base import WebhookRequest
from webapp.providers.http import Http

from .calls import PAYLOADS
from .casts import META, FakeAccount

NUMBER_ID = META.credentials["phone_number_id"]
WABA_ID = META.credentials["waba_id"]
META_CREDENTIALS = META.credentials


def webhook(body=b"", headers=None, query=None, method="POST", received_at=None):
    return WebhookRequest(
        method, "https://chat.example/webhooks/x", headers or {}, body, query or {}, received_at
    )


def payload_files(provider):
    return sorted((PAYLOADS / provider).glob("[a-z]*.json"))


def payload(name, provider="meta"):
    return (PAYLOADS / provider / f"{name}.json").read_bytes()


def cases(name):
    return json.loads((PAYLOADS / "meta" / f"{name}.json").read_text())


@pytest.fixture
def meta_at():
    """Builds the provider against an address, with short patience."""

    def build(address, timeout=(1, 0.6), **credentials):
        account = FakeAccount("meta", META_CREDENTIALS | credentials)
        settings = {"META_API_URL": address, "META_API_VERSION": "v26.0"}
        return provider_for(account, settings, Http(timeout))

    return build


@pytest.fixture
def meta(meta_at, httpserver):
    return meta_at(httpserver.url_for(""))


@pytest.fixture
def sinch_stub():
    # Tokens are kept by key for the whole process: a key of its own starts without one.
    stub = stub_class("sinch")(key_id=f"key-{uuid.uuid4().hex}")
    yield stub
    stub.close()
