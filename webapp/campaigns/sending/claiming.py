"""Whom a sender calls next: claimed past the gate, the attempt committed before its call."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.accounts import access_points
from webapp.accounts.models import Account
from webapp.campaigns import correlation, ledger
from webapp.campaigns.models import (
    WAITING,
    Campaign,
    CampaignAttempt,
    PauseCause,
    RecipientState,
)
from webapp.campaigns.readiness import Hindrance
from webapp.campaigns.sending import addressing, frequency, limits
from webapp.campaigns.sending.feeding import Feed
from webapp.columns import utcnow
from webapp.contacts.models import Consent
from webapp.database import insert_many, lock
from webapp.extensions import db
from webapp.inbox import gate, outgoing
from webapp.message_templates.models import Category, MessageTemplate
from webapp.providers.base import Command, MessageKind
from webapp.unit_of_work import unit_of_work

ATTEMPTS = CampaignAttempt.__table__
UNCALLED = (RecipientState.QUEUED, RecipientState.SKIPPED, RecipientState.CANCELLED)
CALLED = [state for state in RecipientState if state not in UNCALLED]
CAPPED = "They had as many marketing messages lately as your rules allow."
PUT_OFF = "too_soon"
TOO_SOON = "Something else was sent to them a moment ago."
ROUNDS = 5  # where the gate refuses many, those behind them are next


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One message about to leave; its attempt is committed as `sending`."""

    feed: Feed
    recipient_id: int
    number: int  # of the attempt
    claimed_at: datetime
    command: Command

    @property
    def correlation_id(self):
        return correlation.id_of(self.feed.token, self.recipient_id, self.number)


class Hindered(Exception):
    """Something hinders the whole campaign; nothing was claimed."""

    def __init__(self, hindrance):
        super().__init__(hindrance.sentence)
        self.hindrance = hindrance


class Outdated(Exception):
    """A language was approved since the feed was read; nothing was claimed."""


def claim(feed, most, warms_up=False, now=None):
    """(calls for up to so many recipients, committed as `sending`; whether the portfolio's limit
    left some out). Raises Hindered, Outdated."""
    now = now or utcnow()
    with unit_of_work():
        if warms_up:
            most = min(most, _left_of_warm_up(feed.id))
        batch = _Batch(feed, now)
        for _ in range(ROUNDS):
            wanted = most - len(batch.calls)
            entries = feed.next(wanted, now) if wanted > 0 and not batch.limited else []
            if not entries:
                break
            batch.take(entries)
        _write_attempts(batch.calls, now)
    return batch.calls, batch.limited


def _left_of_warm_up(campaign_id):
    """How many may go before it waits; counted by one sender at a time."""
    campaign = db.session.scalar(lock(select(Campaign).where(Campaign.id == campaign_id)))
    counts = ledger.counts_of(campaign_id)
    called = sum(counts[state] for state in CALLED)
    called -= counts[f"why:{RecipientState.RETRY}:{PUT_OFF}"]
    left = campaign.warm_up_count - called
    if left <= 0 and any(counts[state] for state in WAITING):
        raise Hindered(
            Hindrance(PauseCause.WARM_UP, f"The first {campaign.warm_up_count:,} went out.")
        )
    return max(left, 0)


class _Batch:
    """What one claim asks once: the account's half of the gate by template, and the limits."""

    def __init__(self, feed, now):
        self.calls, self.limited = [], False
        self._feed, self._now = feed, now
        self._account = db.session.get(Account, feed.account_id)
        self._addresses = access_points.capabilities_of(self._account).addresses
        self._templates = {}

    def take(self, entries):
        """Whoever may be called is; who may not is skipped, or waits, and is told why."""
        ids = [entry.contact_id for entry in entries]
        people, left_out = addressing.people(ids), self._feed.left_out(ids, self._now)
        chosen = {}
        for entry in entries:
            refusal, command = self._command(entry, people[entry.contact_id])
            if entry.contact_id in left_out and not refusal:
                refusal = (left_out[entry.contact_id],)
            if refusal:
                entry.move(RecipientState.SKIPPED, self._now, *refusal)
            else:
                chosen[entry.contact_id] = (entry, command)
        self._skip_capped(chosen)
        self._put_off(chosen)
        self._reserve(chosen)
        for entry, command in chosen.values():
            entry.move(RecipientState.SENDING, self._now)
            entry.tries, entry.retry_at = entry.tries + 1, None
            self.calls.append(Call(self._feed, entry.id, entry.tries, self._now, command))
        ledger.save(entries)

    def _command(self, entry, person):
        """(why not, None) or (None, what is sent)"""
        template = self._template(entry)
        if template is None:
            return ("template_gone", "Its template is no longer kept here."), None
        refusal = _opted_out(person) or gate.may_get(person, template)
        if refusal:
            return (refusal.code, refusal.sentence), None
        try:
            to = outgoing.recipient_of(person, self._account, self._addresses)
            return None, self._feed.command(entry, person, to)
        except outgoing.Unsendable as error:
            return ("no_number", str(error)), None
        except ValueError as error:
            return ("missing_value", str(error)), None

    def _template(self, entry):
        """The template as it stands now; what stops it stops the campaign."""
        if entry.template_id not in self._templates:
            template = entry.template_id and db.session.get(MessageTemplate, entry.template_id)
            self._templates[entry.template_id] = template and self._checked(template, entry)
        return self._templates[entry.template_id]

    def _checked(self, template, entry):
        refusal = gate.may_leave(self._account, MessageKind.TEMPLATE, self._now, template)
        if refusal:
            of_template = refusal.code == "template_stopped"
            cause = PauseCause.TEMPLATE if of_template else PauseCause.ACCOUNT
            raise Hindered(Hindrance(cause, refusal.sentence))
        if not self._feed.has_words_for(entry):
            raise Outdated
        return template

    def _skip_capped(self, chosen):
        marketing = [
            contact_id
            for contact_id, (entry, _) in chosen.items()
            if self._template(entry).category == Category.MARKETING
        ]
        for contact_id in frequency.capped(marketing, self._now) if marketing else ():
            entry, _ = chosen.pop(contact_id)
            entry.move(RecipientState.SKIPPED, self._now, "frequency", CAPPED)

    def _put_off(self, chosen):
        """WhatsApp takes no two messages to one person within seconds."""
        for contact_id, at in frequency.too_soon(self._account, list(chosen), self._now).items():
            entry, _ = chosen.pop(contact_id)
            entry.move(RecipientState.RETRY, self._now, PUT_OFF, TOO_SOON)
            entry.retry_at = at

    def _reserve(self, chosen):
        """Whom the portfolio's limit leaves no room for waits on, as they were."""
        allowed = limits.reserve(self._account, list(chosen), self._now)
        for contact_id in chosen.keys() - allowed:
            del chosen[contact_id]
            self.limited = True


def _opted_out(person):
    """They get no campaign of whatever category, as when it was loaded."""
    if person.consent != Consent.OUT:
        return None
    return gate.Refusal("opted_out", gate.opted_out(person).reason)


def _write_attempts(calls, now):
    if calls:
        rows = [
            {
                "recipient_id": call.recipient_id,
                "number": call.number,
                "started_at": now,
                "outcome": "sending",
            }
            for call in calls
        ]
        insert_many(ATTEMPTS, rows)
