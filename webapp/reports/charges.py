"""Counts delivered messages that may cost something, by what their price depends on.

These are the templates that people and campaigns sent, and what the provider said it charges as
service. They count by when they were sent, as in the other reports.
"""

from collections import Counter
from typing import Any, NamedTuple

from sqlalchemy import (
    Select,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
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
    for sent in (_of_people(choice, lists, digits), _of_campaigns(choice, lists, digits)):
        if sent is None:
            continue
        for *key, many in db.session.execute(_grouped(sent, asks_for_window)):
            charge = Charge(*key)
            found[charge] += many
            if charge.in_window:
                found[charge._replace(in_window=False)] -= many
    return +found


class _Sent(NamedTuple):
    """Messages that may cost something: joined and narrowed, not yet grouped."""

    rows: Select
    keys: dict  # in the order of a Charge
    contact_id: Any
    at: Any  # when the window counts


def _grouped(sent, asks_for_window):
    """SELECT of a Charge's fields and how many: first of all, then of those in a window once more.

    One statement, so that both are of the same moment. The look at the window as one of the groups
    would be made for all in turn; as a condition PostgreSQL's workers share it.
    """
    every = _by_charge(sent.rows, {**sent.keys, "in_window": false()})
    if not asks_for_window:
        return every
    utility = sent.keys["word"] == Category.UTILITY
    in_window = sent.rows.where(utility, _customer_wrote_before(sent))
    return union_all(every, _by_charge(in_window, {**sent.keys, "in_window": true()}))


def _by_charge(rows, keys):
    """By their labels: some are constants, which no database groups by as they stand."""
    labelled = [column.label(f"charge_{name}") for name, column in keys.items()]
    names = [literal_column(label.name) for label in labelled]
    return rows.with_only_columns(*labelled, func.count(), maintain_column_froms=True).group_by(
        *names
    )


def _of_people(choice, lists, digits):
    """None where a campaign is chosen."""
    if choice.campaign is not None:
        return None
    start, end = choice.span
    sent = Message.received_at
    word = func.coalesce(Message.charged_as, MessageTemplate.category)
    rows = (
        select(Message.id)
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
        rows = rows.join(Interaction, Interaction.id == Message.interaction_id)
        rows = rows.where(Interaction.queue_id.in_(choice.queues))
    if choice.agent is not None:
        rows = rows.where(Message.author_id == choice.agent)
    rows = _narrowed(rows, choice, Message.account_id, Message.contact_id)
    keys = _keys(Message.account_id, null(), word, sent, lists, digits)
    return _Sent(rows, keys, Message.contact_id, Message.written_at)


def _of_campaigns(choice, lists, digits):
    """None where a queue or an agent is chosen: a campaign is nobody's."""
    if choice.queues is not None or choice.agent is not None:
        return None
    start, end = choice.span
    sent = Recipient.sent_at
    word = func.coalesce(Recipient.charged_as, MessageTemplate.category)
    rows = (
        select(Recipient.id)
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
    rows = _narrowed(rows, choice, Campaign.account_id, Recipient.contact_id)
    keys = _keys(Campaign.account_id, Recipient.campaign_id, word, sent, lists, digits)
    return _Sent(rows, keys, Recipient.contact_id, sent)


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


def _customer_wrote_before(sent):
    """The condition that the customer had written within the 24 hours before."""
    heard = aliased(Message)
    return exists().where(
        heard.account_id == sent.keys["account"],
        heard.contact_id == sent.contact_id,
        heard.direction == Direction.IN,
        heard.written_at <= sent.at,
        epoch(heard.written_at) > epoch(sent.at) - WINDOW_SECONDS,
    )


def _narrowed(rows, choice, account_id, contact_id):
    if choice.account is not None:
        rows = rows.where(account_id == choice.account)
    if choice.tag is not None:
        tagged = select(ContactTag.contact_id).where(ContactTag.tag_id == choice.tag)
        rows = rows.where(contact_id.in_(tagged))
    return rows
