"""The door to all other pages, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_somebody_signs_in_with_the_form_and_is_connected(browser_of, live_server):
    sara = browser_of(live_server.cast.sara)
    page = sara.page
    page.goto("/board")  # where they wanted to go
    page.get_by_label("Email").fill(sara.user.email)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#board")).to_be_visible()
    sara.connected()
