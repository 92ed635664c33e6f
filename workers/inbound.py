"""Jobs of the inbound path: each a shell round one verb."""

from webapp import jobs
from webapp.inbox import catching_up, media, naming
from webapp.queues import offering
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining, replaying
from workers import stopping


def drain(account_id):
    jobs.taken("workers.inbound.drain", account_id)
    draining.drain(account_id, stopping.requested)


def fetch_media(media_id):
    jobs.taken("workers.inbound.fetch_media", media_id)
    media.fetch(media_id)


def fetch_missed(account_id):
    jobs.taken("workers.inbound.fetch_missed", account_id)
    catching_up.fetch_missed(account_id)


def fetch_name(shard):
    jobs.taken("workers.inbound.fetch_name", shard)
    naming.fetch(shard)


def replay(name):
    jobs.taken("workers.inbound.replay", name)
    replaying.run(name, stopping.requested)


def offer(queue_id):
    jobs.taken("workers.inbound.offer", queue_id)
    with unit_of_work():
        offering.offer(queue_id)
