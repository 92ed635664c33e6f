"""Forms and files as requests: what goes over the wire, and what is read while it goes."""

import io
import tracemalloc
from urllib.parse import parse_qsl

import pytest

from tests.support.stubs.base import ProviderStub, Reply
from webapp.providers import multipart
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.providers.http import Http

HTTP = Http((1, 2))


class Noting(ProviderStub):
    def handle(self, request):
        return Reply(200, {"parts": len(request.body)})


@pytest.fixture
def stub():
    stub = Noting()
    yield stub
    stub.close()


def test_a_form_goes_out_with_repeated_names_and_a_password(stub):
    pairs = [("Body", "Grüße & more"), ("MediaUrl", "1"), ("MediaUrl", "2")]
    HTTP.post_form(stub.url, pairs, auth=("AC1", "pass"), headers={"X-One": "1"})
    (request,) = stub.requests
    assert request.form == pairs
    assert request.headers["authorization"] == "Basic QUMxOnBhc3M="
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["x-one"] == "1"


def test_a_form_takes_a_mapping_and_half_an_emoji(stub):
    HTTP.post_form(stub.url, {"Body": "\ud83d!", "Empty": ""})
    assert parse_qsl(stub.requests[0].body.decode(), keep_blank_values=True) == [
        ("Body", "?!"),
        ("Empty", ""),
    ]


def test_files_go_out_with_their_length_name_and_type(stub):
    files = {"file": ('Grüße "2026".pdf', io.BytesIO(b"%PDF\r\n--x"), "application/pdf")}
    HTTP.post_files(stub.url, {"type": "application/pdf"}, files)
    (request,) = stub.requests
    assert int(request.headers["content-length"]) == len(request.body)
    assert "transfer-encoding" not in request.headers
    assert request.parts["type"].text == "application/pdf"
    part = request.parts["file"]
    assert (part.filename, part.mime_type) == ("Grüße %222026%22.pdf", "application/pdf")
    assert part.content == b"%PDF\r\n--x"


def test_an_empty_file_is_sent_as_one(stub):
    HTTP.post_files(stub.url, {}, {"file": ("empty.txt", io.BytesIO(), "text/plain")})
    assert stub.requests[0].parts["file"].content == b""


def test_a_name_cannot_add_headers_of_its_own(stub):
    files = {"file": ("a\r\nX-Evil: 1", io.BytesIO(b"x"), "text/plain\r\nX-Evil: 1")}
    HTTP.post_files(stub.url, {}, files)
    assert b"\r\nX-Evil" not in stub.requests[0].body


class Zeros(io.RawIOBase):
    """A large file that takes no room."""

    def __init__(self, size):
        self.size, self.place = size, 0

    def seek(self, offset, whence=0):
        self.place = self.size if whence == io.SEEK_END else offset
        return self.place

    def read(self, most=-1):
        most = min(most, self.size - self.place)
        self.place += most
        return bytes(most)


def test_a_large_file_is_not_read_into_memory():
    body = multipart.Multipart([], {"file": ("big.mp4", Zeros(60 * 1024 * 1024), "video/mp4")})
    tracemalloc.start()
    sent = sum(len(piece) for piece in body)
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent == len(body)
    assert highest < 4 * multipart.PIECE


def test_an_upload_that_takes_too_long_is_given_up(stub, monkeypatch):
    monkeypatch.setattr(multipart, "LONGEST_UPLOAD", -1)
    with pytest.raises(ProviderError, match="too long"):
        HTTP.post_files(stub.url, {}, {"file": ("a", io.BytesIO(b"x"), "text/plain")})
    assert stub.requests == []


def test_a_file_that_shrinks_on_the_way_is_given_up(stub):
    class Shrinking(io.BytesIO):
        def read(self, *_):
            return b""

    with pytest.raises(ProviderError, match="shorter"):
        HTTP.post_files(stub.url, {}, {"file": ("a", Shrinking(b"x"), "text/plain")})


def test_other_ways_to_ask_carry_the_password_too(stub):
    for call in (HTTP.get, HTTP.delete):
        call(f"{stub.url}/x", auth=("AC1", "pass"))
    HTTP.patch(f"{stub.url}/x", {}, auth=("AC1", "pass"))
    HTTP.post(f"{stub.url}/x", {}, auth=("AC1", "pass"))
    assert [request.method for request in stub.requests] == ["GET", "DELETE", "PATCH", "POST"]
    assert {request.headers["authorization"] for request in stub.requests} == {"Basic QUMxOnBhc3M="}


def test_a_lost_answer_to_a_deletion_is_unknown():
    class Cutting(ProviderStub):
        def handle(self, request):
            return None

    stub = Cutting()
    with pytest.raises(OutcomeUnknown):
        HTTP.delete(stub.url)
    stub.close()
