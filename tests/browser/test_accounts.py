"""An admin adds an account, gives it a new address, archives it: in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_interaction
from webapp.accounts.models import Account
from webapp.extensions import db

pytestmark = pytest.mark.slow

SID = "AC" + "0a1b" * 8


@pytest.fixture
def admin(open_as, live_server):
    return open_as(live_server.cast.admin)


def add_twilio(page):
    page.goto("/accounts/add")
    page.get_by_label("Name in Parley").fill("Harbour Repairs")
    page.get_by_label("Phone number", exact=True).fill("+44 20 7946 0958")
    page.get_by_label("Key", exact=True).fill("harb")
    page.get_by_text("Twilio", exact=True).click()
    page.get_by_role("textbox", name="Account SID").fill(SID)
    page.get_by_role("textbox", name="Auth Token").fill("6f" * 16)
    page.get_by_role("button", name="Add account").click()
    expect(page.get_by_role("heading", name="Harbour Repairs")).to_be_visible()


def test_choosing_twilio_brings_its_fields_and_keeps_what_was_typed(admin):
    page = admin.page
    page.goto("/accounts/add")
    page.get_by_label("Name in Parley").fill("Harbour Repairs")
    page.get_by_label("Phone number ID").fill("106540352555010")
    page.get_by_text("Twilio", exact=True).click()

    expect(page.get_by_role("textbox", name="Account SID")).to_be_visible()
    expect(page.get_by_label("Phone number ID")).to_have_count(0)
    expect(page.get_by_label("Name in Parley")).to_have_value("Harbour Repairs")
    expect(page.get_by_role("radio", name="Twilio")).to_be_focused()


def test_a_twilio_account_is_added_and_its_address_replaced_without_a_gap(admin):
    page = admin.page
    add_twilio(page)
    address = page.get_by_label("Callback URL", exact=True).first
    before = address.input_value()
    assert "/webhooks/twilio/" in before and before.endswith("#rc=5&rp=all")

    page.get_by_role("button", name="Replace the address").click()
    expect(page.get_by_label("Former callback URL").first).to_have_value(before)
    expect(page.get_by_label("Callback URL", exact=True).first).not_to_have_value(before)
    expect(page.get_by_text("Not used since.")).to_be_visible()

    page.get_by_role("button", name="Drop the former address").click()
    expect(page.get_by_label("Former callback URL")).to_have_count(0)


def test_a_mistake_stands_below_its_field_and_secrets_are_asked_for_again(admin):
    page = admin.page
    admin.expected.append("422")
    page.goto("/accounts/add?provider=twilio")
    page.get_by_label("Name in Parley").fill("Harbour Repairs")
    page.get_by_role("textbox", name="Account SID").fill("SK123")
    page.get_by_role("button", name="Add account").click()

    expect(page.get_by_text("An Account SID is AC and 32")).to_be_visible()
    expect(page.get_by_label("Name in Parley")).to_have_value("Harbour Repairs")
    sid = page.get_by_role("textbox", name="Account SID")
    expect(sid).to_have_attribute("aria-invalid", "true")


def test_an_account_with_an_open_conversation_is_archived_and_restored(admin):
    page = admin.page
    add_twilio(page)
    db.session.rollback()
    account = db.session.scalar(db.select(Account).where(Account.key == "HARB"))
    make_interaction(account)

    page.reload()
    page.get_by_role("button", name="Archive account").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Close the one conversation that is open")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Archive account").click()
    expect(page.get_by_text("Nothing is sent and nobody is rung.")).to_be_visible()

    page.goto("/accounts")
    expect(page.get_by_role("link", name="Harbour Repairs")).to_have_count(0)
    page.locator("summary", has_text="Show").click()
    page.locator(".menu").get_by_text("Archived", exact=True).click()
    page.get_by_role("link", name="Harbour Repairs").click()
    page.get_by_role("button", name="Restore account").click()
    expect(page.get_by_text("Switched off", exact=True)).to_be_visible()


def test_a_number_moves_to_another_provider(admin):
    page = admin.page
    add_twilio(page)
    page.get_by_role("link", name="Move to another provider").click()
    page.get_by_text("Kaleyra", exact=True).click()
    page.get_by_label("Region").select_option("in")
    page.get_by_role("textbox", name="Account SID").fill("HXAP00000000IN")
    page.get_by_role("textbox", name="API key").fill("A0000-a-key")
    page.get_by_role("button", name="Move the number").click()

    expect(page.get_by_text("Moved from Twilio")).to_be_visible()
    assert "/webhooks/kaleyra/" in page.get_by_label("Callback URL", exact=True).first.input_value()
