"""The board is computed once for everybody: each second, by the clock, while somebody looks.

What it finds stands in Redis for all web processes, and one signal tells every page to fetch. So
its cost does not grow with those who look; `minutes` and partial indexes keep it from growing with
the conversations that are closed. Without Redis, or without the clock, the board says it is late.
"""

import logging
import threading
import time
from collections import defaultdict
from datetime import datetime, timedelta

import orjson
from redis.exceptions import RedisError

from webapp.analytics import periods, standing
from webapp.analytics.minutes import Minutes
from webapp.apart import apart
from webapp.columns import utcnow
from webapp.extensions import redis_clients
from webapp.live import push
from webapp.settings.zone import time_zone

log = logging.getLogger(__name__)

ROOM = "board"
SNAPSHOT, COMPUTED, WATCHED = "board:snapshot", "board:at", "board:watched"
TOLD = "board:told"  # a Redis channel: each web process hears that there is a newer snapshot
WATCHED_SECONDS = 20
SLOW_EVERY = 5  # seconds between readings of names, accounts and campaigns
UNWATCHED_EVERY = 60  # so that the day is at hand when somebody looks
STORED_SECONDS = 86_400
SELDOM = {
    "queues": standing.queues,
    "members": standing.members,
    "teams": standing.teams,
    "accounts": standing.accounts,
    "left": standing.left_unanswered,
    "campaigns": standing.campaigns,
}


def watch():
    """Somebody looks: the clock goes on computing."""
    try:
        redis_clients.hasty.set(WATCHED, 1, ex=WATCHED_SECONDS)
    except RedisError as error:
        log.warning("the board is not computed: %s", error)


def latest():
    """(number, moment as bytes) of what was computed last; (0, None) where there is nothing.

    RedisError where it does not tell.
    """
    seq, at = redis_clients.hasty.mget([push.seq_key(ROOM), COMPUTED])
    return int(seq or 0), at


def stored():
    """What was computed last, as bytes of JSON; RedisError where it does not tell."""
    return redis_clients.hasty.get(SNAPSHOT)


class Board:
    """What the computing process keeps from one tick to the next; alarms ask beside the ticks."""

    def __init__(self):
        self._turn = threading.Lock()
        self._minutes = Minutes()
        self._slow, self._slow_at = {}, 0
        self._looked_at = 0

    def tick(self, now=None):
        """Compute and hand out, if somebody looks; whether it did."""
        now = now or utcnow()
        if not redis_clients.hasty.exists(WATCHED):
            self._stay_ready(now)
            return False
        snapshot = self.packed(now)
        with redis_clients.hasty.pipeline() as pipeline:
            pipeline.set(SNAPSHOT, snapshot, ex=STORED_SECONDS)
            pipeline.set(COMPUTED, now.isoformat(), ex=STORED_SECONDS)
            pipeline.execute()
        push.signal_now(ROOM)
        redis_clients.hasty.publish(TOLD, "")  # after the number, which says what is newest
        return True

    def _stay_ready(self, now):
        with self._turn:
            if time.monotonic() - self._looked_at > UNWATCHED_EVERY:
                self._look(now, time_zone())

    def _look(self, now, zone):
        self._looked_at = time.monotonic()
        self._minutes.look(now, periods.start_of_day(periods.today(now, zone), zone))

    def packed(self, now):
        """The snapshot of this moment as whoever looks reads it: bytes of JSON."""
        with self._turn:
            return orjson.dumps(self.compute(now))

    def compute(self, now):
        """Everything the board shows, as plain values; whoever looks takes what is theirs."""
        slow = self._slowly()
        self._look(now, slow["zone"])
        return {
            "at": now,
            **slow,
            "people": standing.people(),
            **_standing(now, slow["queues"]),
            "recent": told(self._minutes.recent),
            "today": told(self._minutes.day),
            "last_done": list(self._minutes.last_done.items()),
            "hour": by_minute(self._minutes.last(60, now)),
        }

    def _slowly(self):
        """What changes seldom; read anew every few seconds. What cannot be read stays as it was."""
        if not self._slow or time.monotonic() - self._slow_at > SLOW_EVERY:
            self._slow_at = time.monotonic()
            self._slow["zone"] = time_zone()
            for name, read in SELDOM.items():
                self._slow.setdefault(name, [])
                with apart("reading %s for the board", name):
                    self._slow[name] = read()
        return self._slow


def _standing(now, queues):
    """Open conversations by place, and by queue and who has them."""
    places, owners = {}, defaultdict(lambda: {"held": 0, "unread": 0})
    for queue, account, owner, state, count, since, slow, unread in standing.conversations(
        now, queues
    ):
        place = places.setdefault(
            (queue, account), {"open": 0, "waiting": 0, "unmanaged": 0, "slow": 0, "since": None}
        )
        place["open"] += count
        place["slow"] += slow
        if state in ("waiting", "unmanaged"):
            place[state] += count
        if state == "waiting" and since:
            place["since"] = min(since, place["since"] or since)
        if owner:
            owners[queue, owner]["held"] += count
            owners[queue, owner]["unread"] += int(unread or 0)
    return {
        "places": [[*key, facts] for key, facts in places.items()],
        "owners": [[*key, facts] for key, facts in owners.items()],
    }


def told(bucket):
    return {
        "places": [[*key, numbers.copy()] for key, numbers in bucket.places.items()],
        "agents": [[*key, numbers.copy()] for key, numbers in bucket.agents.items()],
        "replies": [[*key, list(times.items())] for key, times in bucket.replies.items()],
    }


def by_minute(buckets):
    """[queue, account, [sums of the minute 59 minutes ago, …, of this one]] for the sparklines."""
    places, nothing = {}, {}
    for at, bucket in enumerate(buckets):
        for key, numbers in bucket.over_the_hour.items() if bucket else ():
            if key not in places:
                places[key] = [nothing] * len(buckets)  # a thousand of them are work for the GC
            places[key][at] = numbers
    return [[*key, row] for key, row in places.items()]


def age_of(snapshot, now):
    """How old what a viewer sees is; None where nothing was ever computed."""
    return now - datetime.fromisoformat(snapshot["at"]) if snapshot else None


def is_late(age):
    return age is None or age > timedelta(seconds=10)
