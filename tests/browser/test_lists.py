"""A list in a browser: its filters, its columns, and what is ticked."""

import csv
import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(live_server, open_as):
    return open_as(live_server.cast.sara, at="/people").page


def names(page):
    return page.locator("tbody .rowlink")


def test_a_filter_stands_in_the_url_and_back_takes_it_away(page):
    page.locator("summary", has_text="Role").click()
    page.locator("details[open]").get_by_label("Supervisor").click()
    expect(names(page)).to_have_text(["Sara Supervisor"])
    expect(page).to_have_url(re.compile("role=supervisor"))
    expect(page.locator("summary", has_text="Role: Supervisor")).to_be_visible()

    page.get_by_role("link", name="Clear filters").click()
    expect(names(page)).not_to_have_count(1)


def test_a_search_keeps_what_is_typed_and_says_where_nothing_matches(page):
    search = page.get_by_role("searchbox")
    search.press_sequentially("nobody at all")
    expect(page.get_by_text("Nobody found")).to_be_visible()
    expect(search).to_have_value("nobody at all")
    expect(search).to_be_focused()


def test_a_column_is_turned_round_and_another_one_shown(page):
    before = names(page).all_inner_texts()
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    expect(names(page)).to_have_text(before[::-1])
    expect(page.get_by_role("columnheader", name="Email")).to_have_count(0)

    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Email").click()
    expect(page.get_by_role("columnheader", name="Email")).to_be_visible()
    expect(names(page)).to_have_text(before[::-1])


def test_what_is_ticked_is_downloaded(page):
    picks = page.get_by_label("Select this row")
    bar = page.locator("[data-bulk]")
    expect(bar).to_be_hidden()
    picks.nth(0).check()
    picks.nth(1).check()
    expect(bar).to_contain_text("2 selected")
    with page.expect_download() as download:
        bar.get_by_role("button", name="CSV").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows[1:]] == sorted(names(page).all_inner_texts()[:2])

    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
