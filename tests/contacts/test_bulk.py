"""What is done to many contacts at once."""

import csv
import io
from collections import Counter
from contextlib import contextmanager

import pytest
from sqlalchemy import event, insert, select

from tests.factories import change, make_contact, make_list, save
from webapp.contacts import bulk, bulk_routes
from webapp.contacts.importing import reading
from webapp.contacts.models import Contact, ContactListMember, ContactListQueue, ContactTag
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

NAMES = ("Adam Abel", "Bea Brandt", "Carl Conti", "Dora Diaz")


@pytest.fixture
def four(app):
    return [make_contact(name) for name in NAMES]


@pytest.fixture
def vip(app):
    return save(Tag(name="VIP"))


@pytest.fixture
def desk(sign_in, sara):
    return sign_in(sara)


def tagged(tag):
    rows = select(ContactTag.contact_id).where(ContactTag.tag_id == tag.id)
    return set(db.session.scalars(rows))


def members(contact_list):
    rows = select(ContactListMember.contact_id)
    return set(db.session.scalars(rows.where(ContactListMember.contact_list_id == contact_list.id)))


def ids(*contacts):
    return [contact.id for contact in contacts]


def post(browser, verb, view="all", **data):
    return browser.post(
        f"/contacts/many/{verb}?view={view}", data=data, follow_redirects=True, buffered=True
    )


def test_the_ticked_ones_are_tagged_and_the_answer_counts_them(desk, four, vip):
    save(ContactTag(contact_id=four[0].id, tag_id=vip.id))
    page = post(desk, "tag", tag=vip.id, id=ids(four[0], four[1], four[2]))
    assert tagged(vip) == {*ids(*four[:3])}
    assert "2 contacts tagged VIP. 1 had the tag already." in page.text


def test_all_that_match_are_tagged_not_only_those_on_the_page(desk, four, vip, monkeypatch):
    monkeypatch.setattr(bulk, "PIECE", 1)
    for one in four[:3]:
        change(one, consent="in")
    page = post(desk, "tag", tag=vip.id, all="1", query="consent=in", id=four[3].id)
    assert tagged(vip) == {*ids(*four[:3])}
    assert "3 contacts tagged VIP." in page.text
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "tagged")).one()
    assert entry.after["contacts"] == 3
    assert entry.after["of"] == {"view": "All contacts", "query": "consent=in"}


def test_a_tag_is_taken_off_again(desk, four, vip):
    post(desk, "tag", tag=vip.id, id=ids(*four))
    page = post(desk, "untag", tag=vip.id, id=ids(four[0]))
    assert tagged(vip) == {*ids(*four[1:])}
    assert "1 contact no longer tagged VIP." in page.text


def test_contacts_are_copied_to_a_list_and_removed_from_it(desk, four):
    orders = make_list("Open orders")
    post(desk, "copy", list=orders.id, id=ids(*four))
    assert members(orders) == {*ids(*four)}
    page = post(desk, "remove", view=orders.id, all="1", query="q=brandt")
    assert members(orders) == {*ids(four[0], four[2], four[3])}
    assert "1 contact removed from Open orders." in page.text


def test_a_whole_list_is_emptied_though_it_shrinks_meanwhile(desk, four, monkeypatch):
    monkeypatch.setattr(bulk, "PIECE", 1)
    orders = make_list("Open orders")
    post(desk, "copy", list=orders.id, id=ids(*four))
    post(desk, "remove", view=orders.id, all="1")
    assert members(orders) == set()
    assert db.session.scalars(select(Contact)).all() != []


def test_blocking_leaves_those_blocked_before_as_they_are(desk, sara, four):
    post(desk, "block", id=ids(four[0]))
    before = db.session.get(Contact, four[0].id).blocked_at
    page = post(desk, "block", id=ids(four[0], four[1]))
    assert "1 contact blocked. 1 were blocked already." in page.text
    again = db.session.get(Contact, four[0].id, populate_existing=True)
    assert again.blocked_at == before
    assert again.updated_by_id == sara.id
    post(desk, "unblock", view="blocked", all="1")
    assert not db.session.scalars(select(Contact).where(Contact.blocked_at.is_not(None))).all()


def test_nothing_ticked_changes_nothing(desk, four, vip):
    assert "Nobody was selected." in post(desk, "tag", tag=vip.id).text
    assert tagged(vip) == set()


def test_agents_reach_only_whom_they_see(sign_in, otto, queue, four, vip):
    orders = make_list("Open orders")
    save(ContactListMember(contact_list_id=orders.id, contact_id=four[0].id))
    save(ContactListQueue(contact_list_id=orders.id, queue_id=queue.id))
    browser = sign_in(otto)
    post(browser, "tag", tag=vip.id, id=ids(four[0], four[1]))
    assert tagged(vip) == {four[1].id}
    assert post(browser, "remove", view=orders.id, all="1").status_code == 404
    assert post(browser, "copy", list=orders.id, all="1").status_code == 404
    assert members(orders) == {four[0].id}
    assert post(browser, "export", all="1").status_code == 403


def test_the_selection_leaves_as_csv_with_its_tags(desk, four, vip):
    save(ContactTag(contact_id=four[1].id, tag_id=vip.id))
    answer = post(desk, "export", id=ids(four[1]))
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["First name"], row["Tags"]) for row in rows] == [("Bea Brandt", "VIP")]
    everybody = post(desk, "export", all="1").text
    assert all(name in everybody for name in NAMES)


def test_or_as_a_workbook_while_one_takes_them(desk, four, monkeypatch):
    answer = post(desk, "export", id=ids(four[1]), **{"as": "xlsx"})
    assert answer.content_type == bulk_routes.XLSX
    file = io.BytesIO(answer.data)
    (_, header), (_, bea) = reading.rows(file, reading.look(file))
    assert (header[0], bea[0]) == ("First name", "Bea Brandt")
    monkeypatch.setattr(bulk_routes, "MOST_IN_A_WORKBOOK", 3)
    assert "Take CSV." in post(desk, "export", all="1", **{"as": "xlsx"}).text


def test_two_contacts_go_side_by_side_to_be_merged(desk, four):
    answer = desk.post("/contacts/many/merge", data={"id": ids(four[0], four[1])})
    assert answer.location == f"/contacts/{four[0].id}/merge?with={four[1].id}"
    assert "Choose two contacts to merge." in post(desk, "merge", id=ids(four[0])).text


CROWD = 5_000


@pytest.fixture
def crowd(app):
    """More contacts than a page, than a piece, and than the ids a form may name."""
    with unit_of_work():
        db.session.execute(
            insert(Contact), [{"name": f"Crowd {number:04}"} for number in range(CROWD)]
        )
        db.session.execute(insert(Contact), [{"name": "Somebody Else"}])


@contextmanager
def written():
    """How many rows of contacts, of their tags and of their lists each transaction changed."""
    pending, committed = Counter(), []

    def note(connection, cursor, statement, parameters, context, many):
        verb, *rest = statement.split()
        if verb in ("INSERT", "UPDATE", "DELETE") and any("contact" in word for word in rest[:2]):
            # RETURNING leaves SQLite without a count before its rows are read.
            inserted = statement.count("), (") + 1
            pending[connection] += inserted if verb == "INSERT" else cursor.rowcount

    def ended(connection):
        if connection in pending:
            committed.append(pending.pop(connection))

    event.listen(db.engine, "after_cursor_execute", note)
    event.listen(db.engine, "commit", ended)
    try:
        yield committed
    finally:
        event.remove(db.engine, "after_cursor_execute", note)
        event.remove(db.engine, "commit", ended)


@pytest.mark.parametrize(
    ("verb", "undone", "said"),
    [
        ("tag", "untag", "5,000 contacts tagged VIP."),
        ("copy", "remove", "5,000 contacts copied to Regulars."),
        ("block", "unblock", "5,000 contacts blocked."),
    ],
)
def test_all_that_match_are_changed_in_pieces_that_hold_no_writer_up(
    desk, crowd, vip, verb, undone, said
):
    regulars = make_list("Regulars")
    told = {"tag": vip.id, "list": regulars.id, "all": "1", "query": "q=Crowd"}
    with written() as rows:
        assert said in post(desk, verb, **told).text
    assert sum(rows) >= CROWD and max(rows) <= bulk.PIECE
    again = post(desk, verb, **told).text
    assert "0 contacts" in again and "5,000" in again

    view = regulars.id if verb == "copy" else "all"
    with written() as rows:
        assert "5,000 contacts" in post(desk, undone, view=view, **told).text
    assert sum(rows) >= CROWD and max(rows) <= bulk.PIECE


def test_all_that_match_are_downloaded_beyond_a_page_and_a_piece(desk, crowd):
    answer = desk.post(
        "/contacts/many/export?view=all", data={"all": "1", "query": "q=Crowd"}, buffered=True
    )
    names = [line[0] for line in csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))][1:]

    assert len(names) == len(set(names)) == CROWD
    assert "Somebody Else" not in names
