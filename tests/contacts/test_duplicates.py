"""Contacts that look like one person: found as they are saved, shown until somebody decides."""

import re

import pytest

from tests.factories import change, make_contact, save
from tests.support.queries import counted_queries
from webapp.contacts import duplicates, editing, saving
from webapp.contacts.models import CustomField, DuplicatePair
from webapp.extensions import db
from webapp.settings import values
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


def test_the_sweep_finds_who_shares_an_email_a_name_or_a_field(app, admin):
    field = save(CustomField(name="Customer number", kind="text"))
    with unit_of_work():
        values.put(duplicates.SETTING, {"field_id": field.id}, admin)
    one = make_contact("Dana Whitlock", email="dana@example.com")
    two = make_contact("D. Whitlock", email="dana@example.com")
    three = make_contact("Kim Otte", company="Nordlicht", fields={str(field.id): "K-1"})
    four = make_contact("KIM OTTE", company="nordlicht")
    five = make_contact("Otte", fields={str(field.id): "K-1"})
    make_contact("Kim Otte", company="Tradewell")
    with unit_of_work():
        duplicates.sweep()
    assert pairs() == {
        (one.id, two.id, "email"),
        (three.id, four.id, "name"),
        (three.id, five.id, "field"),
    }


def test_the_sweep_asks_no_more_for_many_who_share_nothing(app):
    asked = []
    for _ in range(2):
        for n in range(5):
            name = f"{len(asked)} {n}"
            make_contact(f"Dana {name}", email=f"{name}@example.com", company="Tradewell")
        with counted_queries() as queries, unit_of_work():
            duplicates.sweep()
        asked.append(len(queries))
    assert asked[0] == asked[1]


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
