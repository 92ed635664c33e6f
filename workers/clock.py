"""`python -m workers.clock`: finds what no job picked up, and what has come due.

One list of (seconds, what). Nothing here holds state: each entry asks the database and acts, so a
clock that was away for a day catches up by itself, and one that runs twice does nothing twice.
Of several clocks one works; the others wait for its lease.
"""

import logging
import os
import signal
import socket
import threading
import time
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from webapp import create_app, jobs, system
from webapp.accounts import checking
from webapp.alerting import mailing, watching
from webapp.columns import utcnow
from webapp.contacts import disclosing, duplicates, erasing
from webapp.contacts.importing import running as importing
from webapp.contacts.importing import sweeping as import_files
from webapp.extensions import db
from webapp.inbox import (
    attaching,
    catching_up,
    closing,
    delivering,
    looking_up,
    media,
    reading,
    receipts,
    recontacting,
)
from webapp.message_templates import submitting, syncing
from webapp.queues import offering
from webapp.routing import flow
from webapp.sandbox import posting, reviewing
from webapp.staff import presence
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining, replaying, retention
from webapp.webhooks.models import SystemMark
from workers import stopping

log = logging.getLogger(__name__)

LEASE = "clock_lease"
LEASE_SECONDS = 20


def offers():
    offering.tick()


def inbound():
    for account_id in draining.accounts_with_work():
        jobs.hint_now("workers.inbound.drain", account_id)


def outbound():
    for account_id in delivering.accounts_with_work():
        jobs.hint_now("workers.outbound.drain", account_id)


def flows():
    with unit_of_work():
        flow.wake()


def presences():
    presence.lost_now()


def read_marks():
    for account_id in reading.accounts_with_unreported():
        jobs.hint_now("workers.outbound.mark_read", account_id)


def files():
    for media_id in media.due():
        jobs.hint_now("workers.inbound.fetch_media", media_id)


def attachments():
    """Throw away, in batches, what was chosen a day ago and never sent."""
    while not stopping.requested():
        with unit_of_work():
            if not attaching.sweep():
                return


def replays():
    for name in replaying.pending():
        jobs.hint_now("workers.inbound.replay", name)


def old_payloads():
    retention.sweep(stopping.requested)


def checks():
    checking.check_due()


def recontacts():
    for recontact_id in recontacting.due():
        jobs.hint_now(recontacting.JOB, recontact_id)


def look_ups():
    for account_id in looking_up.accounts_with_unsettled():
        jobs.hint_now("workers.outbound.look_up", account_id)


def missed():
    for account_id in catching_up.accounts_to_ask():
        jobs.hint_now("workers.inbound.fetch_missed", account_id)


def alerts():
    watching.look()


def mails():
    for alert_id in mailing.due():
        jobs.hint_now("workers.alerting.mail", alert_id)


def sandbox():
    if posting.receipts_due():
        jobs.hint_now("workers.sandbox.deliver_receipts", 0)
    if reviewing.due():
        jobs.hint_now("workers.sandbox.review_templates", 0)


def templates():
    """What people asked of providers, and what their news may have left out."""
    submitting.hint_waiting()
    for account_id in syncing.due():
        jobs.hint_now("workers.message_templates.sync", account_id)


def imports():
    for import_id in importing.due():
        jobs.hint_now(importing.JOB, import_id)


def old_imports():
    while not stopping.requested():
        if not import_files.sweep():
            return


def people_asking():
    for request_id in erasing.due():
        jobs.hint_now("workers.privacy.erase", request_id)
    for request_id in disclosing.due():
        jobs.hint_now("workers.privacy.disclose", request_id)
    with unit_of_work():
        disclosing.expire()


def duplicate_contacts():
    """All contacts, in batches: those saved one by one were looked at when they were."""
    after = 0
    while after is not None and not stopping.requested():
        with unit_of_work():
            after = duplicates.sweep(after)


def stale_calls():
    with unit_of_work():
        delivering.expire_stale_calls()


def late_receipts():
    with unit_of_work():
        receipts.settle_unmatched()


def sessions():
    """Close what is over, in batches, until nothing is."""
    while not stopping.requested():
        with unit_of_work():
            if not closing.sweep():
                return


def restored():
    with unit_of_work():
        if system.check_mark():
            log.error("the database is older than its mark: sending is held")
    system.copy_mark()


def alive():
    with unit_of_work():
        system.set_mark(system.CLOCK, os.getpid())


# Each row runs in a thread of its own: a slow one never makes an offer late.
CADENCES = (
    (1, (offers, sandbox)),
    (3, (inbound, outbound, flows)),
    (5, (presences, files, recontacts)),
    (15, (restored, alive, stale_calls, late_receipts, sessions, replays, templates)),
    (15, (imports,)),
    (5, (checks,)),
    (30, (alerts, mails)),
    (60, (people_asking, read_marks, attachments, look_ups, missed)),
    (21_600, (duplicate_contacts,)),
    (3600, (old_payloads, old_imports)),
)


def main():
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.request())
    app = create_app()
    holder = f"{socket.gethostname()}:{os.getpid()}"
    threads = []
    while not stopping.requested():
        kept = keep_lease(app, holder)
        if kept:
            threads = threads or _start(app)
        elif threads and kept is False:
            log.error("the lease went to another clock; ending so that one works alone")
            break
        stopping.wait(LEASE_SECONDS / 4)
    stopping.request()
    for thread in threads:
        thread.join(10)
    release_lease(app, holder)


def _start(app):
    threads = [
        threading.Thread(target=_repeat, args=(app, seconds, entries), daemon=True)
        for seconds, entries in CADENCES
    ]
    for thread in threads:
        thread.start()
    return threads


def _repeat(app, seconds, entries):
    while not stopping.requested():
        started = time.monotonic()
        for entry in entries:
            run(app, entry)
        stopping.wait(max(0.05, seconds - (time.monotonic() - started)))


def run(app, entry):
    """One entry, once; its failure is logged and stops nobody else."""
    try:
        with app.app_context():
            entry()
    except DBAPIError as error:
        log.warning("clock: %s: %s", entry.__name__, type(error).__name__)
    except Exception:
        log.exception("clock: %s", entry.__name__)


def keep_lease(app, holder):
    """Take or renew the right to be the one clock.

    False while another holds it; None where the database does not tell. Whoever had it goes on
    then: every entry may run twice.
    """
    try:
        with app.app_context(), unit_of_work():
            return _renew(holder) or _create(holder)
    except IntegrityError:
        return False
    except DBAPIError as error:
        log.warning("clock: lease: %s", type(error).__name__)
        return None


def release_lease(app, holder):
    try:
        with app.app_context(), unit_of_work():
            row = db.session.get(SystemMark, LEASE)
            if row is not None and row.value == holder:
                db.session.delete(row)
    except DBAPIError as error:
        log.warning("clock: the lease runs out by itself: %s", type(error).__name__)


def _renew(holder):
    now = utcnow()
    free = now - timedelta(seconds=LEASE_SECONDS)
    taken = db.session.execute(
        update(SystemMark)
        .where(SystemMark.name == LEASE)
        .where(or_(SystemMark.value == holder, SystemMark.at < free))
        .values(value=holder, at=now)
    )
    return taken.rowcount == 1


def _create(holder):
    if db.session.get(SystemMark, LEASE) is not None:
        return False
    db.session.add(SystemMark(name=LEASE, value=holder, at=utcnow()))
    return True


if __name__ == "__main__":
    main()
