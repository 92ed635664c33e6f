"""Jobs of the inbound path: each a shell round one verb."""

from webapp import jobs
from webapp.queues import offering
from webapp.unit_of_work import unit_of_work


def offer(queue_id):
    jobs.taken("workers.inbound.offer", queue_id)
    with unit_of_work():
        offering.offer(queue_id)
