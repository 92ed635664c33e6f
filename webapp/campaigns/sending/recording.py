"""Writes down what providers answered, in bulk; what cannot be written is kept and tried again."""

import logging
import threading
import time
from collections import Counter, defaultdict
from datetime import timedelta
from queue import Empty, SimpleQueue

from sqlalchemy import delete, tuple_
from sqlalchemy.exc import InterfaceError, OperationalError

from webapp import metrics
from webapp.accounts import health
from webapp.campaigns import activity, ledger, running
from webapp.campaigns.models import Campaign, CampaignAttempt
from webapp.campaigns.results import bubbles, receipts
from webapp.campaigns.sending import outcomes, pacing
from webapp.contacts import reaching
from webapp.database import update_many
from webapp.extensions import db
from webapp.providers.base import ProviderError, Sent
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

# Seconds between the beginnings of two writes. A killed process leaves unwritten what was answered
# since the last one began, as long as writing takes no longer: 0.2 s' worth.
EVERY = 0.1
AGAIN = 0.5  # seconds between two tries
PATIENCE = 60  # seconds for which an answer waits for the database
ATTEMPTS = CampaignAttempt.__table__
AWAY = (InterfaceError, OperationalError)


class Recorder:
    """A thread that writes; `put` never waits. `take()` gives answers nobody has put: whoever would
    may be busy with something else."""

    def __init__(self, app, take=tuple):
        self._app, self._take = app, take
        self._answers = SimpleQueue()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def put(self, answers):
        for answer in answers:
            self._answers.put(answer)

    def close(self):
        """Write what is left, and end."""
        self._over.set()
        self._thread.join()

    def _run(self):
        wait = EVERY
        while not self._over.wait(wait):
            began = time.monotonic()
            self._write()
            wait = max(0, EVERY - (time.monotonic() - began))
        self._write()

    def _write(self):
        answers = [*self._take()]
        try:
            while True:
                answers.append(self._answers.get_nowait())
        except Empty:
            pass
        if answers:
            _count(answers)
            _patiently(self._app, answers)


def _count(answers):
    """For operators; what was not even begun is no call."""
    called = [one for one in answers if outcomes.began(one)]
    words = Counter((one.call.feed.provider_name, _word(one.outcome)) for one in called)
    for (provider, outcome), amount in words.items():
        metrics.count("parley_sends", amount, provider=provider, outcome=outcome)


def _word(outcome):
    if isinstance(outcome, Sent):
        return "sent"
    return "refused" if isinstance(outcome, ProviderError) else "unknown"


def record(answers):
    """Once or more often: what concerns account and campaign, the recipients, their conversations.

    In units of their own: each locks in an order of its own.
    """
    troubles = [answer for answer in answers if isinstance(answer.outcome, ProviderError)]
    if troubles:
        _heed(troubles)
    with unit_of_work():
        _settle(answers)
    _show([answer for answer in answers if isinstance(answer.outcome, Sent)])


def _heed(answers):
    """What a refusal means for others than its recipient, once for each account and campaign."""
    wide = [answer for answer in answers if answer.outcome.account_wide or answer.outcome.auth]
    longest = {}
    for answer in sorted(wide, key=lambda answer: answer.outcome.retry_after or 0):
        longest[answer.call.feed.account_id] = answer
    for account_id, answer in sorted(longest.items()):
        pause = pacing.heed(account_id, answer.outcome)
        with unit_of_work():
            _slow(account_id, answer, pause)
    for found in {
        one.campaign_id: one for one in map(outcomes.consequence, answers) if one
    }.values():
        with unit_of_work():
            campaign = db.session.get(Campaign, found.campaign_id)
            running.halt(campaign, found.by, found.cause, found.reason, found.resume_at)


def _slow(account_id, answer, pause):
    error = answer.outcome
    if error.auth:
        health.stopped(account_id, error)
        return
    until = answer.at + timedelta(seconds=pause)
    if error.retry_after:
        health.slowed(account_id, until, error.reason)
    campaign = db.session.get(Campaign, answer.call.feed.id)
    running.slowed(campaign, answer.call.feed.provider, error.reason, until)


def _settle(answers):
    entries = {one.id: one for one in ledger.hold([one.call.recipient_id for one in answers])}
    known = [answer for answer in answers if answer.call.recipient_id in entries]
    for answer in known:
        outcomes.settle(entries[answer.call.recipient_id], answer)
    _end_attempts([one for one in known if outcomes.began(one)], entries)
    _forget_attempts([one for one in known if _was_given_back(one, entries)])
    ledger.save(entries.values())
    _tell_missed(known, entries)
    for account_id in sorted(
        {one.call.feed.account_id for one in known if isinstance(one.outcome, Sent)}
    ):
        health.sent(account_id)
    for campaign_id in {answer.call.feed.id for answer in known}:
        activity.announce(campaign_id)


def _tell_missed(answers, entries):
    refused = [answer for answer in answers if isinstance(answer.outcome, ProviderError)]
    missed = [one for one in refused if one.outcome.code in reaching.NOT_ON_WHATSAPP]
    reaching.tell({entries[one.call.recipient_id].contact_id: False for one in missed})


def _end_attempts(answers, entries):
    groups = defaultdict(list)
    for answer in answers:
        columns = outcomes.attempt_of(answer, entries[answer.call.recipient_id])
        if columns:
            groups[tuple(columns)].append(_key(answer) | columns)
    for rows in groups.values():
        update_many(ATTEMPTS, ("recipient_id", "number"), rows)


def _was_given_back(answer, entries):
    return (
        not outcomes.began(answer) and entries[answer.call.recipient_id].tries < answer.call.number
    )


def _forget_attempts(answers):
    """They were never made."""
    if answers:
        keys = [tuple(_key(answer).values()) for answer in answers]
        ours = tuple_(ATTEMPTS.c.recipient_id, ATTEMPTS.c.number).in_(keys)
        db.session.execute(delete(ATTEMPTS).where(ours))


def _key(answer):
    return {"recipient_id": answer.call.recipient_id, "number": answer.call.number}


def _show(answers):
    """Receipts that were kept for a provider's id nobody knew, and open conversations."""
    by_account = defaultdict(list)
    for answer in answers:
        by_account[answer.call.feed.account_id].append(answer)
    for account_id, sent in by_account.items():
        with unit_of_work():
            receipts.settle(account_id, [answer.outcome.id for answer in sent])
        with unit_of_work():
            bubbles.join(account_id, [answer.call.recipient_id for answer in sent])


def _patiently(app, answers):
    """One that stays unwritten becomes `unknown` by clock; it must not take the others along."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with app.app_context():
                return record(answers)
        except AWAY as error:
            log.warning("%s results wait for the database: %s", len(answers), type(error).__name__)
            if time.monotonic() > until:
                return log.error("the answers for %s recipients are lost", len(answers))
        except Exception:
            log.exception("%s answers cannot be recorded together", len(answers))
            if len(answers) == 1:
                return None
            for answer in answers:
                _patiently(app, [answer])
            return None
        time.sleep(AGAIN)
