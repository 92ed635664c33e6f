"""A copy of all that is kept of one person: JSON, a page to read, and the files they sent."""

import html
import secrets
import shutil
import tempfile
import zipfile
from datetime import timedelta

import orjson
from sqlalchemy import select

from webapp import jobs, media_store
from webapp.campaigns.models import Campaign, Recipient
from webapp.columns import utcnow
from webapp.contacts import person_requests, traces
from webapp.contacts.field_values import shown
from webapp.contacts.models import (
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactMerge,
    CustomField,
    PersonRequest,
)
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.inbox.models import Interaction, Message, Receipt
from webapp.staff.models import name_of, person_id, record
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload

JOB = "workers.privacy.disclose"
KEPT_FOR = timedelta(days=7)
STALE = timedelta(minutes=10)
MOST_ATTEMPTS = 3
BATCH = 500


def ask(contact, by, reason=""):
    """Note the request; a job makes the file. A second one while the first is made is the same."""
    waiting = db.session.scalar(
        select(PersonRequest).where(
            PersonRequest.contact_id == contact.id,
            PersonRequest.kind == "export",
            PersonRequest.state.in_(("waiting", "running")),
        )
    )
    if waiting is not None:
        return waiting
    request = PersonRequest(
        contact_id=contact.id,
        kind="export",
        reason=reason,
        by_id=person_id(by),
        actor=name_of(by),
        beat_at=utcnow(),
    )
    db.session.add(request)
    record(by, "exported", contact, note=reason)
    db.session.flush()
    jobs.hint(JOB, request.id)
    return request


def make(request_id):
    """Write the file with no transaction open for longer than one batch is read."""
    if not _begin(request_id):
        return
    request = db.session.get(PersonRequest, request_id)
    key = f"person-{secrets.token_hex(16)}.zip"
    try:
        with tempfile.TemporaryFile() as file:
            counts = write(request.contact_id, file)
            size = file.tell()
            file.seek(0)
            media_store.put(key, file)
    except Exception as error:
        _fail(request_id, error)
        raise
    if not _finish(request_id, key, size, counts):
        media_store.drop([key])


def write(contact_id, file):
    """The ZIP into this file object; how many of each it holds."""
    contact = db.session.get(Contact, contact_id)
    counts = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        facts = _facts(contact)
        with book.open("data.json", "w", force_zip64=True) as out:
            out.write(orjson.dumps(facts, option=orjson.OPT_INDENT_2)[:-2])
            for name, rows in _parts(contact):
                counts[name] = _write_list(out, name, rows)
            out.write(b"\n}\n")
        with book.open("read-me.html", "w", force_zip64=True) as out:
            _write_page(out, contact, facts)
        counts["files"] = _write_files(book, contact)
    file.seek(0, 2)
    return counts


def due(now=None):
    return person_requests.left("export", (now or utcnow()) - STALE)


def expire(now=None):
    """Throw away files whose time is over; how many."""
    over = db.session.scalars(
        select(PersonRequest).where(
            PersonRequest.storage_key.is_not(None),
            PersonRequest.expires_at <= (now or utcnow()),
        )
    ).all()
    keys = [request.storage_key for request in over]
    for request in over:
        request.storage_key = None
    db.session.flush()
    media_store.drop(keys)
    return len(keys)


def _begin(request_id):
    with unit_of_work():
        request = db.session.get(PersonRequest, request_id)
        if request is None or request.kind != "export" or request.state in ("done", "failed"):
            return False
        request.attempt_count += 1
        request.state, request.beat_at = "running", utcnow()
        if request.attempt_count > MOST_ATTEMPTS:
            request.state, request.problem = "failed", "The file could not be made."
            return False
        return True


def _finish(request_id, key, size, counts):
    with unit_of_work():
        request = db.session.get(PersonRequest, request_id)
        contact = db.session.get(Contact, request.contact_id)
        if contact.erased_at is not None or request.state != "running":
            return False  # forgotten, or made by another job, meanwhile
        request.storage_key, request.size, request.counts = key, size, counts
        request.state, request.finished_at = "done", utcnow()
        request.expires_at = utcnow() + KEPT_FOR
        return True


def _fail(request_id, error):
    db.session.rollback()
    with unit_of_work():
        request = db.session.get(PersonRequest, request_id)
        request.state = "waiting" if request.attempt_count < MOST_ATTEMPTS else "failed"
        request.problem = f"The file could not be made ({type(error).__name__})."


def _facts(contact):
    fields = db.session.scalars(select(CustomField)).all()
    own = contact.fields or {}
    return {
        "made_at": utcnow().isoformat(),
        "contact": _row(contact, but={"fields", "merged_into_id", "erased_at"}),
        "own_fields": {
            field.name: shown(field, own[str(field.id)]) for field in fields if str(field.id) in own
        },
        "lists": [one.name for one in contact.lists],
        "tags": [one.name for one in contact.tags],
    }


def _parts(contact):
    mine = Interaction.contact_id == contact.id
    yield "identities", _rows(ContactIdentity, ContactIdentity.contact_id == contact.id)
    yield "consents", _rows(ConsentEntry, ConsentEntry.contact_id == contact.id)
    yield "merges", _rows(ContactMerge, ContactMerge.kept_id == contact.id, but={"moved"})
    yield "conversations", _rows(Interaction, mine)
    yield "messages", _rows(Message, Message.contact_id == contact.id)
    yield "campaigns", _campaigns(contact)
    yield "receipts", _rows(Receipt, Receipt.message_id.in_(_message_ids(contact)))
    yield "files", _rows(Media, Media.message_id.in_(_message_ids(contact)), but={"url"})
    yield "webhooks", _webhooks(contact)


def _message_ids(contact):
    return select(Message.id).where(Message.contact_id == contact.id)


def _rows(model, condition, but=frozenset()):
    """Rows as JSON, a batch in memory at a time."""
    after = 0
    while True:
        rows = db.session.scalars(
            select(model).where(condition, model.id > after).order_by(model.id).limit(BATCH)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        yield from [_row(row, but) for row in rows]
        for row in rows:
            db.session.expunge(row)


def _campaigns(contact):
    """What was sent to them with many others, and what became of it."""
    names = dict(
        db.session.execute(
            select(Campaign.id, Campaign.name)
            .join(Recipient, Recipient.campaign_id == Campaign.id)
            .where(Recipient.contact_id == contact.id)
            .distinct()
        ).all()
    )
    for row in _rows(Recipient, Recipient.contact_id == contact.id, but={"lease_until"}):
        yield {"campaign": names[row["campaign_id"]], **row}


def _webhooks(contact):
    """Only what each stored webhook says of this person: the rest is about others."""
    identities = db.session.scalars(
        select(ContactIdentity).where(ContactIdentity.contact_id == contact.id)
    ).all()
    sure = traces.of([contact], identities)["sure"]
    if not sure:
        return
    found = traces.pattern(sure)
    holding = traces.within(WebhookPayload.body, sure)
    after = 0
    while True:
        rows = db.session.execute(
            select(WebhookPayload.id, WebhookPayload.received_at, WebhookPayload.body)
            .where(holding, WebhookPayload.id > after)
            .order_by(WebhookPayload.id)
            .limit(BATCH // 10)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        for row in rows:
            if said := traces.theirs(bytes(row.body), found):
                yield {"received_at": row.received_at.isoformat(), "said": said}


def _write_list(out, name, rows):
    count = 0
    out.write(f',\n  "{name}": ['.encode())
    for row in rows:
        out.write(b",\n    " if count else b"\n    ")
        out.write(orjson.dumps(row, default=str))
        count += 1
    out.write(b"\n  ]")
    return count


def _row(row, but=frozenset()):
    columns = type(row).__table__.columns
    return {
        column.key: _plain(getattr(row, column.key)) for column in columns if column.key not in but
    }


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value


def _write_page(out, contact, facts):
    name = html.escape(contact.display_name)
    out.write(
        f"<!doctype html><meta charset=utf-8><title>{name}</title><h1>{name}</h1>"
        f"<p>All that is kept of you, as of {html.escape(facts['made_at'])}.</p><dl>".encode()
    )
    said = {**facts["contact"], **facts["own_fields"]}
    said |= {"lists": ", ".join(facts["lists"]), "tags": ", ".join(facts["tags"])}
    for key, value in said.items():
        if value not in (None, "", {}):
            pair = f"<dt>{html.escape(key)}</dt><dd>{html.escape(str(value))}</dd>"
            out.write(pair.encode())
    out.write(b"</dl><h2>Messages</h2><ol>")
    for row in _rows(Message, Message.contact_id == contact.id):
        who = {"in": "You", "out": "We"}.get(row["direction"], "A note of ours")
        line = f"<li>{row['written_at']}, {who}: {html.escape(row['text'] or row['kind'])}</li>"
        out.write(line.encode())
    out.write(b"</ol>\n")


def _write_files(book, contact):
    count = 0
    for row in _rows(Media, Media.message_id.in_(_message_ids(contact))):
        try:
            with media_store.open(row["storage_key"] or "none") as file:
                ending = row["storage_key"].partition(".")[2] or "bin"
                with book.open(f"files/{row['message_id']}.{ending}", "w") as out:
                    shutil.copyfileobj(file, out, media_store.CHUNK)
        except media_store.NotThere:
            continue
        count += 1
    return count
