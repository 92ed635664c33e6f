"""Jobs that talk to customers for the agents."""

from webapp import jobs
from webapp.inbox import delivering, looking_up, reading, recontacting
from workers import stopping


def drain(account_id):
    delivering.drain(account_id, stopping.requested)


def mark_read(account_id):
    reading.report(account_id)


def look_up(account_id):
    jobs.taken("workers.outbound.look_up", account_id)
    looking_up.settle_unknown(account_id, stopping.requested)


def recontact(recontact_id):
    recontacting.run(recontact_id, stopping.requested)
