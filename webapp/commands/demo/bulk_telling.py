"""Tells what became of a campaign's recipients, as its ledger would, in the past and at once."""

import random
from datetime import timedelta

from sqlalchemy import insert, select

from webapp.campaigns import activity, correlation, ledger
from webapp.campaigns.models import (
    Campaign,
    CampaignAttempt,
    CampaignVariant,
    Recipient,
    RecipientState,
)
from webapp.columns import utcnow
from webapp.commands.demo.answered import Answers
from webapp.contacts.models import Consent, Contact
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate
from webapp.staff.models import User

REMINDER, OFFER, FRIENDLY = "delivery_reminder", "spring_offer", "spring_offer_friendly"
NAME = {"from": "contact", "key": "first_name", "fallback": "there"}
MAPPINGS = {
    REMINDER: {"body first_name": NAME, "body day": {"from": "text", "text": "Thursday"}},
    OFFER: {"body first_name": NAME},
    FRIENDLY: {"body first_name": NAME},
}
# (of 100 people, what became of them, for which reason), in turn; the rest read it
FATES = (
    (3, RecipientState.FAILED, "131026"),
    (1, RecipientState.UNKNOWN, None),
    (2, RecipientState.SENT, None),
    (21, RecipientState.DELIVERED, None),
)


class Campaigns:
    """Makes campaigns of the demo's accounts and tells what became of their recipients."""

    def __init__(self, who, orders, news):
        self.who, self.orders, self.news = who, orders, news
        self.now = utcnow()
        self.sara = db.session.get(User, who.sara)
        self._chance = random.Random(20261)
        self._answers = Answers((who.ana, who.ben), random.Random(20262), self.now)

    def campaign(self, name, account_id, audience, templates=(REMINDER,), **columns):
        share = 100 // max(len(templates), 1)
        campaign = Campaign(
            name=name,
            account_id=account_id,
            token=correlation.new_token(),
            audience={"list_ids": [audience[0]]} if audience else {},
            variants=[
                CampaignVariant(
                    position=position,
                    template_name=template,
                    language="en",
                    percent=share,
                    mapping=MAPPINGS[template],
                )
                for position, template in enumerate(templates)
            ],
            created_by_id=self.sara.id,
            updated_by_id=self.sara.id,
            **columns,
        )
        db.session.add(campaign)
        db.session.flush()
        return campaign

    def loaded(self, campaign, contact_ids):
        """Everybody's row, as loading leaves it; gives back those who are to be sent to."""
        out = Contact.consent == Consent.OUT
        opted_out = set(db.session.scalars(select(Contact.id).where(out)))
        variants = [(one.id, self._template_id(one)) for one in campaign.variants]
        rows = []
        for place, contact_id in enumerate(contact_ids):
            left = contact_id in opted_out
            state = RecipientState.SKIPPED if left else RecipientState.QUEUED
            variant_id, template_id = variants[place % len(variants)]
            rows.append(
                {
                    "campaign_id": campaign.id,
                    "contact_id": contact_id,
                    "variant_id": None if left else variant_id,
                    "template_id": None if left else template_id,
                    "state": str(state),
                    "reason": "opted_out" if left else None,
                }
            )
        db.session.execute(insert(Recipient), rows)
        found = db.session.scalars(select(Recipient).where(Recipient.campaign_id == campaign.id))
        found = found.all()
        counted = ledger.recount(campaign.id)
        ledger.count({(campaign.id, *key): many for key, many in counted.items()})
        return [one.id for one in found if one.state == RecipientState.QUEUED]

    def sent(self, campaign, ids, began, a_minute, replied=0.2, fates=FATES):
        """The calls that were made, one after the other, and what receipts and people said."""
        entries = ledger.hold(ids)
        for place, entry in enumerate(entries):
            at = began + timedelta(seconds=60 * place / a_minute)
            self._tell(entry, at, replied, fates)
            if entry.state == RecipientState.REPLIED:
                self._answers.tell(campaign, entry)
        ledger.save(entries)

    @staticmethod
    def _template_id(variant):
        return db.session.scalar(
            select(MessageTemplate.id).where(
                MessageTemplate.name == variant.template_name,
                MessageTemplate.language == variant.language,
            )
        )

    def note(self, campaign, at, kind, text, actor="clock"):
        activity.note(campaign, kind, text, actor, at)

    def _tell(self, entry, at, replied, fates):
        state, reason = self._fate(fates)
        entry.tries, entry.sent_at = 1, at
        outcome, error = "sent", None
        if state == RecipientState.FAILED:
            entry.sent_at, outcome, error = None, "refused", "Not reachable on WhatsApp"
        elif state == RecipientState.UNKNOWN:
            entry.sent_at, outcome = None, "unknown"
        elif state != RecipientState.SENT:
            entry.delivered_at = at = at + timedelta(seconds=2)
        if state == RecipientState.READ:
            state, at = self._read(entry, at, replied)
        entry.move(state, min(at, self.now), reason)
        self._attempt(entry, outcome, error, reason)

    def _read(self, entry, at, replied):
        """(how far they came by now, when)"""
        read_at = at + timedelta(seconds=self._chance.randint(5, 900))
        replied_at = read_at + timedelta(seconds=self._chance.randint(20, 900))
        replies = self._chance.random() < replied
        if read_at > self.now:
            return RecipientState.DELIVERED, at
        entry.read_at = read_at
        if not replies or replied_at > self.now:
            return RecipientState.READ, read_at
        entry.replied_at = replied_at
        return RecipientState.REPLIED, replied_at

    def _fate(self, fates):
        lot = self._chance.random() * 100
        for share, state, reason in fates:
            if lot < share:
                return state, reason
            lot -= share
        return RecipientState.READ, None

    @staticmethod
    def _attempt(entry, outcome, error, code):
        started = entry.sent_at or entry.state_at
        db.session.add(
            CampaignAttempt(
                recipient_id=entry.id,
                number=1,
                started_at=started,
                finished_at=started,
                outcome=outcome,
                error=error,
                error_code=code,
            )
        )
