"""The report of attempts: every call that campaigns made for a recipient, and how it ended."""

from itertools import chain
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_

from webapp.accounts.models import Account
from webapp.campaigns.models import Campaign, CampaignAttempt, Recipient
from webapp.campaigns.pages import reasons
from webapp.contacts.models import Contact, ContactTag
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate
from webapp.reports.spec import Column, Kind, Report
from webapp.tables import paging
from webapp.tables import spec as lists
from webapp.tables.state import State

PIECE = 1_000
OUTCOMES = {
    "sending": "Being called",
    "sent": "Sent",
    "refused": "Refused",
    "unknown": "No answer",
}
FAILED_LATER = "Sent, then failed"
ATTEMPT, RECIPIENT = CampaignAttempt.__table__, Recipient.__table__
CAMPAIGN = Campaign.__table__
# By when it began, then for whom: nobody is called twice at one moment.
TABLE = lists.Table(
    name="attempts",
    key=ATTEMPT.c.recipient_id,
    columns=(lists.Column("at", "When", ATTEMPT.c.started_at),),
    sort="-at",
)


def page_of(choice, after="", before=""):
    """A page of rows between cursors, the latest first: `rows`, `next`, `previous`."""
    state = State(sort="at", descending=True, after=after, before=before)
    page = paging.page_of(TABLE, _listed(choice), state, TABLE.columns)
    return _rows(page.rows, choice.zone), page.next, page.previous


def total(choice):
    return db.session.scalar(_narrowed(select(func.count()).select_from(_CALLS), choice))


def pieces(choice):
    """Lists of rows, the first attempt first; each is a query of its own, found by key."""
    place = (ATTEMPT.c.started_at, ATTEMPT.c.recipient_id)
    ordered = _listed(choice).order_by(*place).limit(PIECE)
    last = None
    while True:
        wanted = ordered if last is None else ordered.where(tuple_(*place) > tuple_(*last))
        found = db.session.execute(wanted).all()
        if found:
            yield _rows(found, choice.zone)
        if len(found) < PIECE:
            return
        last = (found[-1].started_at, found[-1].recipient_id)


def rows(choice, _now):
    return chain.from_iterable(pieces(choice))


def _listed(choice):
    return _narrowed(select(*_COLUMNS).select_from(_WHOLE), choice)


def _narrowed(wanted, choice):
    """Of a SELECT of attempts, those of the choice."""
    start, end = choice.span
    wanted = wanted.where(ATTEMPT.c.started_at >= start, ATTEMPT.c.started_at < end)
    if choice.account is not None:
        wanted = wanted.where(CAMPAIGN.c.account_id == choice.account)
    if choice.campaign is not None:
        wanted = wanted.where(RECIPIENT.c.campaign_id == choice.campaign)
    if choice.tag is not None:
        tagged = select(ContactTag.contact_id).where(ContactTag.tag_id == choice.tag)
        wanted = wanted.where(RECIPIENT.c.contact_id.in_(tagged))
    return wanted


_CALLS = ATTEMPT.join(RECIPIENT, RECIPIENT.c.id == ATTEMPT.c.recipient_id).join(
    CAMPAIGN, CAMPAIGN.c.id == RECIPIENT.c.campaign_id
)
_WHOLE = (
    _CALLS.join(Contact.__table__, Contact.id == RECIPIENT.c.contact_id)
    .outerjoin(Account.__table__, Account.id == CAMPAIGN.c.account_id)
    .outerjoin(MessageTemplate.__table__, MessageTemplate.id == RECIPIENT.c.template_id)
)
_COLUMNS = (
    ATTEMPT.c.started_at,
    ATTEMPT.c.recipient_id,
    ATTEMPT.c.number,
    ATTEMPT.c.outcome,
    ATTEMPT.c.error_code,
    ATTEMPT.c.error,
    RECIPIENT.c.campaign_id,
    CAMPAIGN.c.name.label("campaign"),
    Account.provider,
    Contact.name.label("contact"),
    Contact.profile_name,
    Contact.username,
    Contact.phone,
    MessageTemplate.name.label("template"),
)


def _rows(found, zone):
    zone = ZoneInfo(zone)
    return [
        {
            "recipient_id": row.recipient_id,
            "campaign_id": row.campaign_id,
            "at": row.started_at.astimezone(zone),
            "campaign": row.campaign,
            "contact": row.contact or row.profile_name or _number(row) or "Unknown customer",
            "phone": _number(row),
            "template": row.template or "Deleted",
            "number": row.number,
            "outcome": _outcome(row),
            "reason": _reason(row),
            "code": row.error_code or "",
        }
        for row in found
    ]


def _number(row):
    if row.phone:
        return f"+{row.phone}"
    return f"@{row.username}" if row.username else ""


def _outcome(row):
    if row.outcome == "sent" and row.error_code:
        return FAILED_LATER
    return OUTCOMES.get(row.outcome, row.outcome)


def _reason(row):
    """In the words of a campaign's own page; else as the provider put it."""
    if not row.error_code:
        return row.error or ""
    return reasons.meaning(row.provider, row.error_code).reason


REPORT = Report(
    "attempts",
    "Attempts",
    "Every call that campaigns made for a recipient, by when it began.",
    (
        Column("at", "When", Kind.MOMENT),
        Column("campaign", "Campaign", Kind.TEXT),
        Column("contact", "Contact", Kind.TEXT),
        Column("phone", "WhatsApp number", Kind.TEXT),
        Column("template", "Template", Kind.TEXT),
        Column("number", "Attempt"),
        Column("outcome", "Outcome", Kind.TEXT),
        Column("reason", "Reason", Kind.TEXT),
        Column("code", "Code", Kind.TEXT),
    ),
    rows,
    "No campaign called anybody in this period.",
    ("account", "campaign", "tag"),
    total,
    pieces,
)
