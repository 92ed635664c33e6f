"""Files customers sent, by a link on somebody's storage that our key must never see."""

import base64
import hashlib

import pytest

from tests.support.stubs.kaleyra import KaleyraStub
from webapp.providers.base import MediaRef, ProviderError

from .kaleyra_bodies import NUMBER, emptied, kaleyra

PICTURE = b"\xff\xd8 picture"


@pytest.fixture(scope="module")
def standin():
    standin = KaleyraStub(number=NUMBER)
    yield standin
    standin.close()


@pytest.fixture
def stub(standin):
    return emptied(standin)


def ref(url, sha256=""):
    return MediaRef("x", "image/jpeg", sha256, url=url)


def test_a_file_is_fetched_by_its_link_without_the_key(stub):
    path = stub.host(PICTURE, "image/jpeg")
    found = kaleyra(stub.url).fetch_media(ref(stub.url + path))
    with found.content as content:
        assert content.read() == PICTURE
    assert (found.mime_type, found.size, found.matches) == ("image/jpeg", len(PICTURE), None)
    assert not stub.broken_rules
    assert "api-key" not in stub.requests[0].headers


def test_whatsapps_digest_is_compared_where_it_came_along(stub):
    provider, path = kaleyra(stub.url), stub.host(PICTURE, "image/jpeg")
    right = base64.b64encode(hashlib.sha256(PICTURE).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for digest, matches in ((right, True), (wrong, False), ("ZXhhbXBsZQ==", None), ("é", None)):
        found = provider.fetch_media(ref(stub.url + path, digest))
        found.content.close()
        assert found.matches is matches


@pytest.mark.parametrize("url", ("", "ftp://x/y", "nonsense", "http://media.example.com/x"))
def test_what_is_no_secure_link_is_refused(url):
    with pytest.raises(ProviderError) as raised:
        kaleyra("").fetch_media(ref(url))
    assert raised.value.permanent


def test_a_private_address_is_refused_unless_the_environment_allows_it(stub):
    path = stub.host(PICTURE, "image/jpeg")
    with pytest.raises(ProviderError) as raised:
        kaleyra("").fetch_media(ref(stub.url.replace("http:", "https:") + path))
    assert raised.value.permanent
    assert not stub.requests
    allowed = kaleyra("", {"ALLOW_PRIVATE_ADDRESSES": True})
    allowed.fetch_media(ref(stub.url + path)).content.close()


def test_a_file_that_is_gone_is_tried_again_later(stub):
    with pytest.raises(ProviderError) as raised:
        kaleyra(stub.url).fetch_media(ref(f"{stub.url}/media/none"))
    assert not raised.value.permanent
    assert not raised.value.auth
