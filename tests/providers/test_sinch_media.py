"""Fetching customers' files from Sinch: open addresses, the token only where it belongs."""

import pytest

from webapp.providers.base import MediaRef, ProviderError

from .sinch_bodies import sinch_provider

PICTURE = b"\xff\xd8\xff picture"


@pytest.fixture
def sinch(sinch_stub):
    return sinch_provider(sinch_stub)


def test_a_file_is_fetched_without_the_token(sinch, sinch_stub):
    path = sinch_stub.host(PICTURE, "image/jpeg")
    fetched = sinch.fetch_media(MediaRef("01HQ", url=sinch_stub.url + path))
    with fetched.content as content:
        assert content.read() == PICTURE
    assert (fetched.mime_type, fetched.size) == ("image/jpeg", len(PICTURE))
    (request,) = sinch_stub.requests
    assert "authorization" not in request.headers


def test_a_file_of_sinchs_own_that_wants_the_token_gets_it_once(sinch, sinch_stub):
    path = sinch_stub.host(PICTURE, "image/jpeg")
    sinch_stub.locked.add(path)
    fetched = sinch.fetch_media(MediaRef("01HQ", url=sinch_stub.url + path))
    fetched.content.close()
    assert [request.path for request in sinch_stub.requests] == [path, "/oauth2/token", path]


def test_another_host_never_sees_the_token(sinch, httpserver):
    httpserver.expect_request("/a.jpg").respond_with_data("no", status=401)
    address = httpserver.url_for("/a.jpg")
    sinch.settings = {**sinch.settings, "ALLOW_PRIVATE_ADDRESSES": True}
    with pytest.raises(ProviderError) as raised:
        sinch.fetch_media(MediaRef("01HQ", url=address))
    assert raised.value.code == "401"
    ((request, _),) = httpserver.log
    assert "Authorization" not in request.headers


def test_an_address_inside_our_network_is_not_called(sinch, httpserver):
    with pytest.raises(ProviderError):
        sinch.fetch_media(MediaRef("01HQ", url=httpserver.url_for("/a.jpg")))
    assert not httpserver.log


def test_a_file_no_longer_kept_is_given_up_with_advice(sinch, sinch_stub):
    with pytest.raises(ProviderError) as raised:
        sinch.fetch_media(MediaRef("01HQ", url=sinch_stub.url + "/media/gone"))
    assert raised.value.permanent
    assert "again" in raised.value.action
