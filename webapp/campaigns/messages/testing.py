"""A campaign's message sent to a number of our own, as one contact would get it.

It goes the way a template's own test goes: in a conversation of the tester's, through the gate. It
belongs to no recipient, so it counts in no result.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from webapp.campaigns import activity
from webapp.campaigns.messages import previewing, variants
from webapp.campaigns.messages.models import CampaignTest
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox import gate, starting
from webapp.inbox.models import Message, MessageStatus
from webapp.inbox.template_content import Sample
from webapp.message_templates import trying
from webapp.queues import accepting
from webapp.staff.models import record

SHOWN = 10  # of the latest tests
REFUSALS = (ValueError, starting.Elsewhere, accepting.Refused)


@dataclass(frozen=True, slots=True)
class Result:
    """`took`: from asking for it to how it stands now."""

    test: CampaignTest
    message: Any
    contact: Any
    language: str
    took: timedelta | None

    @property
    def problem(self):
        """Why it did not arrive, in words; empty where nothing is known to be wrong."""
        if self.test.problem:
            return self.test.problem
        failed = self.message is not None and self.message.status == MessageStatus.FAILED
        return (self.message.error or "It failed.") if failed else ""


def send(campaign, variant, number, contact, by, client_key):
    """Send it, or keep why it could not even be written; gives back the CampaignTest."""
    known = db.session.scalar(
        select(Message).where(Message.author_id == by.id, Message.client_key == client_key)
    )
    if known is not None:  # pressed twice
        return db.session.scalar(select(CampaignTest).where(CampaignTest.message_id == known.id))
    test = CampaignTest(
        campaign_id=campaign.id,
        variant_id=variant.id,
        number=number.strip()[:20],
        as_contact_id=contact.id if contact else None,
        by_id=by.id,
    )
    try:
        with db.session.begin_nested():
            test.message_id = _written(campaign, variant, number, contact, by, client_key).id
    except gate.Refused as refused:
        test.problem = refused.refusal.sentence
    except REFUSALS as refused:
        test.problem = str(refused)
    db.session.add(test)
    db.session.flush()
    record(by, "tested", campaign, after={"number": test.number})
    activity.announce(campaign.id)
    return test


def results(campaign):
    """The latest tests and how they stand, newest first."""
    rows = db.session.execute(
        select(CampaignTest, Message, Contact)
        .outerjoin(Message, Message.id == CampaignTest.message_id)
        .outerjoin(Contact, Contact.id == CampaignTest.as_contact_id)
        .where(CampaignTest.campaign_id == campaign.id)
        .order_by(CampaignTest.id.desc())
        .limit(SHOWN)
    )
    return [
        Result(test, message, contact, _language(message), _took(test, message))
        for test, message, contact in rows
    ]


def _written(campaign, variant, number, contact, by, client_key):
    group = variants.named(campaign.account, variant.template_name)
    if group is None:
        raise ValueError("Choose a template first.")
    template = previewing.template_for(variant, group, contact)
    values = previewing.values_shown(variant, template, contact)
    file = _file(variant.media)
    return trying.send_with(campaign.account, template, number, by, values, client_key, file)


def _file(media):
    """The campaign's own header file; None lets the template's sample stand there."""
    if not media:
        return None
    return Sample(media["key"], media["mime_type"], media.get("filename", ""), media["size"])


def _language(message):
    return (message.content or {}).get("language", "") if message else ""


def _took(test, message):
    if message is None or message.status_at is None:
        return None
    waits = message.status in (MessageStatus.QUEUED, MessageStatus.SENDING)
    return (utcnow() if waits else message.status_at) - test.at
