"""Fetching media from Twilio: with the login from its own hosts, without it from elsewhere."""

import hashlib

import pytest

from webapp.providers.base import MediaRef, ProviderError
from webapp.providers.fetching import is_trusted
from webapp.providers.twilio.media import HOSTS

from . import twilio_cast
from .twilio_bodies import TWILIO_CREDENTIALS
from .twilio_cast import twilio_at

stub, twilio = twilio_cast.stub, twilio_cast.twilio
PICTURE = b"\x89PNG" + bytes(range(256)) * 100


@pytest.fixture
def ref(stub):
    fields = stub.written(file=(PICTURE, "image/png"))
    return MediaRef("ME1", "image/png", url=fields["MediaUrl0"])


def refusal(twilio, ref):
    with pytest.raises(ProviderError) as raised:
        twilio.fetch_media(ref)
    return raised.value


def test_a_file_is_fetched_with_the_login_and_on_without_it(stub, ref):
    fetched = twilio_at(stub.url, ALLOW_PRIVATE_ADDRESSES=True).fetch_media(ref)
    with fetched.content as content:
        assert content.read() == PICTURE
    assert (fetched.mime_type, fetched.size) == ("image/png", len(PICTURE))
    assert fetched.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert stub.broken_rules == []  # the stand-in notes a login that travels on


def test_a_link_into_the_own_network_is_not_followed(stub, ref):
    assert "secure" in refusal(twilio_at(stub.url), ref).reason


def test_a_file_that_is_not_there_yet_is_tried_again(stub, twilio, ref):
    stub.media.clear()
    error = refusal(twilio, ref)
    assert (error.permanent, error.code) == (False, "404")


def test_a_wrong_token_is_the_accounts_fault(stub, ref):
    credentials = TWILIO_CREDENTIALS | {"auth_token": "other"}
    error = refusal(twilio_at(stub.url, credentials=credentials), ref)
    assert (error.auth, error.account_wide) == (True, True)


@pytest.mark.parametrize(
    ("url", "trusted"),
    (
        ("https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1", True),
        ("https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1", True),
        ("http://api.twilio.com/x", False),
        ("https://api.twilio.com:8443/x", False),
        ("https://mms.twiliocdn.com/x", False),
        ("https://api.twilio.com.evil.example/x", False),
        ("https://eviltwilio.com/x", False),
        ("https://api.twilio.com@evil.example/x", False),
    ),
)
def test_the_login_goes_to_twilios_own_hosts_alone(url, trusted):
    assert is_trusted(url, HOSTS) is trusted


@pytest.mark.parametrize("url", ("", "file:///etc/passwd", "http://127.0.0.1:1/x", "nonsense"))
def test_what_is_no_web_address_is_not_fetched(twilio, url):
    assert refusal(twilio, MediaRef("ME1", url=url)).permanent
