"""Outcomes: labels in three levels, offered everywhere or in one place, archived and restored."""

import pytest
from sqlalchemy import select

from tests.factories import make_account, make_contact, make_list, make_queue, save
from webapp.contacts import arranging
from webapp.contacts.models import ContactList, ContactListMember
from webapp.extensions import db
from webapp.settings import dispositions
from webapp.settings.models import Disposition
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


def add(name, parent=None, **where):
    with unit_of_work():
        above = db.session.get(Disposition, parent) if parent else None
        return dispositions.add(name, "test", parent=above, **where).id


def paths(labels):
    return [label.path for label in dispositions.every(labels).values()]


def done(verb, id, *arguments):
    with unit_of_work():
        return verb(db.session.get(Disposition, id), *arguments)


def refused(name, parent=None, **where):
    with pytest.raises(dispositions.Refused) as refusal:
        add(name, parent, **where)
    return str(refusal.value)


@pytest.fixture
def delivery(app):
    """Delivery > (Question answered, Slot changed > (By the customer, By us)), Return"""
    first = add("Delivery")
    add("Question answered", first)
    slot = add("Slot changed", first)
    add("By the customer", slot)
    add("By us", slot)
    add("Return")
    return first


def found(name):
    return db.session.scalar(select(Disposition.id).where(Disposition.name == name))


def test_a_tree_is_read_in_its_order(delivery):
    assert paths(dispositions.tree()) == [
        ("Delivery",),
        ("Delivery", "Question answered"),
        ("Delivery", "Slot changed"),
        ("Delivery", "Slot changed", "By the customer"),
        ("Delivery", "Slot changed", "By us"),
        ("Return",),
    ]


def test_nothing_goes_below_the_third_level(delivery):
    assert "3 levels" in refused("On a Friday", found("By us"))


def test_beside_each_other_no_two_have_one_name(delivery):
    assert "“Delivery” here already" in refused(" delivery ")
    assert add("Delivery", found("Return"))
    assert refused(" ") == "Write a name."
    assert "60 characters" in refused("x" * 61)


def test_an_account_and_a_queue_have_their_own_beside_those_of_everybody(delivery, cast):
    other, orders = make_account(), make_queue("Orders")
    invoice = add("Invoice", account=cast.account)
    add("Corrected", invoice)
    add("Return", queue=orders)
    here = paths(dispositions.offered(cast.account.id, cast.queue.id, None))
    assert here[-3:] == [("Return",), ("Invoice",), ("Invoice", "Corrected")]
    there = dispositions.offered(other.id, orders.id, None)
    assert [label.name for label in there] == ["Delivery", "Return", "Return"]
    assert len(dispositions.offered(other.id, None, None)) == 2


def test_the_contacts_of_a_list_have_their_own(delivery, cast):
    dana, amara, shops = make_contact("Dana"), make_contact("Amara"), make_list("Shops")
    save(ContactListMember(contact_list_id=shops.id, contact_id=dana.id))
    listed = add("Restocked", contact_list=shops)
    add("By van", listed)
    assert "“Restocked” here already" in refused("restocked", contact_list=shops)
    offered = [
        [label.name for label in dispositions.offered(cast.account.id, cast.queue.id, one.id)]
        for one in (dana, amara)
    ]
    assert offered == [["Delivery", "Return", "Restocked"], ["Delivery", "Return"]]


def test_a_list_that_outcomes_are_for_is_not_deleted(cast):
    shops = make_list("Shops")
    add("Restocked", contact_list=shops)
    with pytest.raises(arranging.Refused, match="Restocked"), unit_of_work():
        arranging.delete_list(db.session.get(ContactList, shops.id), cast.admin)


def test_where_a_label_below_is_offered_says_the_one_above(delivery, cast):
    assert "offered where “Delivery” above it is" in refused("Late", delivery, queue=cast.queue)
    assert "not for more" in refused("Late", account=cast.account, queue=cast.queue)


def test_what_is_below_goes_and_comes_back_with_it(delivery):
    done(dispositions.archive, found("By us"), "test")
    assert done(dispositions.archive, delivery, "test") == 3
    assert paths(dispositions.tree()) == [("Return",)]
    assert len(paths(dispositions.tree(archived=True))) == 6

    done(dispositions.restore, delivery, "test")
    assert ("Delivery", "Slot changed", "By the customer") in paths(dispositions.tree())
    assert ("Delivery", "Slot changed", "By us") not in paths(dispositions.tree())


def test_nothing_is_restored_below_what_is_archived_or_beside_its_own_name(delivery):
    slot = found("Slot changed")
    done(dispositions.archive, delivery, "test")
    with pytest.raises(dispositions.Refused, match="restore that one first"):
        done(dispositions.restore, slot, "test")
    add("Delivery")
    with pytest.raises(dispositions.Refused, match="“Delivery” here already"):
        done(dispositions.restore, delivery, "test")


def test_nothing_is_added_below_what_is_archived(delivery):
    done(dispositions.archive, delivery, "test")
    assert "is archived" in refused("Late", delivery)


def test_labels_move_among_those_beside_them_that_are_in_use(delivery):
    add("Invoice")
    done(dispositions.archive, found("Return"), "test")
    done(dispositions.move, found("Invoice"), -1, "test")
    assert [label.name for label in dispositions.tree()] == ["Invoice", "Delivery"]
    done(dispositions.move, found("Invoice"), -1, "test")
    assert [label.name for label in dispositions.tree()] == ["Invoice", "Delivery"]


def test_each_change_leaves_an_audit_row(delivery):
    done(dispositions.change, delivery, "test", "Deliveries", "By van")
    done(dispositions.change, delivery, "test", "Deliveries", "By van")
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [row.action for row in rows] == ["added"] * 6 + ["changed"]
    assert rows[-1].subject == "dispositions"
    assert rows[-1].before == {"name": "Delivery", "description": ""}
    assert rows[-1].after == {"name": "Deliveries", "description": "By van"}
