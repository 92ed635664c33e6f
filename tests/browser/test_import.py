"""A leader imports a file: mapped, stopped, gone on with, and what was left out downloaded."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from webapp.contacts.models import Contact
from webapp.extensions import db

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MANY = 40_000


@pytest.fixture
def page(live_server, open_as):
    return open_as(live_server.cast.sara, at="/contacts/import").page


def a_file(folder, count):
    out = io.StringIO()
    lines = csv.writer(out, delimiter=";")
    lines.writerow(["Rufnummer", "Kunde", "Bestellung"])
    lines.writerow(["555 01", "Short, Number", "1"])
    lines.writerows([f"+1 555 {n:07d}", f"Kühn, {n}", n] for n in range(count))
    path = folder / "kunden.csv"
    path.write_bytes(out.getvalue().encode("cp1252"))
    return path


def upload(page, path):
    page.get_by_label("CSV or XLSX").set_input_files(path)
    page.get_by_role("button", name="Upload").click()


def contacts():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Contact))


def test_a_file_is_mapped_stopped_finished_and_its_rejects_downloaded(page, tmp_path):
    upload(page, a_file(tmp_path, MANY))
    expect(page.get_by_label("Field for Rufnummer")).to_have_value("phone", timeout=90_000)
    page.get_by_label("Field for Kunde").select_option("Do not import")
    page.get_by_label("Field for Bestellung").select_option("Last name")
    page.get_by_label("Or a new list").fill("November")
    page.get_by_role("button", name="Check again").click()
    run = page.get_by_role("button", name=f"Import {MANY:,} contacts")
    run.click(timeout=90_000)

    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Stopped")).to_be_visible(timeout=60_000)
    assert 0 < contacts() < MANY

    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible(timeout=240_000)
    assert contacts() == MANY
    assert db.session.scalar(select(Contact.name).where(Contact.phone == "15550000007")) == "7"
    with page.expect_download() as download:
        page.get_by_role("link", name="Rows left out").click()
    left_out = Path(download.value.path()).read_text("cp1252").splitlines()
    assert left_out[0] == "Rufnummer;Kunde;Bestellung;Why"
    assert left_out[1].startswith("555 01;Short, Number;1;Row 2, column Rufnummer: ")
    assert len(left_out) == 2


def test_a_file_that_is_none_is_refused_in_a_sentence(page, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"%PDF-1.7")

    upload(page, path)

    expect(page.get_by_role("alert").get_by_text("This is a PDF.")).to_be_visible()
