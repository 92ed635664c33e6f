"""Which contacts and lists a person may see."""

from sqlalchemy import select

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_list,
    make_queue,
    save,
)
from webapp.columns import utcnow
from webapp.contacts.models import Contact, ContactList, ContactListMember, ContactListQueue
from webapp.extensions import db
from webapp.staff import access


def seen_by(user):
    query = select(Contact.name).where(access.visible_contacts(user)).order_by(Contact.name)
    return list(db.session.scalars(query))


def put_in(contact_list, *contacts):
    save(*(ContactListMember(contact_list_id=contact_list.id, contact_id=c.id) for c in contacts))


def restricted_list(queue, name="Orders"):
    contact_list = make_list(name)
    save(ContactListQueue(contact_list_id=contact_list.id, queue_id=queue.id))
    return contact_list


def test_a_list_without_queues_is_seen_by_everybody_and_one_with_queues_by_their_members(cast):
    make_list("Everybody")
    restricted_list(cast.queue)

    def lists(user):
        query = select(ContactList.name).where(access.visible_lists(user))
        return set(db.session.scalars(query))

    assert lists(cast.ana) == {"Everybody", "Orders"} == lists(cast.sara)
    assert lists(cast.otto) == {"Everybody"}


def test_agents_see_contacts_of_their_lists_of_no_list_and_those_they_speak_to(cast):
    lone, ours, theirs, spoken = (make_contact(n) for n in ("Lone", "Ours", "Theirs", "Spoken"))
    put_in(restricted_list(cast.queue), ours)
    put_in(restricted_list(make_queue("Sales", [cast.otto]), "Leads"), theirs, spoken)
    make_interaction(cast.account, spoken, owner=cast.ana)

    assert seen_by(cast.ana) == ["Lone", "Ours", "Spoken"]
    assert seen_by(cast.otto) == ["Lone", "Spoken", "Theirs"]
    assert seen_by(cast.sara) == ["Lone", "Ours", "Spoken", "Theirs"]
    assert access.may_see_contact(cast.ana, lone)
    assert not access.may_see_contact(cast.ana, theirs)


def test_the_condition_holds_inside_a_query_that_names_lists_and_members_itself(cast):
    ours = make_contact("Ours")
    put_in(restricted_list(cast.queue), ours)
    query = (
        select(Contact.name)
        .join(ContactListMember, ContactListMember.contact_id == Contact.id)
        .join(ContactList, ContactList.id == ContactListMember.contact_list_id)
    )
    assert list(db.session.scalars(query.where(access.visible_contacts(cast.ana)))) == ["Ours"]
    assert not list(db.session.scalars(query.where(access.visible_contacts(cast.otto))))


def test_merged_and_erased_contacts_are_seen_by_nobody(cast):
    kept, merged, erased = make_contact("Kept"), make_contact("Merged"), make_contact("Erased")
    change(merged, merged_into_id=kept.id)
    change(erased, erased_at=utcnow())
    assert seen_by(cast.sara) == ["Kept"] == seen_by(cast.ana)


def test_who_was_switched_off_sees_and_edits_no_contact(cast):
    make_contact("Lone")
    change(cast.ana, active=False)
    assert seen_by(cast.ana) == []
    assert not access.may_edit_contacts(cast.ana)
