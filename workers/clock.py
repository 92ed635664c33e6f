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

from sqlalchemy.exc import DBAPIError

from webapp import create_app, jobs, metrics, system
from webapp.accounts import checking
from webapp.alarms import judging as alarm_rules
from webapp.alarms import mailing as alarm_mails
from webapp.alarms import rules as alarm_rule_changes
from webapp.alerting import mailing, watching
from webapp.analytics import mending, realtime, summing
from webapp.campaigns import due as campaigns_due
from webapp.campaigns import watching as campaign_watching
from webapp.campaigns.audience import rejoining
from webapp.campaigns.results import receipts as campaign_receipts
from webapp.campaigns.results import timeouts
from webapp.contacts import disclosing, duplicates, erasing
from webapp.contacts.importing import running as importing
from webapp.contacts.importing import sweeping as import_files
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
from webapp.outgoing_webhooks import delivering as outgoing_webhooks
from webapp.queues import offering
from webapp.reports import making as report_files
from webapp.reports import scheduling as report_schedules
from webapp.routing import flow
from webapp.sandbox import posting, reviewing
from webapp.staff import presence
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining, replaying, retention
from workers import lease, stopping

log = logging.getLogger(__name__)

BOARD = realtime.Board()  # remembers the day's minutes; without them it reads them anew


def offers():
    offering.tick()


def board():
    started = time.monotonic()
    if BOARD.tick():
        metrics.board_ticked(time.monotonic() - started)


def inbound():
    for account_id in draining.accounts_with_work():
        jobs.hint_now("workers.inbound.drain", account_id)


def outbound():
    for account_id in delivering.accounts_with_work():
        jobs.hint_now("workers.outbound.drain", account_id)


def flows():
    flow.wake()


def resumed():
    presence.resumed()


def presences():
    presence.lost_now()


def strayed_intervals():
    mending.sweep()


def sums():
    summing.sweep(stopping.requested)


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


def alarms():
    alarm_rules.look(BOARD)


def deleted_alarm_rules():
    with unit_of_work():
        alarm_rule_changes.sweep()


def alarm_mail():
    for alarm_id in alarm_mails.due():
        jobs.hint_now("workers.alarms.mail", alarm_id)


def outgoing():
    for delivery_id in outgoing_webhooks.due():
        jobs.hint_now(outgoing_webhooks.JOB, delivery_id)


def reports():
    report_schedules.run_due()
    for file_id in report_files.due():
        jobs.hint_now(report_files.JOB, file_id)
    for file_id in report_schedules.to_mail():
        jobs.hint_now("workers.reports.mail", file_id)


def old_reports():
    with unit_of_work():
        report_files.expire()


def old_deliveries():
    with unit_of_work():
        outgoing_webhooks.sweep()


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


def campaigns():
    campaigns_due.restored()
    campaigns_due.steps()
    campaigns_due.hint()


def stale_calls():
    with unit_of_work():
        delivering.expire_stale_calls()


def stale_campaign_calls():
    with unit_of_work():
        campaigns_due.expire_stale_calls()


def late_receipts():
    with unit_of_work():
        receipts.settle_unmatched()


def late_campaign_receipts():
    with unit_of_work():
        campaign_receipts.settle_unmatched()


def campaign_rules():
    campaign_watching.look()


def timeouts_of_campaigns():
    """Whoever did not answer in time, until nobody is due."""
    campaigns_due.in_batches(timeouts.due(), timeouts.sweep, stopping.requested)


def rejoin_campaigns():
    """Whoever was left out for a conversation that is over now, until nobody is due."""
    campaigns_due.in_batches(rejoining.due(), rejoining.rejoin, stopping.requested)


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
    (1, (board,)),
    (3, (inbound, outbound, flows)),
    (3, (campaigns, campaign_rules)),
    (5, (presences, files, recontacts)),
    (15, (restored, alive, sessions, replays, templates)),
    (15, (stale_calls, late_receipts, stale_campaign_calls, late_campaign_receipts)),
    (15, (imports,)),
    (30, (timeouts_of_campaigns, rejoin_campaigns)),
    (5, (checks,)),
    (10, (alarms, alarm_mail, outgoing)),
    (20, (reports,)),
    (30, (alerts, mails)),
    (60, (people_asking, read_marks, attachments, look_ups, missed)),
    (60, (sums,)),
    (300, (strayed_intervals,)),
    (21_600, (duplicate_contacts,)),
    (3600, (old_payloads, old_imports, old_deliveries, old_reports, deleted_alarm_rules)),
)


def main():
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.request())
    app = create_app()
    holder = f"{socket.gethostname()}:{os.getpid()}"
    threads = []
    while not stopping.requested():
        kept = lease.keep(app, holder)
        if kept:
            threads = threads or _start(app)
        elif threads and kept is False:
            log.error("the lease went to another clock; ending so that one works alone")
            break
        stopping.wait(lease.SECONDS / 4)
    stopping.request()
    for thread in threads:
        thread.join(10)
    lease.release(app, holder)


def _start(app):
    run(app, resumed)  # before anything says again that the clock runs
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


if __name__ == "__main__":
    main()
