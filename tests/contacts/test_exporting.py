import csv
import io

import pytest
from sqlalchemy import select

from tests.factories import save
from webapp.contacts import cells, exporting
from webapp.contacts.models import (
    LISTED,
    Consent,
    Contact,
    ContactIdentity,
    ContactList,
    ContactListMember,
    ContactTag,
    CustomField,
    FieldKind,
)
from webapp.settings.models import Tag

EVERYBODY = select(Contact).where(LISTED)


def test_a_contact_is_exported_with_all_that_is_known(app):
    shop = save(ContactList(name="Shop, Lisbon"))
    slot = save(CustomField(name="Slot", kind=FieldKind.DATE_TIME))
    number = save(CustomField(name="Order", contact_list_id=shop.id))
    tag = save(Tag(name="vip"))
    fields = {str(slot.id): "2026-11-26T08:00:00", str(number.id): "=1+1"}
    dana = save(
        Contact(
            name="Dana Whitlock",
            first_name="Dana",
            last_name="Whitlock",
            phone="15550123409",
            consent=Consent.IN,
            fields=fields,
        )
    )
    save(ContactListMember(contact_list_id=shop.id, contact_id=dana.id))
    save(ContactTag(tag_id=tag.id, contact_id=dana.id))

    header, row = exporting.rows(EVERYBODY)

    assert dict(zip(header, row, strict=True)) == {
        "First name": "Dana",
        "Last name": "Whitlock",
        "Company": "",
        "Email": "",
        "WhatsApp number": "+15550123409",
        "Language": "",
        "Time zone": "",
        "Tags": "vip",
        "Lists": '"Shop, Lisbon"',
        "Marketing consent": "Yes",
        "Slot": "26 Nov 2026 08:00",
        "Order (Shop, Lisbon)": "'=1+1",
    }


def test_everybody_is_exported_once_however_many_there_are(app, monkeypatch):
    monkeypatch.setattr(exporting, "PIECE", 2)
    save(*(Contact(name=f"Contact {n}") for n in range(5)))

    text = "".join(exporting.csv_of(EVERYBODY))

    names = [row[0] for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))]
    assert names == ["First name", *(f"Contact {n}" for n in range(5))]


def test_a_number_kept_only_as_identity_is_exported(app):
    contact = save(Contact(name="Dana"))
    save(
        ContactIdentity(
            contact_id=contact.id, kind="wa_id", value="15550123409", match_key="tel:15550123409"
        )
    )

    assert list(exporting.rows(EVERYBODY))[1][4] == "+15550123409"


@pytest.mark.parametrize(
    "text", ["=cmd()", "@SUM(A1)", "-2+3", "+x", "'", "''=1", "'abc", "-5", "plain", ""]
)
def test_no_cell_runs_and_what_is_read_again_is_the_same(text):
    written = cells.safe(text)

    assert not written.startswith(("=", "@", "+x", "-2"))
    assert cells.plain(written) == text
