"""A leader writes a template, has it approved, mends one that was rejected: in a real browser."""

import pytest
from playwright.sync_api import expect

from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate

pytestmark = pytest.mark.slow


@pytest.fixture
def leader(open_as, live_server):
    return open_as(live_server.cast.sara)


def begin(page, account, name):
    page.goto("/templates")
    page.get_by_role("link", name="New template").first.click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_text("Utility", exact=True).click()
    page.get_by_label("Account").select_option(str(account.id))
    page.get_by_role("button", name="Write it").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def write(page):
    body = page.get_by_label("Body")
    body.press_sequentially("Hello ")
    page.get_by_role("button", name="Add variable").click()
    body.press_sequentially(", your visit at our branch is on ")
    page.get_by_role("button", name="Add variable").click()
    body.press_sequentially(" in the morning.")
    page.get_by_label("Example for {{1}}").fill("Amara")
    page.get_by_label("Example for {{2}}").fill("Friday")


def submitted(live_server, name, status):
    live_server.until(
        lambda: db.session.scalar(
            db.select(MessageTemplate.id).where(
                MessageTemplate.name == name, MessageTemplate.status == status
            )
        )
    )


def test_a_template_goes_from_blank_to_approved(leader, live_server):
    page = leader.page
    begin(page, live_server.account, "visit_reminder")
    write(page)
    page.get_by_role("button", name="Button", exact=True).click()
    page.get_by_label("Text of button 1").fill("Yes, please")
    page.get_by_label("Footer").fill("Northgate Kettles")

    preview = page.locator("#preview")
    expect(preview).to_contain_text(
        "Hello Amara, your visit at our branch is on Friday in the morning."
    )
    expect(preview).to_contain_text("Yes, please")
    expect(page.get_by_text("Every variable has an example")).to_be_visible()
    expect(page.locator("#footer-count")).to_have_text("17 of 60")

    page.get_by_role("button", name="Submit for approval").click()
    submitted(live_server, "visit_reminder", "pending")
    expect(page.locator("#state")).to_contain_text("In review")
    live_server.stub.review(live_server.webhook_url, "visit_reminder")
    expect(page.locator("#state")).to_contain_text("Approved")

    page.goto("/templates?status=approved")
    expect(page.get_by_role("link", name="visit_reminder")).to_be_visible()


def test_a_rejected_one_says_why_and_is_resubmitted(leader, live_server):
    page = leader.page
    begin(page, live_server.account, "spare_part_ready")
    write(page)
    expect(page.get_by_text("Every variable has an example")).to_be_visible()
    page.get_by_role("button", name="Submit for approval").click()
    submitted(live_server, "spare_part_ready", "pending")
    live_server.stub.review(
        live_server.webhook_url, "spare_part_ready", "REJECTED", reason="PROMOTIONAL"
    )

    expect(page.locator("#why")).to_contain_text("The words promote something")
    page.get_by_role("link", name="Edit and resubmit").click()
    page.get_by_label("Footer").fill("About your order 4711")
    expect(page.locator("#preview")).to_contain_text("About your order 4711")
    page.get_by_role("button", name="Submit for approval").click()
    submitted(live_server, "spare_part_ready", "pending")
    live_server.stub.review(live_server.webhook_url, "spare_part_ready")
    expect(page.locator("#state")).to_contain_text("Approved")


def test_what_was_typed_survives_buttons_added_moved_and_taken_away(leader, live_server):
    page = leader.page
    begin(page, live_server.account, "two_buttons")
    add = page.get_by_role("button", name="Button", exact=True)
    add.click()
    page.get_by_label("Text of button 1").fill("Yes")
    add.click()
    page.get_by_label("Text of button 2").fill("No")
    page.get_by_role("button", name="Move button 2 up").click()
    expect(page.get_by_label("Text of button 1")).to_have_value("No")
    page.get_by_role("button", name="Remove button 1").click()
    expect(page.get_by_label("Text of button 1")).to_have_value("Yes")
    leader.expected.append("htmx:")  # a preview under way as one reloads
    page.reload()
    expect(page.get_by_label("Text of button 1")).to_have_value("Yes")
