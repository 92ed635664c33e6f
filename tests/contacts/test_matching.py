"""Who wrote: one person stays one contact, however WhatsApp names them."""

from functools import partial

import pytest
from sqlalchemy import select

from tests.factories import change, make_account, make_contact, make_list, make_meta_account
from tests.support.arriving import DANA, DANA_ID, arrive, at_once, receipt, said
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.contacts import matching
from webapp.contacts.models import Contact, ContactIdentity, ContactListMember
from webapp.contacts.people import match_key
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.providers.base import AccountRef, Identity, IdentityKind, InboundMessage, MessageKind
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import AccountNotice


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


def contacts():
    return db.session.scalars(select(Contact).order_by(Contact.id)).all()


def values_of(contact):
    return {identity.value for identity in contact.identities}


def from_(number=None, user_id=None, message_id="wamid.1"):
    kinds = ((IdentityKind.WA_ID, number), (IdentityKind.BSUID, user_id))
    return InboundMessage(
        id=message_id,
        account_ref=AccountRef(),
        identities=tuple(Identity(kind, value) for kind, value in kinds if value),
        kind=MessageKind.TEXT,
        sent_at=utcnow(),
        raw={},
    )


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("5511987654321", "551187654321"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ],
)
def test_the_variants_of_one_number_have_one_key(long, short):
    assert match_key("wa_id", long) == match_key("phone", short)


@pytest.mark.parametrize(
    "number", ["5511932345678", "15550142233", "521551234567", "4917012345678"]
)
def test_other_numbers_are_left_as_they_are(number):
    assert match_key("wa_id", number) == f"tel:{number}"


def test_a_user_id_counts_within_its_portfolio_alone():
    keys = {match_key("bsuid", DANA_ID, scope) for scope in ("waba1", "waba2")}
    assert len(keys) == 2


def test_a_stranger_becomes_a_contact_with_both_identities(meta):
    arrive(meta, said(user_id=DANA_ID))
    (contact,) = contacts()
    assert (contact.phone, contact.profile_name) == (DANA, "Dana Whitlock")
    assert values_of(contact) == {DANA, DANA_ID}


def test_a_new_contact_joins_the_accounts_list(meta):
    customers = make_list()
    change(meta, contact_list_id=customers.id)
    arrive(meta, said())
    member = db.session.scalars(select(ContactListMember)).one()
    assert (member.contact_list_id, member.contact_id) == (customers.id, contacts()[0].id)


def test_a_customer_without_a_number_is_one_contact(meta):
    arrive(meta, said(sender=None, user_id=DANA_ID))
    arrive(meta, said(sender=None, user_id=DANA_ID))
    (contact,) = contacts()
    assert (contact.phone, values_of(contact)) == (None, {DANA_ID})


def test_a_user_id_learned_later_is_attached(meta):
    arrive(meta, said())
    arrive(meta, said(user_id=DANA_ID))
    arrive(meta, said(sender=None, user_id=DANA_ID))
    (contact,) = contacts()
    assert values_of(contact) == {DANA, DANA_ID}


def test_a_number_learned_later_is_attached_and_shown(meta):
    arrive(meta, said(sender=None, user_id=DANA_ID))
    arrive(meta, said(user_id=DANA_ID))
    (contact,) = contacts()
    assert (contact.phone, values_of(contact)) == (DANA, {DANA, DANA_ID})


def test_a_receipt_teaches_the_user_id_of_a_known_number(meta):
    make_contact(phone=DANA)
    arrive(meta, receipt("wamid.x", "delivered", recipient_user_id=DANA_ID))
    arrive(meta, said(sender=None, user_id=DANA_ID))
    assert len(contacts()) == 1


def test_a_receipt_makes_nobody(meta):
    arrive(meta, receipt("wamid.x", "delivered", recipient_user_id=DANA_ID))
    assert contacts() == []


def test_one_batch_that_names_a_person_in_two_ways_makes_one_contact(meta):
    arrive(
        meta,
        said(sender=None, user_id=DANA_ID),
        said(),
        said(user_id=DANA_ID),
    )
    (contact,) = contacts()
    assert values_of(contact) == {DANA, DANA_ID}
    assert {message.contact_id for message in db.session.query(Message)} == {contact.id}


def test_two_contacts_named_in_one_message_are_noted_and_not_merged(meta):
    arrive(meta, said(sender=None, user_id=DANA_ID))
    arrive(meta, said())
    for _ in range(2):
        arrive(meta, said(user_id=DANA_ID, id="wamid.both"))
    by_id, by_number = contacts()
    notice = db.session.scalars(select(AccountNotice)).one()
    assert notice.kind == "merge_candidate"
    told = db.session.scalars(select(Message).where(Message.provider_id == "wamid.both")).one()
    assert told.contact_id == by_number.id
    assert values_of(by_id) == {DANA_ID}


def test_brazils_two_ways_to_write_a_number_are_one_contact(meta):
    arrive(meta, said(sender="5511987654321"))
    arrive(meta, said(sender="551187654321"))
    (contact,) = contacts()
    assert contact.phone == "5511987654321"


def test_the_name_follows_whatsapp_and_ours_stays(meta):
    arrive(meta, said(name="Dana"))
    (contact,) = contacts()
    change(contact, name="Mrs Whitlock")
    arrive(meta, said(name="Dana W."))
    (contact,) = contacts()
    assert (contact.name, contact.profile_name) == ("Mrs Whitlock", "Dana W.")
    assert contact.display_name == "Mrs Whitlock"


def test_a_changed_number_belongs_to_the_same_contact_and_the_old_one_stays(meta):
    arrive(meta, said(user_id="US.old"))
    system = {
        "type": "user_changed_number",
        "body": "Dana changed",
        "wa_id": "15550149999",
        "user_id": "US.new",
        "previous_user_id": "US.old",
    }
    arrive(meta, said(user_id="US.old", type="system", system=system, text=None))
    arrive(meta, said(sender="15550149999", user_id="US.new"))
    (contact,) = contacts()
    assert contact.phone == "15550149999"
    assert values_of(contact) == {DANA, "US.old", "15550149999", "US.new"}


def test_a_change_and_the_first_message_after_it_in_one_body_make_one_contact(meta):
    system = {"type": "user_changed_number", "wa_id": "15550149999"}
    arrive(meta, said(type="system", system=system, text=None), said(sender="15550149999"))
    assert len(contacts()) == 1


def test_drains_that_meet_on_new_customers_make_each_once(app, queue):
    accounts = [make_account(queue, waba_id="one") for _ in range(4)]
    events = [from_(f"1555{n:07d}", f"US.{n}") for n in range(40)]

    def look(account_id, order):
        account = db.session.get(Account, account_id)
        known = matching.contacts_for(account, events[::order])
        assert all(matching.contact_id_of(known, account, event.identities) for event in events)

    orders = (1, -1, 1, -1)
    ids = [account.id for account in accounts]
    at_once(app, *(partial(look, *pair) for pair in zip(ids, orders, strict=True)))
    assert len(contacts()) == 40
    assert db.session.query(ContactIdentity).count() == 80


def test_drains_that_know_different_identities_of_one_person_make_one_contact(app, queue):
    account_id = make_account(queue, waba_id="one").id

    def look(event):
        matching.contacts_for(db.session.get(Account, account_id), [event])

    for n in range(10):
        number, user_id = f"1556{n:07d}", f"US.b{n}"
        events = [from_(number, user_id), from_(number), from_(number, user_id)]
        at_once(app, *(partial(look, event) for event in events))
    assert len(contacts()) == 10


def test_an_open_unit_finds_or_makes_one_contact(account):
    identities = from_(DANA).identities
    with unit_of_work():
        first = matching.contact_for(account, identities, name="Dana").id
    with unit_of_work():
        assert matching.contact_for(account, identities).id == first
    assert contacts()[0].profile_name == "Dana"
