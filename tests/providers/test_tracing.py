"""What is kept of a call for the message's passport, and what never is."""

import io
import time

import pytest

from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.providers.http import Http
from webapp.providers.tracing import MOST, tracing

HTTP = Http((1, 2))
TOKEN = "s3cretT0ken-with_signs"


@pytest.fixture
def url(httpserver):
    httpserver.expect_request("/ok").respond_with_json({"id": "wamid.1"})
    return httpserver.url_for("/ok")


def test_a_call_is_kept_with_its_answer(url):
    with tracing() as exchanges:
        HTTP.post(url, {"text": "Grüße"}, headers={"Authorization": "Bearer EAAtoken"})
    (kept,) = exchanges
    assert (kept.method, kept.url, kept.body) == ("POST", url, '{"text":"Grüße"}')
    assert kept.status == 200
    assert "wamid.1" in kept.answer
    assert "EAAtoken" not in repr(kept)


def test_a_form_is_kept_as_lines_to_read(url):
    with tracing() as exchanges:
        HTTP.post_form(url, [("Body", "a & b"), ("MediaUrl", "1"), ("MediaUrl", "2")])
    assert exchanges[0].body == "Body=a & b\nMediaUrl=1\nMediaUrl=2"


def test_a_file_is_kept_by_its_name_only(url):
    with tracing() as exchanges:
        files = {"file": ("photo.jpg", io.BytesIO(b"\xff\xd8 secret"), "image/jpeg")}
        HTTP.post_files(url, {"type": "image/jpeg"}, files)
    assert exchanges[0].body == "type=image/jpeg\nfile=(photo.jpg, image/jpeg)"


@pytest.mark.parametrize("form", (True, False))
def test_the_token_of_our_webhook_is_left_out(url, form):
    callback = f"https://chat.example/webhooks/twilio/{TOKEN}?c=parley-1"
    with tracing() as exchanges:
        if form:
            HTTP.post_form(url, {"StatusCallback": callback})
        else:
            HTTP.post(url, {"callback_url": callback})
        HTTP.get(url, params={"callback": callback})
    assert all(TOKEN not in repr(kept) for kept in exchanges)
    assert "chat.example/webhooks/twilio/…?c=parley-1" in exchanges[0].body


def test_what_is_not_to_be_traced_is_not(url):
    with tracing() as exchanges:
        HTTP.post_form(url, {"grant_type": "client_credentials"}, auth=("key", "s"), traced=False)
        HTTP.get(url, traced=False)
    assert exchanges == []


def test_a_call_without_an_answer_says_why(httpserver):
    with tracing() as exchanges, pytest.raises(ProviderError):
        HTTP.post("http://nowhere.invalid/x", {})
    assert exchanges[0].status is None
    assert "could not be reached" in exchanges[0].answer


def test_a_slow_answer_is_kept_as_none(httpserver):
    httpserver.expect_request("/slow").respond_with_handler(lambda _: time.sleep(1))
    with tracing() as exchanges, pytest.raises(OutcomeUnknown):
        Http((1, 0.5)).post(httpserver.url_for("/slow"), {})
    assert "in time" in exchanges[0].answer


def test_long_bodies_are_cut_and_files_only_named(httpserver):
    httpserver.expect_request("/long").respond_with_data("x" * 100_000, content_type="text/plain")
    httpserver.expect_request("/file").respond_with_data(b"\x00" * 99, content_type="image/png")
    with tracing() as exchanges:
        HTTP.post(httpserver.url_for("/long"), {"text": "y" * 100_000})
        HTTP.get(httpserver.url_for("/file"))
    long, file = exchanges
    assert len(long.body) <= MOST + 2
    assert len(long.answer) <= MOST + 2
    assert file.answer == "(99 bytes of image/png)"


def test_what_is_kept_can_be_stored_in_any_database(httpserver):
    httpserver.expect_request("/odd").respond_with_data(b"a\x00b\xff", content_type="text/plain")
    with tracing() as exchanges:
        HTTP.post_form(httpserver.url_for("/odd"), {"Body": "half \ud83d"})
    assert (exchanges[0].body, exchanges[0].answer) == ("Body=half ?", "ab\ufffd")


def test_outside_nothing_is_kept(url):
    with tracing() as exchanges:
        HTTP.get(url)
    HTTP.get(url)
    assert len(exchanges) == 1
