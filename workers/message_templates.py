"""Jobs that speak with providers about templates: each a shell round one verb."""

from webapp import jobs
from webapp.message_templates import submitting, syncing


def submit(template_id):
    jobs.taken("workers.message_templates.submit", template_id)
    submitting.carry_out(template_id)


def delete(template_id):
    jobs.taken("workers.message_templates.delete", template_id)
    submitting.delete(template_id)


def sync(account_id):
    jobs.taken("workers.message_templates.sync", account_id)
    syncing.sync(account_id)
