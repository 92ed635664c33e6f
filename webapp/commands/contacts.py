"""`flask --app app contacts …`: merging people, giving them their data, forgetting them."""

import shutil
import tempfile

import click

from webapp.commands.answers import Group, as_json, fail, show
from webapp.contacts import disclosing, erasing, merging, unmerging
from webapp.contacts.models import Contact, ContactMerge
from webapp.extensions import db
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

group = Group("contacts", help="Customers: merge, undo, export, erase.")


@group.command("merge")
@click.argument("kept", type=int)
@click.argument("other", type=int)
@click.option(
    "--take", multiple=True, metavar="VALUE", help="Take this value from OTHER: name, email, …"
)
@as_json
def merge(kept, other, take, json):
    """Make contact OTHER part of contact KEPT."""
    contacts = [_contact(id) for id in (kept, other)]
    try:
        with unit_of_work():
            done = merging.merge(*contacts, dict.fromkeys(take, "other"), "command")
            merge_id = done.id
    except ValueError as refused:
        fail(str(refused))
    answer = {"merge": merge_id, "kept": kept, "merged": other}
    show(answer, f"Contact {other} is part of {kept}. Undo: contacts undo-merge {merge_id}", json)


@group.command("undo-merge")
@click.argument("merge", type=int)
@as_json
def undo_merge(merge, json):
    """Take the merge with the number MERGE back."""
    found = db.session.get(ContactMerge, merge)
    if found is None:
        fail(f"there is no merge {merge}")
    try:
        with unit_of_work():
            notes = unmerging.undo(found, "command")
    except unmerging.Stays as refused:
        fail(str(refused))
    words = " ".join(["The contacts are two again.", *notes])
    show({"merge": merge, "notes": notes}, words, json)


@group.command("export")
@click.argument("contact", type=int)
@click.argument("path", type=click.File("wb"))
@as_json
def export(contact, path, json):
    """Write all that is kept of CONTACT into the ZIP file PATH."""
    with unit_of_work():
        record("command", "exported", _contact(contact))
    with tempfile.TemporaryFile() as file:
        counts = disclosing.write(contact, file)
        file.seek(0)
        shutil.copyfileobj(file, path)
    show({"contact": contact, "counts": counts}, f"Contact {contact} written: {counts}.", json)


@group.command("erase")
@click.argument("contact", type=int)
@click.option("--name", required=True, help="The person's name as shown, to be sure.")
@click.option("--reason", default="", help="Stays in the audit: write no name here.")
@as_json
def erase(contact, name, reason, json):
    """Delete name, number and messages of CONTACT for good."""
    found = _contact(contact)
    if not erasing.is_confirmed(found, name):
        fail(f"the name of contact {contact} is another one")
    try:
        with unit_of_work():
            request_id = erasing.erase(found, "command", reason).id
    except ValueError as refused:
        fail(str(refused))
    while not erasing.go_on(request_id):
        pass  # it ends each time after some seconds, for jobs
    show({"contact": contact, "erased": True}, f"Contact {contact} is deleted for good.", json)


def _contact(id):
    found = db.session.get(Contact, id)
    if found is None or found.erased_at is not None:
        fail(f"there is no contact {id}")
    return found
