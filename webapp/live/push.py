"""Tell browsers, after the commit, that something they show has changed.

A signal carries a room, that room's number and ids, never text: pages fetch what changed through
ordinary routes. The number lets a browser notice that it missed one.
"""

import logging

import socketio as engine
from redis.exceptions import RedisError

from webapp.extensions import redis_clients
from webapp.unit_of_work import after_commit, pending

log = logging.getLogger(__name__)

CHANNEL = "parley"  # in Redis; the server listens to the same one (create_app)

MOST_UNSAID = 10_000

_managers = {}
_unsaid = set()


def changed(*rooms, ids=()):
    """After the commit, `changed {room, seq, ids}` goes to each room, once per room."""
    for room in rooms:
        key = ("changed", room)
        known = getattr(pending(key), "ids", ())
        after_commit(key, _Signal(room, dict.fromkeys((*known, *ids))))


def tell(event, room, **facts):
    """After the commit, a small fact (`offered`, `presence`) goes to one room."""
    after_commit((event, room, tuple(sorted(facts.items()))), lambda: emit(event, facts, room))


def emit(event, facts, room):
    """Send at once to every process; a browser that misses it finds out by its room's number."""
    manager().emit(event, facts, room=room)


def signal_now(room, ids=()):
    """Number the signal and send it; without Redis browsers fall back to asking."""
    try:
        seq = redis_clients.hasty.incr(seq_key(room))
    except RedisError as error:
        log.warning("no signal for %s: %s", room, error)
        if len(_unsaid) < MOST_UNSAID:
            _unsaid.add(room)
        return
    emit("changed", {"room": room, "seq": seq, "ids": list(ids)}, room)
    _catch_up()


def _catch_up():
    """Redis answers again: what could not be said meanwhile left no gap that pages would notice."""
    while _unsaid:
        signal_now(_unsaid.pop())


def current_seq(rooms):
    """The last number given to each room, for the heartbeat that compares."""
    values = redis_clients.hasty.mget([seq_key(room) for room in rooms])
    return {room: int(value or 0) for room, value in zip(rooms, values, strict=True)}


def seq_key(room):
    return f"seq:{room}"


def manager():
    """A write-only connection to the fan-out, the same in web, workers and clock."""
    url = redis_clients.url
    if url not in _managers:
        _managers[url] = engine.RedisManager(url, channel=CHANNEL, write_only=True)
    return _managers[url]


class _Signal:
    def __init__(self, room, ids):
        self.room = room
        self.ids = tuple(ids)

    def __call__(self):
        signal_now(self.room, self.ids)
