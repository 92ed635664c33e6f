"""Merging, exporting and forgetting people by command."""

import json
import zipfile

from tests.factories import make_contact
from webapp.contacts.models import Contact
from webapp.extensions import db


def test_contacts_are_merged_and_taken_apart_by_command(answer_of):
    kept, other = make_contact("A", email="a@b.c").id, make_contact("B", email="b@b.c").id
    done = answer_of("contacts", "merge", str(kept), str(other), "--take", "email")
    assert db.session.get(Contact, other).merged_into_id == kept
    assert db.session.get(Contact, kept).email == "b@b.c"
    db.session.rollback()
    assert answer_of("contacts", "undo-merge", str(done["merge"]))["notes"] == []
    assert db.session.get(Contact, other).merged_into_id is None


def test_a_merge_that_cannot_be_is_refused_with_a_sentence(run):
    one = str(make_contact().id)
    result = run("contacts", "merge", one, one)
    assert (result.exit_code, "itself" in result.stderr) == (2, True)


def test_a_person_s_data_is_written_to_a_file(answer_of, tmp_path):
    contact = make_contact("Dana")
    answer_of("contacts", "export", str(contact.id), str(tmp_path / "dana.zip"))
    book = zipfile.ZipFile(tmp_path / "dana.zip")
    assert json.loads(book.read("data.json"))["contact"]["name"] == "Dana"


def test_a_person_is_forgotten_only_with_their_name(run, answer_of):
    contact_id = make_contact("Dana Whitlock").id
    refused = run("contacts", "erase", str(contact_id), "--name", "Dana")
    assert (refused.exit_code, "another one" in refused.stderr) == (2, True)
    answer_of("contacts", "erase", str(contact_id), "--name", "Dana Whitlock")
    assert db.session.get(Contact, contact_id).phone is None
