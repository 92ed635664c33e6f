"""Contacts as a file that people, spreadsheets and the import read: CSV or XLSX."""

import csv
import io
import tempfile
from collections import defaultdict

import xlsxwriter
from sqlalchemy import select

from webapp.contacts import cells, field_values
from webapp.contacts.importing import mapping
from webapp.contacts.models import (
    Consent,
    Contact,
    ContactIdentity,
    ContactList,
    ContactListMember,
    ContactTag,
)
from webapp.contacts.people import NUMBERS
from webapp.extensions import db
from webapp.settings.models import Tag

PIECE = 1_000
MOST_OF_A_SHEET = 1_000_000  # rows of contacts; a sheet ends soon after
CONSENTS = {Consent.IN: "Yes", Consent.OUT: "No"}
COLUMNS = (
    "First name",
    "Last name",
    "Company",
    "Email",
    "WhatsApp number",
    "Language",
    "Time zone",
    "Tags",
    "Lists",
    "Marketing consent",
)


class TooMany(ValueError):
    """A sheet has no room for so many."""


def rows(selected):
    """The header, then a list of text for each contact that `selected` finds, by their age."""
    fields = mapping.fields()
    yield [*COLUMNS, *(heading(field) for field in fields)]
    for found in _pieces(selected):
        yield from _written(found, fields)
        db.session.expunge_all()


def csv_of(selected):
    """Pieces of text; spreadsheets know it for UTF-8 by the mark it begins with."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    for number, row in enumerate(rows(selected)):
        writer.writerow(row)
        if number % PIECE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def xlsx_of(selected):
    """A temporary file that holds a workbook; whoever asked for it closes it."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    try:
        book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
        sheet = book.add_worksheet("Contacts")
        for number, row in enumerate(rows(selected)):
            if number > MOST_OF_A_SHEET:
                raise TooMany("More than 1,000,000 contacts fit no sheet. Take CSV.")
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text)
        book.close()
        out.seek(0)
    except BaseException:
        out.close()
        raise
    return out


def heading(field):
    """A field's column; those of a list name it, because two lists may use one name."""
    return cells.safe(f"{field.name} ({field.list_name})" if field.list_name else field.name)


def _pieces(selected):
    found = selected.order_by(None).with_only_columns(Contact).order_by(Contact.id).limit(PIECE)
    last = 0
    while contacts := db.session.scalars(found.where(Contact.id > last)).all():
        last = contacts[-1].id
        yield contacts


def _written(contacts, fields):
    ids = [contact.id for contact in contacts]
    tags = _names(ContactTag.contact_id, Tag, ContactTag.tag_id, ids)
    lists = _names(
        ContactListMember.contact_id, ContactList, ContactListMember.contact_list_id, ids
    )
    numbers = _numbers(ids)
    for contact in contacts:
        values = (
            *_called(contact),
            contact.company,
            contact.email,
            _number(contact, numbers),
            contact.language or "",
            contact.time_zone or "",
            joined(tags[contact.id]),
            joined(lists[contact.id]),
            CONSENTS.get(contact.consent, ""),
            *(field_values.shown(field, contact.fields.get(str(field.id))) for field in fields),
        )
        yield [cells.safe(text.replace("\x00", "").strip()) for text in values]


def joined(names):
    """Names in one cell; one that holds what could stand between two is quoted."""
    return ",".join(_quoted(name) for name in sorted(names))


def _quoted(name):
    if any(sign in name for sign in ',;|"'):
        return '"' + name.replace('"', '""') + '"'
    return name


def _called(contact):
    """Those whom nobody has named here yet have only what we call them."""
    if contact.first_name or contact.last_name:
        return contact.first_name, contact.last_name
    return contact.name[:100], ""


def _number(contact, numbers):
    number = contact.phone or numbers.get(contact.id)
    return f"+{number}" if number else ""


def _numbers(ids):
    found = select(ContactIdentity.contact_id, ContactIdentity.value).where(
        ContactIdentity.contact_id.in_(ids),
        ContactIdentity.kind.in_(NUMBERS),
        ContactIdentity.retired_at.is_(None),
    )
    return dict(db.session.execute(found.order_by(ContactIdentity.id.desc())).all())


def _names(contact_id, other, other_id, ids):
    found = select(contact_id, other.name).join(other, other.id == other_id)
    names = defaultdict(list)
    for id, name in db.session.execute(found.where(contact_id.in_(ids))):
        names[id].append(name)
    return names
