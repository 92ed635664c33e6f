"""Downloads from addresses strangers name: no private network, no credentials on the way."""

import hashlib
import socket
import ssl
import threading
from contextlib import suppress

import pytest

from webapp.providers import connections, fetching
from webapp.providers.base import ProviderError
from webapp.providers.connections import is_public, new_guarded_session
from webapp.providers.http import Http

FILE = bytes(range(256)) * 300
HTTP = Http((1, 0.6))
SECRET = {"Authorization": "Bearer EAAtoken"}


@pytest.fixture
def home(httpserver):
    """An address the environment has set: it may be on this machine, and knows the secret."""
    return httpserver.url_for("").rstrip("/")


def fetched(url, **options):
    found = fetching.fetch(HTTP, url, **options)
    with found.content as content:
        return content.read()


def refusal(url, **options):
    with pytest.raises(ProviderError) as raised:
        fetching.fetch(HTTP, url, **options)
    return raised.value


def redirect(httpserver, path, to):
    httpserver.expect_request(path).respond_with_data("", status=302, headers={"Location": to})


def test_a_file_is_fetched_with_its_size_type_and_digest(httpserver, home):
    httpserver.expect_request("/file").respond_with_data(FILE, content_type="image/png")
    found = fetching.fetch(HTTP, f"{home}/file", trusted=(home,))
    with found.content as content:
        assert content.read() == FILE
    assert (found.mime_type, found.size) == ("image/png", len(FILE))
    assert found.sha256 == hashlib.sha256(FILE).hexdigest()


@pytest.mark.parametrize(
    "url",
    (
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://10.0.0.7/x",
        "https://172.16.3.4/x",
        "https://192.168.1.1/x",
        "https://100.64.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/x",
        "https://224.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::ffff:a9fe:a9fe]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[2002:7f00:1::]/x",
        "https://[fe80::1]/x",
        "https://[fd00::1]/x",
    ),
)
def test_a_private_address_is_refused_for_good(url):
    error = refusal(url)
    assert "private network" in error.reason
    assert error.permanent


def resolving(monkeypatch, *addresses):
    """Whatever name is asked for has these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)


def connected_to(port):
    """Without asking for a name, which would be answered as the test wants it."""
    found = socket.socket()
    found.connect(("127.0.0.1", port))
    return found


@pytest.mark.parametrize("addresses", (("10.1.2.3",), ("93.184.216.34", "127.0.0.1")))
def test_a_name_that_leads_into_a_private_network_is_refused(monkeypatch, addresses):
    resolving(monkeypatch, *addresses)
    assert "private network" in refusal("https://files.example/x").reason


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch, httpserver):
    """A name may have another address a moment later."""
    httpserver.expect_request("/file").respond_with_data(FILE)
    connected = []

    def connect(address, *_):
        connected.append(address)
        return connected_to(httpserver.port)

    monkeypatch.setattr(connections, "create_connection", connect)
    resolving(monkeypatch, "93.184.216.34")
    answer = Http((1, 1), new_guarded_session).get("http://files.example:8080/file")
    assert answer.body == FILE
    assert connected == [("93.184.216.34", 8080)]
    ((request, _),) = httpserver.log
    assert request.headers["Host"] == "files.example:8080"


def test_the_second_address_is_tried_where_the_first_does_not_answer(monkeypatch, httpserver):
    httpserver.expect_request("/file").respond_with_data(FILE)

    def connect(address, *_):
        if address[0] == "93.184.216.34":
            raise ConnectionRefusedError
        return connected_to(httpserver.port)

    monkeypatch.setattr(connections, "create_connection", connect)
    resolving(monkeypatch, "93.184.216.34", "93.184.216.35")
    assert Http((1, 1), new_guarded_session).get("http://files.example/file").status == 200


@pytest.mark.parametrize("address", ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"))
def test_the_internets_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", ("", "nonsense", "fec0::1", "2001:0:4136:e378::1", "ff02::1"))
def test_anything_else_is_not(address):
    assert not is_public(address)


def test_a_strangers_address_without_https_is_refused(httpserver, home):
    httpserver.expect_request("/file").respond_with_data(FILE)
    assert "not a secure one" in refusal(f"{home}/file").reason
    assert not httpserver.log


def test_the_environment_may_allow_private_addresses(httpserver, home):
    httpserver.expect_request("/file").respond_with_data(FILE)
    assert fetched(f"{home}/file", private_ok=True) == FILE


def test_only_a_trusted_place_sees_the_credentials(httpserver, home):
    httpserver.expect_request("/file").respond_with_data(FILE)
    fetched(f"{home}/file", trusted=(home,), headers=SECRET, auth=None)
    fetched(f"{home}/file", trusted=("api.example",), headers=SECRET, private_ok=True)
    fetched(f"{home}/file", trusted=(home,), auth=("AC1", "pass"))
    seen = [request.headers.get("Authorization") for request, _ in httpserver.log]
    assert seen == ["Bearer EAAtoken", None, "Basic QUMxOnBhc3M="]


def test_a_redirect_away_drops_the_credentials(httpserver, home):
    elsewhere = home.replace("localhost", "127.0.0.1")
    redirect(httpserver, "/first", f"{elsewhere}/file")
    httpserver.expect_request("/file").respond_with_data(FILE)
    where = {"trusted": (home,), "private_ok": True}
    assert fetched(f"{home}/first", headers=SECRET, auth=None, **where) == FILE
    assert [request.headers.get("Authorization") for request, _ in httpserver.log] == [
        "Bearer EAAtoken",
        None,
    ]


@pytest.mark.parametrize("to", ("https://127.0.0.1/x", "https://[::1]/x"))
def test_a_redirect_into_a_private_network_is_refused(httpserver, home, to):
    redirect(httpserver, "/first", to)
    assert "private network" in refusal(f"{home}/first", trusted=(home,)).reason


def test_a_redirect_to_a_place_without_https_is_refused(httpserver, home):
    redirect(httpserver, "/first", "http://files.example/x")
    assert "not a secure one" in refusal(f"{home}/first", trusted=(home,)).reason


@pytest.mark.parametrize("to", ("file:///etc/passwd", "ftp://files.example/x", "gopher://x/"))
def test_a_redirect_to_something_else_than_the_web_is_refused(httpserver, home, to):
    redirect(httpserver, "/first", to)
    assert "not a web address" in refusal(f"{home}/first", trusted=(home,)).reason


@pytest.mark.parametrize("hops", (3, 4))
def test_three_redirects_are_followed_and_no_more(httpserver, home, hops):
    for number in range(hops):
        redirect(httpserver, f"/{number}", f"/{number + 1}")
    httpserver.expect_request(f"/{hops}").respond_with_data(FILE)
    if hops == 3:
        assert fetched(f"{home}/0", trusted=(home,)) == FILE
    else:
        assert "round in circles" in refusal(f"{home}/0", trusted=(home,)).reason


@pytest.mark.parametrize(
    "url",
    (
        "",
        None,
        "nonsense",
        "https://",
        "https://user:pass@files.example/x",
        "https://files.example\\@evil.example/x",
        "https://files.example/\nx",
        "https://files.example:99999/x",
        "https://[::1",
    ),
)
def test_an_address_two_readers_may_read_differently_is_refused(url):
    error = refusal(url)
    assert "not a web address" in error.reason
    assert error.permanent


@pytest.mark.parametrize(
    ("url", "trusted"),
    (
        ("https://api.example/x", True),
        ("https://api.example:443/x", True),
        ("https://API.EXAMPLE/x", True),
        ("https://cdn.files.example/x", True),
        ("http://127.0.0.1:9001/media/1", True),
        ("http://api.example/x", False),
        ("https://api.example:8443/x", False),
        ("https://api.example.evil.example/x", False),
        ("https://evilfiles.example/x", False),
        ("https://api.example@evil.example/x", False),
        ("http://127.0.0.1:9002/media/1", False),
    ),
)
def test_who_is_trusted(url, trusted):
    known = ("api.example", ".files.example", "http://127.0.0.1:9001")
    assert fetching.is_trusted(url, known) is trusted


def test_more_than_the_limit_is_cut_off(httpserver, home):
    httpserver.expect_request("/file").respond_with_data(FILE)
    error = refusal(f"{home}/file", trusted=(home,), largest=len(FILE) - 1)
    assert error.permanent
    assert fetched(f"{home}/file", trusted=(home,), largest=len(FILE)) == FILE


@pytest.mark.parametrize(("status", "account_wide"), ((401, True), (403, True), (404, False)))
def test_a_refusal_where_the_credentials_were_shown_is_about_them(
    httpserver, home, status, account_wide
):
    httpserver.expect_request("/file").respond_with_data("no", status=status)
    error = refusal(f"{home}/file", trusted=(home,), headers=SECRET)
    assert (error.permanent, error.account_wide, error.code) == (False, account_wide, str(status))
    assert not refusal(f"{home}/file", private_ok=True).account_wide


def answering(*pieces, pause=0.0):
    """The address of a server that sends these bytes and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
                threading.Event().wait(pause)
        listener.close()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_download_that_breaks_off_is_tried_again():
    home = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf")
    error = refusal(f"{home}/file", trusted=(home,))
    assert (error.reason, error.permanent) == ("The download broke off", False)


def test_a_download_that_stalls_is_tried_again():
    home = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf", b"", pause=0.8)
    assert not refusal(f"{home}/file", trusted=(home,)).permanent


def test_a_trickle_does_not_hold_a_worker_for_hours(monkeypatch):
    monkeypatch.setattr(fetching, "LONGEST_DOWNLOAD", 0.3)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    home = answering(head, *[b"x"] * 20, pause=0.05)
    assert refusal(f"{home}/file", trusted=(home,)).reason == "The download took too long"


def test_a_certificate_is_checked_against_the_name_not_the_address(monkeypatch):
    """The connection goes to the checked address; what it proves is the host's name."""
    asked = []

    def wrap(context, sock, *args, server_hostname=None, **options):
        asked.append(server_hostname)
        raise ssl.SSLError("enough")

    ours, theirs = socket.socketpair()
    monkeypatch.setattr(connections, "create_connection", lambda *_: ours)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    resolving(monkeypatch, "93.184.216.34")
    assert "could not be reached" in refusal("https://files.example/x").reason
    theirs.close()
    assert asked == ["files.example"]
