"""First and last name make the name that is shown."""

from webapp.contacts.calling import call
from webapp.contacts.models import Contact


def test_the_name_follows_its_two_parts_without_stray_blanks():
    contact = Contact()
    call(contact, "  Dana\t Maria ", "Whitlock\x00")
    assert (contact.first_name, contact.last_name) == ("Dana Maria", "Whitlock")
    assert contact.name == "Dana Maria Whitlock"
    call(contact, "", "Whitlock")
    assert contact.name == "Whitlock"


def test_names_longer_than_the_columns_are_cut():
    contact = Contact()
    call(contact, "D" * 150, "W" * 150)
    assert len(contact.first_name) == 100 and len(contact.name) <= 200
