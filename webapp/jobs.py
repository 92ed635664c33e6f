"""Names of the job queues, and how work is hinted at.

A job is a hint: the work itself is a row, and `workers.clock` finds what no job picked up.
"""

import logging

from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from webapp.extensions import redis_clients
from webapp.unit_of_work import after_commit

log = logging.getLogger(__name__)

JOB_QUEUES = ("inbound", "outbound", "default", "low", "campaign")

# job name → job queue; the name is looked up by the worker, never imported here
JOBS = {
    "workers.inbound.drain": "inbound",
    "workers.inbound.offer": "inbound",
    "workers.inbound.fetch_media": "default",
    "workers.inbound.replay": "default",
    "workers.inbound.fetch_missed": "default",
    "workers.inbound.fetch_name": "low",
    "workers.outbound.drain": "outbound",
    "workers.outbound.look_up": "low",
    "workers.outbound.recontact": "default",
    "workers.outbound.mark_read": "default",
    "workers.alerting.mail": "low",
    "workers.contacts.import_file": "low",
    "workers.privacy.disclose": "low",
    "workers.privacy.erase": "low",
    "workers.sandbox.deliver_receipts": "default",
    "workers.sandbox.review_templates": "default",
    "workers.message_templates.submit": "default",
    "workers.message_templates.delete": "default",
    "workers.message_templates.sync": "default",
}

FLAG_SECONDS = 30
JOB_SECONDS = 60
# A file of 100 MB on its way over a slow line is no job that hangs.
# Nor is the one reading of a large workbook, which cannot stop half-way and go on.
LONGER_JOBS = {
    "workers.outbound.drain": 300,
    "workers.inbound.fetch_media": 240,
    "workers.contacts.import_file": 900,
}


def hint(name, shard):
    """Ask for a job after the commit; at most one per (name, shard) waits at a time."""
    after_commit(("hint", name, shard), lambda: hint_now(name, shard))


def hint_now(name, shard):
    """Ask for a job at once. Losing it, or Redis being away, delays the work until clock looks."""
    try:
        redis = redis_clients.hasty
        if redis.set(_flag(name, shard), 1, nx=True, ex=FLAG_SECONDS):
            limit = LONGER_JOBS.get(name, JOB_SECONDS)
            job_queue(name, redis).enqueue(
                name, shard, job_timeout=limit, result_ttl=0, failure_ttl=86_400
            )
    except RedisError as error:
        log.warning("hint %s %s not given: %s", name, shard, error)


def taken(name, shard):
    """The job has begun: the next hint must enqueue again, whatever this run still sees."""
    try:
        redis_clients.hasty.delete(_flag(name, shard))
    except RedisError as error:
        log.warning("flag of %s %s not dropped: %s", name, shard, error)


def job_queue(name, connection):
    return Queue(JOBS[name], connection=connection, serializer=JSONSerializer)


def _flag(name, shard):
    return f"wake:{name}:{shard}"
