"""Contacts are found by whatever somebody has of them."""

import pytest
from sqlalchemy import select

from tests.factories import change, make_contact, make_list, save
from webapp.contacts import search
from webapp.contacts.models import Contact, ContactIdentity, CustomField
from webapp.extensions import db


def found(query):
    names = select(Contact.name).where(search.matching(query)).order_by(Contact.name)
    return list(db.session.scalars(names))


@pytest.fixture
def dana(app):
    make_contact("Otto Other", phone="4915112345678")
    return make_contact(
        "Dana Whitlock",
        phone="15550123409",
        company="Whitlock Sites",
        email="dana@whitlock.example",
        username="dana.w",
    )


@pytest.mark.parametrize(
    "query",
    [
        "dana",
        "DANA",
        "whitlock dana",
        "Dana Sites",
        "itloc",
        "da",
        "sites",
        "dana@whitlock.example",
        "@dana.w",
        "+1 555 012 3409",
        "001 (555) 012-3409",
        "0123409",
        "555-0123",
    ],
)
def test_a_contact_is_found_by_any_part_of_what_we_know(dana, query):
    assert found(query) == ["Dana Whitlock"]


@pytest.mark.parametrize(
    "query", ["Dana Other", "dan%", "d_na", '"', "da'na", "da\\na", ":dana", "555 999", "ana w%"]
)
def test_words_that_are_not_there_find_nobody(dana, query):
    assert found(query) == []


def test_a_number_with_its_bracketed_zero_is_the_same_number(dana):
    assert found("+49 (0)151 12345678") == ["Otto Other"]
    assert found("0151 12345678") == ["Otto Other"]


def test_a_second_number_finds_its_owner(dana):
    save(
        ContactIdentity(
            contact_id=dana.id, kind="phone", value="447700900123", match_key="tel:447700900123"
        )
    )
    assert found("+44 7700 900123") == ["Dana Whitlock"]


@pytest.mark.parametrize(
    ("kind", "value", "query"),
    [("text", "Zoë-40718", "Zoë-40718"), ("number", 40718, "40718"), ("select", "B2", "B2")],
)
def test_a_custom_field_finds_by_its_whole_value(dana, kind, value, query):
    field = save(CustomField(name="order_no", kind=kind, contact_list_id=make_list().id))
    change(dana, fields={str(field.id): value})
    assert found(query) == ["Dana Whitlock"]
    assert found(query[:-1]) == []


def test_a_renamed_contact_is_found_by_the_new_name_alone(dana):
    change(dana, company="Harbour Works")
    assert found("harbour") == ["Dana Whitlock"]
    assert found("sites") == []
