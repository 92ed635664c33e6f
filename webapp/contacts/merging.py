"""Makes one contact of two: both identities stay, and all of it can be undone."""

from datetime import datetime

from sqlalchemy import select, update

from webapp.analytics import keeping
from webapp.analytics.models import Outcome
from webapp.campaigns.audience import merged
from webapp.columns import utcnow
from webapp.contacts import comparing, moving
from webapp.contacts.models import Contact, ContactMerge, DuplicatePair
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import closing, summary
from webapp.inbox.models import CloseReason, Interaction, InteractionState
from webapp.queues import offering
from webapp.staff.models import person, person_id, record

# What the conversation that goes on learns from the younger one, which closes.
CARRIED = (
    "window_expires_at",
    "last_customer_at",
    "unread",
    "unanswered_since",
    "last_message_at",
    "last_message_id",
    "last_text",
    "last_kind",
    "last_direction",
    "last_status",
    "owner_id",
    "state",
    "assigned_at",
)
LAST = tuple(name for name in CARRIED if name.startswith("last_") and name != "last_customer_at")
# Put back if the younger one is opened again.
ENDED = ("state", "closed_at", "close_reason", "closed_by_id", "wake_at", "left_unanswered")


def merge(kept, other, choices, by):
    """`other` becomes part of `kept`. `choices` says whose value stays: {"email": "other", …}.

    Locks in the order everybody does: contacts by id, recipients, messages, conversations by id.
    A drain that comes meanwhile waits for the contacts and then finds that the identities have
    moved.
    """
    kept, other = _both(kept.id, other.id)
    before = {"name": other.display_name, **_columns(kept, other, choices, by)}
    merged.leave_out(kept.id, other.id)
    sent = moving.recipient_ids(other.id, kept.id)
    moving.move("recipients", sent, other.id, kept.id)
    moved = {"recipients": sent, "messages": _all("messages", kept, other)}
    moved["closed"] = _close_doubled(kept, other, by)
    for name in ("interactions", "contact_identities", "consents"):
        moved[name] = _all(name, kept, other)
    for name in moving.JOINED:
        added, theirs = moving.join(name, kept.id, other.id)
        moved[name] = {"added": added, "theirs": [_plain_row(row) for row in theirs]}
    _set(kept, before)
    other.merged_into_id = kept.id
    db.session.flush()
    moved["names"] = rename(kept)
    moved["named"] = [kept.display_name[:200], kept.display_phone[:90]]
    done = ContactMerge(
        kept_id=kept.id, merged_id=other.id, by_id=person_id(by), moved=moved, before=before
    )
    db.session.add(done)
    _settle_pair(kept, other, by)
    record(
        by, "merged", kept, after={"contact": other.id, "conversations": len(moved["interactions"])}
    )
    db.session.flush()
    announce(kept)
    return done


def standing(contact):
    """The contact this one is part of by now; itself if of none."""
    while contact is not None and contact.merged_into_id is not None:
        contact = db.session.get(Contact, contact.merged_into_id)
    return contact


def locked(*contact_ids):
    """{id: contact}, locked in one fixed order and read anew."""
    rows = select(Contact).where(Contact.id.in_(contact_ids)).order_by(Contact.id)
    found = db.session.scalars(lock(rows).execution_options(populate_existing=True))
    return {contact.id: contact for contact in found}


def locked_open(*contact_ids):
    """Their open conversations, locked in one fixed order and read anew."""
    rows = (
        select(Interaction)
        .where(
            Interaction.contact_id.in_(contact_ids), Interaction.state != InteractionState.CLOSED
        )
        .order_by(Interaction.id)
    )
    found = db.session.scalars(lock(rows).execution_options(populate_existing=True))
    return {interaction.id: interaction for interaction in found}


def rename(contact):
    """Every conversation shows the contact as it is called now: [{name, phone, ids}] of before."""
    name, phone = contact.display_name[:200], contact.display_phone[:90]
    table = Interaction.__table__
    rows = db.session.execute(
        select(table.c.id, table.c.contact_name, table.c.contact_phone).where(
            table.c.contact_id == contact.id,
            (table.c.contact_name != name) | (table.c.contact_phone != phone),
        )
    )
    former = {}
    for row in rows:
        former.setdefault((row.contact_name, row.contact_phone), []).append(row.id)
    for ids in former.values():
        give_name(ids, name, phone)
    return [{"name": key[0], "phone": key[1], "ids": ids} for key, ids in former.items()]


def give_name(ids, name, phone, *conditions):
    table = Interaction.__table__
    for part in moving.chunks(ids):
        db.session.execute(
            update(table)
            .where(table.c.id.in_(part), *conditions)
            .values(contact_name=name, contact_phone=phone)
        )


def kept_as(value):
    """A column's value as JSON holds it."""
    return value.isoformat() if isinstance(value, datetime) else value


def read_as(name, value):
    """The column's value of what JSON held."""
    is_time = name.endswith(("_at", "_since"))
    return datetime.fromisoformat(value) if is_time and value is not None else value


def _both(kept_id, other_id):
    if kept_id == other_id:
        raise ValueError("A contact cannot be merged with itself.")
    found = locked(kept_id, other_id)
    for contact_id in (kept_id, other_id):
        contact = found.get(contact_id)
        if contact is None or contact.erased_at is not None:
            raise ValueError("This contact was deleted meanwhile.")
        if contact.merged_into_id is not None:
            into = standing(contact).display_name
            raise ValueError(f"{contact.display_name} is part of {into} already.")
    return found[kept_id], found[other_id]


def _columns(kept, other, choices, by):
    """{columns: {name: [before, after]}, fields: {id: [before, after]}} of the kept contact."""
    values = comparing.merged_values(kept, other, choices)
    values |= {"updated_at": utcnow(), "updated_by_id": person_id(by)}
    fields, had = values.pop("fields"), kept.fields or {}
    return {
        "columns": {
            name: [kept_as(getattr(kept, name)), kept_as(value)]
            for name, value in values.items()
            if value != getattr(kept, name)
        },
        "fields": {
            id: [had.get(id), fields.get(id)]
            for id in sorted({*had, *fields})
            if had.get(id) != fields.get(id)
        },
    }


def _set(kept, before):
    for name, (_, after) in before["columns"].items():
        setattr(kept, name, read_as(name, after))
    set_fields(kept, {id: after for id, (_, after) in before["fields"].items()})


def set_fields(contact, values):
    """Own fields by id; None takes one away."""
    fields = {**(contact.fields or {}), **values}
    contact.fields = {id: value for id, value in fields.items() if value is not None}


def _all(name, kept, other):
    ids = moving.ids_of(name, other.id)
    moving.move(name, ids, other.id, kept.id)
    return ids


def _close_doubled(kept, other, by):
    """Of two open conversations on one account the younger closes; the other one goes on."""
    locked_open(kept.id, other.id)
    closed = []
    for older, younger in comparing.doubled_open(kept, other):
        ended_before = {name: kept_as(getattr(younger, name)) for name in ENDED}
        carried_before = {name: kept_as(getattr(older, name)) for name in CARRIED}
        closing.close(younger, CloseReason.MERGED, by=person(by))
        _carry(older, younger)
        db.session.flush()
        after = {name: kept_as(getattr(older, name)) for name in CARRIED}
        closed.append(
            {
                "id": younger.id,
                "before": ended_before,
                "into": older.id,
                "carried": {
                    name: [carried_before[name], after[name]]
                    for name in CARRIED
                    if carried_before[name] != after[name]
                },
            }
        )
    return closed


def _carry(older, younger):
    """Nothing the customer wrote in the younger one is forgotten, nor the free text it allows."""
    for name in ("window_expires_at", "last_customer_at"):
        setattr(older, name, _extreme(max, getattr(older, name), getattr(younger, name)))
    older.unanswered_since = _extreme(min, older.unanswered_since, younger.unanswered_since)
    older.unread += younger.unread
    if younger.last_message_id and younger.last_message_at >= older.last_message_at:
        for name in LAST:
            setattr(older, name, getattr(younger, name))
    if older.owner_id is None and younger.owner_id is not None:
        # Whoever is talking to the customer goes on; nobody else is rung for it.
        older.owner_id, older.assigned_at = younger.owner_id, younger.assigned_at
        older.state = InteractionState.ASSIGNED
        keeping.moved(older, Outcome.ACCEPTED)
        offering.withdraw_from([older.id])


def _extreme(choose, *moments):
    return choose((moment for moment in moments if moment), default=None)


def _settle_pair(kept, other, by):
    first, second = sorted((kept.id, other.id))
    db.session.execute(
        update(DuplicatePair)
        .where(
            DuplicatePair.first_id == first,
            DuplicatePair.second_id == second,
            DuplicatePair.settled_at.is_(None),
        )
        .values(settled_at=utcnow(), settled_by_id=person_id(by))
    )


def announce(*contacts):
    for interaction in locked_open(*(contact.id for contact in contacts)).values():
        summary.announce(interaction)


def _plain_row(row):
    return {name: kept_as(value) for name, value in row.items()}
