"""The door as a provider meets it: gunicorn, real connections, a database that goes away."""

import os
import signal
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.support.databases import for_each_database
from tests.support.procfile import Procfile
from tests.support.stack import wait_for
from tests.webhooks.posting import signed
from webapp.webhooks.front import MAX_BODY_BYTES

pytestmark = pytest.mark.slow


class Server:
    """A web process, its account's address, and its database seen from outside."""

    def __init__(self, processes, database, path):
        self.processes = processes
        self.path = path
        self._database = database

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.processes.port), 20)
        return connection, connection.makefile("rb")

    def post(self, body):
        """The status of a signed POST; None if the connection broke."""
        request = urllib.request.Request(
            self.processes.url + self.path, data=body, headers=signed(body)
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def bodies(self):
        if self._database.startswith("sqlite"):
            with sqlite3.connect(self._database.removeprefix("sqlite:///")) as connection:
                rows = connection.execute("SELECT body FROM webhook_payloads").fetchall()
        else:
            with psycopg.connect(self._database) as connection:
                rows = connection.execute("SELECT body FROM webhook_payloads").fetchall()
        return [bytes(body) for (body,) in rows]


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "server")


@pytest.fixture(scope="module")
def server(request, tmp_path_factory, redis_server):
    folder = tmp_path_factory.mktemp("front")
    database = f"sqlite:///{folder / 'parley.db'}"
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres").new_database()
    processes = Procfile(folder, database, redis_server.url, WEB_CONCURRENCY="1")
    processes.flask("db", "upgrade")
    path = processes.seed()["webhook_path"]
    processes.start("web")
    yield Server(processes.wait_until_ready(), database, path)
    processes.stop()


def request_bytes(server, body, length=None, headers=None):
    lines = [f"POST {server.path} HTTP/1.1", "Host: parley.example"]
    lines += [f"{name}: {value}" for name, value in (headers or signed(body)).items()]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_answer(reader):
    """Status and body of one answer; None at the end of the connection."""
    line = reader.readline()
    if not line:
        return None
    length = 0
    while (header := reader.readline().strip()) != b"":
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(line.split()[1]), reader.read(length)


def test_one_connection_serves_many_webhooks(server):
    connection, reader = server.connect()
    with connection:
        for n in range(3):
            connection.sendall(request_bytes(server, b"kept alive %d" % n))
            assert read_answer(reader) == (200, b"")

    assert {b"kept alive 0", b"kept alive 1", b"kept alive 2"} <= set(server.bodies())


def test_a_refused_body_does_not_become_the_next_request(server):
    connection, reader = server.connect()
    with connection:
        refused = request_bytes(server, b"GET /healthz HTTP/1.1\r\n\r\n", headers={"X-None": "1"})
        connection.sendall(refused)
        assert read_answer(reader)[0] == 403
        connection.sendall(request_bytes(server, b"after a refusal"))
        assert read_answer(reader) == (200, b"")

    assert b"after a refusal" in server.bodies()


def test_an_unknown_address_is_answered_before_its_body_is_read(server):
    connection, reader = server.connect()
    with connection:
        head = b"POST /webhooks/meta/nobody HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"
        connection.sendall(head)
        assert read_answer(reader)[0] == 404


def test_pipelined_webhooks_are_answered_in_order(server):
    connection, reader = server.connect()
    good, bad = request_bytes(server, b"pipelined"), request_bytes(server, b"x", headers={"A": "b"})
    with connection:
        connection.sendall(good + bad + good)
        assert [read_answer(reader)[0] for _ in range(3)] == [200, 403, 200]


def test_a_body_over_the_limit_is_refused_by_its_length_alone(server):
    connection, reader = server.connect()
    with connection:
        connection.sendall(request_bytes(server, b"", length=MAX_BODY_BYTES + 1))
        assert read_answer(reader)[0] == 413


def test_a_body_without_a_length_is_refused(server):
    connection, reader = server.connect()
    chunked = f"POST {server.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connection:
        connection.sendall(chunked.encode() + b"2\r\n{}\r\n0\r\n\r\n")
        assert read_answer(reader)[0] == 411


def test_a_sender_gone_in_the_middle_leaves_nothing(server):
    connection, _ = server.connect()
    with connection:
        connection.sendall(request_bytes(server, b"cut off", length=100))
    assert server.post(b"after one cut off") == 200

    assert not any(body.startswith(b"cut off") for body in server.bodies())


def test_many_at_once_are_all_kept(server):
    wanted = {b"at once %d" % n for n in range(300)}
    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(server.post, wanted)) == {200}

    assert wanted <= set(server.bodies())


def test_every_answer_200_has_its_row_though_the_process_is_killed(server):
    kept, stop = set(), threading.Event()

    def post_until_stopped(sender):
        n = 0
        while not stop.is_set():
            body = b"killed %d %d" % (sender, n)
            if server.post(body) == 200:
                kept.add(body)
            n += 1

    with ThreadPoolExecutor(16) as pool:
        senders = [pool.submit(post_until_stopped, number) for number in range(16)]
        for _ in range(3):
            time.sleep(0.7)
            server.processes.kill("web")
            server.processes.start("web")
            server.processes.wait_until_ready()
        stop.set()
        for sender in senders:
            sender.result()

    assert len(kept) > 50
    assert kept <= set(server.bodies())


@pytest.mark.only("postgresql")  # a file does not go away; that it is locked: test_storing
def test_while_the_database_is_away_the_provider_is_told_to_repeat(server, postgres):
    name = server._database.rpartition("/")[2]
    assert server.post(b"before") == 200
    with away(postgres, name):
        assert [server.post(b"meanwhile") for _ in range(3)] == [503, 503, 503]

    wait_for(lambda: server.post(b"afterwards") == 200)
    assert b"meanwhile" not in server.bodies()


class away:
    """The database refuses connections and has dropped those it had."""

    def __init__(self, postgres, name):
        self._postgres, self._name = postgres, name

    def __enter__(self):
        self._allow(False)

    def __exit__(self, *_):
        self._allow(True)

    def _allow(self, allowed):
        with psycopg.connect(self._postgres.url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS {allowed}")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [self._name],
            )


def test_a_frozen_redis_holds_up_no_webhook(server, redis_server):
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert [server.post(b"without redis %d" % n) for n in range(20)] == [200] * 20
        assert time.monotonic() - began < 2
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
