"""Two people at one contact: what one saved is not lost by the other."""

import pytest

from tests.factories import make_contact
from webapp.contacts import editing, saving
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work


def save(contact, typed, seen, by):
    with unit_of_work():
        return saving.save(contact.id, typed, seen, by)


def test_what_somebody_else_changed_meanwhile_stays(cast):
    contact = make_contact(email="old@example.com", company="Old")
    seen = editing.snapshot(contact)
    save(contact, {"email": "sara@example.com", "company": "Old"}, seen, cast.sara)
    save(contact, {"email": "old@example.com", "company": "New"}, seen, cast.ana)
    assert (contact.email, contact.company) == ("sara@example.com", "New")


def test_the_same_field_changed_by_two_is_not_overwritten_and_says_who(cast):
    contact = make_contact(email="old@example.com")
    seen = editing.snapshot(contact)
    save(contact, {"email": "sara@example.com"}, seen, cast.sara)
    with pytest.raises(saving.Overtaken) as overtaken:
        save(contact, {"email": "ana@example.com"}, seen, cast.ana)
    db.session.rollback()
    (clash,) = overtaken.value.clashes
    assert (clash.label, clash.value, clash.who) == (
        "Email", "sara@example.com", "Sara Supervisor",
    )  # fmt: skip
    assert contact.email == "sara@example.com"


def test_two_who_wrote_the_same_do_not_clash(cast):
    contact = make_contact(email="old@example.com")
    seen = editing.snapshot(contact)
    save(contact, {"email": "new@example.com"}, seen, cast.sara)
    assert save(contact, {"email": "new@example.com"}, seen, cast.ana) == []


def test_a_switch_nobody_touched_is_no_change(cast):
    contact = make_contact()
    assert (
        save(contact, {"field:3": False, "language": None}, editing.snapshot(contact), cast.ana)
        == []
    )
