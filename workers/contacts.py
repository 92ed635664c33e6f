"""Jobs of the contacts: each a shell round one verb."""

from webapp import jobs
from webapp.contacts.importing import running
from workers import stopping


def import_file(import_id):
    jobs.taken("workers.contacts.import_file", import_id)
    running.run(import_id, stopping.requested)
