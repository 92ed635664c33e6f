"""Lists, custom fields and tags are set up by those who lead."""

import pytest
from sqlalchemy import select

from tests.factories import change, make_campaign, make_contact, make_list, save
from webapp.contacts.models import ContactList, ContactTag, CustomField
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import AuditEntry


@pytest.fixture
def sara_there(cast, sign_in):
    return sign_in(cast.sara)


def rows(table):
    return db.session.scalars(select(table).order_by(table.id)).all()


def test_agents_set_up_nothing(cast, sign_in):
    browser = sign_in(cast.ana)
    orders = make_list("Orders")
    for url in ("/contacts/lists/new", f"/contacts/lists/{orders.id}", "/contacts/fields",
                "/contacts/tags"):  # fmt: skip
        assert browser.get(url).status_code == 403


def test_a_list_is_added_and_says_which_queues_see_it(cast, sara_there):
    data = {"name": "Orders", "description": "Open ones", "queue": cast.queue.id}
    answer = sara_there.post("/contacts/lists/new", data=data)
    (orders,) = rows(ContactList)
    assert answer.headers["Location"] == f"/contacts/lists/{orders.id}"
    assert [queue.name for queue in orders.queues] == ["Support"]
    html = sara_there.get(f"/contacts/lists/{orders.id}").get_data(as_text=True)
    assert "Open ones" in html and "0 contacts stay" in html


def test_two_lists_have_no_one_name(sara_there):
    make_list("Orders")
    answer = sara_there.post("/contacts/lists/new", data={"name": "orders"})
    assert answer.status_code == 422
    assert "Another list has this name already." in answer.get_data(as_text=True)


def test_a_list_that_an_account_needs_is_not_deleted_and_says_which(cast, sara_there):
    orders = make_list("Orders")
    change(cast.account, contact_list_id=orders.id)
    sara_there.post(f"/contacts/lists/{orders.id}/delete")
    html = sara_there.get(f"/contacts/lists/{orders.id}").get_data(as_text=True)
    assert "New customers of Northgate Care join this list" in html
    change(cast.account, contact_list_id=None)
    sara_there.post(f"/contacts/lists/{orders.id}/delete")
    assert rows(ContactList) == []


def test_fields_are_added_moved_deleted_and_restored(sara_there):
    def add(name, **more):
        return sara_there.post("/contacts/fields/save", data={"name": name, "kind": "text"} | more)

    add("Customer no.", required="on")
    add("Day", kind="select", choices="Monday\nTuesday\nMonday")
    first, second = rows(CustomField)
    assert (first.required, second.choices) == (True, ["Monday", "Tuesday"])
    sara_there.post(f"/contacts/fields/{second.id}/up")
    assert second.position < first.position
    sara_there.post(f"/contacts/fields/{first.id}/delete")
    assert "Customer no." not in sara_there.get("/contacts/fields").get_data(as_text=True)
    deleted = sara_there.get("/contacts/fields?show=deleted").get_data(as_text=True)
    assert "Customer no." in deleted
    add("customer NO.")
    sara_there.post(f"/contacts/fields/{first.id}/restore")
    assert first.deleted_at is not None  # the name is taken
    sara_there.post(f"/contacts/fields/{rows(CustomField)[-1].id}/delete")
    sara_there.post(f"/contacts/fields/{first.id}/restore")
    assert first.deleted_at is None


def test_a_list_and_everybody_may_each_have_a_field_of_one_name(sara_there):
    orders = make_list("Orders")
    for more in ({}, {"list": orders.id}, {"list": orders.id}):
        sara_there.post("/contacts/fields/save", data={"name": "Code", "kind": "text"} | more)
    assert [field.contact_list_id for field in rows(CustomField)] == [None, orders.id]


def test_a_choice_without_choices_is_refused(sara_there):
    sara_there.post("/contacts/fields/save", data={"name": "Day", "kind": "select"})
    assert rows(CustomField) == []


def test_a_tag_renamed_to_another_becomes_part_of_it(sara_there):
    vip, best = save(Tag(name="VIP")), save(Tag(name="Best"))
    both, one = make_contact("Both"), make_contact("One")
    save(*(ContactTag(contact_id=c.id, tag_id=t.id)
           for c, t in ((both, vip), (both, best), (one, best))))  # fmt: skip
    best_id = best.id
    sara_there.post("/contacts/tags/save", data={"id": best_id, "name": "vip"})
    assert [tag.name for tag in rows(Tag)] == ["VIP"]
    held = db.session.scalars(select(ContactTag.contact_id).order_by(ContactTag.contact_id)).all()
    assert held == [both.id, one.id]


def test_tags_show_how_many_carry_them_and_are_deleted_with_a_trace(sara_there):
    sara_there.post("/contacts/tags/save", data={"name": "VIP", "color": "accent"})
    (vip,) = rows(Tag)
    save(ContactTag(contact_id=make_contact().id, tag_id=vip.id))
    assert "1 contact carries it." in sara_there.get("/contacts/tags").get_data(as_text=True)
    sara_there.post(f"/contacts/tags/{vip.id}/delete")
    assert rows(Tag) == [] and db.session.scalars(select(ContactTag)).all() == []
    actions = select(AuditEntry.action).where(AuditEntry.subject == "tags")
    assert db.session.scalars(actions.order_by(AuditEntry.id)).all() == ["added", "deleted"]


def test_what_a_campaign_writes_to_or_leaves_out_stays_while_it_does(cast, sara_there):
    complaints, vip = make_list("Complaints"), save(Tag(name="VIP"))
    said = {"exclude_list_ids": [complaints.id], "tag_ids": [vip.id]}
    campaign = make_campaign(cast.account, "Winter", audience=said)
    urls = (f"/contacts/lists/{complaints.id}/delete", f"/contacts/tags/{vip.id}/delete")

    answers = [sara_there.post(url, follow_redirects=True) for url in urls]

    assert all("Winter needs it." in answer.get_data(as_text=True) for answer in answers)
    change(campaign, state="done")
    for url in urls:
        sara_there.post(url)
    assert rows(ContactList) == rows(Tag) == []
