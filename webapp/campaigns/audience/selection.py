"""Who is in a campaign's audience, and who of them is left out, for which reason: one SELECT.

The live count, the list of those left out, previews and loading all read the same statement.
A member is a contact in one of the chosen lists, under one of the tags or in one of the saved
filters; whoever is in two of them is a member twice and gets the message once.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, cast, exists, func, null, or_, select

from webapp.accounts import access_points
from webapp.campaigns.audience import conditions, members
from webapp.campaigns.messages import splitting, wording
from webapp.campaigns.models import Recipient
from webapp.columns import BigId, utcnow
from webapp.contacts.models import (
    LISTED,
    Consent,
    Contact,
    ContactIdentity,
    ContactListMember,
    ContactTag,
)
from webapp.contacts.people import NUMBERS
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState, Message, MessageStatus
from webapp.message_templates.models import Category, MessageTemplate

# Why somebody is left out, in the order in which the reasons are looked at, and what the page says.
REASONS = {
    "opted_out": "Opted out",
    "no_consent": "No marketing consent",
    "excluded": "On an excluded list",
    "duplicate": "Same number twice",
    "quiet": "Written to a short time ago",
    "no_number": "Number not usable",
    "open_conversation": "In an open conversation",
    "missing_value": "A value is missing",
    "no_language": "No approved language",
}
GOING = ""
FIRST_LOOK = 500  # memberships, for a preview
ONCE = {
    "first": "Send once, first list wins",
    "campaign": "Send once, count each person once",
}


@dataclass(frozen=True, slots=True)
class Audience:
    """What a campaign's `audience` says, everything that is not said left at its default."""

    list_ids: list = field(default_factory=list)
    tag_ids: list = field(default_factory=list)
    filter_ids: list = field(default_factory=list)
    conditions: list = field(default_factory=list)
    exclude_list_ids: list = field(default_factory=list)
    exclude_tag_ids: list = field(default_factory=list)
    once: str = "first"
    quiet_days: int | None = None
    skip_open: bool = True
    consent_only: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """`members` is `going` and all that is left out: [(reason, many)], in the order of REASONS."""

    members: int
    going: int
    left_out: list

    @property
    def left_out_count(self):
        return sum(many for _, many in self.left_out)


def audience_of(campaign):
    said = campaign.audience or {}
    known = {name: said[name] for name in Audience.__dataclass_fields__ if name in said}
    return Audience(**known)


def count(campaign, now=None):
    """How many get it, and how many are left out for each reason.

    ValueError where a condition names a field that is gone.
    """
    # OFFSET 0: PostgreSQL would classify everybody anew for each of the figures.
    rows = classified(campaign, now=now).offset(0).subquery()
    words = (GOING, *REASONS)
    totals = select(*(func.count().filter(rows.c.reason == word) for word in words))
    going, *left_out = db.session.execute(totals).one()
    found = [(reason, many) for reason, many in zip(REASONS, left_out, strict=True) if many]
    return Count(going + sum(left_out), going, found)


def people(campaign, reason=None, now=None):
    """SELECT of (Contact, reason) of those left out, for one reason or for any, each once."""
    rows = classified(campaign, now=now).subquery()
    found = select(Contact, rows.c.reason).join(rows, rows.c.contact_id == Contact.id)
    is_double = rows.c.reason == "duplicate"
    once = found.where(rows.c.again == case((is_double, 1), else_=0))
    return once.where(rows.c.reason == reason if reason else rows.c.reason != GOING)


def sample(campaign, position=0, now=None):
    """The contact at this place among those who get it, from 0; None behind the last one.

    Looked for chunk by chunk, each larger than the last: the first few cost no whole count.
    """
    given, after, size = audience_of(campaign), 0, FIRST_LOOK
    while (upto := members.end_of_chunk(given, after, size)) is not None:
        rows = classified(campaign, part=members.Part(after, upto), now=now).subquery()
        going = select(rows.c.contact_id).where(rows.c.reason == GOING)
        found = db.session.scalars(going.order_by(rows.c.contact_id).limit(position + 1)).all()
        if len(found) > position:
            return db.session.get(Contact, found[position])
        position, after, size = position - len(found), upto, size * 4
    return None


def left_out_by_now(given, account_id, contact_ids, now):
    """{contact id: reason} of those put on an excluded list or under an excluded tag since they
    were loaded, or in an open conversation by now."""
    reasons = {}
    if given.exclude_list_ids or given.exclude_tag_ids:
        reasons["excluded"] = _is_excluded(given, members.EVERYBODY)
    if given.skip_open:
        reasons["open_conversation"] = _talks(account_id, now, members.EVERYBODY)
    if not reasons or not contact_ids:
        return {}
    first = case(*((condition, word) for word, condition in reasons.items()))
    found = select(Contact.id, first).where(Contact.id.in_(contact_ids), or_(*reasons.values()))
    return dict(db.session.execute(found).all())


def classified(campaign, *columns, part=members.EVERYBODY, now=None):
    """SELECT contact_id, again, variant_id, template_id, reason: each membership of the audience.

    `again` is in how many sources chosen before this one the contact is as well; whoever gets it
    is there once with the reason GOING. Further columns of Contact may be asked for. ValueError
    where a condition names a field that is gone.
    """
    now = now or utcnow()
    given = audience_of(campaign)
    each = members.memberships(given, part).subquery("members")
    languages = wording.languages_of(campaign)
    chosen = splitting.variant_id(campaign, each.c.contact_id)
    template_id = _template_id(campaign, languages, chosen)
    reasons = {
        **_reasons_before_duplicates(given, part),
        "duplicate": each.c.again > 0,
        **_reasons_after_duplicates(campaign, given, now, part),
        **_reasons_of_message(campaign, languages, chosen, template_id),
    }
    reason = case(*((condition, word) for word, condition in reasons.items()), else_=GOING)
    zone = ZoneInfo(campaign.time_zone or "UTC")
    return (
        select(
            each.c.contact_id,
            each.c.again,
            chosen.label("variant_id"),
            template_id.label("template_id"),
            reason.label("reason"),
            *columns,
        )
        .join(Contact, Contact.id == each.c.contact_id)
        .where(
            LISTED,
            Contact.blocked_at.is_(None),
            *(conditions.where(one, zone) for one in given.conditions),
            *([each.c.again == 0] if given.once == "campaign" else []),
        )
    )


def _template_id(campaign, languages, chosen):
    """The template, in the contact's language, of the variant they get."""
    each = {id: one.template_id(Contact.language) for id, one in languages.items() if one.templates}
    if not each:
        return cast(null(), BigId)
    if len(campaign.variants) == 1:
        return next(iter(each.values()))
    return case(*((chosen == id, template_id) for id, template_id in each.items()))


def _reasons_before_duplicates(given, part):
    """What leaves somebody out with each of their memberships."""
    found = {"opted_out": Contact.consent == Consent.OUT}
    if given.consent_only:
        found["no_consent"] = Contact.consent != Consent.IN
    if given.exclude_list_ids or given.exclude_tag_ids:
        found["excluded"] = _is_excluded(given, part)
    return found


def _reasons_after_duplicates(campaign, given, now, part):
    found = {}
    if given.quiet_days:
        since = now - timedelta(days=given.quiet_days)
        found["quiet"] = _was_written_to(campaign, since, part)
    found["no_number"] = ~_is_reachable(campaign, part)
    if given.skip_open and campaign.account_id is not None:
        found["open_conversation"] = _talks(campaign.account_id, now, part)
    return found


def _reasons_of_message(campaign, languages, chosen, template_id):
    if not languages:  # no message was chosen yet
        return {}
    found = {}
    each = [(variant, languages.get(variant.id)) for variant in campaign.variants]
    if not all(one and one.default for _, one in each):
        found["no_language"] = template_id.is_(None)
    # Asked last: whoever comes here has a template.
    lacks = [
        and_(chosen == variant.id, wording.is_missing(variant, one, template_id))
        for variant, one in each
        if one
    ]
    return found | {"missing_value": or_(*lacks)}


def _is_excluded(given, part):
    found = []
    if given.exclude_list_ids:
        listed = ContactListMember.contact_list_id.in_(given.exclude_list_ids)
        found.append(_is_among(ContactListMember.contact_id, part, listed))
    if given.exclude_tag_ids:
        tagged = ContactTag.tag_id.in_(given.exclude_tag_ids)
        found.append(_is_among(ContactTag.contact_id, part, tagged))
    return or_(*found)


def _is_among(contact_id, part, *conditions):
    """That a row of this column's table names the contact, who is of the part."""
    return exists().where(contact_id == Contact.id, *part.has(contact_id), *conditions)


def _was_written_to(campaign, since, part):
    """By another campaign's marketing template, or by an agent's."""
    marketing = select(MessageTemplate.id).where(MessageTemplate.category == Category.MARKETING)
    by_campaign = _is_among(
        Recipient.contact_id,
        part,
        Recipient.sent_at >= since,
        Recipient.campaign_id != campaign.id,
        Recipient.template_id.in_(marketing),
    )
    by_agent = _is_among(
        Message.contact_id,
        part,
        Message.written_at >= since,
        Message.template_id.is_not(None),
        Message.template_id.in_(marketing),
        Message.campaign_id.is_(None),
        Message.status != MessageStatus.FAILED,
    )
    return or_(by_campaign, by_agent)


def _is_reachable(campaign, part):
    """On WhatsApp as far as we know, and with an identity that the account's provider takes."""
    account = campaign.account
    addresses = access_points.capabilities_of(account).addresses if account else NUMBERS
    usable = _is_among(
        ContactIdentity.contact_id,
        part,
        ContactIdentity.kind.in_(addresses),
        ContactIdentity.scope.in_(["", account.portfolio if account else ""]),
        ContactIdentity.retired_at.is_(None),
    )
    # A main number is one in use: asked first, because nearly everybody has one.
    return and_(Contact.unreachable_at.is_(None), or_(Contact.phone.is_not(None), usable))


def _talks(account_id, now, part):
    return _is_among(
        Interaction.contact_id,
        part,
        Interaction.account_id == account_id,
        Interaction.state != InteractionState.CLOSED,
        Interaction.session_expires_at > now,
    )
