"""Somebody is forgotten: nothing in the database or the files names them, and nobody else lost."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.contacts.rows import everything
from tests.factories import change, make_contact, make_meta_account, save
from tests.support.arriving import DANA, DANA_ID, arrive, receipt, said
from webapp import media_store
from webapp.accounts.models import Account
from webapp.alerting.models import Alert
from webapp.contacts import consenting, erasing, merging
from webapp.contacts.importing.models import ContactImport
from webapp.contacts.models import Contact, ContactMerge, DuplicatePair, PersonRequest
from webapp.extensions import db
from webapp.inbox.media_models import Attachment, Media
from webapp.inbox.models import Attempt, Draft, Message, Receipt
from webapp.staff.models import AuditEntry, record
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import AccountNotice, WebhookPayload

NAME, WORDS, FILE = "Dana Quillfeather", "marmalade zeppelin", b"secret picture of Dana"
PLANTED = [
    DANA, DANA_ID, "Quillfeather", "quillfeather", "marmalade", "zeppelin", "wamid.planted",
    "secret picture", "holiday-photo",
]  # fmt: skip
OTHER = "15550149999"


@pytest.fixture
def planted(app, queue, ana):
    """A person who is named wherever a person can be, and somebody else beside them."""
    account = make_meta_account(queue)
    together = said(WORDS, user_id=DANA_ID, id="wamid.planted1", name=NAME)
    beside = said("Something else", sender=OTHER, id="wamid.other", name="Olive Other")
    arrive(account, together, beside)
    message = db.session.scalar(select(Message).where(Message.provider_id == "wamid.planted1"))
    contact = db.session.get(Contact, message.contact_id)
    interaction_id = message.interaction_id
    answer = save(
        Message(
            account_id=account.id, contact_id=contact.id, interaction_id=interaction_id,
            direction="out", text=f"Dear {NAME}", status="sent", provider_id="wamid.planted2",
            written_at=datetime.now(UTC), content={"name": NAME},
        )
    )  # fmt: skip
    save(
        Attempt(
            message_id=answer.id, number=1, correlation_id="c1", provider_id="wamid.planted2",
            outcome="sent", exchanges=[{"body": DANA}],
        )
    )  # fmt: skip
    arrive(account, receipt("wamid.planted2", "delivered"))
    arrive(account, receipt("wamid.stranger", "read"))
    media_store.put("quota-file-1.jpg", io.BytesIO(FILE))
    media_store.put("quota-file-2.jpg", io.BytesIO(FILE))
    media_store.put("import-rejects-1.csv", io.BytesIO(f"phone\n{DANA}\n".encode()))
    media_store.put("other-file-1.csv", io.BytesIO(f"phone\n{OTHER}\n".encode()))
    save(
        Media(
            message_id=message.id, account_id=account.id, storage_key="quota-file-1.jpg",
            filename="holiday-photo.jpg", state="ready", provider_media_id="1",
        ),
        Attachment(
            interaction_id=interaction_id, user_id=ana.id, kind="image", mime_type="image/jpeg",
            filename="holiday-photo.jpg", size=3, sha256="x", storage_key="quota-file-2.jpg",
        ),
        Draft(interaction_id=interaction_id, user_id=ana.id, text=f"Hello {NAME}"),
        AccountNotice(account_id=account.id, event_key="k", kind="x", title=f"{NAME} wrote",
                      detail=f"from {DANA}"),
        Alert(kind="x", title="Trouble", detail=f"Message to {DANA} failed"),
        ContactImport(filename="people.csv", rejects_key="import-rejects-1.csv", state="done",
                      finished_at=datetime.now(UTC), dry_run={"samples": [["3", f"+{DANA}"]]}),
        ContactImport(filename="more.csv", rejects_key="other-file-1.csv", state="done",
                      finished_at=datetime.now(UTC)),
    )  # fmt: skip
    older = make_contact(f"{NAME} the elder", "15550177777", profile_name=NAME)
    save(DuplicatePair(first_id=contact.id, second_id=older.id, reason="name", detail=NAME))
    with unit_of_work():
        contact = db.session.get(Contact, contact.id)
        merging.merge(contact, db.session.get(Contact, older.id), {}, ana)
        contact.name, contact.email = NAME, "dana@quillfeather.example"
        consenting.record(contact, True, "keyword", words=f"Yes, {NAME}")
        record(ana, "changed", contact, before={"name": NAME}, after={"name": "Dana"})
    return db.session.get(Contact, contact.id)


def forget(contact, by):
    with unit_of_work():
        found = db.session.get(Contact, contact.id)
        request_id = erasing.erase(found, by, "Asked by letter").id
    assert erasing.go_on(request_id)
    return db.session.get(PersonRequest, request_id)


def traces_in_the_database():
    """(table, text) of every cell of every table, the search's own included, that names them."""
    db.session.rollback()
    found = []
    tables = [table.name for table in db.metadata.sorted_tables]
    if db.engine.dialect.name == "sqlite":
        tables += ["message_search_data", "contact_search_data"]
    for name in tables:
        for row in db.session.execute(db.text(f"SELECT * FROM {name}")):
            for cell in row:
                text = (
                    bytes(cell).decode("latin-1")
                    if isinstance(cell, bytes | memoryview)
                    else str(cell)
                )
                found += [(name, mark) for mark in PLANTED if mark in text]
    db.session.rollback()
    return found


def traces_in_the_files(app):
    files = [path for path in Path(app.config["MEDIA_DIR"]).rglob("*") if path.is_file()]
    return [path.name for path in files for mark in PLANTED if mark.encode() in path.read_bytes()]


def test_nothing_names_a_person_who_was_forgotten(app, planted, admin):
    assert {name for name, _ in traces_in_the_database()} >= {
        "contacts", "messages", "webhook_payloads", "receipts", "attempts", "audit_entries",
        "account_notices", "alerts", "contact_imports", "consents", "drafts", "contact_merges",
    }  # fmt: skip
    request = forget(planted, admin)
    assert traces_in_the_database() == []
    assert traces_in_the_files(app) == []
    assert (request.state, request.traces) == ("done", None)
    assert db.session.get(Contact, planted.id).erased_at is not None


def test_what_others_have_stays_as_it_was(planted, admin, app):
    def of_olive():
        return [
            line
            for lines in everything(but={"webhook_payloads"}).values()
            for line in lines
            if OTHER in line or "Something else" in line or "wamid.other" in line
        ]

    before = of_olive()
    assert before
    forget(planted, admin)
    assert of_olive() == before
    bodies = b"".join(bytes(b) for b in db.session.scalars(select(WebhookPayload.body)))
    assert b"Something else" in bodies
    assert OTHER.encode() in bodies
    assert media_store.size("other-file-1.csv")


def test_counts_stay(planted, admin):
    count = len(db.session.scalars(select(Message.id)).all())
    statuses = sorted(db.session.scalars(select(Message.status)))
    forget(planted, admin)
    assert len(db.session.scalars(select(Message.id)).all()) == count
    assert sorted(db.session.scalars(select(Message.status))) == statuses


def test_the_audit_keeps_who_did_what_and_a_hash(planted, admin):
    forget(planted, admin)
    rows = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == "contacts", AuditEntry.subject_id == planted.id)
        .order_by(AuditEntry.id)
    ).all()
    assert "Ana Agent" in {row.actor for row in rows}
    assert all(set(row.after) == {"sha256"} and row.before is None for row in rows if row.after)
    assert rows[-1].action == "erased"


def test_a_message_that_comes_afterwards_makes_somebody_new(planted, admin, queue):
    forget(planted, admin)
    account = db.session.scalar(select(Account).where(Account.provider == "meta"))
    arrive(account, said("It is me again", name="Dana"))
    message = db.session.scalar(select(Message).where(Message.text == "It is me again"))
    assert message.contact_id != planted.id
    assert db.session.get(Contact, message.contact_id).phone == DANA


def test_an_erasure_cut_off_goes_on_where_it_was(planted, admin, app):
    with unit_of_work():
        request_id = erasing.erase(db.session.get(Contact, planted.id), admin, "").id
    for _ in range(3):
        with unit_of_work():
            erasing._step(db.session.get(PersonRequest, request_id))
    change(db.session.get(PersonRequest, request_id), beat_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert list(erasing.due()) == [request_id]
    assert erasing.go_on(request_id)
    assert traces_in_the_database() == []


def test_merges_of_a_forgotten_person_hold_nothing_to_undo(planted, admin):
    forget(planted, admin)
    merge = db.session.scalar(select(ContactMerge))
    assert (merge.before, merge.moved) == ({}, {})


def test_nobody_is_forgotten_twice(planted, admin):
    forget(planted, admin)
    with pytest.raises(ValueError, match="already"), unit_of_work():
        erasing.erase(db.session.get(Contact, planted.id), admin, "")


def test_a_receipt_that_comes_afterwards_leaves_no_trace(planted, admin, app):
    forget(planted, admin)
    account = db.session.scalar(select(Account).where(Account.provider == "meta"))
    late = receipt("wamid.planted2", "read", correlation_id="c1", user_id=DANA_ID)
    beside = receipt("wamid.other2", "read", recipient=OTHER)
    arrive(account, late, beside)
    arrive(account, late)
    assert traces_in_the_database() == []
    message_id = db.session.scalar(select(Attempt.message_id).where(Attempt.correlation_id == "c1"))
    assert db.session.get(Message, message_id).status == "read", "counts go on being right"
    kept = db.session.scalars(select(Receipt)).all()
    assert [row.provider_id for row in kept if row.recipient == OTHER] == ["wamid.other2"]
