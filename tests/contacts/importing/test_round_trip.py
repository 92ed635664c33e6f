"""What is exported and imported again is the same, whatever people are called."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from tests.contacts.importing.support import imported
from tests.factories import save
from webapp.contacts import calling, cells, exporting
from webapp.contacts.models import (
    LISTED,
    Consent,
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactList,
    ContactListMember,
    ContactTag,
    CustomField,
    FieldKind,
)
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.unit_of_work import unit_of_work

EVERYBODY = select(Contact).where(LISTED)


def text(longest):
    """As forms keep it: without what no file holds, and without space at its ends."""
    signs = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp"))
    runs = st.sampled_from(["=1+1", "@me", "-2+3", "+1 x", "'", "''a", "'=b", "a,b;c|d", '"q"'])
    return st.one_of(st.text(signs, max_size=longest), runs).map(
        lambda said: " ".join(cells.plain(f"x{said}")[1:].split())
    )


def hundredths(number):
    return number // 100 if number % 100 == 0 else number / 100


PERSON = st.fixed_dictionaries(
    {
        "first": text(20),
        "last": text(20),
        "company": text(30),
        "consent": st.sampled_from(Consent),
        "note": text(60),
        "amount": st.one_of(st.none(), st.integers(-(10**14), 10**14).map(hundredths)),
        "agreed": st.sampled_from([None, True, False]),
        "slot": st.one_of(st.none(), st.dates().map(lambda d: d.isoformat())),
        "tags": st.lists(text(20).filter(bool), max_size=3, unique_by=str.casefold),
        "lists": st.lists(text(20).filter(bool), max_size=2, unique_by=str.casefold),
    }
)


def fields():
    kinds = {
        "Note": FieldKind.TEXT,
        "Amount": FieldKind.NUMBER,
        "Agreed to": FieldKind.SWITCH,
        "Slot": FieldKind.DATE_TIME,
    }
    return [save(CustomField(name=name, kind=kind)) for name, kind in kinds.items()]


def keep(people, own):
    with unit_of_work():
        for number, person in enumerate(people):
            keep_one(f"1555{number:07d}", person, own)


def keep_one(phone, person, own):
    values = [person["note"] or None, person["amount"], person["agreed"], person["slot"]]
    kept = {str(f.id): v for f, v in zip(own, values, strict=True) if v is not None}
    contact = Contact(
        phone=phone, company=person["company"], consent=person["consent"], fields=kept
    )
    calling.call(contact, person["first"], person["last"])
    contact.identities = [ContactIdentity(kind="phone", value=phone, match_key=f"tel:{phone}")]
    contact.tags = [named(Tag, name) for name in person["tags"]]
    contact.lists = [named(ContactList, name) for name in person["lists"]]
    db.session.add(contact)
    db.session.flush()


def named(model, name):
    for found in db.session.scalars(select(model)):
        if found.name.casefold() == name.casefold():
            return found
    made = model(name=name)
    db.session.add(made)
    db.session.flush()
    return made


def forget():
    with unit_of_work():
        for table in (
            ConsentEntry,
            ContactTag,
            ContactListMember,
            ContactIdentity,
            Contact,
            Tag,
            ContactList,
        ):
            db.session.execute(delete(table))


def exported():
    return list(exporting.rows(EVERYBODY))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, *HealthCheck],
)
@given(st.lists(PERSON, min_size=1, max_size=5), st.booleans())
def test_what_is_exported_and_imported_again_is_the_same(app, people, as_csv):
    own = db.session.scalars(select(CustomField).order_by(CustomField.id)).all() or fields()
    forget()
    keep(people, own)
    before = exported()
    if as_csv:
        content = "".join(exporting.csv_of(EVERYBODY)).encode()
    else:
        with exporting.xlsx_of(EVERYBODY) as file:
            content = file.read()
    forget()

    entry = imported(content)

    assert entry.counts["created"] == len(people)
    assert entry.rejects_key is None, entry.counts
    assert exported() == before
