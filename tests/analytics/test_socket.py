"""Boards told over the socket: the whole of it at each tick, for as long as one may look."""

import gzip
import queue as queues
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import request
from redis.exceptions import RedisError

from tests import factories
from tests.support.queries import counted_queries
from webapp.analytics import looking
from webapp.analytics import socket as telling
from webapp.columns import utcnow
from webapp.extensions import socketio

PATIENCE = 10  # seconds


class Sockets:
    """Stands for the server of sockets: who is connected, and what each was told."""

    def __init__(self, app):
        self._app = app
        self.told = {}
        self.server = SimpleNamespace(manager=self)
        self.telling = app.extensions["board-telling"]

    def looks(self, browser, address="", sid="one"):
        """A page of this browser asks to be told."""
        cookie = browser.get_cookie(self._app.config["SESSION_COOKIE_NAME"])
        sent = {"Cookie": f"{cookie.key}={cookie.value}", "Sec-WebSocket-Key": "a"}
        with self._app.test_request_context("/socket.io/", headers=sent):
            request.sid = sid
            self.told[sid] = queues.Queue()
            return self.telling.begin({"address": address})

    def hides(self, sid="one"):
        with self._app.test_request_context("/socket.io/"):
            request.sid = sid
            self.telling.end()

    def next(self, sid="one"):
        return self.told[sid].get(timeout=PATIENCE)

    def is_connected(self, sid, namespace):
        return sid in self.told

    def emit(self, event, told, to, ignore_queue):
        assert event == "board" and ignore_queue  # nothing of it passes through Redis
        for sid in [to] if isinstance(to, str) else to:
            self.told[sid].put(told)

    start_background_task = staticmethod(socketio.start_background_task)
    sleep = staticmethod(time.sleep)


@pytest.fixture
def sockets(app, monkeypatch):
    found = Sockets(app)
    monkeypatch.setattr(telling, "socketio", found)
    yield found
    for sid in found.told:
        found.hides(sid)
    _wait_until(lambda: not found.telling.listens)


def _wait_until(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_one_who_is_told_gets_the_whole_and_then_each_new_one(sign_in, sara, computed, sockets):
    computed()
    browser = sign_in(sara)
    assert sockets.looks(browser) == {"told": True}
    fetched = browser.get("/board/now").get_data()
    assert gzip.decompress(sockets.next()) == fetched

    factories.make_interaction(factories.make_account(name="Later"), waiting_since=utcnow())
    computed()
    new = gzip.decompress(sockets.next())
    assert new == browser.get("/board/now").get_data() != fetched


def test_all_who_look_at_the_same_are_told_the_same_bytes_and_asked_for_once(
    sign_in, sara, computed, sockets
):
    computed()
    for sid, person in (("one", sara), ("two", factories.make_user("Sven", role="supervisor"))):
        sockets.looks(sign_in(person), sid=sid)
    _wait_until(lambda: sockets.told["one"].qsize())
    time.sleep(0.1)  # whatever was told of before both were there
    for sid in sockets.told:
        sockets.told[sid].queue.clear()
    computed()
    first = sockets.next("one")
    with counted_queries() as queries:
        assert sockets.next("two") is first
    assert queries == []


def test_each_is_told_what_they_chose(sign_in, sara, queue, account, computed, sockets):
    factories.make_queue("Elsewhere")
    computed()
    sockets.looks(sign_in(sara), f"?queue={queue.id}&tab=queues")
    assert b"Elsewhere" not in gzip.decompress(sockets.next())
    sockets.looks(sign_in(sara), "?tab=queues", sid="two")
    computed()
    assert b"Elsewhere" in gzip.decompress(sockets.next("two"))


def test_telling_ends_with_the_right_to_look(sign_in, sara, computed, sockets, time_machine):
    computed()
    sockets.looks(sign_in(sara))
    sockets.next()
    factories.change(sara, role="agent")
    time_machine.move_to(utcnow() + timedelta(seconds=looking.ADMITTED_SECONDS + 1))
    computed()
    while (told := sockets.next()) is not None:
        assert told


def test_who_may_not_look_is_not_told(sign_in, ana, computed, sockets):
    computed()
    assert sockets.looks(sign_in(ana)) == {}
    assert not sockets.telling.listens


@pytest.mark.parametrize("message", [None, {}, {"address": 7}, {"address": "?" + "a" * 2_000}])
def test_what_no_page_asks_is_not_told(app, sockets, message):
    assert sockets.telling.begin(message) == {}


def test_what_cannot_be_read_once_is_told_the_next_time(
    sign_in, sara, computed, sockets, monkeypatch
):
    computed()
    sockets.looks(sign_in(sara))
    sockets.next()
    answers = iter([ValueError("not a snapshot"), RedisError("away")])
    read = looking.look

    def look():
        if (fault := next(answers, None)) is not None:
            raise fault
        read()

    monkeypatch.setattr(looking, "look", look)
    monkeypatch.setattr(telling, "AGAIN_SECONDS", 0.05)
    computed()
    assert b"data-board" in gzip.decompress(sockets.next())
    assert next(answers, None) is None


def test_nothing_listens_once_nobody_is_told(sign_in, sara, computed, sockets):
    computed()
    sockets.looks(sign_in(sara))
    sockets.next()
    assert sockets.telling.listens
    sockets.hides()
    _wait_until(lambda: not sockets.telling.listens)
