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

SIGNALS = "signals"  # under which a unit of work collects them
MOST_UNSAID = 10_000

_managers = {}
_unsaid = set()


def changed(*rooms, ids=(), about=None):
    """After the commit, `changed [{room, seq, ids}, …]` goes to each room, once per room.

    Rooms that change about one thing (an interaction) are told in one message: publishing it, and
    taking it in every web process, costs more than all else a customer's message asks of Redis.
    """
    signals = pending(SIGNALS)
    if signals is None:
        signals = _Signals()
        after_commit(SIGNALS, signals)
    for room in rooms:
        signals.add(room, ids, about or room)


def tell(event, room, **facts):
    """After the commit, a small fact (`offered`, `presence`) goes to one room."""
    after_commit((event, room, tuple(sorted(facts.items()))), lambda: emit(event, facts, room))


def emit(event, facts, room):
    """Send at once to every process; a browser that misses it finds out by its room's number.

    Several rooms hear it together, each browser once.
    """
    manager().emit(event, facts, room=room)


def signal_now(room, ids=()):
    """Number one signal and send it, with no commit to wait for."""
    signals = _Signals()
    signals.add(room, ids, room)
    signals()


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


class _Signals:
    """What one unit of work changed: ids by room, and which rooms are told together."""

    def __init__(self):
        self._ids = {}  # room → ids, in the order they changed
        self._about = {}  # room → what its signal is told along with

    def add(self, room, ids, about):
        self._ids.setdefault(room, {}).update(dict.fromkeys(ids))
        self._about.setdefault(room, about)

    def __call__(self):
        """Number the signals and send them; without Redis browsers fall back to asking."""
        while _unsaid:  # Redis may answer again: what was not said left no gap pages would notice
            self.add(_unsaid.pop(), (), "unsaid")
        try:
            numbers = _next_numbers(self._ids)
        except RedisError as error:
            log.warning("no signal for %s rooms: %s", len(self._ids), error)
            _unsaid.update(list(self._ids)[: max(0, MOST_UNSAID - len(_unsaid))])
            return
        together = {}
        for room, seq in numbers.items():
            signal = {"room": room, "seq": seq, "ids": list(self._ids[room])}
            together.setdefault(self._about[room], []).append(signal)
        for signals in together.values():
            emit("changed", signals, [signal["room"] for signal in signals])


def _next_numbers(rooms):
    with redis_clients.hasty.pipeline(transaction=False) as pipeline:
        for room in rooms:
            pipeline.incr(seq_key(room))
        return dict(zip(rooms, pipeline.execute(), strict=True))
