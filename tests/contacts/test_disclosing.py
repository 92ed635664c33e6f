"""Somebody asks for their data, and gets theirs, all of it, and nobody else's."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, make_meta_account, save
from tests.support.arriving import DANA, arrive, receipt, said
from webapp import media_store
from webapp.columns import utcnow
from webapp.contacts import disclosing, erasing
from webapp.contacts.models import Contact, PersonRequest
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.inbox.models import Message
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def dana(queue):
    account = make_meta_account(queue)
    together = said("My words <b>", id="wamid.d1"), said("Not hers", sender="15550149999")
    arrive(account, *together)
    arrive(account, receipt("wamid.d1", "read"))
    message = db.session.scalar(select(Message).where(Message.provider_id == "wamid.d1"))
    media_store.put("file-of-dana.jpg", io.BytesIO(b"picture"))
    save(
        Media(
            message_id=message.id, account_id=account.id, state="ready",
            storage_key="file-of-dana.jpg", mime_type="image/jpeg",
        )
    )  # fmt: skip
    return db.session.get(Contact, message.contact_id)


def asked(contact, by):
    with unit_of_work():
        return disclosing.ask(db.session.get(Contact, contact.id), by).id


def book_of(request_id):
    request = db.session.get(PersonRequest, request_id)
    return zipfile.ZipFile(media_store.open(request.storage_key))


def test_the_file_holds_all_of_one_person_and_nothing_of_others(dana, sara):
    request_id = asked(dana, sara)
    disclosing.make(request_id)
    book = book_of(request_id)
    data = json.loads(book.read("data.json"))
    assert data["contact"]["phone"] == DANA
    assert [one["text"] for one in data["messages"]] == ["My words <b>"]
    assert len(data["webhooks"]) == 2
    assert set(data) >= {"identities", "consents", "conversations", "receipts", "files", "tags"}
    assert b"My words &lt;b&gt;" in book.read("read-me.html")
    assert [book.read(name) for name in book.namelist() if name.startswith("files/")] == [
        b"picture"
    ]
    everything = b"".join(book.read(name) for name in book.namelist())
    assert b"Not hers" not in everything
    assert b"15550149999" not in everything


def test_asking_twice_makes_one_file_and_an_audit_row(dana, sara):
    assert asked(dana, sara) == asked(dana, sara)
    actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "contacts"))
    assert list(actions) == ["exported"]


def test_a_file_is_thrown_away_when_its_time_is_over(dana, sara):
    request_id = asked(dana, sara)
    disclosing.make(request_id)
    request = db.session.get(PersonRequest, request_id)
    key = request.storage_key
    with unit_of_work():
        assert disclosing.expire(utcnow()) == 0
        assert disclosing.expire(utcnow() + timedelta(days=8)) == 1
    with pytest.raises(media_store.NotThere):
        media_store.size(key)


def test_a_person_forgotten_while_the_file_was_made_gets_none(dana, admin):
    request_id = asked(dana, admin)
    with unit_of_work():
        erasing.erase(db.session.get(Contact, dana.id), admin, "")
    disclosing.make(request_id)
    assert db.session.get(PersonRequest, request_id).storage_key is None


def test_a_job_that_died_is_found_again(dana, sara):
    request_id = asked(dana, sara)
    assert disclosing.due() == []
    change(db.session.get(PersonRequest, request_id), beat_at=utcnow() - timedelta(hours=1))
    assert disclosing.due() == [request_id]
