"""“Only those who”: conditions on contacts and their fields, offered, checked and as SQL."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Float, String, and_, case, cast, func, literal_column, or_, select

from webapp.campaigns.messages.sources import living_fields, stored
from webapp.columns import id_of
from webapp.contacts import field_values, listing, plain_values
from webapp.contacts.models import Contact, ContactTag, CustomField, FieldKind
from webapp.database import is_postgresql
from webapp.extensions import db

MOST = 10
# Kind of field → (operator, what it is called).
OPERATORS = {
    "text": (
        ("is", "is"),
        ("contains", "contains"),
        ("empty", "is empty"),
        ("filled", "is not empty"),
    ),
    "number": (
        ("is", "is"),
        ("before", "is below"),
        ("after", "is above"),
        ("empty", "is empty"),
        ("filled", "is not empty"),
    ),
    "date": (
        ("is", "is on"),
        ("before", "is before"),
        ("after", "is after"),
        ("empty", "is empty"),
        ("filled", "is not empty"),
    ),
    "choice": (("one_of", "is one of"), ("empty", "is empty"), ("filled", "is not empty")),
    "switch": (("yes", "is yes"), ("no", "is no")),
    "tag": (("has", "has"), ("has_not", "has not")),
}
WITHOUT_VALUE = ("empty", "filled", "yes", "no")
OWN = {
    "first_name": ("First name", "text"),
    "last_name": ("Last name", "text"),
    "company": ("Company", "text"),
    "email": ("Email", "text"),
    "phone": ("WhatsApp number", "text"),
    "language": ("Language", "choice"),
    "created": ("Added", "date"),
    "last": ("Last contact", "date"),
    "tag": ("Tag", "tag"),
}
_KINDS = {
    FieldKind.NUMBER: "number",
    FieldKind.SELECT: "choice",
    FieldKind.SWITCH: "switch",
    FieldKind.DATE_TIME: "date",
}


@dataclass(frozen=True, slots=True)
class Field:
    """What a condition can be about. `choices` are (value, label), where there are some."""

    key: str
    label: str
    kind: str
    choices: tuple = ()
    custom: Any = None  # the CustomField

    @property
    def operators(self):
        return OPERATORS[self.kind]


def fields_for(list_ids=()):
    """What the page offers: contacts' own, then custom fields of everybody and of these lists."""
    rows = select(CustomField).where(
        CustomField.deleted_at.is_(None),
        or_(CustomField.contact_list_id.is_(None), CustomField.contact_list_id.in_(list_ids)),
    )
    ordered = rows.order_by(
        CustomField.contact_list_id.is_not(None), CustomField.position, CustomField.id
    )
    return [*map(_own, OWN), *map(_custom, db.session.scalars(ordered))]


def checked(condition):
    """A condition as it is kept: {field, op, value}; ValueError says what to mend."""
    field = _field(condition.get("field") or "")
    op = condition.get("op") or ""
    if op not in dict(field.operators):
        raise ValueError(f"{field.label}: choose how to compare.")
    value = None if op in WITHOUT_VALUE else _checked_value(field, condition.get("value"))
    return {"field": field.key, "op": op, "value": value}


def where(condition, zone=UTC):
    """The condition on contacts; ValueError as above: a field may be gone since.

    `zone` is whose days are meant where a moment is compared with a day.
    """
    condition = checked(condition)
    field, op, value = _field(condition["field"]), condition["op"], condition["value"]
    if field.kind == "tag":
        tagged = Contact.id.in_(
            select(ContactTag.contact_id).where(ContactTag.tag_id.in_(map(int, value)))
        )
        return tagged if op == "has" else ~tagged
    column = _stored(field)
    match op:
        case "empty":
            return or_(column.is_(None), func.trim(column) == "")
        case "filled":
            return and_(column.is_not(None), func.trim(column) != "")
        case "yes" | "no":
            return _is_switched(field.custom, op == "yes")
        case "contains":
            return column.icontains(value, autoescape=True)
        case "one_of":
            return column.in_(value)
    return _compared(field, column, op, value, zone)


def _field(key):
    if key in OWN:
        return _own(key)
    id = id_of(key.removeprefix("field-")) if key.startswith("field-") else None
    found = living_fields([id]).get(id) if id is not None else None
    if found is None:
        raise ValueError("A field of this condition was deleted. Choose another one, or remove it.")
    return _custom(found)


def _own(key):
    label, kind = OWN[key]
    choices = {"language": plain_values.LANGUAGES.items, "tag": listing.all_tags}
    return Field(key, label, kind, tuple(choices[key]()) if key in choices else ())


def _custom(field):
    choices = tuple((choice, choice) for choice in field.choices or ())
    return Field(f"field-{field.id}", field.name, _KINDS.get(field.kind, "text"), choices, field)


def _checked_value(field, value):
    if field.kind in ("choice", "tag"):
        return _checked_choices(field, value)
    text = str(value if value is not None else "").strip()
    if not text:
        raise ValueError(f"{field.label}: say which value.")
    match field.kind:
        case "number":
            return field_values.checked(field.custom, text)
        case "date":
            return _checked_day(field, text)
    if field.key == "phone":
        return "".join(sign for sign in text if sign.isdigit()) or text
    if len(text) > field_values.LONGEST_TEXT:
        raise ValueError(f"{field.label}: this value is too long.")
    return text


def _checked_choices(field, value):
    wanted = value if isinstance(value, list) else [value]
    wanted = [str(one).strip() for one in wanted if str(one or "").strip()]
    if not wanted:
        raise ValueError(f"{field.label}: choose at least one.")
    if field.key == "language":  # es_CO is in no list of ours, and yet a language
        return [plain_values.language(one) for one in wanted]
    known = [one for one, _ in field.choices]
    for one in wanted:
        if one not in known:
            gone = "A tag was deleted" if field.kind == "tag" else f"“{one[:60]}” is no choice"
            raise ValueError(f"{field.label}: {gone}. Choose again.")
    return wanted


def _checked_day(field, text):
    asked = CustomField(name=field.label, kind=FieldKind.DATE_TIME, required=False)
    try:
        day = date.fromisoformat(field_values.checked(asked, text)[:10])
    except ValueError:
        raise ValueError(f"{field.label}: “{text[:60]}” is not a day such as 1 Mar 2027.") from None
    if not 1900 < day.year < 9999:
        raise ValueError(f"{field.label}: {day.year} is no year we can compare with.")
    return day.isoformat()


def _stored(field):
    """The field as text: NULL or blank where it is empty."""
    if field.custom is not None:
        return stored(field.custom)
    columns = {"created": Contact.created_at, "last": Contact.last_contact_at}
    if field.key in columns:
        return cast(columns[field.key], String)
    return getattr(Contact, field.key)


def _compared(field, column, op, value, zone):
    if field.kind == "text":
        return func.lower(column) == func.lower(value)
    if field.kind == "number":
        return _against(_number(field.custom), op, value)
    if field.custom is not None:
        # ISO times sort as text; a day is what stands first in them.
        return _against(func.substr(column, 1, 10), op, value)
    moment = Contact.created_at if field.key == "created" else Contact.last_contact_at
    begins = datetime.combine(date.fromisoformat(value), time(), zone)
    ends = begins + timedelta(days=1)
    if op == "is":
        return and_(moment >= begins, moment < ends)
    return moment < begins if op == "before" else moment >= ends


def _against(column, op, value):
    match op:
        case "before":
            return column < value
        case "after":
            return column > value
    return column == value


def _number(field):
    """NULL for what is no number."""
    name = f"'{int(field.id)}'" if is_postgresql() else f"'$.\"{int(field.id)}\"'"
    if is_postgresql():
        kind = literal_column(f"jsonb_typeof(contacts.fields -> {name})", String)
        is_number = kind == "number"
    else:
        kind = literal_column(f"json_type(contacts.fields, {name})", String)
        is_number = kind.in_(("integer", "real"))
    return case((is_number, cast(stored(field), Float)))


def _is_switched(field, on):
    """As JSON writes it: true, which SQLite reads as 1."""
    return stored(field) == (("true" if on else "false") if is_postgresql() else str(int(on)))
