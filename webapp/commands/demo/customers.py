"""What the demo knows of its customers: lists, fields, tags, and who agreed to marketing."""

from sqlalchemy import select

from webapp.contacts import arranging, consenting, editing
from webapp.contacts.models import Contact, ContactList, CustomField
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

LISTS = {
    "Open orders": "Whoever waits for a delivery",
    "Newsletter": "Agreed to news and offers",
}
TAGS = {"VIP": "accent", "Wholesale": "grey", "Returns": "warn", "Call back": "note"}
FIELDS = (
    # name, kind, list, choices
    ("Customer no.", "text", None, ()),
    ("ERP page", "url", None, ()),
    ("order_no", "text", "Open orders", ()),
    ("Preferred day", "select", "Open orders", ("Wednesday", "Thursday")),
    ("Delivery slot", "date_time", "Open orders", ()),
    ("Call before arrival", "switch", "Open orders", ()),
)
DANA = {
    "Customer no.": "C-20418",
    "ERP page": "https://erp.northgate.example/20418",
    "order_no": "40718",
    "Preferred day": "Thursday",
    "Delivery slot": "2026-11-26T08:00:00",
    "Call before arrival": True,
}


def describe():
    """After their conversations: the contacts are there then."""
    with unit_of_work():
        by = db.session.scalars(select(User).order_by(User.id)).first()
        for name, description in LISTS.items():
            arranging.save_list(None, name, description, (), by)
        for name, color in TAGS.items():
            arranging.save_tag(None, name, color, by)
        for name, kind, contact_list, choices in FIELDS:
            arranging.save_field(None, _field(name, kind, contact_list, choices), by)
        _describe_dana(by)
        _others(by)


def _field(name, kind, contact_list, choices):
    list_id = _id(ContactList, contact_list) if contact_list else None
    return {
        "name": name,
        "kind": kind,
        "required": False,
        "choices": choices,
        "contact_list_id": list_id,
    }


def _describe_dana(by):
    dana = _contact("15550123409")
    facts = {
        "first_name": "Dana",
        "last_name": "Whitlock",
        "company": "Whitlock Sites",
        "email": "dana@whitlock.example",
        "language": "en",
        "time_zone": "America/New_York",
        "fields": {_id(CustomField, name): value for name, value in DANA.items()},
    }
    editing.change(dana, facts, by)
    editing.join_lists(dana, [_id(ContactList, name) for name in LISTS], by)
    editing.add_tags(dana, [_id(Tag, "VIP"), _id(Tag, "Wholesale")], by)
    consenting.record(dana, True, "form", words="Web form, text version 3", by="Web form")


def _others(by):
    ingrid, kwame = _contact("4740000193"), _contact("233200000641")
    editing.join_lists(ingrid, [_id(ContactList, "Open orders")], by)
    editing.add_tags(ingrid, [_id(Tag, "Returns")], by)
    editing.join_lists(kwame, [_id(ContactList, "Newsletter")], by)
    consenting.record(kwame, False, "agent", words="Asked on the phone", by=by)


def _contact(phone):
    return db.session.scalars(select(Contact).where(Contact.phone == phone)).one()


def _id(table, name):
    return db.session.scalars(select(table.id).where(table.name == name)).one()
