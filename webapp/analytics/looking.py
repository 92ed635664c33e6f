"""The newest snapshot as this process has it: read from Redis once for each number, not each time.

What was made of it for one choice is kept until the next one comes, so that a thousand who look at
the same cost one; `front` hands it out to those whom the ordinary route has let in. While they go
on looking, one of them passes the ordinary route every few seconds, which asks for all of them.
"""

import gzip
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property, partial

import orjson
from redis.exceptions import RedisError

from webapp.analytics import board, realtime, standing
from webapp.analytics.together import Together

log = logging.getLogger(__name__)

MOST_KEPT = 200  # choices of one snapshot
ADMITTED_SECONDS = 10
RENEWED_EVERY = 4  # seconds, so that one renewal may fail
WHOLLY_SECONDS = 300  # until the ordinary route sees everybody by themselves, sooner by chance
MOST_ADMITTED = 5_000
MAKING_SECONDS = 5  # for which somebody waits until another has made it
KEPT_SECONDS = 5  # for which what was made before may stand in for what is being made

GZIP_LEVEL = 5  # a board of 200 agents: 140 kB, 12 kB on its way

_lock = threading.Lock()
_seen = {"of": (0, None), "snapshot": None}
_made = {}  # what it is for → Made, not always of the newest snapshot
_making, _coming = {}, {}  # what is being made → Event
_admitted = {}  # (cookie, address) → Admitted
_renewal = {"at": 0.0}


@dataclass
class Admitted:
    """Somebody who may look, by the sign-in that their cookie carries, at the queues they lead."""

    sign_in: int
    key: tuple
    led: tuple | None
    until: float
    wholly_until: float


@dataclass
class Made:
    """The bytes for one choice; what else is made of them is made once, when somebody wants it."""

    tag: str
    at: str
    html: bytes
    of: tuple = (0, None)  # the snapshot's number and moment
    when: float = field(default_factory=time.monotonic)

    @cached_property
    def packed(self):
        return gzip.compress(self.html, GZIP_LEVEL, mtime=0)


def newest(now):
    """(number, snapshot); number 0 where there is none, and then figures stand empty."""
    realtime.watch()
    seq, snapshot = _present()
    if snapshot is not None:
        return seq, snapshot
    return 0, board.nothing_yet(now) | {
        "queues": standing.queues(),
        "accounts": orjson.loads(orjson.dumps(standing.accounts())),
        "teams": standing.teams(),
    }


def _read():
    """(number, snapshot), None where there is none. While Redis does not answer it is what was
    read before, for all: a thousand who look then must not cost a thousand pages."""
    try:
        seq, at = realtime.latest()
        # With its moment: after Redis lost its numbers they come again.
        if at is not None and _seen["of"] != (seq, at):
            _take(seq, at, realtime.stored())
    except RedisError as error:
        log.warning("the board is what was read before: %s", error)
        return _seen["of"][0], _seen["snapshot"]
    return (seq, _seen["snapshot"]) if at is not None else (0, None)


def _take(seq, at, stored):
    snapshot = orjson.loads(stored) if stored else None
    _seen.update(of=(seq, at), snapshot=snapshot)
    for key, made in list(_made.items()):
        if time.monotonic() - made.when > KEPT_SECONDS:
            _made.pop(key, None)


# A thousand ask at the same moment: one reads, so that Redis is not asked for a thousand copies.
_present = Together(_read)


def shared(seq, key, make):
    """The Made of what `make` makes of this snapshot: one makes it at a time.

    Who asks meanwhile gets what was made a moment before, or waits: on a machine that is slow a
    second maker would only make both slower.
    """
    if not seq:
        return _make(0, key, make)
    if (found := _newest(key)) is not None:
        return found
    mine = threading.Event()
    with _lock:
        others = _making.setdefault(key, mine)
    if others is not mine:
        if (found := _made.get(key)) is not None:
            return found
        if others.wait(MAKING_SECONDS) and (found := _made.get(key)) is not None:
            return found
    try:
        made = _make(seq, key, make)
        _keep(key, made)
        return made
    finally:
        _end(_making, key, mine)


def _newest(key):
    found = _made.get(key)
    return found if found is not None and found.of == _seen["of"] else None


def _make(seq, key, make):
    of, at = (_seen["of"], _seen["snapshot"]["at"]) if seq else ((0, None), "")
    return Made(f'"{of[0]}-{abs(hash(key)):x}"', at, make().encode(), of)


def _keep(key, made):
    if len(_made) >= MOST_KEPT:
        _made.clear()
    _made[key] = made


def _end(waited_for, key, mine):
    with _lock:
        if waited_for.get(key) is mine:
            del waited_for[key]
    mine.set()


def admit(cookie, address, sign_in, key, led=None):
    """Whoever sent this cookie may look at this for a few seconds without being asked again."""
    if len(_admitted) >= MOST_ADMITTED:
        _admitted.clear()
    now = time.time()
    wholly = now + WHOLLY_SECONDS * random.uniform(0.5, 1)
    _admitted[cookie, address] = Admitted(sign_in, key, led, now + ADMITTED_SECONDS, wholly)
    _take_renewal(now)


def to_renew():
    """The sign-ins that were let in, once one of them was not asked for long enough."""
    soon = time.time() + ADMITTED_SECONDS - RENEWED_EVERY
    found = list(_admitted.values())
    if all(one.until > soon for one in found):
        return set()
    return {one.sign_in for one in found}


def renew(asked, valid):
    """Of those asked for the valid ones, {sign-in: the queues they lead}, may go on; the others are
    seen to when they come again."""
    now = time.time()
    for who, one in list(_admitted.items()):
        leads_the_same = one.sign_in in valid and valid[one.sign_in] == one.led
        if leads_the_same and now < one.wholly_until:
            one.until = now + ADMITTED_SECONDS
        elif one.sign_in in asked:
            _admitted.pop(who, None)


def look():
    """Read what is newest."""
    _present()


def named(tag):
    """The Made of this tag, while it is kept."""
    return next((one for one in tuple(_made.values()) if one.tag == tag), None)


def ready(cookie, address, fresh=False):
    """(what is Made for who was admitted, None); (None, what to call at the end of the ordinary
    route) where that route must see to it. `fresh`: the newest was just read."""
    now, one = time.time(), _admitted.get((cookie, address))
    if one is None or one.until < now or _take_renewal(now):
        return None, _nobody_waits
    if not fresh and _present()[1] is None:
        return None, _nobody_waits
    return _made_or_coming(one.key)


def _take_renewal(now):
    """Whether it is due; if so it is this caller's, also where the machine's time was set back."""
    due = abs(now - _renewal["at"]) > RENEWED_EVERY
    if due:
        _renewal["at"] = now
    return due


def _nobody_waits():
    pass


def _made_or_coming(key):
    """Of all who want what is not made yet one goes to have it made."""
    if (found := _newest(key)) is not None:
        return found, None
    mine = threading.Event()
    with _lock:
        others = _coming.setdefault(key, mine)
    if others is mine:
        return None, partial(_end, _coming, key, mine)
    others.wait(MAKING_SECONDS)
    found = _made.get(key)
    return found, None if found is not None else _nobody_waits
