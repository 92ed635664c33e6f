"""Jobs that post to other systems."""

from webapp import jobs
from webapp.outgoing_webhooks import delivering


def deliver(delivery_id):
    jobs.taken(delivering.JOB, delivery_id)
    delivering.deliver(delivery_id)
