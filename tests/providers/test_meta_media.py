"""Fetching media from Meta: two steps, and a token that stays at home."""

import base64
import hashlib

import pytest

from webapp.providers import fetching
from webapp.providers.base import MediaRef, ProviderError
from webapp.providers.meta.media import HOSTS

PICTURE = b"\x89PNG" + bytes(range(256)) * 400
DIGEST = hashlib.sha256(PICTURE)
REF = MediaRef("880055000000001", "image/png", base64.b64encode(DIGEST.digest()).decode())


@pytest.fixture
def kept(httpserver):
    """The look-up's answer; `also` changes parts of it."""

    def keep(path="/file", **also):
        answer = {
            "messaging_product": "whatsapp",
            "url": httpserver.url_for(path),
            "mime_type": "image/png",
            "sha256": DIGEST.hexdigest(),
            "file_size": str(len(PICTURE)),
            "id": REF.id,
            **also,
        }
        httpserver.expect_request(
            f"/v26.0/{REF.id}", query_string={"phone_number_id": "105555020088002"}
        ).respond_with_json(answer)

    return keep


def serve_picture(httpserver, path="/file", body=PICTURE):
    httpserver.expect_request(path, headers={"Authorization": "Bearer EAAtoken"}).respond_with_data(
        body, content_type="image/png"
    )


def refusal(meta, ref=REF):
    with pytest.raises(ProviderError) as raised:
        meta.fetch_media(ref)
    return raised.value


def test_media_is_looked_up_then_downloaded_with_the_token(meta, httpserver, kept):
    kept()
    serve_picture(httpserver)
    fetched = meta.fetch_media(REF)
    with fetched.content as content:
        assert content.read() == PICTURE
    assert (fetched.mime_type, fetched.size) == ("image/png", len(PICTURE))
    assert (fetched.sha256, fetched.matches) == (DIGEST.hexdigest(), True)


def test_other_bytes_than_announced_are_told_apart(meta, httpserver, kept):
    kept()
    serve_picture(httpserver, body=PICTURE + b"x")
    assert meta.fetch_media(REF).matches is False


def test_the_webhooks_digest_counts_where_the_look_up_has_none(meta, httpserver, kept):
    kept(sha256=None)
    serve_picture(httpserver)
    assert meta.fetch_media(REF).matches is True


def test_without_any_digest_nothing_is_claimed(meta, httpserver, kept):
    kept(sha256="?")
    serve_picture(httpserver)
    assert meta.fetch_media(MediaRef(REF.id)).matches is None


@pytest.mark.parametrize(
    "url",
    (
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com.evil.example/x",
        "https://evil.example/lookaside.fbsbx.com",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evilfacebook.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://[::1",
        "file:///etc/passwd",
        "ftp://lookaside.fbsbx.com/x",
        "",
        None,
    ),
)
def test_the_token_goes_to_metas_hosts_alone(meta, httpserver, kept, url):
    kept(url=url)
    error = refusal(meta)
    assert error.permanent
    assert "not one of Meta's" in error.reason
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    "url",
    (
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
        "https://scontent.xx.fbcdn.net/v/1.jpg",
        "https://mmg.whatsapp.net/x",
        "https://graph.facebook.com:443/x",
    ),
)
def test_metas_own_hosts_are_known(url):
    assert fetching.is_trusted(url, HOSTS)


def test_a_redirect_within_the_known_hosts_is_followed(meta, httpserver, kept):
    kept("/first")
    httpserver.expect_request("/first").respond_with_data(
        "", status=302, headers={"Location": "/file"}
    )
    serve_picture(httpserver)
    assert meta.fetch_media(REF).size == len(PICTURE)


def test_a_redirect_into_our_own_network_is_not_followed(meta, httpserver, kept):
    kept("/first")
    httpserver.expect_request("/first").respond_with_data(
        "", status=302, headers={"Location": "https://127.0.0.1/x"}
    )
    assert "private network" in refusal(meta).reason


def test_redirects_in_a_circle_end(meta, httpserver, kept):
    kept("/first")
    httpserver.expect_request("/first").respond_with_data(
        "", status=302, headers={"Location": "/first"}
    )
    assert refusal(meta).permanent


def test_an_announced_giant_is_not_downloaded(meta, httpserver, kept):
    kept(file_size=fetching.LARGEST + 1)
    assert "100 MB" in refusal(meta).reason
    assert len(httpserver.log) == 1


def test_an_unannounced_giant_is_cut_off(meta, httpserver, kept, monkeypatch):
    monkeypatch.setattr(fetching, "LARGEST", 1000)
    kept(file_size=None)
    serve_picture(httpserver)
    assert refusal(meta).permanent


def test_media_whatsapp_no_longer_keeps_is_gone_for_good(meta, httpserver):
    error = {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request."}}
    httpserver.expect_request(f"/v26.0/{REF.id}").respond_with_json(error, status=400)
    refused = refusal(meta)
    assert refused.permanent
    assert refused.action == "Ask the customer to send it again."


@pytest.mark.parametrize(("status", "whole_account"), ((404, False), (401, True), (503, False)))
def test_a_failed_download_is_tried_again(meta, httpserver, kept, status, whole_account):
    kept()
    httpserver.expect_request("/file").respond_with_data("no", status=status)
    refused = refusal(meta)
    assert (refused.permanent, refused.account_wide) == (False, whole_account)


def test_a_gateways_page_instead_of_the_look_up_is_tried_again(meta, httpserver):
    httpserver.expect_request(f"/v26.0/{REF.id}").respond_with_data("<html>", status=502)
    assert not refusal(meta).permanent


@pytest.mark.parametrize("media_id", ("..", "", "."))
def test_an_id_that_is_none_is_refused_without_a_call(meta, httpserver, media_id):
    assert refusal(meta, MediaRef(media_id)).permanent
    assert not httpserver.log
