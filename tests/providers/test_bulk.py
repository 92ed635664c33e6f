"""Many calls side by side, by libcurl and by threads: nothing leaves twice or is forgotten."""

import json
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest

from tests.support.raw_server import RawServer, closed_port, requests_of, self_signed
from webapp.providers import bulk_curl, bulk_threads, provider_for
from webapp.providers.base import (
    MessageKind,
    OutcomeUnknown,
    OutgoingFile,
    Parameter,
    ProviderError,
    Recipient,
    Sent,
    TemplateMessage,
)
from webapp.providers.bulk import BulkSender
from webapp.providers.bulk_client import Withdrawn, always
from webapp.providers.sandbox import Sandbox

from .casts import META, FakeAccount
from .kaleyra_bodies import kaleyra

TO = Recipient(phone="15550142233")
HELLO = TemplateMessage(TO, "hello", "en", body=(Parameter("Ann"),))
CLIENTS = (bulk_curl.CurlClient, bulk_threads.ThreadClient)


@pytest.fixture(params=CLIENTS, ids=("curl", "threads"))
def client_class(request):
    return request.param


@pytest.fixture
def sender_at(client_class):
    """`sender_at(url)` is a bulk sender for Meta's numbers at that address."""
    with ExitStack() as closing:

        def build(url, places=8, timeout=(1, 2), ca_file=None, may_begin=always):
            client = client_class(places, may_begin, timeout, ca_file)
            sender = BulkSender(meta(url), places, client=client)
            closing.callback(sender.close)
            return sender

        yield build


def meta(url):
    settings = {"META_API_URL": url, "META_API_VERSION": "v26.0"}
    return provider_for(FakeAccount("meta", META.credentials), settings)


def send(sender, number=1, command=HELLO):
    """How each of so many messages ended, by its key."""
    ended, waiting = {}, iter(range(number))
    until = time.monotonic() + 30
    while len(ended) < number and time.monotonic() < until:
        for _, key in zip(range(sender.places_free), waiting, strict=False):
            sender.submit(key, command, f"attempt-{key}")
        ended.update(sender.results(0.2))
    assert len(ended) == number
    return ended


def answer(data, status="200 OK", headers=""):
    body = json.dumps(data).encode()
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def taken(body):
    """Meta's answer; the message's id tells whose it is."""
    return answer({"messages": [{"id": f"wamid.{correlation_id(body)}"}]})


def correlation_id(body):
    return json.loads(body)["biz_opaque_callback_data"]


@contextmanager
def answering(said, certificate=None):
    """A server that gives each request this answer, and the bodies it was sent."""
    bodies = []

    def serve(connection):
        for _, body in requests_of(connection):
            bodies.append(body)
            connection.sendall(said(body) if callable(said) else said)

    with RawServer(serve, certificate) as server:
        yield server.url, bodies


def test_each_message_gets_the_answer_that_is_its_own(sender_at):
    with answering(taken) as (url, _):
        ended = send(sender_at(url), 50)
    assert ended == {key: Sent(f"wamid.attempt-{key}") for key in range(50)}


def test_a_connection_that_closes_without_an_answer_sends_nothing_twice(sender_at):
    """libcurl by itself would: a kept-alive connection that ends looks to it like an old one."""
    bodies, requests = [], count(1)

    def serve(connection):
        for _, body in requests_of(connection):
            bodies.append(correlation_id(body))
            if next(requests) % 10 == 0:
                return
            connection.sendall(taken(body))

    with RawServer(serve) as server:
        ended = send(sender_at(server.url), 400)

    unknown = [key for key, found in ended.items() if isinstance(found, OutcomeUnknown)]
    assert len(bodies) == len(set(bodies)) == 400
    assert len(unknown) == 40
    assert sum(isinstance(found, Sent) for found in ended.values()) == 360


def test_a_refused_connection_is_provably_not_sent(sender_at):
    ended = send(sender_at(f"http://127.0.0.1:{closed_port()}"))
    assert isinstance(ended[0], ProviderError)
    assert not ended[0].permanent


def test_a_name_that_does_not_resolve_is_provably_not_sent(sender_at):
    ended = send(sender_at("http://nowhere.invalid", timeout=(10, 10)))
    assert isinstance(ended[0], ProviderError)


def test_a_certificate_nobody_vouches_for_is_provably_not_sent(sender_at, tmp_path):
    with answering(taken, self_signed(tmp_path)) as (url, bodies):
        ended = send(sender_at(url))
    assert isinstance(ended[0], ProviderError)
    assert not ended[0].permanent
    assert not bodies


def test_a_trusted_certificate_lets_messages_through(sender_at, tmp_path):
    certificate = self_signed(tmp_path)
    with answering(taken, certificate) as (url, _):
        ended = send(sender_at(url, ca_file=certificate), 20)
    assert all(isinstance(found, Sent) for found in ended.values())


def test_what_is_taken_back_while_it_connects_never_leaves(sender_at, tmp_path):
    certificate, bodies = self_signed(tmp_path), []
    connects, goes_on = threading.Event(), threading.Event()

    def serve(connection):
        for _, body in requests_of(connection):
            bodies.append(body)
            connection.sendall(taken(body))

    def greet():
        connects.set()
        goes_on.wait(30)

    with RawServer(serve, certificate, greet) as server:
        sender = sender_at(server.url, timeout=(30, 30), ca_file=certificate)
        sender.submit(1, HELLO, "attempt-1")
        assert connects.wait(30)
        sender.withdraw([1])
        goes_on.set()
        assert sender.results(30) == [(1, Withdrawn)]
        assert send(sender) == {0: Sent("wamid.attempt-0")}
    assert [correlation_id(body) for body in bodies] == ["attempt-0"]


def test_whether_a_call_may_begin_is_asked_once_its_connection_is_there(sender_at, tmp_path):
    certificate, bodies, allowed = self_signed(tmp_path), [], {1}

    def serve(connection):
        for _, body in requests_of(connection):
            bodies.append(body)
            connection.sendall(taken(body))

    with RawServer(serve, certificate, lambda: allowed.discard(1)) as server:
        sender = sender_at(
            server.url,
            timeout=(30, 30),
            ca_file=certificate,
            may_begin=lambda key: key in allowed,
        )
        sender.submit(1, HELLO, "attempt-1")
        assert sender.results(30) == [(1, Withdrawn)]
        allowed.add(0)
        assert send(sender) == {0: Sent("wamid.attempt-0")}
    assert [correlation_id(body) for body in bodies] == ["attempt-0"]


def test_a_kept_connection_is_no_reason_not_to_ask(sender_at):
    allowed = {0}
    with answering(taken) as (url, bodies):
        sender = sender_at(url, places=1, may_begin=lambda key: key in allowed)
        assert send(sender) == {0: Sent("wamid.attempt-0")}
        sender.submit(1, HELLO, "attempt-1")
        assert sender.results(30) == [(1, Withdrawn)]
    assert len(bodies) == 1


def test_what_has_left_is_not_taken_back(sender_at):
    arrived, goes_on = threading.Event(), threading.Event()

    def serve(connection):
        for _, body in requests_of(connection):
            arrived.set()
            goes_on.wait(30)
            connection.sendall(taken(body))

    with RawServer(serve) as server:
        sender = sender_at(server.url, timeout=(30, 30))
        sender.submit(1, HELLO, "attempt-1")
        assert arrived.wait(30)
        sender.withdraw([1])
        goes_on.set()
        assert sender.results(30) == [(1, Sent("wamid.attempt-1"))]


def test_no_answer_in_time_is_unknown(sender_at):
    enough = threading.Event()

    def serve(connection):
        next(requests_of(connection))
        enough.wait(20)

    with RawServer(serve) as server:
        ended = send(sender_at(server.url, timeout=(0.3, 0.3)))
    enough.set()
    assert isinstance(ended[0], OutcomeUnknown)
    assert ended[0].reason == "The provider did not answer in time"


def test_an_answer_cut_in_the_middle_is_unknown(sender_at):
    def serve(connection):
        next(requests_of(connection))
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"messages":[{"id":"wam')

    with RawServer(serve) as server:
        ended = send(sender_at(server.url))
    assert isinstance(ended[0], OutcomeUnknown)
    assert "broke off" in ended[0].reason


def test_an_answer_without_end_is_unknown(sender_at):
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000
    with answering(endless) as (url, _):
        ended = send(sender_at(url))
    assert isinstance(ended[0], OutcomeUnknown)
    assert "too long" in ended[0].reason


def test_a_gateways_own_error_is_unknown(sender_at):
    with answering(b"HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\noops") as (url, _):
        ended = send(sender_at(url))
    assert isinstance(ended[0], OutcomeUnknown)


def test_the_providers_refusal_comes_with_its_hint(sender_at):
    error = {"error": {"code": 130429, "message": "Rate limit hit"}}
    with answering(answer(error, "400 Bad Request", "Retry-After: 7\r\n")) as (url, _):
        ended = send(sender_at(url))
    assert ended[0].code == "130429"
    assert ended[0].retry_after == 7
    assert ended[0].account_wide


def test_a_redirect_is_not_followed(sender_at):
    with answering(taken) as (elsewhere, bodies):
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n"
        with answering(moved.encode()) as (url, _):
            ended = send(sender_at(url))
    assert isinstance(ended[0], OutcomeUnknown)
    assert not bodies


def test_a_connection_is_kept_for_the_next_message(sender_at):
    connections = []

    def serve(connection):
        connections.append(connection)
        for _, body in requests_of(connection):
            connection.sendall(taken(body))

    with RawServer(serve) as server:
        send(sender_at(server.url, places=1), 10)
    assert len(connections) == 1


def test_no_more_calls_than_places(sender_at):
    with answering(taken) as (url, _):
        sender = sender_at(url, places=2)
        sender.submit(1, HELLO, "attempt-1")
        sender.submit(2, HELLO, "attempt-2")
        assert sender.places_free == 0
        with pytest.raises(RuntimeError):
            sender.submit(3, HELLO, "attempt-3")
        assert len(send(sender, 0) or sender.results(5)) >= 1
        assert sender.places_free >= 1


def test_what_cannot_even_be_asked_is_among_the_results(sender_at):
    nobody = TemplateMessage(Recipient(), "hello", "en")
    with answering(taken) as (url, bodies):
        sender = sender_at(url, places=1)
        assert isinstance(send(sender, 3, nobody)[2], ProviderError)
        assert isinstance(send(sender)[0], Sent)
    assert len(bodies) == 1


def test_an_address_that_is_none_is_provably_not_sent(sender_at):
    ended = send(sender_at("gopher://127.0.0.1:1"))
    assert isinstance(ended[0], ProviderError)


def test_closing_ends_what_is_in_flight(sender_at):
    enough = threading.Event()

    def serve(connection):
        for _ in requests_of(connection):
            enough.wait(20)

    with RawServer(serve) as server:
        sender = sender_at(server.url)
        sender.submit(1, HELLO, "attempt-1")
        sender.close()
    enough.set()


# The two halves


def kaleyra_v2(url):
    return kaleyra(url, api_version="v2")


@pytest.mark.parametrize("provider_at", [meta, kaleyra, kaleyra_v2])
def test_one_by_one_and_in_bulk_ask_the_same(client_class, provider_at):
    said = answer({"id": "the one", "messages": [{"id": "the one"}]})
    requests = []

    def serve(connection):
        for head, body in requests_of(connection):
            requests.append((_told(head), body))
            connection.sendall(said)

    with RawServer(serve) as server:
        provider = provider_at(server.url)
        one_by_one = provider.send(HELLO, "attempt-0")
        sender = BulkSender(provider, 1, client=client_class(1))
        in_bulk = send(sender)[0]
        sender.close()

    assert one_by_one == in_bulk
    assert requests[0] == requests[1]


def _told(head):
    """The first line and the headers that say something to a provider."""
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    kept = ("authorization", "api-key", "content-type", "content-length", "user-agent")
    return first, {name: headers.get(name) for name in kept}


def test_a_header_uploaded_before_goes_by_its_id():
    picture = OutgoingFile(open=None, url="https://x", mime_type="image/png", size=9, media_id="77")
    command = TemplateMessage(TO, "promo", "en", header_file=picture, header_kind=MessageKind.IMAGE)
    body = json.loads(meta("https://x").request_for(command, "attempt-1").body)
    (header,) = body["template"]["components"]
    assert header["parameters"] == [{"type": "image", "image": {"id": "77"}}]


def test_kaleyra_fetches_a_header_from_its_address():
    picture = OutgoingFile(open=None, url="https://x/a.png", mime_type="image/png", size=9)
    command = TemplateMessage(TO, "promo", "en", header_file=picture, header_kind=MessageKind.IMAGE)
    body = kaleyra("https://x").request_for(command, "attempt-1").body
    assert b"type=mediatemplate" in body
    assert b"media_url=https%3A%2F%2Fx%2Fa.png" in body


# Which client


class Phone:
    """The sandbox's, which takes everything."""

    def behaviour(self, recipient):
        return "read"

    def accepted(self, recipient, message_id, correlation_id, command):
        if correlation_id == "attempt-3":
            raise ZeroDivisionError


def test_the_sandbox_is_called_inside_its_surroundings():
    entered = []

    @contextmanager
    def around():
        entered.append(1)
        yield

    sender = BulkSender(Sandbox({}, None, {"SANDBOX_PHONE": Phone()}), 2, around)
    ended = send(sender, 4)
    sender.close()
    assert [type(ended[key]) for key in range(4)] == [Sent, Sent, Sent, OutcomeUnknown]
    assert len(entered) == 4


def test_without_libcurl_threads_carry_the_calls(monkeypatch):
    monkeypatch.delitem(sys.modules, "webapp.providers.bulk_curl")
    monkeypatch.setitem(sys.modules, "pycurl", None)
    with answering(taken) as (url, _):
        sender = BulkSender(meta(url), 2)
        ended = send(sender, 4)
        sender.close()
    assert isinstance(sender._client, bulk_threads.ThreadClient)
    assert all(isinstance(found, Sent) for found in ended.values())
