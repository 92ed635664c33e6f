"""What must neither be lost nor bring anything down: bodies no provider should send."""

import io
import json

import pytest

from tests.factories import make_meta_account
from tests.webhooks.posting import kept_bodies, post, signed

MEGABYTE = 1024 * 1024


@pytest.fixture
def meta(app):
    return make_meta_account()


def test_a_signed_body_that_is_not_json_is_kept(client, meta):
    assert post(client, meta, b"\xff\x00 not json").status_code == 200
    assert kept_bodies() == [b"\xff\x00 not json"]


def test_an_unsigned_body_that_is_not_json_is_refused(client, meta):
    assert post(client, meta, b"not json", {}).status_code == 403
    assert kept_bodies() == []


def test_a_million_nested_arrays_are_kept_like_any_other_body(client, meta):
    body = b"[" * 1_000_000 + b"]" * 1_000_000

    assert post(client, meta, body).status_code == 200
    assert kept_bodies() == [body]


def test_an_empty_signed_body_is_kept(client, meta):
    answer = client.post(
        meta.webhook_path, headers=signed(b""), environ_overrides={"CONTENT_LENGTH": "0"}
    )

    assert answer.status_code == 200
    assert kept_bodies() == [b""]


def test_three_megabytes_are_taken(client, meta):
    body = json.dumps({"text": "x" * (3 * MEGABYTE)}).encode()

    assert post(client, meta, body).status_code == 200
    assert kept_bodies() == [body]


def test_four_megabytes_are_the_most(client, meta):
    assert post(client, meta, b"x" * (4 * MEGABYTE)).status_code == 200
    assert post(client, meta, b"x" * (4 * MEGABYTE + 1)).status_code == 413
    assert [len(body) for body in kept_bodies()] == [4 * MEGABYTE]


@pytest.mark.parametrize("length", [None, "", "many", "-1", "1.5", "²"])
def test_a_body_of_unknown_length_is_refused(client, meta, length):
    answer = client.post(
        meta.webhook_path,
        headers=signed(b"{}"),
        environ_overrides={"CONTENT_LENGTH": length or "", "wsgi.input": io.BytesIO(b"{}")},
    )

    assert answer.status_code == 411
    assert kept_bodies() == []


def test_a_length_of_twenty_digits_is_too_large(client, meta):
    answer = client.post(meta.webhook_path, environ_overrides={"CONTENT_LENGTH": "9" * 20})

    assert answer.status_code == 413


def test_a_body_that_breaks_off_is_not_kept(client, meta):
    answer = client.post(
        meta.webhook_path,
        headers=signed(b"{}"),
        environ_overrides={"CONTENT_LENGTH": "10", "wsgi.input": io.BytesIO(b"{}")},
    )

    assert answer.status_code == 400
    assert kept_bodies() == []


def test_a_client_gone_while_sending_leaves_nothing(client, meta):
    class Gone(io.RawIOBase):
        def read(self, size=-1):
            raise ConnectionResetError

    answer = client.post(
        meta.webhook_path,
        headers=signed(b"{}"),
        environ_overrides={"CONTENT_LENGTH": "2", "wsgi.input": Gone()},
    )

    assert answer.status_code == 400
    assert kept_bodies() == []


@pytest.mark.parametrize("token", ["%00", "..", "a" * 65, "ü", "a/b", ""])
def test_an_odd_token_is_not_found(client, meta, token):
    answer = client.post(f"/webhooks/meta/{token}", data=b"{}", headers=signed(b"{}"))

    assert answer.status_code in (404, 405)
    assert kept_bodies() == []
