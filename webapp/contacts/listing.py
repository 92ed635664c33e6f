"""What the contact list can show: its columns, filters and orders, and what stands in a row."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from sqlalchemy import String, and_, exists, func, literal_column, select

from webapp import words
from webapp.columns import UtcDateTime, id_of, utcnow
from webapp.contacts import field_values, search
from webapp.contacts.models import SORT_NAME, Consent, Contact, ContactTag, FieldKind
from webapp.database import is_postgresql
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.tables.spec import Column, Filter, Table

# What stands as consent, the strongest reason not to write first: (value, label, badge).
STANDINGS = {
    "blocked": ("Blocked", "badge--bad"),
    "unreachable": ("Not on WhatsApp", "badge--bad"),
    "out": ("Opted out", "badge--bad"),
    "in": ("Opted in", "badge--ok"),
    "none": ("Service only", "badge--warn"),
}
AGES = {
    "1": "Today",
    "7": "In the last 7 days",
    "30": "In the last 30 days",
    "90": "In the last 90 days",
    "over-90": "More than 90 days ago",
    "over-365": "More than a year ago",
}
PAGE = 50
OWN_SHOWN = 2  # of a list's own fields, before a person chooses
BY_NAME = literal_column(SORT_NAME.text, String)


def table_for(view, tags=()):
    """The list's table, with the fields its contacts have; `tags` are (id, name) to choose from."""
    return Table(
        name="contacts" if view.contact_list is None else f"contacts-{view.name}",
        key=Contact.id,
        columns=_columns(view),
        sort="name",
        filters=_filters(view, tags),
        search=search.matching,
        page_size=PAGE,
    )


def _columns(view):
    own = [one for one in view.fields if one.contact_list_id is not None][:OWN_SHOWN]
    last = _last_contact()
    return (
        Column("name", "Name", BY_NAME, lambda one: one.display_name, fixed=True),
        Column("phone", "WhatsApp number", None, lambda one: one.display_phone, classes="num"),
        Column("tags", "Tags", None, lambda one: ", ".join(tag.name for tag in one.tags)),
        Column("consent", "Consent", None, lambda one: STANDINGS[standing(one)][0]),
        *(_field_column(one, shown=one in own) for one in view.fields),
        Column(
            "last",
            "Last contact",
            last,
            lambda one: one.last_contact_at,
            classes="num muted nowrap",
        ),
        Column("company", "Company", None, lambda one: one.company, shown=False),
        Column("email", "Email", None, lambda one: one.email, shown=False),
        Column("language", "Language", None, lambda one: one.language, shown=False),
        Column(
            "created",
            "Added",
            Contact.created_at,
            lambda one: one.created_at,
            shown=False,
            classes="num muted nowrap",
        ),
    )


def _field_column(one, shown):
    return Column(
        f"field-{one.id}",
        one.name,
        None,
        lambda contact: field_values.shown(one, contact.fields.get(str(one.id))),
        shown=shown,
        classes="hide-s num" if one.kind == FieldKind.NUMBER else "hide-s",
    )


def _filters(view, tags):
    own = [_field_filter(one) for one in view.fields]
    return (
        Filter("tag", "Tag", _tagged, lambda: tags),
        Filter("consent", "Consent", _standing, lambda: _pairs(STANDINGS)),
        *[one for one in own if one],
        Filter("last", "Last contact", _last_seen, lambda: [*AGES.items(), ("never", "Never")]),
        Filter("created", "Added", _created, lambda: list(AGES.items())),
        Filter("language", "Language", _language, hint="A code, such as en or pt_BR"),
    )


def _pairs(names):
    return [(value, label) for value, (label, _) in names.items()]


def _field_filter(one):
    name = f"field-{one.id}"
    match one.kind:
        case FieldKind.SELECT:
            choices = [(choice, choice) for choice in one.choices]
            return Filter(name, one.name, lambda v: search.holding(one, v), lambda: choices)
        case FieldKind.SWITCH:
            yes_or_no = [("yes", "Yes"), ("no", "No")]
            return Filter(
                name, one.name, lambda v: search.holding(one, v == "yes"), lambda: yes_or_no
            )
        case FieldKind.TEXT | FieldKind.NUMBER | FieldKind.URL:
            return Filter(name, one.name, lambda v: _holding(one, v), hint="The whole value")
    return None


def _holding(one, value):
    return search.holding(one, field_values.checked(one, value))


def _tagged(value):
    return exists().where(ContactTag.tag_id == _number(value), ContactTag.contact_id == Contact.id)


def _number(value):
    number = id_of(value)
    if number is None:
        raise ValueError(value)
    return number


def all_tags():
    rows = db.session.execute(select(Tag.id, Tag.name).order_by(func.lower(Tag.name)))
    return [(str(id), name) for id, name in rows]


def _standing(value):
    stands = {
        "blocked": Contact.blocked_at.is_not(None),
        "unreachable": Contact.unreachable_at.is_not(None),
        "out": Contact.consent == Consent.OUT,
        "in": Contact.consent == Consent.IN,
        "none": Contact.consent == Consent.NONE,
    }
    if value not in stands:
        raise ValueError(value)
    return stands[value]


def _last_seen(value):
    at = _last_contact()
    if value == "never":
        return at == _never()
    return and_(at > _never(), _within(at, value))


def _created(value):
    return _within(Contact.created_at, value)


def _language(value):
    return Contact.language == value


def _within(at, value):
    """`30`: the last 30 days; `over-90`: longer ago; `2026-11-01..2026-11-30`: these days."""
    if ".." in value:
        first, _, last = value.partition("..")
        begins, ends = _midnight(first), _midnight(last)
        return and_(at >= begins, at < ends + timedelta(days=1))
    if value not in AGES:
        raise ValueError(value)
    if value == "1":
        return at >= _midnight(words.local_day(utcnow()).isoformat())
    since = utcnow() - timedelta(days=int(value.removeprefix("over-")))
    return at < since if value.startswith("over-") else at >= since


def _midnight(day):
    moment = datetime.combine(date.fromisoformat(day), time(), words.zone())
    if not 1900 < moment.year < 9999:
        raise ValueError(day)
    return moment


def _last_contact():
    """Never NULL, so that a page can begin behind any row: the expression of migration 0006."""
    return literal_column(f"coalesce(contacts.last_contact_at, {_moment()})", UtcDateTime)


def _never():
    return literal_column(_moment(), UtcDateTime)


def _moment():
    if is_postgresql():
        return "'1900-01-01 00:00:00+00'::timestamptz"
    return "'1900-01-01 00:00:00.000000'"


def standing(contact):
    """Which of STANDINGS a row shows."""
    if contact.blocked_at is not None:
        return "blocked"
    return "unreachable" if contact.unreachable_at is not None else str(contact.consent)


def tags_of(contacts):
    """Contact's id → its tags by name, of a whole page at once."""
    rows = (
        select(ContactTag.contact_id, Tag)
        .join(Tag, Tag.id == ContactTag.tag_id)
        .where(ContactTag.contact_id.in_([one.id for one in contacts]))
        .order_by(func.lower(Tag.name))
    )
    tags = defaultdict(list)
    for contact_id, tag in db.session.execute(rows):
        tags[contact_id].append(tag)
    return tags
