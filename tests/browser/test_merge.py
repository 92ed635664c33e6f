"""Two contacts compared, merged and taken apart again, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_contact, make_interaction

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def sara(live_server, open_as):
    return open_as(live_server.cast.sara)


def test_two_contacts_are_compared_merged_and_taken_apart(live_server, sara):
    kept = make_contact("Dana Whitlock", "15550120001", email="dana@example.com")
    other = make_contact("Dana W.", "15550120002", email="dw@example.com", company="Acme")
    for contact in (kept, other):
        make_interaction(live_server.account, contact, queue=live_server.cast.queue)
    page = sara.page
    page.goto(f"/contacts/{kept.id}/merge?q=Dana")
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_text("closes as merged")).to_be_visible()
    page.get_by_label("dw@example.com").check()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page).to_have_url(f"{live_server.url}/contacts/{kept.id}")
    expect(page.get_by_label("Email")).to_have_value("dw@example.com")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("two again")
    expect(page.get_by_label("Email")).to_have_value("dana@example.com")
    page.goto(f"/contacts/{other.id}")
    expect(page.get_by_role("heading", name="Dana W.")).to_be_visible()
