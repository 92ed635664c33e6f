"""Files of contacts, and imports of them as the pages make them."""

import csv
import io
import uuid

import xlsxwriter

from tests.factories import save
from webapp import media_store
from webapp.contacts.importing import running
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

HEADER = ["Mobile", "First name", "Last name", "Agreed"]


def csv_file(rows, encoding="utf-8", delimiter=",", **options):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, **options).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_file(rows):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Export")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    book.close()
    return out.getvalue()


def uploaded(content, by=None, filename="people.csv", **mapping):
    """An import as it is right after the upload."""
    key = f"imp-{uuid.uuid4().hex}"
    media_store.put(key, io.BytesIO(content))
    return save(
        ContactImport(
            filename=filename,
            storage_key=key,
            size=len(content),
            state=ImportState.CHECKING,
            created_by_id=by.id if by else None,
        )
    )


def checked(content, by=None, filename="people.csv", **decided):
    """The same after its dry run; what is `decided` is part of the mapping before it."""
    entry = uploaded(content, by, filename)
    run(entry)
    if decided:
        with unit_of_work():
            held = db.session.get(ContactImport, entry.id)
            held.mapping = {**held.mapping, **decided}
            held.state, held.row, held.dry_run = ImportState.CHECKING, 0, None
        run(entry)
    return entry


def start(entry):
    with unit_of_work():
        held = db.session.get(ContactImport, entry.id)
        if held.state != ImportState.STOPPED:
            held.row, held.counts = 0, {}
        held.state = ImportState.RUNNING


def run(entry, seconds=60):
    running.run(entry.id, seconds=seconds)
    db.session.expire_all()
    return entry


def imported(content, by=None, **decided):
    entry = checked(content, by, **decided)
    assert entry.state == ImportState.CHECKED, (entry.state, entry.problem)
    start(entry)
    return run(entry)


def left_out(entry):
    with media_store.open(entry.rejects_key) as file:
        return file.read()
