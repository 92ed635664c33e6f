"""Who works in the demo, for which queues and accounts."""

from types import SimpleNamespace

from webapp.accounts import saving
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.queues import setting_up
from webapp.queues.models import Strategy
from webapp.sandbox import customers
from webapp.settings import dispositions
from webapp.staff import people, signing_in
from webapp.staff.models import Role
from webapp.unit_of_work import unit_of_work

BY = "demo data"
PASSWORD = "parley-demo"
PEOPLE = (
    ("Admin", "admin@example.com", Role.ADMIN),
    ("Sara Lindqvist", "sara@example.com", Role.SUPERVISOR),
    ("Ana Ferreira", "ana@example.com", Role.AGENT),
    ("Ben Osei", "ben@example.com", Role.AGENT),
)
PLACES = 12  # the demo agents have their hands full, and room for what you try
OUTCOMES = {
    "Delivery": {
        "Question answered": (),
        "Slot changed": ("By the customer", "By us"),
        "Not delivered": ("Nobody there", "Wrong address"),
    },
    "Return": {"Accepted": (), "Refused": ()},
    "Invoice": {"Sent again": (), "Corrected": ()},
    "Repair": {"Brought in by the customer": (), "Fetched": (), "Not worth it": ()},
    "No answer needed": {},
}
PHONES = (
    ("Dana Whitlock", "+1 555 012 3409"),
    ("Marcus Oyelaran", "+1 555 016 8821"),
    ("New customer", "+1 555 000 0003"),
)


def assemble():
    """Everybody and everything there is before the first customer writes; ids only."""
    password_hash = signing_in.hash_password(PASSWORD)
    with unit_of_work():
        admin, sara, ana, ben = (_person(*person, password_hash) for person in PEOPLE)
        support = _queue("Support", "Questions about a product", [ana.id, ben.id])
        orders = _queue("Orders", "Delivery, returns, changes", [ana.id, ben.id, admin.id])
        listed = ContactList(name="Customers")
        db.session.add(listed)
        db.session.flush()
        _outcomes(orders)
        care = _account("Northgate Care", "NORTH", "+1 555 010 0199", support, listed)
        shop = _account("Northgate Orders", "ORDER", "+1 555 010 0198", orders, listed)
        for name, phone in PHONES:
            customers.add(name, phone)
        return SimpleNamespace(
            admin=admin.id, sara=sara.id, ana=ana.id, ben=ben.id, care=care.id, shop=shop.id
        )


def _outcomes(orders):
    """How a shop's conversations end; what every installation begins with fits no lamps."""
    for label in dispositions.tree():
        dispositions.archive(label.row, BY)
    for name, below in OUTCOMES.items():
        first = dispositions.add(name, BY, queue=orders if name == "Return" else None)
        for second, last in below.items():
            parent = dispositions.add(second, BY, parent=first)
            for third in last:
                dispositions.add(third, BY, parent=parent)


def sign_ins():
    """The demo's people, as far as they still have the demo's password."""
    return [
        {"email": email, "password": PASSWORD, "role": str(role)}
        for _, email, role in PEOPLE
        if signing_in.find_person(email) and signing_in.check(email, PASSWORD)
    ]


def _person(name, email, role, password_hash):
    values = {"name": name, "email": email, "role": role, "capacity": PLACES, "active": True}
    return people.add(values, password_hash, [], BY)


def _queue(name, description, member_ids):
    values = {"name": name, "description": description, "strategy": Strategy.RR_MEMORY}
    return setting_up.add(values | {"timeout": 30, "reply_target": 120}, member_ids, BY)


def _account(name, key, phone, queue, contact_list):
    values = saving.Values(
        name=name,
        key=key,
        phone=phone,
        description="A pretend number: nothing leaves this server.",
        queue_id=queue.id,
        contact_list_id=contact_list.id,
    )
    return saving.add(BY, "sandbox", values)
