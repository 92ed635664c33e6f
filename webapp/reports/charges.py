"""Counts delivered messages that may cost something, by what their price depends on.

These are the templates that people and campaigns sent, and what the provider said it charges as
service. They count by when they were sent, as in the other reports.
"""

from collections import Counter
from typing import NamedTuple

from sqlalchemy import and_, case, exists, false, func, literal, literal_column, null, or_, select
from sqlalchemy.orm import aliased

from webapp.analytics.epoch import epoch
from webapp.campaigns.models import Campaign, CampaignMinute, Recipient
from webapp.campaigns.settings.costs import SERVICE
from webapp.contacts.models import Contact, ContactTag
from webapp.extensions import db
from webapp.inbox.models import Direction, Interaction, Message, MessageStatus
from webapp.message_templates.models import Category, MessageTemplate
from webapp.providers.base import Source

REACHED = (MessageStatus.DELIVERED, MessageStatus.READ)
WINDOW_SECONDS = 24 * 3600  # how long after a customer's message the service window is open


class Charge(NamedTuple):
    """What some messages have in common."""

    account: int | None
    campaign: int | None  # that sent them; None: people did, in conversations
    word: str | None  # what they are charged as, else their template's category
    in_window: bool  # a utility message while the service window was open
    list: int  # the price list in force when they were sent: its place among `lists`
    head: str | None  # the first digits of the number


def count(choice, lists, digits, asks_for_window):
    """{Charge: how many messages} of the choice.

    `lists`: the moments within it from which other prices hold, ascending. `digits` of a number
    tell its market. Whether a service window was open is looked up only where a price asks for it.
    """
    found = Counter()
    for statement in (_of_people, _of_campaigns):
        if (wanted := statement(choice, lists, digits, asks_for_window)) is not None:
            for *key, many in db.session.execute(wanted):
                found[Charge(*key)] += many
    return found


def _of_people(choice, lists, digits, asks_for_window):
    """None where a campaign is chosen."""
    if choice.campaign is not None:
        return None
    start, end = choice.span
    sent = Message.received_at
    word = func.coalesce(Message.charged_as, MessageTemplate.category)
    keys = _keys(Message.account_id, null(), word, sent, lists, digits)
    in_window = _in_window(word, Message.account_id, Message.contact_id, Message.written_at)
    keys["in_window"] = in_window if asks_for_window else false()
    wanted = (
        select(*_labelled(keys), func.count())
        .select_from(Message)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .outerjoin(MessageTemplate, MessageTemplate.id == Message.template_id)
        .where(
            or_(Message.template_id.is_not(None), Message.charged_as == SERVICE),
            sent >= start,
            sent < end,
            Message.direction == Direction.OUT,
            Message.source == Source.LIVE,
            Message.campaign_id.is_(None),
            Message.status.in_(REACHED),
        )
    )
    if choice.queues is not None:
        wanted = wanted.join(Interaction, Interaction.id == Message.interaction_id)
        wanted = wanted.where(Interaction.queue_id.in_(choice.queues))
    if choice.agent is not None:
        wanted = wanted.where(Message.author_id == choice.agent)
    return _narrowed(wanted, choice, Message.account_id, Message.contact_id)


def _of_campaigns(choice, lists, digits, asks_for_window):
    """None where a queue or an agent is chosen: a campaign is nobody's."""
    if choice.queues is not None or choice.agent is not None:
        return None
    start, end = choice.span
    sent = Recipient.sent_at
    word = func.coalesce(Recipient.charged_as, MessageTemplate.category)
    keys = _keys(Campaign.account_id, Recipient.campaign_id, word, sent, lists, digits)
    in_window = _in_window(word, Campaign.account_id, Recipient.contact_id, sent)
    keys["in_window"] = in_window if asks_for_window else false()
    wanted = (
        select(*_labelled(keys), func.count())
        .select_from(Recipient)
        .join(Campaign, Campaign.id == Recipient.campaign_id)
        .join(Contact, Contact.id == Recipient.contact_id)
        .outerjoin(MessageTemplate, MessageTemplate.id == Recipient.template_id)
        .where(
            Recipient.campaign_id.in_(_campaigns_of(choice)),
            Recipient.delivered_at.is_not(None),
            sent >= start,
            sent < end,
        )
    )
    return _narrowed(wanted, choice, Campaign.account_id, Recipient.contact_id)


def _campaigns_of(choice):
    """Those that sent anything at all meanwhile, by an index of minutes."""
    start, end = choice.span
    found = select(CampaignMinute.campaign_id).where(
        CampaignMinute.minute >= start, CampaignMinute.minute < end
    )
    if choice.campaign is not None:
        found = found.where(CampaignMinute.campaign_id == choice.campaign)
    return found.distinct()


def _keys(account, campaign, word, sent, lists, digits):
    """In the order of a Charge."""
    later = [(sent >= moment, place) for place, moment in reversed(list(enumerate(lists, 1)))]
    return {
        "account": account,
        "campaign": campaign,
        "word": word,
        "in_window": None,
        "list": case(*later, else_=0) if later else literal(0),
        "head": func.substr(Contact.phone, 1, digits),
    }


def _labelled(keys):
    return [column.label(f"charge_{name}") for name, column in keys.items()]


def _in_window(word, account_id, contact_id, sent):
    """Whether it is a utility message, and the customer had written within the 24 hours before."""
    heard = aliased(Message)
    wrote = exists().where(
        heard.account_id == account_id,
        heard.contact_id == contact_id,
        heard.direction == Direction.IN,
        heard.written_at <= sent,
        epoch(heard.written_at) > epoch(sent) - WINDOW_SECONDS,
    )
    return case((and_(word == Category.UTILITY, wrote), True), else_=False)


def _narrowed(wanted, choice, account_id, contact_id):
    if choice.account is not None:
        wanted = wanted.where(account_id == choice.account)
    if choice.tag is not None:
        tagged = select(ContactTag.contact_id).where(ContactTag.tag_id == choice.tag)
        wanted = wanted.where(contact_id.in_(tagged))
    # By their labels: some are constants, which no database groups by as they stand.
    return wanted.group_by(*(literal_column(f"charge_{name}") for name in Charge._fields))
