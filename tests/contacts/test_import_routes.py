import io

import pytest
from sqlalchemy import select

from tests.contacts.importing.support import HEADER, checked, csv_file, run, start, xlsx_file
from tests.factories import save
from webapp.contacts.importing import deciding
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.contacts.models import Contact, ContactList
from webapp.extensions import db
from webapp.staff.models import AuditEntry

PEOPLE = csv_file([HEADER, ["+1 555 012 3409", "Dana", "Whitlock", "yes"], ["12", "X", "Y", ""]])


def uploading(browser, content=PEOPLE, name="people.csv"):
    return browser.post("/contacts/import", data={"file": (io.BytesIO(content), name)})


def last():
    db.session.expire_all()
    return db.session.scalars(select(ContactImport).order_by(ContactImport.id.desc())).first()


def chosen(entry, **more):
    columns = {f"column-{n}": target for n, target in enumerate(entry.mapping["columns"])}
    return {**columns, "has_header": "on", "on_same": "keep", **more}


@pytest.mark.parametrize(
    "content", [PEOPLE, xlsx_file([HEADER, ["+15550123409", "D", "W", "yes"]])]
)
def test_a_file_is_uploaded_checked_and_imported(sign_in, sara, content):
    browser = sign_in(sara)

    answer = uploading(browser, content)

    entry = run(last())
    page = browser.get(answer.location).get_data(as_text=True)
    assert answer.status_code == 303 and "Import 1 contact" in page and "Dry run" in page
    answer = browser.post(answer.location, data=chosen(entry, do="run", new_list="Shop"))
    assert last().state == ImportState.CHECKING  # a list was chosen since
    run(last())
    form = chosen(entry, do="run", list_id=db.session.scalar(select(ContactList.id)))
    browser.post(answer.location, data=form)
    run(last())
    assert last().state == ImportState.DONE
    (contact,) = db.session.scalars(select(Contact)).all()
    assert [one.name for one in contact.lists] == ["Shop"]
    page = browser.get(answer.location).get_data(as_text=True)
    assert "Imported" in page and "New contacts" in page
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"uploaded", "started", "imported"} <= actions


def test_what_is_left_out_can_be_downloaded(sign_in, sara):
    entry = checked(PEOPLE)
    browser = sign_in(sara)
    dry = browser.get(f"/contacts/import/{entry.id}/rejects?dry=1")
    start(entry)
    run(entry)

    answer = browser.get(f"/contacts/import/{entry.id}/rejects")

    assert b"12,X,Y,," in answer.data and answer.data == dry.data
    assert "left out.csv" in answer.headers["Content-Disposition"]


def test_without_anything_left_out_there_is_nothing_to_download(sign_in, sara):
    entry = checked(csv_file([HEADER, ["+1 555 012 3409", "Dana", "Whitlock", "yes"]]))

    assert sign_in(sara).get(f"/contacts/import/{entry.id}/rejects?dry=1").status_code == 404


@pytest.mark.parametrize("content", [b"", b"x" * 10])
def test_no_file_is_said_on_the_page(sign_in, sara, content):
    name = "people.csv" if not content else ""

    answer = uploading(sign_in(sara), content, name)

    assert answer.status_code == 422
    assert "file" in answer.get_data(as_text=True)


def test_a_file_over_60_mb_is_refused_in_a_sentence(sign_in, sara, monkeypatch):
    monkeypatch.setattr(deciding, "LARGEST_FILE", 10)

    answer = uploading(sign_in(sara))

    assert answer.status_code == 422 and "60 MB" in answer.get_data(as_text=True)


def test_a_file_larger_than_other_forms_may_be_arrives(sign_in, sara):
    answer = uploading(sign_in(sara), b"Mobile\n" + b"+15550123409\n" * 2_600_000)

    assert answer.status_code == 303 and last().size > 30 * 1024 * 1024


def test_an_import_is_stopped_and_goes_on(sign_in, sara):
    entry = checked(PEOPLE)
    start(entry)
    browser = sign_in(sara)
    browser.post(f"/contacts/import/{entry.id}/stop")
    run(entry)
    assert entry.state == ImportState.STOPPED
    assert "Go on" in browser.get(f"/contacts/import/{entry.id}").get_data(as_text=True)

    browser.post(f"/contacts/import/{entry.id}/resume")

    assert run(entry).state == ImportState.DONE


def test_progress_says_how_far_it_is_and_then_asks_for_the_page(sign_in, sara):
    entry = checked(PEOPLE)
    browser = sign_in(sara)
    start(entry)
    working = browser.get(f"/contacts/import/{entry.id}/progress")
    run(entry)
    over = browser.get(f"/contacts/import/{entry.id}/progress")

    assert "0 of 2" in working.get_data(as_text=True) and "HX-Refresh" not in working.headers
    assert over.headers["HX-Refresh"] == "true"


def test_a_choice_that_cannot_work_is_refused(sign_in, sara):
    entry = checked(PEOPLE)
    form = chosen(entry, **{"column-0": "", "do": "check"})

    answer = sign_in(sara).post(f"/contacts/import/{entry.id}", data=form)

    assert answer.status_code == 422
    assert "Choose the column that holds the WhatsApp number" in answer.get_data(as_text=True)


def test_nothing_is_decided_while_a_file_is_worked_on(sign_in, sara):
    entry = checked(PEOPLE)
    start(entry)

    answer = sign_in(sara).post(f"/contacts/import/{entry.id}", data=chosen(entry, do="run"))

    assert answer.status_code == 422 and last().state == ImportState.RUNNING


def test_the_first_row_can_be_a_person_too(sign_in, sara):
    entry = checked(csv_file([["Mobile"], ["+15550123409"]]))
    browser = sign_in(sara)

    browser.post(f"/contacts/import/{entry.id}", data={"column-0": "phone", "do": "check"})

    assert run(last()).header == ["Column A"]
    assert (entry.dry_run["created"], entry.dry_run["rejected"]) == (1, 1)


def test_only_leaders_import(sign_in, ana):
    entry = save(ContactImport(filename="people.csv"))
    browser = sign_in(ana)

    for path in ("", f"/{entry.id}", f"/{entry.id}/progress", f"/{entry.id}/rejects"):
        assert browser.get(f"/contacts/import{path}").status_code == 403
    for path in ("", f"/{entry.id}", f"/{entry.id}/stop", f"/{entry.id}/resume"):
        assert browser.post(f"/contacts/import{path}").status_code == 403
