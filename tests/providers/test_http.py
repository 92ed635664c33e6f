"""What provably never left, and what left and was lost: against real sockets."""

import threading
import time
from contextlib import ExitStack

import pytest

from tests.support.raw_server import RawServer, closed_port, request_of, self_signed
from webapp.providers.base import OutcomeUnknown, ProviderError, Recipient, Text
from webapp.providers.http import Http

HELLO = Text(Recipient(phone="15550142233"), "Hello")
META_ERROR = {"error": {"code": 2, "message": "Temporary", "fbtrace_id": "A1"}}


@pytest.fixture
def server():
    """Starts a bare socket server: `serve(connection)` is called for every connection."""
    with ExitStack() as running:
        yield lambda serve: running.enter_context(RawServer(serve)).url


def refused(meta):
    with pytest.raises(ProviderError) as raised:
        meta.send(HELLO, "attempt-1")
    return raised.value


def test_a_refused_connection_is_provably_not_sent(meta_at):
    error = refused(meta_at(f"http://127.0.0.1:{closed_port()}"))
    assert not error.permanent
    assert not error.account_wide


def test_a_name_that_does_not_resolve_is_provably_not_sent(meta_at):
    assert not refused(meta_at("http://nowhere.invalid")).permanent


def test_a_certificate_nobody_vouches_for_is_provably_not_sent(meta_at, tmp_path):
    seen = []
    with RawServer(lambda one: seen.append(one.recv(65536)), self_signed(tmp_path)) as running:
        assert not refused(meta_at(running.url)).permanent
    assert not any(seen)


def test_a_handshake_that_never_ends_is_provably_not_sent(meta_at, server):
    address = server(lambda connection: time.sleep(1.5)).replace("http://", "https://")
    assert not refused(meta_at(address, timeout=(0.3, 0.3))).permanent


def test_a_connection_cut_after_the_request_is_unknown(meta_at, server):
    bodies = []
    address = server(lambda connection: bodies.append(request_of(connection)[1]))
    with pytest.raises(OutcomeUnknown):
        meta_at(address).send(HELLO, "attempt-1")
    time.sleep(0.1)
    assert len(bodies) == 1, "it must not be sent again by the HTTP layer"


def test_an_answer_cut_in_the_middle_is_unknown(meta_at, server):
    def serve(connection):
        request_of(connection)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"messages":[{"id":"wam')

    with pytest.raises(OutcomeUnknown):
        meta_at(server(serve)).send(HELLO, "attempt-1")


def test_a_slow_answer_is_unknown(meta_at, server):
    def serve(connection):
        request_of(connection)
        time.sleep(1)

    with pytest.raises(OutcomeUnknown):
        meta_at(server(serve), timeout=(1, 0.2)).send(HELLO, "attempt-1")


@pytest.mark.parametrize("status", (404, 413, 500, 502, 503, 504))
def test_a_gateways_own_page_is_unknown(meta, httpserver, status):
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_data(
        "<html>Bad gateway</html>", status=status, content_type="text/html"
    )
    with pytest.raises(OutcomeUnknown, match=str(status)):
        meta.send(HELLO, "attempt-1")


def test_a_redirect_is_not_followed_and_unknown(meta, httpserver):
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_data(
        "", status=307, headers={"Location": httpserver.url_for("/elsewhere")}
    )
    httpserver.expect_request("/elsewhere").respond_with_json({"messages": [{"id": "wamid.X"}]})
    with pytest.raises(OutcomeUnknown, match="307"):
        meta.send(HELLO, "attempt-1")
    assert [request.path for request, _ in httpserver.log] == ["/v26.0/105555020088002/messages"]


def test_a_success_without_a_message_id_is_unknown(meta, httpserver):
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_json({"ok": True})
    with pytest.raises(OutcomeUnknown):
        meta.send(HELLO, "attempt-1")


def test_an_outage_in_metas_own_words_is_refused_for_now(meta, httpserver):
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_json(
        META_ERROR, status=503
    )
    error = refused(meta)
    assert (error.code, error.permanent) == ("2", False)


def test_429_from_whoever_is_refused_for_now_with_its_hint(meta, httpserver):
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_data(
        "slow down", status=429, headers={"Retry-After": "7"}
    )
    error = refused(meta)
    assert (error.code, error.permanent, error.retry_after) == ("429", False, 7)


def test_a_connection_is_used_again_from_another_thread(httpserver):
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_json(
        {"messages": [{"id": "wamid.X"}]}
    )
    http = Http((1, 1))
    url = httpserver.url_for("/v26.0/105555020088002/messages")
    for _ in range(3):
        worker = threading.Thread(target=http.post, args=(url, {}))
        worker.start()
        worker.join()
    assert len(http._idle) == 1


def test_proxies_of_the_environment_are_ignored(meta, httpserver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    httpserver.expect_request("/v26.0/105555020088002/messages").respond_with_json(
        {"messages": [{"id": "wamid.X"}]}
    )
    assert meta.send(HELLO, "attempt-1").id == "wamid.X"
