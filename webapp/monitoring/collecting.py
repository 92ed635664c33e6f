"""What `/metrics` says: counters of all processes, one query for each figure of the database."""

import threading
import time
from collections import defaultdict

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp import metrics, system
from webapp.accounts.models import Account
from webapp.alerting import raising
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Interaction, InteractionState, Message, MessageStatus
from webapp.jobs import JOB_QUEUES
from webapp.queues.models import Queue as AgentQueue
from webapp.webhooks.models import WebhookPayload

KEPT_SECONDS = 5  # several who scrape cost the database as much as one
NAMELESS = "none"

_kept = {}
_turn = threading.Lock()


def text():
    """All figures as Prometheus reads them; what the database says is a few seconds old at most."""
    registry = CollectorRegistry()
    registry.register(Figures())
    with _turn:
        return generate_latest(registry)


def forget():
    """The next who asks gets fresh figures."""
    _kept.clear()


class Figures(Collector):
    """Half of it is better than nothing: what is away is said, the rest goes on."""

    def describe(self):
        return []

    def collect(self):
        # Read each time: of two processes that answer by turns none may count back.
        yield from _part("parley_redis_up", "Redis answers.", _from_redis, RedisError)
        yield from _lately()


def _lately():
    at, said = _kept.get("database", (0, ()))
    if not said or time.monotonic() - at > KEPT_SECONDS:
        said = _part("parley_database_up", "The database answers.", _from_rows, SQLAlchemyError)
        _kept["database"] = time.monotonic(), said
    return said


def _part(name, words, read, fault):
    try:
        found = list(read())
    except fault:
        db.session.rollback()
        return [GaugeMetricFamily(name, words, value=0)]
    return [GaugeMetricFamily(name, words, value=1), *found]


def _from_redis():
    by_name = defaultdict(lambda: defaultdict(dict))
    for (name, labels, part), amount in metrics.counted().items():
        by_name[name][labels][part] = amount
    for name, (words, labels) in metrics.COUNTERS.items():
        yield _counter(name, words, labels, by_name[name])
    for name, (words, bounds, labels) in metrics.HISTOGRAMS.items():
        yield _histogram(name, words, bounds, labels, by_name[name])
    sums = metrics.stated()
    for name, words in metrics.STATED.items():
        yield GaugeMetricFamily(name, words, value=sums[name])
    yield from _job_queues()


def _counter(name, words, labels, rows):
    family = CounterMetricFamily(name, words, labels=labels)
    for values, parts in _by_values(labels, rows):
        family.add_metric(values, parts.get("", 0))
    return family


def _histogram(name, words, bounds, labels, rows):
    family = HistogramMetricFamily(name, words, labels=labels)
    for values, parts in _by_values(labels, rows):
        buckets, below = [], 0
        for bound in (*map(str, bounds), "+Inf"):
            below += parts.get(bound, 0)
            buckets.append((bound, below))
        family.add_metric(values, buckets, parts.get("sum", 0))
    return family


def _by_values(labels, rows):
    """(values in the labels' order, parts); what a former release counted by others is left out."""
    for given, parts in sorted(rows.items()):
        found = dict(given)
        if set(found) == set(labels):
            yield [found[label] for label in labels], parts


def _job_queues():
    waiting = GaugeMetricFamily("parley_jobs_waiting", "Jobs that wait.", labels=["job_queue"])
    oldest = GaugeMetricFamily(
        "parley_jobs_oldest_seconds", "Age of the job that waits longest.", labels=["job_queue"]
    )
    failed = GaugeMetricFamily("parley_jobs_failed", "Jobs that failed.", labels=["job_queue"])
    for name in JOB_QUEUES:
        queue = Queue(name, connection=redis_clients.hasty, serializer=JSONSerializer)
        waiting.add_metric([name], queue.count)
        oldest.add_metric([name], _oldest_of(queue))
        failed.add_metric([name], queue.failed_job_registry.count)
    return waiting, oldest, failed


def _oldest_of(queue):
    first = Job.fetch_many(queue.get_job_ids(0, 1), queue.connection, JSONSerializer)
    asked = [job.enqueued_at for job in first if job is not None and job.enqueued_at]
    return max(0, (utcnow() - asked[0]).total_seconds()) if asked else 0


def _from_rows():
    now = utcnow()
    yield from _webhooks(now)
    yield from _customers(now)
    yield from _messages(now)
    yield GaugeMetricFamily("parley_alerts_open", "Open alerts.", value=raising.open_count())
    mark = system.mark_of(system.CLOCK)
    age = (now - mark.at).total_seconds() if mark else float("nan")
    yield GaugeMetricFamily("parley_clock_age_seconds", "Since clock said it runs.", value=age)
    db.session.rollback()


def _webhooks(now):
    rows = db.session.execute(
        select(Account.provider, func.count(), func.min(WebhookPayload.received_at))
        .join(Account, Account.id == WebhookPayload.account_id)
        .where(WebhookPayload.processed_at.is_(None))
        .group_by(Account.provider)
    )
    return _numbers_and_ages(
        "parley_webhooks_unread", "Kept webhooks not yet applied.", "provider", rows, now
    )


def _customers(now):
    rows = db.session.execute(
        select(AgentQueue.name, func.count(), func.min(Interaction.waiting_since))
        .outerjoin(AgentQueue, AgentQueue.id == Interaction.queue_id)
        .select_from(Interaction)
        .where(Interaction.state == InteractionState.WAITING)
        .group_by(AgentQueue.name)
    )
    return _numbers_and_ages(
        "parley_customers_waiting", "Conversations that wait for an agent.", "queue", rows, now
    )


def _messages(now):
    rows = db.session.execute(
        select(Account.provider, func.count(), func.min(Message.status_at))
        .join(Account, Account.id == Message.account_id)
        .where(Message.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING)))
        .group_by(Account.provider)
    )
    return _numbers_and_ages(
        "parley_messages_to_send", "Agents' messages on their way out.", "provider", rows, now
    )


def _numbers_and_ages(name, words, label, rows, now):
    numbers = GaugeMetricFamily(name, words, labels=[label])
    ages = GaugeMetricFamily(f"{name}_oldest_seconds", f"{words} The oldest.", labels=[label])
    for value, number, since in rows:
        numbers.add_metric([value or NAMELESS], number)
        ages.add_metric([value or NAMELESS], (now - since).total_seconds() if since else 0)
    return numbers, ages
