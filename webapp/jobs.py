"""Names of the job queues, and how work is hinted at.

A job is a hint: the work itself is a row, and `workers.clock` finds what no job picked up.
"""

import logging
import uuid

import structlog
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
    "workers.campaigns.clear": "campaign",
    "workers.campaigns.hand_over": "default",
    "workers.campaigns.load": "campaign",
    "workers.campaigns.retry": "campaign",
    "workers.campaigns.send": "campaign",
    "workers.alarms.mail": "low",
    "workers.reports.make": "low",
    "workers.reports.mail": "low",
    "workers.outgoing_webhooks.deliver": "low",
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
# A campaign's slice may wait for its last calls, and for the database to take their answers.
LONGER_JOBS = {
    "workers.campaigns.send": 150,
    "workers.outbound.drain": 300,
    "workers.inbound.fetch_media": 240,
    "workers.campaigns.hand_over": 300,
    "workers.contacts.import_file": 900,
    "workers.reports.make": 900,
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
                name,
                shard,
                job_id=_prefix(name) + uuid.uuid4().hex,
                job_timeout=limit,
                result_ttl=0,
                failure_ttl=86_400,
                meta=_asked_by(),
            )
    except RedisError as error:
        log.warning("hint %s %s not given: %s", name, shard, error)


def _asked_by():
    """The request that first asked, so that one id leads from a page to what became of it."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return {"request_id": request_id} if request_id else {}


def taken(name, shard):
    """The job has begun: the next hint must enqueue again, whatever this run still sees."""
    try:
        redis_clients.hasty.delete(_flag(name, shard))
    except RedisError as error:
        log.warning("flag of %s %s not dropped: %s", name, shard, error)


def others_wait(name):
    """Whether jobs of another name wait in this one's queue."""
    return not all(job_id.startswith(_prefix(name)) for job_id in _waiting(name))


def waiting(name):
    """How many jobs of this name wait; it may be long until a busy process takes them."""
    return sum(job_id.startswith(_prefix(name)) for job_id in _waiting(name))


def _waiting(name):
    try:
        return job_queue(name, redis_clients.hasty).job_ids
    except RedisError:
        return []


def _prefix(name):
    """An id tells what its job is; RQ takes no dots in it."""
    return f"{name.replace('.', '-')}-"


def job_queue(name, connection):
    return Queue(JOBS[name], connection=connection, serializer=JSONSerializer)


def _flag(name, shard):
    return f"wake:{name}:{shard}"
