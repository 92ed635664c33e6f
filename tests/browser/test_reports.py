"""Reports in a browser: from the first page to one queue's figures; no known barrier."""

from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.analytics.history import History
from tests.factories import change, make_account, make_campaign, make_recipient, save
from webapp.campaigns.models import CampaignAttempt, CampaignMinute
from webapp.campaigns.settings.models import MessageRate
from webapp.columns import utcnow

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def history(live_server):
    return History("reports", utcnow() - timedelta(days=6), days=5)


def test_a_leader_narrows_the_first_page_to_one_queue_and_opens_its_agents(
    open_as, live_server, history
):
    page = open_as(live_server.cast.sara, at="/reports").page
    queues = page.locator("section[aria-labelledby=queues-title]")
    expect(queues).to_contain_text("Queue 0")
    page.locator("summary", has_text="Queue").click()
    page.get_by_role("link", name="Queue 1", exact=True).click()
    expect(queues).not_to_contain_text("Queue 0")
    page.get_by_label("Reports", exact=True).get_by_role("link", name="Agents").click()
    expect(page.get_by_role("heading", name="Agents")).to_be_visible()
    expect(page.locator("summary", has_text="Queue:")).to_contain_text("Queue 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of agents").click()
    assert download.value.suggested_filename.startswith("agents-")


@pytest.fixture
def reached(live_server):
    """A campaign reached somebody, at a price."""
    at = utcnow() - timedelta(hours=1)
    campaign = make_campaign(make_account(provider="meta"))
    row = make_recipient(campaign, state="delivered", sent_at=at, delivered_at=at)
    change(row, charged_as="marketing")
    price = {"region": "US", "prefixes": ["1"], "category": "marketing", "price": Decimal("0.025")}
    save(
        CampaignAttempt(recipient_id=row.id, number=1, started_at=at, outcome="sent"),
        CampaignMinute(campaign_id=campaign.id, minute=at, shard=0, sent=1),
        MessageRate(provider="meta", valid_from=at - timedelta(days=9), **price),
    )


def test_a_chart_tells_the_day_under_the_pointer(open_as, live_server, history):
    page, errors = open_as(live_server.cast.sara).page, []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.goto("/reports/messages")
    page.locator(".chart .u-over").hover()
    expect(page.locator("[data-day]")).not_to_be_empty()
    expect(page.locator("[data-value]").first).not_to_be_empty()
    assert errors == []


@pytest.mark.only("sqlite")  # the checker sees the same on either
def test_the_pages_have_no_known_barrier(barriers_of, live_server, history, reached):
    paths = [
        "/reports",
        "/reports/queues",
        "/reports/states",
        "/reports/messages",
        "/reports/attempts",
        "/reports/costs",
        "/reports/schedules",
        "/reports/files",
    ]
    assert barriers_of(live_server.cast.sara, *paths) == {}
