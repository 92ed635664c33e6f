"""What a person decides about an uploaded file, and how an import begins, stops and goes on."""

import io
import uuid

from sqlalchemy import select, update

from webapp import jobs, media_store
from webapp.columns import id_of, utcnow
from webapp.contacts.countries import NAMES
from webapp.contacts.importing import files, mapping, names, preparing
from webapp.contacts.importing.limits import LARGEST_FILE
from webapp.contacts.importing.models import AT_WORK, ContactImport, ImportState
from webapp.contacts.importing.running import JOB
from webapp.contacts.models import ContactList, CustomField
from webapp.database import lock
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

OPEN = (ImportState.UPLOADED, ImportState.CHECKED)
LONGEST_LIST = 120


class Refused(ValueError):
    """Not now, or not like this; the sentence says why."""


def upload(file, filename, by):
    """Keep the file and have it read; its id. Opens its own unit: storing may take a while."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not size:
        raise Refused("The file is empty.")
    if size > LARGEST_FILE:
        raise Refused("The file is larger than 60 MB. Split it and import each part.")
    key = f"imp-{uuid.uuid4().hex}"
    media_store.put(key, file)
    with unit_of_work():
        entry = ContactImport(
            filename=_short(filename),
            storage_key=key,
            size=size,
            state=ImportState.CHECKING,
            created_by_id=by.id,
        )
        db.session.add(entry)
        db.session.flush()
        record(by, "uploaded", entry, after={"filename": entry.filename, "size": size})
        jobs.hint(JOB, entry.id)
        return entry.id


def recent(limit=20):
    found = select(ContactImport).order_by(ContactImport.id.desc()).limit(limit)
    return db.session.scalars(found).all()


def decide(entry, said, by):
    """Keep what was chosen; `said` has columns, country, day_first, same_by, on_same, list_id,
    new_list, tags, has_header, sheet. Raises Refused."""
    entry = _locked(entry.id)
    if entry.state not in OPEN:
        raise Refused("This file is being worked on. Wait until that ends, or stop it.")
    if said["sheet"] in entry.reading.get("sheets", ()) and said["sheet"] != entry.reading["sheet"]:
        entry.reading = {"sheet": said["sheet"], "sheets": entry.reading["sheets"]}
    elif said["has_header"] != entry.reading["has_header"]:
        _name_columns(entry, said["has_header"])
    known = {value for value, _ in mapping.targets()}
    columns = [target if target in known else "" for target in said["columns"]]
    entry.mapping = {
        "columns": columns,
        "country": said["country"] if said["country"] in NAMES else None,
        "day_first": said["day_first"],
        "same_by": ["phone", *(one for one in said["same_by"] if _may_match(one))],
        "on_same": said["on_same"]
        if said["on_same"] in (mapping.SKIP, mapping.KEEP, mapping.UPDATE)
        else mapping.KEEP,
        "list_ids": _lists(said["list_id"], said["new_list"], by),
        "tag_ids": names.tags().ids(said["tags"]),
    }
    return entry


def check(entry):
    """Have a dry run made of what is decided; raises Refused for what cannot be."""
    if entry.reading.get("prepared"):
        _refuse_problem(entry)
    entry.state, entry.row, entry.stop_asked_at, entry.beat_at = ImportState.CHECKING, 0, None, None
    entry.dry_run = None
    jobs.hint(JOB, entry.id)


def run(entry, by):
    """Begin, after a dry run of the same decisions; raises Refused."""
    _refuse_problem(entry)
    if not is_checked(entry):
        raise Refused("Something changed since the check: check again first.")
    entry.state, entry.row, entry.counts = ImportState.RUNNING, 0, {}
    entry.started_at, entry.stop_asked_at, entry.beat_at = utcnow(), None, None
    record(by, "started", entry, after={"filename": entry.filename, "rules": _rules(entry)})
    jobs.hint(JOB, entry.id)


def go_on(entry, by):
    """After a stop, from where it was."""
    entry = _locked(entry.id)
    if entry.state != ImportState.STOPPED or not entry.storage_key:
        raise Refused("Only an import that was stopped can go on.")
    begun = bool(entry.counts) and entry.reading.get("prepared")
    entry.state = ImportState.RUNNING if begun else ImportState.CHECKING
    entry.stop_asked_at = entry.beat_at = entry.finished_at = None
    record(by, "resumed", entry)
    jobs.hint(JOB, entry.id)


def stop(entry, by):
    """Ask; the worker ends after the batch it is at, and nothing of it is lost."""
    asked = db.session.execute(
        update(ContactImport)
        .where(ContactImport.id == entry.id, ContactImport.state.in_(AT_WORK))
        .where(ContactImport.stop_asked_at.is_(None))
        .values(stop_asked_at=utcnow())
    )
    if asked.rowcount:
        record(by, "asked_to_stop", entry)
        jobs.hint(JOB, entry.id)


def is_checked(entry):
    """Whether the dry run at hand is of what is decided now."""
    dry = entry.dry_run or {}
    return entry.state == ImportState.CHECKED and dry.get("mapping") == mapping.fingerprint(entry)


def rejects_key(entry, of_dry_run):
    if of_dry_run:
        return (entry.dry_run or {}).get("rejects_key") if entry.storage_key else None
    return entry.rejects_key


def rejects_name(entry):
    stem = entry.filename.rpartition(".")[0] or entry.filename
    return f"{stem} – left out.{files.rejects_key(entry, files.REAL).rpartition('.')[2]}"


def _locked(id):
    found = lock(select(ContactImport).where(ContactImport.id == id))
    return db.session.scalar(found.execution_options(populate_existing=True))


def _name_columns(entry, has_header):
    reading = {**entry.reading, "has_header": has_header}
    entry.header = preparing.described(reading["first"], has_header, reading["width"])
    entry.reading = reading


def _may_match(target):
    if target == "email":
        return True
    kind, _, id = target.partition(":")
    field_id = id_of(id) if kind == "field" else None
    field = db.session.get(CustomField, field_id) if field_id is not None else None
    return field is not None and field.deleted_at is None and field.kind in mapping.MATCHABLE


def _lists(list_id, new_list, by):
    name = " ".join(new_list.split())[:LONGEST_LIST]
    if name:
        return names.lists().ids([name])
    found = db.session.get(ContactList, list_id) if list_id else None
    return [found.id] if found else []


def _refuse_problem(entry):
    sentence = mapping.problem(entry.mapping)
    if sentence:
        raise Refused(sentence)


def _rules(entry):
    return {name: entry.mapping[name] for name in ("on_same", "same_by", "list_ids", "tag_ids")}


def _short(filename):
    """The name's end tells what it is, so a long one loses its middle."""
    name = filename.replace("\\", "/").rpartition("/")[2].replace("\x00", "") or "contacts"
    return name if len(name) <= 120 else f"{name[:80]}…{name[-39:]}"


def tag_names(entry):
    ids = entry.mapping.get("tag_ids") or []
    return db.session.scalars(select(Tag.name).where(Tag.id.in_(ids)).order_by(Tag.name)).all()
