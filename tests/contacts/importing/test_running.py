import pytest
from sqlalchemy import func, select

from tests.contacts.importing.support import (
    HEADER,
    checked,
    csv_file,
    imported,
    left_out,
    run,
    start,
    uploaded,
    xlsx_file,
)
from tests.factories import save
from webapp.columns import utcnow
from webapp.contacts.importing import running, slices, sweeping
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.contacts.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactList,
    CustomField,
)
from webapp.extensions import db
from webapp.settings.models import Tag
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

DANA = ["+1 555 012 3409", "Dana", "Whitlock", "yes"]
TOMAS = ["+1 555 011 0930", "Tomás", "Beltrán", ""]


def people():
    return {c.phone: c for c in db.session.scalars(select(Contact).order_by(Contact.id))}


def known(phone="15550123409", **columns):
    contact = save(Contact(phone=phone, **columns))
    save(
        ContactIdentity(contact_id=contact.id, kind="wa_id", value=phone, match_key=f"tel:{phone}")
    )
    return contact


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.parametrize("make", [csv_file, xlsx_file])
def test_a_dry_run_says_what_would_happen_and_writes_nothing(app, make):
    known(first_name="", name="")

    entry = checked(make([HEADER, DANA, TOMAS, ["call me", "X", "Y", ""], TOMAS]))

    counts = {name: n for name, n in entry.dry_run.items() if name in slices.COUNTED and n}
    assert counts == {"created": 1, "filled": 1, "doubled": 1, "rejected": 1}
    assert entry.state == ImportState.CHECKED
    assert count(Contact) == 1 and count(ConsentEntry) == 0


@pytest.mark.parametrize("make", [csv_file, xlsx_file])
def test_a_file_becomes_contacts(app, make, admin):
    shop = save(ContactList(name="Shop"))
    vip = save(Tag(name="vip"))

    entry = imported(make([HEADER, DANA, TOMAS]), admin, list_ids=[shop.id], tag_ids=[vip.id])

    assert entry.state == ImportState.DONE and entry.counts["created"] == 2
    dana = people()["15550123409"]
    assert (dana.name, dana.source, dana.consent) == ("Dana Whitlock", "import", Consent.IN)
    assert [one.name for one in dana.lists] == ["Shop"]
    assert [one.name for one in dana.tags] == ["vip"]
    assert [(one.kind, one.value) for one in dana.identities] == [("phone", "15550123409")]
    agreed = db.session.scalars(select(ConsentEntry)).one()
    assert (agreed.contact_id, agreed.how, agreed.given) == (dana.id, "import", True)
    assert agreed.words == "Yes in the file people.csv"
    audit = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "imported")).one()
    assert audit.after["created"] == 2 and audit.actor == admin.name


def test_a_person_already_here_is_left_alone(app):
    known(first_name="D", name="D")

    entry = imported(csv_file([HEADER, DANA]), on_same="skip")

    assert entry.counts["kept"] == 1 and people()["15550123409"].name == "D"
    assert b"already in Parley" in left_out(entry)


def test_only_gaps_are_filled(app):
    field = save(CustomField(name="Order"))
    known(name="D", first_name="D", fields={})

    entry = imported(csv_file([["Mobile", "Name", "Order"], [DANA[0], "Dana W", "7"]]))

    dana = people()["15550123409"]
    assert entry.counts["filled"] == 1
    assert (dana.name, dana.fields) == ("D", {str(field.id): "7"})


def test_the_file_overwrites_but_empty_cells_change_nothing(app):
    known(name="D", first_name="D", company="Shop")
    rows = [["Mobile", "First name", "Company"], [DANA[0], "Dana", ""]]

    entry = imported(csv_file(rows), on_same="update")

    dana = people()["15550123409"]
    assert entry.counts["updated"] == 1
    assert (dana.name, dana.company) == ("Dana", "Shop")


@pytest.mark.parametrize("on_same", ["keep", "update"])
def test_who_opted_out_stays_so_whatever_the_file_says(app, on_same):
    known(consent=Consent.OUT, opted_out_at=utcnow())

    imported(csv_file([HEADER, DANA]), on_same=on_same)

    dana = people()["15550123409"]
    assert dana.consent == Consent.OUT and dana.opted_out_at is not None
    assert count(ConsentEntry) == 0


def test_no_in_the_file_stops_marketing(app):
    imported(csv_file([HEADER, [DANA[0], "Dana", "W", "no"]]))

    dana = people()["15550123409"]
    assert dana.consent == Consent.OUT and dana.opted_out_at is not None


def test_the_same_person_by_email_or_a_field_of_ours(app):
    field = save(CustomField(name="Customer no."))
    save(Contact(name="", email="dana@example.com"))
    save(Contact(name="", fields={str(field.id): "7"}))
    rows = [
        ["Mobile", "Email", "Customer no.", "First name"],
        ["", "dana@example.com", "", "Dana"],
        [TOMAS[0], "", "7", "Tomás"],
        ["", "nobody@example.com", "", "Nobody"],
    ]

    entry = imported(csv_file(rows), same_by=["phone", "email", f"field:{field.id}"])

    assert [c.name for c in db.session.scalars(select(Contact).order_by(Contact.id))] == [
        "Dana",
        "Tomás",
    ]
    assert entry.counts["filled"] == 2 and entry.counts["rejected"] == 1
    assert people()["15550110930"].name == "Tomás"


def test_variants_of_one_number_are_one_person(app):
    rows = [["Mobile"], ["+55 11 99876-5432"], ["+55 11 9876-5432"]]

    entry = imported(csv_file(rows))

    assert (entry.counts["created"], entry.counts["doubled"]) == (1, 1)


def test_what_is_left_out_comes_back_as_a_file_of_the_same_kind(app):
    rows = [HEADER, DANA, ["12", "Ünal;", "Y", ""], DANA]

    entry = imported(csv_file(rows, encoding="cp1252", delimiter=";"))

    assert left_out(entry).decode("cp1252").splitlines() == [
        "Mobile;First name;Last name;Agreed;Why",
        '12;"Ünal;";Y;;Row 3, column Mobile: No country: begin it with + or choose a country.',
        "+1 555 012 3409;Dana;Whitlock;yes;Row 4: twice in the file: row 2 is the same person.",
    ]


def test_a_row_is_imported_without_the_field_that_is_wrong(app):
    save(CustomField(name="Slot", kind="date_time"))
    rows = [["Mobile", "Slot"], [DANA[0], "never"]]

    entry = imported(csv_file(rows))

    assert (entry.counts["created"], entry.counts["incomplete"]) == (1, 1)
    assert b"Row 2, column Slot: " in left_out(entry)


def test_tags_and_lists_named_in_the_file_are_made(app):
    save(Tag(name="VIP"))
    rows = [["Mobile", "Tags", "Lists"], [DANA[0], "vip, new", '"Shop, Lisbon"']]

    imported(csv_file(rows))

    dana = people()["15550123409"]
    assert [one.name for one in dana.tags] == ["VIP", "new"]
    assert [one.name for one in dana.lists] == ["Shop, Lisbon"]


def many(n):
    return csv_file([["Mobile"], *([f"+1555{number:07d}"] for number in range(n))])


def in_small_batches(monkeypatch):
    monkeypatch.setattr(slices, "BATCH", 50)
    monkeypatch.setattr(slices, "FIRST_BATCH_OF_SQLITE", 50)


def test_a_run_goes_on_slice_by_slice(app, monkeypatch):
    entry = checked(many(500))
    in_small_batches(monkeypatch)
    start(entry)

    rows = []
    while entry.state == ImportState.RUNNING:
        run(entry, seconds=0)
        rows.append(entry.row)

    assert rows == sorted(rows) and len(rows) > 2
    assert entry.counts["created"] == count(Contact) == count(ContactIdentity) == 500


def test_a_run_that_was_stopped_goes_on_where_it_was(app, monkeypatch):
    rows = [["Mobile"], *([f"+1555{number:07d}"] for number in range(300)), ["+15550000001"]]
    entry = checked(csv_file(rows))
    in_small_batches(monkeypatch)
    start(entry)
    with unit_of_work():
        db.session.get(ContactImport, entry.id).stop_asked_at = utcnow()
    run(entry)
    assert entry.state == ImportState.STOPPED and 0 < count(Contact) < 300

    start(entry)
    run(entry)

    assert entry.state == ImportState.DONE
    assert (entry.counts["created"], entry.counts["doubled"]) == (300, 1)
    assert count(Contact) == 300


def test_a_run_cut_off_without_its_notes_doubles_and_loses_nobody(app, monkeypatch):
    entry = checked(many(300))
    in_small_batches(monkeypatch)
    monkeypatch.setattr(slices.Slice, "_keep_seen", lambda self: None)
    start(entry)
    run(entry, seconds=0)
    assert 0 < count(Contact) < 300

    run(entry)

    assert entry.counts["created"] == count(Contact) == 300


def test_a_second_worker_leaves_an_import_alone(app):
    entry = checked(many(10))
    start(entry)
    with unit_of_work():
        db.session.get(ContactImport, entry.id).beat_at = utcnow()

    run(entry)

    assert entry.row == 0 and count(Contact) == 0
    assert running.due() == []


def test_one_that_was_cut_off_is_due_after_its_lease(app):
    entry = checked(many(10))
    start(entry)
    with unit_of_work():
        db.session.get(ContactImport, entry.id).beat_at = utcnow() - running.LEASE * 2

    assert running.due() == [entry.id]


def test_a_batch_that_another_worker_did_is_not_done_twice(app):
    entry = checked(many(10))
    start(entry)
    with slices.Slice(db.session.get(ContactImport, entry.id)) as late:
        run(entry)
        with pytest.raises(slices.Lost):
            late.work(running.never)

    assert count(Contact) == 10


def test_a_file_that_cannot_be_read_says_why(app):
    entry = run(uploaded(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old"))

    assert entry.state == ImportState.FAILED
    assert entry.problem.startswith("This is an old Excel file")


def test_without_a_column_of_numbers_a_person_has_to_choose(app):
    entry = run(uploaded(csv_file([["A", "B"], ["x", "y"]])))

    assert entry.state == ImportState.UPLOADED and entry.header == ["A", "B"]


def test_an_email_that_is_a_number_of_a_spreadsheet_error_names_its_place(app):
    entry = checked(csv_file([["Mobile", "Email"], [DANA[0], "#N/A"]]))

    (problem,) = entry.dry_run["check"]["problems"]
    assert problem[3] == "Row 2, column Email: the spreadsheet shows #N/A."


def test_files_go_some_days_after_the_end(app):
    entry = imported(csv_file([HEADER, DANA, DANA]))
    assert not sweeping.sweep()

    sweeping.sweep(now=utcnow() + sweeping.KEPT * 2)

    db.session.expire_all()
    assert entry.storage_key is None and entry.rejects_key is None
    assert not sweeping.sweep(now=utcnow() + sweeping.KEPT * 2)
