"""Twilio's stand-in and providers that speak to it, for the tests of what goes out."""

import pytest

from tests.support.stubs.twilio import TwilioStub
from webapp.providers import provider_for
from webapp.providers.base import Recipient
from webapp.providers.http import Http
from webapp.providers.twilio import interactive

from .conftest import FakeAccount
from .twilio_bodies import PHONE, TWILIO_CREDENTIALS, URL

ANN = Recipient(phone="15550100002")


def twilio_at(address, timeout=(1, 0.6), credentials=None, **settings):
    """A provider with short patience, calling this address in Twilio's place."""
    settings = {
        "TWILIO_API_URL": address,
        "TWILIO_CONTENT_API_URL": address,
        "WEBHOOK_URL": URL,
        "PHONE": PHONE,
        **settings,
    }
    account = FakeAccount("twilio", dict(credentials or TWILIO_CREDENTIALS))
    return provider_for(account, settings, Http(timeout))


@pytest.fixture
def stub():
    """Every request of a test that does not look at `broken_rules` itself must be a right one."""
    stub = TwilioStub()
    yield stub
    stub.close()
    for sid in stub.contents:
        interactive.forget(sid)  # another test's stand-in may get the same port
    assert stub.broken_rules == []


@pytest.fixture
def twilio(stub):
    return twilio_at(stub.url)
