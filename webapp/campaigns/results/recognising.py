"""Whose receipt it is: the recipient and the attempt behind a correlation id, or a provider's."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import literal, or_, select, union_all

from webapp.campaigns import correlation, ledger
from webapp.campaigns.models import Campaign, CampaignAttempt, Recipient
from webapp.campaigns.results.climbing import UNDER_WAY
from webapp.contacts.models import ContactIdentity
from webapp.contacts.people import match_key
from webapp.extensions import db
from webapp.providers.base import IdentityKind

ATTEMPTS = CampaignAttempt.__table__
CHUNK = 500


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A receipt, whether it arrived just now or was kept before its send was recorded."""

    provider_id: str
    correlation_id: str | None
    status: str
    at: datetime
    recipient: str
    error: dict | None
    detail: dict | None = None

    @classmethod
    def of_event(cls, event, now):
        error = asdict(event.error) if event.error else None
        return cls(
            event.message_id,
            event.correlation_id,
            str(event.status),
            min(event.at, now),
            event.recipient,
            error,
            {"billing": event.billing} if event.billing else None,
        )

    @classmethod
    def of_row(cls, row):
        return cls(
            row.provider_id,
            row.correlation_id,
            row.status,
            row.at,
            row.recipient,
            row.error,
            row.detail,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """The held recipient a receipt is for; `attempt` is its row, where that may have to change."""

    heard: Heard
    entry: ledger.Entry
    number: int
    attempt: object = None
    nameless: bool = False  # the person was erased: nothing that names them is learnt again

    @property
    def latest(self):
        return self.number == self.entry.tries

    @property
    def forgotten(self):
        return self.number > self.entry.tries


def match(account_id, heard):
    """{Heard: Match} of those that a campaign of this account sent; their recipients are held.

    A fixed number of statements, however many receipts there are. A correlation id of some other
    kind is a conversation's, so it costs nothing here.
    """
    places = _named_by_us(heard) | _named_by_provider(account_id, heard)
    if not places:
        return {}
    held = ledger.hold([place.recipient_id for place in places.values()])
    entries = {entry.id: entry for entry in held}
    tokens = _tokens(account_id, {entry.campaign_id for entry in held})
    matches = [
        Match(one, entries[place.recipient_id], place.number or entries[place.recipient_id].tries)
        for one, place in places.items()
        if _fits(place, entries.get(place.recipient_id), tokens)
    ]
    return {one.heard: one for one in _checked(_with_attempts(matches))}


def campaign_names(told):
    """{id(event): the campaign's name} of `[(account id, StatusUpdate)]`, for who looks at them."""
    places = {id(event): correlation.read(event.correlation_id) for _, event in told}
    row_ids = [place.recipient_id for place in places.values() if place]
    provider_ids = [event.message_id for _, event in told]
    columns = (Campaign.account_id, Campaign.token, Campaign.name)
    rows = db.session.execute(
        select(*columns, Recipient.id, Recipient.provider_id)
        .join(Campaign, Campaign.id == Recipient.campaign_id)
        .where(or_(Recipient.id.in_(row_ids), Recipient.provider_id.in_(provider_ids)))
    ).all()
    names = {(row.account_id, row.provider_id): row.name for row in rows}
    names |= {(row.account_id, (row.token, row.id)): row.name for row in rows}
    found = {}
    for account_id, event in told:
        place = places[id(event)]
        by_us = names.get((account_id, place and (place.token, place.recipient_id)))
        found[id(event)] = by_us or names.get((account_id, event.message_id))
    return {key: name for key, name in found.items() if name}


def _named_by_us(heard):
    told = ((one, correlation.read(one.correlation_id)) for one in heard if one.correlation_id)
    return {one: place for one, place in told if place is not None}


def _named_by_provider(account_id, heard):
    """Where the provider did not give our id back: by its own, of the latest attempt or of one
    that a receipt ended before it."""
    nameless = [one for one in heard if not one.correlation_id]
    names = sorted({one.provider_id for one in nameless})
    known = {}
    for start in range(0, len(names), CHUNK):
        known |= _places(account_id, names[start : start + CHUNK])
    return {one: known[one.provider_id] for one in nameless if one.provider_id in known}


def _places(account_id, names):
    """{provider id: the recipient's}; 0 stands for the latest attempt, whichever that is."""
    latest = _RECIPIENTS.where(Recipient.provider_id.in_(names), Campaign.account_id == account_id)
    ended = _ENDED_ATTEMPTS.where(
        ATTEMPTS.c.provider_id.in_(names), Campaign.account_id == account_id
    )
    rows = db.session.execute(union_all(ended, latest)).all()
    rows.sort(key=lambda row: -row.number)  # an ended attempt may be the latest one still
    return {row.provider_id: correlation.Told(row.token, row.id, row.number) for row in rows}


_RECIPIENTS = select(
    Recipient.provider_id, Campaign.token, Recipient.id, literal(0).label("number")
).join(Campaign, Campaign.id == Recipient.campaign_id)
_ENDED_ATTEMPTS = (
    select(ATTEMPTS.c.provider_id, Campaign.token, Recipient.id, ATTEMPTS.c.number)
    .join(Recipient, Recipient.id == ATTEMPTS.c.recipient_id)
    .join(Campaign, Campaign.id == Recipient.campaign_id)
    # The index is on these.
    .where(ATTEMPTS.c.error_code.is_not(None), ATTEMPTS.c.provider_id.is_not(None))
)


def _tokens(account_id, campaign_ids):
    """{campaign id: its part of correlation ids}, of this account's alone."""
    rows = select(Campaign.id, Campaign.token).where(
        Campaign.id.in_(campaign_ids), Campaign.account_id == account_id
    )
    return dict(db.session.execute(rows).all())


def _fits(place, entry, tokens):
    return entry is not None and tokens.get(entry.campaign_id) == place.token


def _with_attempts(matches):
    """With the attempt's row where a receipt may change it, or is for an earlier one."""
    wanted = {one.entry.id for one in matches if _may_change_attempt(one)}
    if not wanted:
        return matches
    rows = db.session.execute(select(ATTEMPTS).where(ATTEMPTS.c.recipient_id.in_(wanted)))
    found = {(row.recipient_id, row.number): row for row in rows}
    return [replace(one, attempt=found.get((one.entry.id, one.number))) for one in matches]


def _may_change_attempt(one):
    return not one.latest or one.entry.state in UNDER_WAY or one.heard.status == "failed"


def _checked(matches):
    """Without those for somebody else: after a restored backup a recipient's number may stand for
    another person. Where the provider's id is the recorded one there is nothing to ask.
    """
    unsure = {one.entry.contact_id for one in matches if not _is_recorded(one)}
    if not unsure:
        return matches
    keys = {contact_id: set() for contact_id in unsure}
    rows = select(ContactIdentity.contact_id, ContactIdentity.match_key)
    for contact_id, key in db.session.execute(rows.where(ContactIdentity.contact_id.in_(unsure))):
        keys[contact_id].add(key)
    return [
        replace(one, nameless=one.entry.contact_id in keys and not keys[one.entry.contact_id])
        for one in matches
        if _is_recorded(one) or _is_theirs(one, keys[one.entry.contact_id])
    ]


def _is_recorded(one):
    known = one.entry.provider_id if one.latest else one.attempt and one.attempt.provider_id
    return known == one.heard.provider_id


def _is_theirs(one, keys):
    """Whether the receipt may be for who has these identities; somebody erased has none.

    Of an attempt that a restored backup forgot it has to name them: it tells that they got it.
    """
    recipient = one.heard.recipient
    if not recipient or not keys:
        return not one.forgotten
    named = match_key(IdentityKind.PHONE, recipient)
    return named in keys or any(key.endswith(f":{recipient}") for key in keys)
