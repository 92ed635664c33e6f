"""Contacts are made and changed by verbs that leave an audit row."""

import pytest
from sqlalchemy import select

from tests.factories import make_contact, make_interaction, make_list, save
from webapp.contacts import editing
from webapp.contacts.models import Contact, ContactIdentity, CustomField
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


def do(verb, contact, *args, **rest):
    with unit_of_work():
        return verb(db.session.get(Contact, contact.id), *args, **rest)


def create(by, **values):
    with unit_of_work():
        return editing.create(values, by)


def last_audit(action):
    rows = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id.desc())
    return db.session.scalars(rows).first()


def identity_of(contact, value):
    return next(one for one in contact.identities if one.value == value)


def test_a_new_contact_has_its_fields_number_lists_and_tags(cast):
    customers, vip = make_list(), save(Tag(name="VIP"))
    contact = create(
        cast.ana,
        first_name="Dana",
        last_name="Whitlock",
        email="dana@whitlock.example",
        phone="15550123409",
        fields={7: "C-1", 8: None},
        list_ids=[customers.id],
        tag_ids=[vip.id],
    )
    assert (contact.name, contact.phone, contact.source) == (
        "Dana Whitlock", "15550123409", "form",
    )  # fmt: skip
    assert contact.fields == {"7": "C-1"}
    assert [one.name for one in contact.lists] == ["Customers"]
    assert [one.name for one in contact.tags] == ["VIP"]
    (identity,) = contact.identities
    assert (identity.kind, identity.match_key) == ("phone", "tel:15550123409")
    assert last_audit("added").after["email"] == "dana@whitlock.example"


def test_a_number_that_somebody_else_has_is_refused_and_says_who(cast):
    make_contact("João Almeida", phone="5511987654321")
    # match keys of factories are not folded: give him the one a drain would
    with unit_of_work():
        db.session.scalars(select(ContactIdentity)).one().match_key = "tel:551187654321"
    with pytest.raises(editing.Invalid, match="the number of João Almeida"):
        create(cast.ana, first_name="Somebody", phone="5511987654321")
    assert db.session.scalars(select(Contact.name)).all() == ["João Almeida"]


def test_a_change_leaves_what_it_does_not_name_and_records_before_and_after(cast):
    contact = make_contact("Dana", email="old@example.com", fields={"1": "a", "2": "b"})
    do(editing.change, contact, {"email": "new@example.com", "fields": {1: "c", 2: None}}, cast.ana)
    assert (contact.name, contact.email, contact.fields) == (
        "Dana", "new@example.com", {"1": "c"},
    )  # fmt: skip
    row = last_audit("changed")
    assert row.before == {"email": "old@example.com", "field:1": "a", "field:2": "b"}
    assert row.after == {"email": "new@example.com", "field:1": "c", "field:2": None}
    assert contact.updated_by_id == cast.ana.id and contact.updated_at is not None


def test_a_change_to_what_it_is_already_leaves_no_trace(cast):
    contact = make_contact("Dana", email="old@example.com")
    assert do(editing.change, contact, {"email": "old@example.com"}, cast.ana) == []
    assert last_audit("changed") is None and contact.updated_at is None


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("email", "dana@", "not an email address"),
        ("time_zone", "Mars/Olympus", "not a time zone"),
        ("language", "klingon", "not a language"),
        ("company", "x" * 201, "may have 200"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_field(cast, name, text, sentence):
    contact = make_contact()
    with pytest.raises(editing.Invalid) as refused:
        do(editing.change, contact, {name: text}, cast.ana)
    assert sentence in refused.value.errors[name]


def test_a_new_name_shows_in_the_conversations_too(cast):
    contact = make_contact("Dana")
    interaction = make_interaction(cast.account, contact, owner=cast.ana)
    do(editing.change, contact, {"first_name": "Diana", "last_name": "W."}, cast.ana)
    db.session.refresh(interaction)
    assert interaction.contact_name == "Diana W."


def test_numbers_are_added_chosen_retired_and_removed(cast):
    contact = make_contact(phone="15550123409")
    do(editing.add_number, contact, "15550123498", cast.ana)
    assert contact.phone == "15550123409"

    def act(verb, value):
        with unit_of_work():
            row = db.session.get(Contact, contact.id)
            verb(row, identity_of(row, value), cast.ana)

    act(editing.make_main, "15550123498")
    assert contact.phone == "15550123498"
    act(editing.retire_number, "15550123498")
    assert contact.phone == "15550123409"
    assert identity_of(contact, "15550123498").retired_at is not None
    do(editing.add_number, contact, "15550123498", cast.ana)
    assert identity_of(contact, "15550123498").retired_at is None
    act(editing.remove_number, "15550123498")
    assert [one.value for one in contact.identities] == ["15550123409"]
    with pytest.raises(ValueError, match="at least one"):
        act(editing.remove_number, "15550123409")


def test_a_number_the_contact_has_already_is_not_added_twice(cast):
    contact = make_contact(phone="15550123409")
    with pytest.raises(ValueError, match="already"):
        do(editing.add_number, contact, "15550123409", cast.ana)


def test_lists_and_tags_are_joined_and_left_once_each(cast):
    contact, customers, vip = make_contact(), make_list(), save(Tag(name="VIP"))
    assert do(editing.join_lists, contact, [customers.id], cast.ana) == ["Customers"]
    assert do(editing.join_lists, contact, [customers.id], cast.ana) == []
    assert do(editing.add_tags, contact, [vip.id], cast.ana) == ["VIP"]
    assert do(editing.leave_lists, contact, [customers.id], cast.ana) == ["Customers"]
    assert do(editing.leave_lists, contact, [customers.id], cast.ana) == []
    assert do(editing.remove_tags, contact, [vip.id], cast.ana) == ["VIP"]
    assert contact.lists == [] and contact.tags == []
    assert last_audit("joined_lists").after == {"lists": ["Customers"]}
    assert last_audit("untagged").before == {"tags": ["VIP"]}


def test_blocking_and_unblocking_name_who_and_why(cast):
    contact = make_contact()
    do(editing.block, contact, cast.ana, "Insults")
    assert contact.blocked_at is not None
    assert last_audit("blocked").note == "Insults"
    do(editing.unblock, contact, cast.sara)
    assert contact.blocked_at is None
    assert last_audit("unblocked").actor == "Sara Supervisor"


def test_a_contact_has_the_fields_of_everybody_and_of_its_own_lists(cast):
    contact, orders, other = make_contact(), make_list("Orders"), make_list("Other")
    save(
        CustomField(name="Customer no."),
        CustomField(name="order_no", contact_list_id=orders.id),
        CustomField(name="Elsewhere", contact_list_id=other.id),
    )
    do(editing.join_lists, contact, [orders.id], cast.ana)
    assert [field.name for field in editing.fields_of(contact)] == ["Customer no.", "order_no"]
