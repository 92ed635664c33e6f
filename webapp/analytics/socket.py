"""Boards told over Socket.IO: whoever has one open gets each new one by itself, packed.

What goes is what /board/now answers to the same person, asked for through the same door, made once
for all who chose the same, and handed to the sockets of this process alone: nothing of it passes
through Redis. One thread of a process waits for the ticks while anybody is told, and says for all
of them that somebody looks.
"""

import logging
import threading
import time

from flask import request
from redis.exceptions import RedisError
from werkzeug.test import EnvironBuilder

from webapp.analytics import front, looking, realtime
from webapp.extensions import redis_clients, socketio

log = logging.getLogger(__name__)

EVENT = "board"
LONGEST_ADDRESS = 2_000  # characters: every filter at once has some hundred
LISTEN_SECONDS = 1  # at most, until it notices that nobody is told any more
WATCH_EVERY = 5  # seconds
AGAIN_SECONDS = 1  # after Redis was away
OF_SOCKETS = ("HTTP_UPGRADE", "HTTP_CONNECTION", "HTTP_SEC_WEBSOCKET")
AT_ONCE = 100  # sockets, before others have their turn


class Telling:
    """Who is told in this process, by socket."""

    def __init__(self, ask):
        self._ask = ask  # a request → Made, or None where it is refused
        self._requests = {}  # socket → the request by which the same is fetched
        self._guard = threading.Lock()
        self.listens = False  # whether its thread runs

    def begin(self, message):
        """Tell this socket the board of this address from now on; {} where they may not look."""
        address = message.get("address") if isinstance(message, dict) else None
        if not isinstance(address, str) or len(address) > LONGEST_ADDRESS:
            return {}
        asking = _request(address)
        if self._ask(asking) is None:
            return {}
        with self._guard:
            self._requests[request.sid] = asking
            begins, self.listens = not self.listens, True
        if begins:
            socketio.start_background_task(self._listen)
        return {"told": True}

    def end(self, message=None):
        """The page is hidden, or fetches by itself."""
        self._requests.pop(request.sid, None)

    def tell(self):
        """The newest to everybody; a socket that is gone, or may no longer look, is left out."""
        looking.look()
        alike = {}
        for sid, asking in list(self._requests.items()):
            if not socketio.server.manager.is_connected(sid, "/"):
                self._requests.pop(sid, None)
                continue
            made = self._ask(asking, fresh=True)
            if made is None:
                self._requests.pop(sid, None)
                socketio.emit(EVENT, None, to=sid, ignore_queue=True)  # it fetches, and is refused
                continue
            alike.setdefault(made.tag, (made, []))[1].append(sid)
        for made, sids in alike.values():
            for start in range(0, len(sids), AT_ONCE):
                some = sids[start : start + AT_ONCE]
                socketio.emit(EVENT, made.packed, to=some, ignore_queue=True)
                socketio.sleep(0)

    def _listen(self):
        while self._goes_on():
            try:
                self._hear()
            except RedisError as error:
                log.warning("nothing new of the board is heard: %s", error)
                time.sleep(AGAIN_SECONDS)
            except Exception:
                # Whoever waits would else wait for a thread that is no more.
                log.exception("what came of the board could not be told")
                time.sleep(AGAIN_SECONDS)

    def _goes_on(self):
        with self._guard:
            self.listens = bool(self._requests)
            return self.listens

    def _hear(self):
        with redis_clients.hasty.pubsub(ignore_subscribe_messages=True) as said:
            said.subscribe(realtime.TOLD)
            self.tell()  # what came before anybody listened
            watched = 0
            while self._requests:
                if time.monotonic() - watched > WATCH_EVERY:
                    watched = time.monotonic()
                    realtime.watch()
                if said.get_message(timeout=LISTEN_SECONDS):
                    self.tell()


def init_app(app, ask):
    """Register the socket's events; `ask` answers a request for the board, or refuses it."""
    app.extensions["board-telling"] = telling = Telling(ask)
    socketio.on_event("board", telling.begin)
    socketio.on_event("board-end", telling.end)


def _request(address):
    """What this socket's browser would ask for."""
    sent = {
        name: value
        for name, value in request.environ.items()
        if name.startswith("HTTP_") and not name.startswith(OF_SOCKETS)
    }
    base = {"REMOTE_ADDR": request.remote_addr or ""}
    asked = EnvironBuilder(
        front.PATH, request.host_url, query_string=address.removeprefix("?"), environ_base=base
    )
    return asked.get_environ() | sent
