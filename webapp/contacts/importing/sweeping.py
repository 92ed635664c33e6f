"""What is left of imports that are over: their files go after some days."""

from datetime import timedelta

from sqlalchemy import select

from webapp.columns import utcnow
from webapp.contacts.importing import files
from webapp.contacts.importing.models import AT_WORK, ContactImport
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

KEPT = timedelta(days=7)  # after the end, or after the upload if it never began
AT_ONCE = 50


def sweep(now=None):
    """Delete the files of some old imports; whether there were any."""
    before = (now or utcnow()) - KEPT
    ended = ContactImport.finished_at < before
    left = ContactImport.finished_at.is_(None) & (ContactImport.created_at < before)
    found = select(ContactImport).where(
        ContactImport.storage_key.is_not(None), ended | left, ContactImport.state.not_in(AT_WORK)
    )
    old = db.session.scalars(found.order_by(ContactImport.id).limit(AT_ONCE)).all()
    for entry in old:
        _drop(entry)
    return bool(old)


def _drop(entry):
    """First the files: a row that names none could never have them deleted."""
    files.drop_all(entry)
    with unit_of_work():
        held = db.session.get(ContactImport, entry.id)
        held.storage_key = held.rejects_key = None
        held.reading = {name: v for name, v in held.reading.items() if name != "first"}
        if held.dry_run:
            held.dry_run = {n: v for n, v in held.dry_run.items() if n not in ("check", "pending")}
        held.counts = {n: v for n, v in held.counts.items() if n != "pending"}


def forget_work(entry):
    """A file that cannot be read is of no further use."""
    if entry.row == 0 and not entry.counts.get("parts"):
        files.drop_all(entry)
