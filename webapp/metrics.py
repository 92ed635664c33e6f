"""Counts what this process does, for operators: added up in Redis, so any process can be asked.

What is counted stays in memory and goes to Redis about once a second, so that a thousand webhooks
cost one round trip. Redis losing all of it is like a restart: the figures begin again at nothing.
"""

import logging
import os
import socket
import threading
import time
from collections import Counter

import orjson
from redis.exceptions import RedisError

from webapp.extensions import redis_clients

log = logging.getLogger(__name__)

KEY = "metrics"  # a hash: [name, labels, part] → what it adds up to
STATES = "metrics:states"  # a hash: [name, process] → [value, when it was said]
STALE_SECONDS = 40  # a process that says nothing for so long is gone
FLUSH_SECONDS = 1

_OUTCOMES = ("outcome", "provider")
COUNTERS = {  # name → what it says, its labels
    "parley_webhooks": ("Webhooks by provider and outcome: kept, refused, not_kept.", _OUTCOMES),
    "parley_sends": ("Calls that hand over a message, by provider and outcome.", _OUTCOMES),
    "parley_outgoing_webhooks": (
        "Our own webhooks by outcome: delivered, failed.",
        ("outcome",),
    ),
}
_QUICK = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_SLOW = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_JOB = ("job_queue",)
HISTOGRAMS = {  # name → what it says, its bounds, its labels
    "parley_webhook_lag_seconds": ("From keeping a webhook to having applied it.", _SLOW, ()),
    "parley_job_wait_seconds": ("From asking for a job to its beginning.", _SLOW, _JOB),
    "parley_job_run_seconds": ("How long a job ran.", _SLOW, _JOB),
    "parley_board_tick_seconds": ("How long computing the realtime board took.", _QUICK, ()),
}
STATED = {"parley_sockets": "Browsers connected by WebSocket."}

_counted = Counter()
_lock = threading.Lock()
_timer = None


def count(name, amount=1, **labels):
    """Add to a counter; `labels` are its own, with words of a small fixed set, never a person's."""
    _add([((name, labels, ""), amount)])


def observe(name, seconds, amount=1, **labels):
    """Note how long something took; `amount` of them took so long."""
    _, bounds, _ = HISTOGRAMS[name]
    bound = next((str(bound) for bound in bounds if seconds <= bound), "+Inf")
    _add([((name, labels, bound), amount), ((name, labels, "sum"), seconds * amount)])


def board_ticked(seconds):
    """The realtime board was computed once, for everybody."""
    observe("parley_board_tick_seconds", seconds)


def state(name, value):
    """What is so in this process now; said again at least every `STALE_SECONDS`."""
    field = orjson.dumps([name, f"{socket.gethostname()}:{os.getpid()}"])
    try:
        redis_clients.hasty.hset(STATES, field, orjson.dumps([value, time.time()]))
    except RedisError as error:
        log.warning("metrics: %s", type(error).__name__)


def flush():
    """Hand over what was counted; kept for the next time where Redis is away."""
    global _timer, _counted
    with _lock:
        counted, _counted, _timer = _counted, Counter(), None
    if not counted:
        return
    try:
        with redis_clients.hasty.pipeline(transaction=False) as pipeline:
            for field, amount in counted.items():
                pipeline.hincrbyfloat(KEY, field, amount)
            pipeline.execute()
    except RedisError as error:
        log.warning("metrics: %s", type(error).__name__)
        with _lock:
            _counted.update(counted)


def counted():
    """What all processes have counted: (name, labels, part) → sum."""
    found = redis_clients.hasty.hgetall(KEY)
    return {_read(field): float(amount) for field, amount in found.items()}


def stated(now=None):
    """What living processes say is so: name → sum."""
    now = now or time.time()
    sums = Counter()
    for field, said in redis_clients.hasty.hgetall(STATES).items():
        value, at = orjson.loads(said)
        if at < now - STALE_SECONDS:
            redis_clients.hasty.hdel(STATES, field)
        else:
            sums[orjson.loads(field)[0]] += value
    return sums


def _add(amounts):
    global _timer
    with _lock:
        for (name, labels, part), amount in amounts:
            _counted[orjson.dumps([name, sorted(labels.items()), part])] += amount
        if _timer is None:
            _timer = threading.Timer(FLUSH_SECONDS, flush)
            _timer.daemon = True
            _timer.start()


def _read(field):
    name, labels, part = orjson.loads(field)
    return name, tuple((label, value) for label, value in labels), part
