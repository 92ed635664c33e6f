"""Contacts that look like one person: found as they are saved, shown until somebody decides."""

import re

import pytest

from tests.factories import change, make_contact, save
from webapp.contacts import duplicates, editing, saving
from webapp.contacts.models import DuplicatePair
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def dana(app):
    return make_contact("Dana Whitlock", email="dana@example.com")


@pytest.fixture
def pair(dana):
    other = make_contact("D. Whitlock", email="dana@example.com")
    return save(
        DuplicatePair(
            first_id=dana.id, second_id=other.id, reason="email", detail="dana@example.com"
        )
    )


def pairs():
    return {(p.first_id, p.second_id, p.reason) for p, _, _ in duplicates.page()[0]}


def entry_of(browser):
    """The link to the duplicates beside the contact list, as text; None without one."""
    html = browser.get("/contacts").get_data(as_text=True)
    found = re.search(r'<a href="/contacts/duplicates">(.*?)</a>', html, re.DOTALL)
    return found and re.sub(r"<[^>]+>", " ", found[1]).split()


def test_a_new_contact_with_somebodys_email_makes_a_pair(dana, sara):
    with unit_of_work():
        new = editing.create({"first_name": "D.", "email": "dana@example.com"}, sara).id
    assert pairs() == {(dana.id, new, "email")}


def test_a_contact_that_gets_somebodys_email_makes_a_pair(dana, sara):
    other = make_contact("D. Whitlock")
    with unit_of_work():
        saving.save(other.id, {"email": "dana@example.com"}, None, sara)
    assert pairs() == {(dana.id, other.id, "email")}


def test_leaders_see_beside_the_list_how_many_pairs_are_to_be_decided(sign_in, sara, pair):
    assert entry_of(sign_in(sara)) == ["Duplicates", "1"]


def test_agents_see_no_link_to_the_duplicates(sign_in, ana, pair):
    assert entry_of(sign_in(ana)) is None


def test_the_link_is_gone_once_nothing_is_to_be_decided(sign_in, sara, pair):
    change(db.session.get(DuplicatePair, pair.id), settled_at=pair.found_at)
    assert entry_of(sign_in(sara)) is None


def test_the_figure_ends_where_counting_would_take_long(sign_in, sara, dana, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_COUNTED", 2)
    others = [make_contact(str(n)) for n in range(3)]
    save(
        *(DuplicatePair(first_id=dana.id, second_id=other.id, reason="message") for other in others)
    )
    assert entry_of(sign_in(sara)) == ["Duplicates", "2+"]
