"""Contacts that look like one person: found by what they share, settled by people alone."""

from sqlalchemy import and_, func, literal_column, or_, select, update
from sqlalchemy.orm import aliased

from webapp.columns import utcnow
from webapp.contacts import search
from webapp.contacts.models import LISTED, Contact, CustomField, DuplicatePair
from webapp.database import insert
from webapp.extensions import db
from webapp.settings import values
from webapp.staff.models import person_id, record

REASONS = {
    "message": "Named in one WhatsApp message",
    "email": "Same email",
    "name": "Same name and company",
    "field": "Same value of an own field",
}
SETTING = "duplicates"  # {"field_id": a custom field whose value belongs to one person}
SWEEP = 500  # contacts one step of the sweep looks at
MOST_ALIKE = 20  # more contacts with one value: that value says nothing about a person
MOST_COUNTED = 1000  # a list's figure says "1,000+" beyond
_EMPTY = literal_column("''")  # as the index has it


def note_named_together(contact_ids):
    """One message named these contacts, so WhatsApp takes them for one person."""
    ids = sorted(contact_ids)
    for at, first in enumerate(ids):
        for second in ids[at + 1 :]:
            _note(first, second, "message", f"Contacts {first} and {second}")


def look(contact_ids):
    """Pairs of these contacts with any other, by index; how many are new."""
    return sum(_pair_up(*sign) for sign in _signs(_listed(contact_ids)))


def sweep(after=0, limit=SWEEP, stop_asked=lambda: False):
    """One batch by id; the last id looked at, or None at the end."""
    ids = db.session.scalars(
        select(Contact.id).where(Contact.id > after, LISTED).order_by(Contact.id).limit(limit)
    ).all()
    if ids:
        look(ids)
    return ids[-1] if len(ids) == limit and not stop_asked() else None


def dismiss(pair, by):
    """Not the same person: this pair is not shown again."""
    done = db.session.execute(
        update(DuplicatePair)
        .where(DuplicatePair.id == pair.id, DuplicatePair.settled_at.is_(None))
        .values(settled_at=utcnow(), settled_by_id=person_id(by))
    )
    if done.rowcount:
        record(by, "not_the_same", pair, after={"contacts": [pair.first_id, pair.second_id]})


def open_pairs():
    """(pair, first, second) of those still to be decided; both contacts still listed."""
    first, second = aliased(Contact, name="one"), aliased(Contact, name="two")
    return (
        select(DuplicatePair, first, second)
        .join(first, first.id == DuplicatePair.first_id)
        .join(second, second.id == DuplicatePair.second_id)
        .where(
            DuplicatePair.settled_at.is_(None),
            _is_listed(DuplicatePair.first_id),
            _is_listed(DuplicatePair.second_id),
        )
    )


def pairs_of(contact):
    """Open pairs of one contact, as [(pair, the other contact)], for its page."""
    mine = or_(DuplicatePair.first_id == contact.id, DuplicatePair.second_id == contact.id)
    rows = db.session.execute(open_pairs().where(mine).order_by(DuplicatePair.id).limit(5))
    return [(pair, two if one.id == contact.id else one) for pair, one, two in rows]


def count():
    """How many are still to be decided, up to MOST_COUNTED."""
    pairs = open_pairs().with_only_columns(DuplicatePair.id, maintain_column_froms=True)
    counted = pairs.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(counted))


def page(before=None, limit=50):
    """The newest pairs first, by key: [(pair, first, second)] and the next page's key."""
    rows = open_pairs().order_by(DuplicatePair.id.desc()).limit(limit + 1)
    if before:
        rows = rows.where(DuplicatePair.id < before)
    found = [tuple(row) for row in db.session.execute(rows)]
    return found[:limit], found[limit - 1][0].id if len(found) > limit else None


def reason_of(pair):
    """What the page says of a pair, with the value both share."""
    words = REASONS.get(pair.reason, pair.reason)
    return f"{words}: {pair.detail}" if pair.detail and pair.reason != "message" else words


def field_id():
    return values.get(SETTING, {}).get("field_id")


def _listed(contact_ids):
    rows = select(Contact).where(Contact.id.in_(list(contact_ids)), LISTED).order_by(Contact.id)
    return db.session.scalars(rows).all()


def _signs(contacts):
    """(contact, reason, condition for the others, the value both share)"""
    emails = _shared(Contact.email, {contact.email for contact in contacts})
    names = _shared(_sort_name(), {contact.name.lower() for contact in contacts if contact.company})
    field = db.session.get(CustomField, field_id() or 0)
    for contact in contacts:
        if contact.email in emails:
            yield contact, "email", Contact.email == contact.email, contact.email
        if contact.company and contact.name.lower() in names:
            # The list's own index of names finds them; the company then tells them apart.
            alike = and_(
                _sort_name() == contact.name.lower(),
                func.lower(Contact.company) == contact.company.lower(),
            )
            yield contact, "name", alike, f"{contact.name}, {contact.company}"
        value = (contact.fields or {}).get(str(field.id)) if field else None
        if value not in (None, ""):
            yield contact, "field", search.holding(field, value), f"{field.name} {value}"


def _shared(column, values):
    """Which of these more than one contact has: nearly none, so that few are asked about alone."""
    values = list(filter(None, values))
    rows = select(column).where(column.in_(values), column != _EMPTY, LISTED)
    return set(db.session.scalars(rows.group_by(column).having(func.count() > 1))) if values else ()


def _sort_name():
    """Word for word the expression of ix_contacts_by_name."""
    names = (
        func.nullif(Contact.name, _EMPTY),
        func.nullif(Contact.profile_name, _EMPTY),
        Contact.phone,
        _EMPTY,
    )
    return func.lower(func.coalesce(*names))


def _pair_up(contact, reason, condition, detail):
    rows = select(Contact.id).where(condition, LISTED, Contact.id != contact.id)
    others = db.session.scalars(rows.limit(MOST_ALIKE + 1)).all()
    if len(others) > MOST_ALIKE:
        return 0
    return sum(_note(*sorted((contact.id, other)), reason, detail) for other in others)


def _note(first_id, second_id, reason, detail):
    """Keep a pair once: one that was dismissed stays so."""
    made = db.session.scalar(
        insert(DuplicatePair.__table__)
        .on_conflict_do_nothing(index_elements=["first_id", "second_id"])
        .returning(DuplicatePair.__table__.c.id),
        {"first_id": first_id, "second_id": second_id, "reason": reason, "detail": detail[:500]},
    )
    return made is not None


def _is_listed(contact_id):
    """Asked pair by pair, as a subquery that is not made a join.

    After an import there are no statistics yet: PostgreSQL takes the listed contacts for a handful
    and would go through all of them for each of them.
    """
    one = aliased(Contact)
    is_listed = and_(one.merged_into_id.is_(None), one.erased_at.is_(None))
    return select(is_listed).where(one.id == contact_id).scalar_subquery()
