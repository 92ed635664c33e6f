"""Customers' answers: which campaign a message answers, and what follows from it."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from webapp.campaigns import activity, ledger
from webapp.campaigns.models import REACHED, Campaign, Recipient, RecipientState
from webapp.campaigns.results import bubbles
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers.base import MessageKind

LONGEST = timedelta(days=31)  # no campaign waits longer for its answers
FRESH_SECONDS = 5  # how long a process may go by an account's having no campaign
ANSWERABLE = (*REACHED, RecipientState.REPLIED, RecipientState.NO_RESPONSE)
BUTTONS = (MessageKind.BUTTON, MessageKind.BUTTON_REPLY)
SESSION = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sent:
    """A campaign's message to a customer of the batch: its held recipient, its campaign's rules."""

    entry: ledger.Entry
    campaign: Any

    def covers(self, at):
        """Whether an answer written then counts; providers cut times to whole seconds."""
        since = self.entry.sent_at.replace(microsecond=0)
        until = self.entry.sent_at + timedelta(minutes=self.campaign.response_minutes)
        return self.entry.state in ANSWERABLE and since <= at <= until

    def session_end(self, at, now):
        """The session an answer opens is counted from the delivery, where that is not over yet."""
        until = (self.entry.delivered_at or self.entry.sent_at) + SESSION
        return until if until > now else at + SESSION


class Answers:
    """What campaigns sent lately to the customers of a batch: one query, one more to hold it.

    Made after the contacts are locked and before their interactions are.
    """

    def __init__(self, account_ids, contact_ids, now):
        self._sent = defaultdict(list)
        self._touched = {}
        account_ids = with_campaigns(account_ids) if contact_ids else ()
        if account_ids:
            self._load(account_ids, contact_ids, now)

    def to(self, account, contact, quoted, at):
        """The Sent that a message written then answers: what it quotes, else the latest one."""
        counting = [one for one in self._sent[account.id, contact.id] if one.covers(at)]
        answered = [one for one in counting if quoted and one.entry.provider_id == quoted]
        return next(iter(answered or counting), None)

    def take(self, sent, interaction, message):
        """The customer has answered it, in this conversation."""
        entry = sent.entry
        entry.replied_at = entry.replied_at or message.written_at
        if entry.state != RecipientState.REPLIED:
            entry.move(RecipientState.REPLIED, message.written_at)
        entry.interaction_id = entry.interaction_id or interaction.id
        _link(interaction, sent.campaign, message)
        shown = [entry, *self._recent(interaction)]
        bubbles.show(interaction, shown)
        self._touched |= {one.id: one for one in shown}

    def _recent(self, interaction):
        sent = self._sent[interaction.account_id, interaction.contact_id]
        since = utcnow() - bubbles.RECENT
        return [one.entry for one in sent if one.entry.sent_at >= since]

    def opted_out(self, account, contact, at):
        """They asked to stop: of the latest campaign they could have meant it is counted."""
        sent = self.to(account, contact, None, at)
        if sent is not None and sent.campaign.obeys_stop and sent.entry.opted_out_at is None:
            sent.entry.opted_out_at = at
            self._touched[sent.entry.id] = sent.entry

    def save(self):
        """Once the batch is through: what is counted is locked last."""
        ledger.save(self._touched.values())
        for campaign_id in {entry.campaign_id for entry in self._touched.values()}:
            activity.announce(campaign_id)
        self._touched = {}

    def _load(self, account_ids, contact_ids, now):
        rows = db.session.execute(
            select(
                Recipient.id.label("recipient_id"),
                Campaign.id,
                Campaign.name,
                Campaign.account_id,
                Campaign.response_minutes,
                Campaign.obeys_stop,
            )
            .join(Campaign, Campaign.id == Recipient.campaign_id)
            .where(
                Recipient.contact_id.in_(contact_ids),
                Recipient.sent_at >= now - LONGEST,
                Campaign.account_id.in_(account_ids),
            )
        ).all()
        campaigns = {row.recipient_id: row for row in rows}
        held = ledger.hold(campaigns) if campaigns else []
        held.sort(key=lambda entry: (entry.sent_at, entry.id), reverse=True)
        for entry in held:
            campaign = campaigns[entry.id]
            self._sent[campaign.account_id, entry.contact_id].append(Sent(entry, campaign))


def _link(interaction, campaign, message):
    """For routing: which campaign it answers, and what the customer's button says."""
    if interaction.campaign_id is None:
        interaction.campaign_id = campaign.id
    known = interaction.variables or {}
    told = {"campaign": campaign.name, **_button(message)}
    if interaction.campaign_id == campaign.id and known | told != known:
        interaction.variables = known | told


def _button(message):
    if message.kind not in BUTTONS:
        return {}
    content = message.content or {}
    return {"button": content.get("payload") or content.get("id") or message.text}


_with, _without = set(), {}


def with_campaigns(account_ids):
    """Which of these accounts have campaigns, a draft at least: ordinary messages of others cost
    nothing. A first draft is far older than the first answer to it."""
    now = time.monotonic()
    asked = [one for one in account_ids if one not in _with and _without.get(one, 0) < now]
    if asked:
        found = select(Campaign.account_id).where(Campaign.account_id.in_(asked)).distinct()
        _with.update(db.session.scalars(found))
        _without.update(dict.fromkeys(asked, now + FRESH_SECONDS))
    return [one for one in account_ids if one in _with]


def forget():
    """The next message asks anew."""
    _with.clear()
    _without.clear()
