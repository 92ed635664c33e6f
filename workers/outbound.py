"""Jobs that talk to customers for the agents."""

from webapp.inbox import delivering, reading
from workers import stopping


def drain(account_id):
    delivering.drain(account_id, stopping.requested)


def mark_read(interaction_id):
    reading.report(interaction_id)
