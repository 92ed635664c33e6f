"""How often one person is written to: WhatsApp's pause between two, and the admins' cap."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import and_, or_, select

from webapp.campaigns.ledger import RECIPIENTS
from webapp.campaigns.models import Campaign, RecipientState
from webapp.campaigns.settings.rules import hold, rules
from webapp.columns import utcnow
from webapp.database import among
from webapp.extensions import db
from webapp.inbox.models import Direction, Message, MessageStatus
from webapp.message_templates.models import Category, MessageTemplate

# developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform
PAIR_PAUSE = timedelta(seconds=6)
QUEUED_AT_MOST = timedelta(minutes=1)  # what waited longer to leave is not looked for
UNDER_WAY = (RecipientState.SENDING, RecipientState.UNKNOWN)


def too_soon(account, contact_ids, now=None):
    """{contact id: when} of those who got something from this number in the last six seconds, be
    it from a person or a campaign."""
    now = now or utcnow()
    since = now - PAIR_PAUSE
    written = select(Message.contact_id, Message.status_at).where(
        Message.account_id == account.id,
        among(Message.contact_id, contact_ids),
        Message.written_at > now - QUEUED_AT_MOST,
        Message.direction == Direction.OUT,
        Message.status_at > since,
    )
    sent = select(RECIPIENTS.c.contact_id, RECIPIENTS.c.state_at).where(
        among(RECIPIENTS.c.contact_id, contact_ids),
        or_(RECIPIENTS.c.sent_at > since, _under_way(since)),
        RECIPIENTS.c.campaign_id.in_(select(Campaign.id).where(Campaign.account_id == account.id)),
    )
    latest = {}
    for contact_id, at in [*db.session.execute(written), *db.session.execute(sent)]:
        latest[contact_id] = max(at + PAIR_PAUSE, latest.get(contact_id, now))
    return latest


def capped(contact_ids, now=None):
    """The ids of those who had as many marketing messages lately as the admins allow.

    Two campaigns of one audience come to a person at the same moment, so that of senders who ask
    one goes after the other, until the unit ends.
    """
    decided = rules()
    if decided.marketing_most is None:
        return set()
    hold()
    since = (now or utcnow()) - timedelta(days=decided.marketing_days)
    marketing = select(MessageTemplate.id).where(MessageTemplate.category == Category.MARKETING)
    by_campaigns = select(RECIPIENTS.c.contact_id).where(
        among(RECIPIENTS.c.contact_id, contact_ids),
        RECIPIENTS.c.template_id.in_(marketing),
        or_(
            and_(RECIPIENTS.c.sent_at > since, RECIPIENTS.c.state != RecipientState.FAILED),
            _under_way(since),
        ),
    )
    by_people = select(Message.contact_id).where(
        among(Message.contact_id, contact_ids),
        Message.written_at > since,
        Message.template_id.in_(marketing),
        Message.campaign_id.is_(None),
        Message.status != MessageStatus.FAILED,
    )
    had = Counter([*db.session.scalars(by_campaigns), *db.session.scalars(by_people)])
    return {one for one, times in had.items() if times >= decided.marketing_most}


def _under_way(since):
    return and_(RECIPIENTS.c.state.in_(UNDER_WAY), RECIPIENTS.c.state_at > since)
