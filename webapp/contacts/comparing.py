"""Two contacts side by side: what they disagree on, and which value a merge keeps."""

from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.contacts.models import Consent, CustomField
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState, Message

KEPT, OTHER = "kept", "other"
# What a person chooses between, and the columns that go together.
CHOICES = {
    "name": ("name", "first_name", "last_name"),
    "company": ("company",),
    "email": ("email",),
    "phone": ("phone", "unreachable_at"),
    "language": ("language",),
    "time_zone": ("time_zone",),
    "profile_name": ("profile_name",),
    "username": ("username",),
}
LABELS = {
    "name": "Name",
    "company": "Company",
    "email": "Email",
    "phone": "Main number",
    "language": "Language",
    "time_zone": "Time zone",
    "profile_name": "Name on WhatsApp",
    "username": "WhatsApp user name",
}
COLUMNS = tuple(column for columns in CHOICES.values() for column in columns)
FIELD = "field:"


@dataclass(frozen=True)
class Line:
    """One value of both; `differs` where somebody has to choose."""

    key: str
    label: str
    kept: object
    other: object
    field: CustomField | None = None

    @property
    def differs(self):
        return is_given(self.kept) and is_given(self.other) and self.kept != self.other

    @property
    def default(self):
        return KEPT if is_given(self.kept) or not is_given(self.other) else OTHER


def lines(kept, other):
    """Every value that one of the two has, the own fields last."""
    rows = [Line(key, LABELS[key], getattr(kept, key), getattr(other, key)) for key in CHOICES]
    rows += [
        Line(f"{FIELD}{field.id}", field.name, _own(kept, field), _own(other, field), field)
        for field in _fields(kept, other)
    ]
    return [row for row in rows if is_given(row.kept) or is_given(row.other)]


def merged_values(kept, other, choices):
    """What the kept contact's columns become; `fields` holds the own ones."""
    picked = {line.key: choices.get(line.key, line.default) for line in lines(kept, other)}
    values = {column: getattr(kept, column) for column in COLUMNS}
    fields = dict(kept.fields or {})
    for key in (key for key, pick in picked.items() if pick == OTHER):
        if key.startswith(FIELD):
            _take(fields, other.fields or {}, key.removeprefix(FIELD))
        else:
            values |= {column: getattr(other, column) for column in CHOICES[key]}
    return values | {"fields": fields} | strictest(kept, other) | _span(kept, other)


def strictest(*contacts):
    """An opt-out of either wins, and so does a block."""
    words = {contact.consent for contact in contacts}
    out = Consent.OUT in words or any(contact.opted_out_at for contact in contacts)
    agreed = Consent.IN if Consent.IN in words else Consent.NONE
    return {
        "consent": Consent.OUT if out else agreed,
        "opted_out_at": _latest(contact.opted_out_at for contact in contacts),
        "blocked_at": _latest(contact.blocked_at for contact in contacts),
    }


def counts(contact):
    """What a person wants to know before they decide: conversations, open ones, messages."""
    mine = Interaction.contact_id == contact.id
    total, still_open = db.session.execute(
        select(
            func.count(), func.count().filter(Interaction.state != InteractionState.CLOSED)
        ).where(mine)
    ).one()
    written = select(func.count()).where(
        Message.contact_id == contact.id,
        Message.interaction_id.in_(select(Interaction.id).where(mine)),
    )
    return {"conversations": total, "open": still_open, "messages": db.session.scalar(written)}


def doubled_open(kept, other):
    """[(the one that goes on, the younger one that is closed)] on each account both write to."""
    rows = db.session.scalars(
        select(Interaction)
        .where(
            Interaction.contact_id.in_([kept.id, other.id]),
            Interaction.state != InteractionState.CLOSED,
        )
        .order_by(Interaction.started_at, Interaction.id)
    )
    by_account = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row)
    return [tuple(pair) for pair in by_account.values() if len(pair) == 2]


def is_given(value):
    return value is not None and value != ""


def _fields(*contacts):
    ids = {int(id) for contact in contacts for id in contact.fields or {}}
    if not ids:
        return []
    return db.session.scalars(
        select(CustomField)
        .where(CustomField.id.in_(ids), CustomField.deleted_at.is_(None))
        .order_by(CustomField.position, CustomField.id)
    ).all()


def _own(contact, field):
    return (contact.fields or {}).get(str(field.id))


def _take(fields, theirs, id):
    if is_given(theirs.get(id)):
        fields[id] = theirs[id]
    else:
        fields.pop(id, None)


def _span(kept, other):
    return {
        "created_at": min(kept.created_at, other.created_at),
        "last_contact_at": _latest((kept.last_contact_at, other.last_contact_at)),
    }


def _latest(moments):
    return max((moment for moment in moments if moment), default=None)
