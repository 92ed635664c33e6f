"""Who had opted out before their data was erased stays left in peace when they come back."""

import pytest
from sqlalchemy import select

from tests.contacts.importing.support import HEADER, csv_file, imported
from tests.factories import make_contact, make_meta_account
from tests.support.arriving import DANA, DANA_ID, ago, arrive, said
from webapp.contacts import consenting, editing, erasing
from webapp.contacts.models import Consent, ConsentEntry, Contact, ContactIdentity, ErasedOptOut
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def account(queue):
    return make_meta_account(queue)


def forgotten(account, admin, given=False):
    """Dana wrote, said yes or no to marketing an hour ago, and was erased."""
    arrive(account, said("Hello", user_id=DANA_ID, at=ago(hours=2)))
    with unit_of_work():
        contact = dana()
        if given is not None:
            consenting.record(contact, given, "agent", words="Said so", at=ago(hours=1))
        erasing.erase(contact, admin, "Asked by letter")


def dana():
    db.session.expire_all()
    return db.session.scalar(
        select(Contact)
        .join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
        .where(ContactIdentity.match_key == f"tel:{DANA}")
    )


def remembered():
    return db.session.scalars(select(ErasedOptOut)).all()


def test_a_message_of_the_same_number_makes_a_contact_who_has_opted_out(account, admin):
    forgotten(account, admin)
    arrive(account, said("It is me again"))
    assert dana().consent == Consent.OUT and dana().opted_out_at is not None
    (entry,) = db.session.scalars(
        select(ConsentEntry).where(ConsentEntry.contact_id == dana().id)
    ).all()
    assert (entry.given, entry.words) == (False, "Asked before their data was erased")


def test_a_user_id_alone_is_known_again(account, admin):
    forgotten(account, admin)
    arrive(account, said("Without a number", sender=None, user_id=DANA_ID))
    contact = db.session.scalar(select(Contact).where(Contact.erased_at.is_(None)))
    assert (contact.phone, contact.consent) == (None, Consent.OUT)


def test_an_import_of_the_same_number_makes_a_contact_who_has_opted_out(
    app, account, admin, tmp_path, monkeypatch
):
    monkeypatch.setitem(app.config, "MEDIA_DIR", tmp_path)  # no other test finds this file
    forgotten(account, admin)
    rows = [HEADER, [f"+{DANA}", "Dana", "W", "yes"], ["+15550149999", "Olive", "O", "yes"]]
    assert imported(csv_file(rows), admin).counts["created"] == 2
    assert dana().consent == Consent.OUT, "no file outweighs it"
    olive = db.session.scalar(select(Contact).where(Contact.phone == "15550149999"))
    assert olive.consent == Consent.IN


def test_a_contact_added_by_hand_or_given_the_number_has_opted_out(account, admin, ana):
    forgotten(account, admin)
    with unit_of_work():
        editing.create({"first_name": "Dana", "phone": DANA}, ana)
    assert dana().consent == Consent.OUT
    page_words = db.session.scalar(select(ConsentEntry.actor))
    assert page_words == "Erasure"


def test_another_contact_that_gets_the_number_has_opted_out(account, admin, ana):
    forgotten(account, admin)
    other = make_contact("Dana W.")
    with unit_of_work():
        editing.add_number(db.session.get(Contact, other.id), DANA, ana)
    assert dana().consent == Consent.OUT


def test_who_agrees_again_is_not_held_to_what_they_said_before(account, admin):
    forgotten(account, admin)
    arrive(account, said("START", at=ago(minutes=1)))
    assert dana().consent == Consent.IN
    arrive(account, said("And my user id", user_id=DANA_ID))
    assert dana().consent == Consent.IN and remembered() == []


@pytest.mark.parametrize("given", [True, None])
def test_of_anybody_else_nothing_outlives_the_erasure(account, admin, given):
    forgotten(account, admin, given)
    assert remembered() == []
    arrive(account, said("It is me again"))
    assert dana().consent == Consent.NONE


def test_what_is_remembered_names_nobody_and_needs_our_key(app, account, admin, monkeypatch):
    forgotten(account, admin)
    assert len(remembered()) == 2
    assert not [row for row in remembered() if DANA in row.digest or DANA_ID in row.digest]
    monkeypatch.setitem(app.config, "SECRET_KEY", "the key of another installation")
    arrive(account, said("It is me again"))
    assert dana().consent == Consent.NONE


def test_the_page_says_where_the_opt_out_comes_from(account, admin, sign_in):
    forgotten(account, admin)
    arrive(account, said("It is me again"))
    page = sign_in(admin).get(f"/contacts/{dana().id}").get_data(as_text=True)
    assert "asked to stop: kept “Asked before their data was erased”" in page
