"""“Only those who”: every kind of field, compared in both databases, and said where it is wrong."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests import factories
from webapp.campaigns.audience import conditions
from webapp.columns import utcnow
from webapp.contacts.models import Contact, ContactTag, CustomField
from webapp.extensions import db
from webapp.settings.models import Tag


@pytest.fixture
def fields(app):
    kinds = {"text": {}, "number": {}, "select": {"choices": ["Gold", "Silver"]}, "switch": {},
             "date_time": {}, "url": {}}  # fmt: skip
    return {
        kind: factories.save(CustomField(name=kind.title(), kind=kind, **more))
        for kind, more in kinds.items()
    }


def found(condition, zone=UTC):
    rows = select(Contact.name).where(conditions.where(condition, zone)).order_by(Contact.id)
    return db.session.scalars(rows).all()


def said(field, op, value=None):
    return {"field": field, "op": op, "value": value}


def with_values(field, values):
    for name, value in values.items():
        kept = {} if value is None else {str(field.id): value}
        factories.make_contact(name, fields=kept)
    return f"field-{field.id}"


@pytest.mark.parametrize(
    ("op", "value", "who"),
    [
        ("is", "heat PUMP", ["A"]),
        ("contains", "pump", ["A", "B"]),
        ("contains", "%", []),
        ("empty", None, ["C", "D"]),
        ("filled", None, ["A", "B"]),
    ],
)
def test_texts(fields, op, value, who):
    values = {"A": "Heat pump", "B": "pumps", "C": " ", "D": None}
    assert found(said(with_values(fields["text"], values), op, value)) == who


@pytest.mark.parametrize(
    ("op", "value", "who"),
    [
        ("is", "9", ["A"]),
        ("before", "10", ["A", "C"]),
        ("after", "9", ["B"]),
        ("empty", None, ["D"]),
    ],
)
def test_numbers_compare_as_numbers(fields, op, value, who):
    key = with_values(fields["number"], {"A": 9, "B": 10.5, "C": -1, "D": None})
    assert found(said(key, op, value)) == who


@pytest.mark.parametrize(
    ("op", "who"),
    [("is", ["B", "C"]), ("before", ["A"]), ("after", ["D"]), ("empty", ["E"])],
)
def test_dates_compare_by_their_day(fields, op, who):
    values = {
        "A": "2027-02-28",
        "B": "2027-03-01",
        "C": "2027-03-01T08:30:00",
        "D": "2027-03-02T00:00:00+00:00",
        "E": None,
    }
    key = with_values(fields["date_time"], values)
    assert found(said(key, op, "1 Mar 2027")) == who


def test_choices_and_switches(fields):
    tier = with_values(fields["select"], {"A": "Gold", "B": "Silver", "C": None})
    insured = with_values(fields["switch"], {"D": True, "E": False})

    assert found(said(tier, "one_of", ["Gold", "Silver"])) == ["A", "B"]
    assert found(said(tier, "one_of", "Gold")) == ["A"]
    assert found(said(insured, "yes")) == ["D"]
    assert found(said(insured, "no")) == ["E"]


def test_contacts_own_fields(app):
    factories.make_contact("A", language="pt_BR", company="Solberg Design", phone="15550123409")
    factories.make_contact("B", language="de", email="b@example.com")
    factories.make_contact("C")

    assert found(said("language", "one_of", ["German", "pt-BR"])) == ["A", "B"]
    assert found(said("language", "empty")) == ["C"]
    assert found(said("company", "contains", "solberg")) == ["A"]
    assert found(said("phone", "is", "+1 555 012 3409")) == ["A"]
    assert found(said("email", "filled")) == ["B"]


def test_moments_compare_with_the_campaigns_days(app):
    factories.make_contact("A", created_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    factories.make_contact("B", created_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    berlin = ZoneInfo("Europe/Berlin")

    assert found(said("created", "is", "2026-11-20"), berlin) == ["A", "B"]
    assert found(said("created", "before", "2026-11-20")) == ["A"]
    assert found(said("created", "after", "2026-11-20"), berlin) == []
    assert found(said("last", "empty")) == ["A", "B"]


def test_tags(app):
    tag = factories.save(Tag(name="VIP"))
    factories.save(ContactTag(contact_id=factories.make_contact("A").id, tag_id=tag.id))
    factories.make_contact("B")

    assert found(said("tag", "has", [str(tag.id)])) == ["A"]
    assert found(said("tag", "has_not", [str(tag.id)])) == ["B"]


@pytest.mark.parametrize(
    ("kind", "op", "value", "problem"),
    [
        ("text", "before", "x", "Text: choose how to compare."),
        ("text", "is", " ", "Text: say which value."),
        ("number", "after", "many", "“many” is not a number"),
        ("date_time", "before", "soon", "“soon” is not a day such as 1 Mar 2027."),
        ("date_time", "before", "1 Mar 0001", "1 is no year we can compare with."),
        ("select", "one_of", ["Bronze"], "“Bronze” is no choice. Choose again."),
        ("select", "one_of", [], "Select: choose at least one."),
    ],
)
def test_what_does_not_fit_is_said(fields, kind, op, value, problem):
    with pytest.raises(ValueError, match=problem):
        conditions.checked(said(f"field-{fields[kind].id}", op, value))


def test_a_field_or_tag_that_is_gone_is_said(fields):
    factories.change(fields["text"], deleted_at=utcnow())
    with pytest.raises(ValueError, match="A field of this condition was deleted"):
        conditions.where(said(f"field-{fields['text'].id}", "filled"))
    with pytest.raises(ValueError, match="Tag: A tag was deleted. Choose again."):
        conditions.where(said("tag", "has", ["4711"]))


def test_the_page_offers_fields_of_everybody_and_of_the_chosen_lists(fields):
    people = factories.make_list()
    own = factories.save(CustomField(name="Boiler", kind="text", contact_list_id=people.id))

    keys = [one.key for one in conditions.fields_for([people.id])]

    assert f"field-{own.id}" in keys and "language" in keys
    assert f"field-{own.id}" not in [one.key for one in conditions.fields_for()]
