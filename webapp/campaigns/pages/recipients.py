"""What a campaign's table of recipients shows, and its CSV: by state and reason, found by key."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.campaigns.correlation import id_of
from webapp.campaigns.figures import STATE_NAMES
from webapp.campaigns.models import CampaignAttempt, Recipient, RecipientState
from webapp.campaigns.pages import reasons
from webapp.contacts import search
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.tables.spec import Column, Filter, Table

PAGE = 25
# (state, tone, icon) of a row's badge; what is missing here is grey with a clock.
BADGES = {
    RecipientState.FAILED: ("bad", "circle-x"),
    RecipientState.UNKNOWN: ("warn", "circle-alert"),
    RecipientState.RETRY: ("warn", "rotate-ccw"),
    RecipientState.SENDING: ("accent", "send"),
    RecipientState.SENT: ("accent", "check"),
    RecipientState.DELIVERED: ("accent", "check"),
    RecipientState.READ: ("accent", "eye"),
    RecipientState.REPLIED: ("ok", "reply"),
    RecipientState.SKIPPED: ("", "ban"),
    RecipientState.CANCELLED: ("", "x"),
}


def everybody(campaign):
    return (
        select(Recipient)
        .where(Recipient.campaign_id == campaign.id)
        .options(joinedload(Recipient.contact))
    )


def ids_of(campaign):
    return select(Recipient.id).where(Recipient.campaign_id == campaign.id)


def table_for(campaign, figures):
    """Searched by name or number; a state or a reason is found by its index."""
    provider = reasons.provider_of(campaign)
    return Table(
        name="recipients",
        key=Recipient.id,
        columns=columns(provider),
        sort="name",
        filters=(
            Filter("state", "State", Recipient.state.__eq__, segment=True),
            Filter(
                "reason",
                "Reason",
                Recipient.reason.__eq__,
                lambda: _why(provider, figures),
            ),
        ),
        search=_found,
        page_size=PAGE,
    )


def segments(figures, chosen=""):
    """{state: its name} that the page offers beside each other; the ledger leads to all others."""
    shown = [RecipientState.FAILED]
    if figures[RecipientState.UNKNOWN]:
        shown.append(RecipientState.UNKNOWN)
    shown.append(RecipientState.REPLIED)
    if chosen in STATE_NAMES and chosen not in shown:
        shown.insert(0, chosen)
    names = {**STATE_NAMES, RecipientState.UNKNOWN: "Unknown"}  # shorter, beside the others
    return {str(one): names[one] for one in shown} | {"": "All"}


def segment_counts(figures):
    return {**{str(state): figures[state] for state in STATE_NAMES}, "": figures.total}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call for a recipient, with the id it carried."""

    row: CampaignAttempt
    correlation_id: str


def attempts(campaign, recipient):
    rows = db.session.scalars(
        select(CampaignAttempt)
        .where(CampaignAttempt.recipient_id == recipient.id)
        .order_by(CampaignAttempt.number)
    )
    return [Attempt(row, id_of(campaign.token, recipient.id, row.number)) for row in rows]


def columns(provider):
    """All of them, as the CSV has them; the words for a reason are the provider's of this name."""
    return (
        # Those loaded first come first: the order in which they are sent to.
        Column("name", "Contact", Recipient.id, lambda one: one.contact.display_name, fixed=True),
        Column("number", "Number", None, lambda one: one.contact.display_phone, classes="num"),
        Column("state", "Status", None, lambda one: STATE_NAMES[one.state]),
        Column(
            "reason",
            "Reason",
            None,
            lambda one: reasons.in_words(provider, one),
            classes="wrapcell",
        ),
        Column("time", "Time", None, lambda one: one.state_at, classes="r muted num"),
        Column("sent", "Sent", None, lambda one: one.sent_at, shown=False),
        Column("delivered", "Delivered", None, lambda one: one.delivered_at, shown=False),
        Column("read", "Read", None, lambda one: one.read_at, shown=False),
        Column("replied", "Replied", None, lambda one: one.replied_at, shown=False),
        Column("code", "Code", None, lambda one: one.reason, shown=False),
    )


def _found(words):
    return Recipient.contact_id.in_(select(Contact.id).where(search.matching(words)))


def _why(provider, figures):
    """Reasons that stand in the ledger, each with its words once."""
    found = {}
    for state in (RecipientState.FAILED, RecipientState.SKIPPED, RecipientState.RETRY):
        for code in figures.reasons(state):
            found[code] = reasons.meaning(provider, code).reason
    return sorted(found.items(), key=lambda one: one[1])
