"""The plan and the opening hours in a real browser: what stops is said, hidden and refused."""

from datetime import date

import pytest
from playwright.sync_api import expect

from tests import factories
from webapp.settings.models import Interval, IntervalHoliday, IntervalSpan

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OUTBOUND = ("/templates",)


@pytest.fixture
def admin(open_as, live_server):
    return open_as(live_server.cast.admin)


def exists(page, path):
    return page.request.get(path).status != 404


def test_inbound_only_hides_and_refuses_what_is_outbound(admin):
    page = admin.page
    paths = [path for path in OUTBOUND if exists(page, path)]
    page.goto("/settings/plan")
    page.get_by_text("Inbound only", exact=True).click()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("This stops as soon as you confirm")).to_be_visible()
    expect(page.get_by_text("First contact and recontact are refused")).to_be_visible()
    page.get_by_role("button", name="Stop all this and save").click()
    expect(page.get_by_text("Plan saved.")).to_be_visible()

    for path in paths:
        expect(page.locator(f"nav a[href='{path}']")).to_have_count(0)
        refused = page.request.get(path)
        assert refused.status == 403
        assert "Your plan is inbound only" in refused.text()

    page.goto("/settings/plan")
    page.get_by_text("Inbound & outbound", exact=True).last.click()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Plan saved.")).to_be_visible()
    for path in paths:
        expect(page.locator(f"nav a[href='{path}']")).to_have_count(1)


def test_hours_are_typed_previewed_and_kept(admin):
    page = admin.open("/settings/hours/add").page  # its script answers what is typed
    page.get_by_label("Name", exact=True).fill("Care hours")
    page.get_by_label("Time zone").fill("Europe/Rome")
    expect(page.locator("#preview")).to_contain_text("Never open")
    page.get_by_role("button", name="Add a span to Monday").click()
    page.get_by_label("Monday from").fill("00:00")
    page.get_by_label("Monday until").fill("24:00")
    expect(page.locator("#preview")).to_contain_text("all day")
    page.get_by_role("button", name="Copy Monday to weekdays").click()
    expect(page.get_by_label("Friday until")).to_have_value("24:00")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Care hours")
    page.locator("footer").get_by_role("button", name="Add hours").click()
    expect(page.get_by_role("heading", name="Care hours")).to_be_visible()


@pytest.mark.only("sqlite")  # the checker sees the same on either
def test_the_settings_have_no_known_barrier(barriers_of, live_server):
    day = IntervalHoliday(day=date(2026, 12, 25), name="Christmas", yearly=True)
    spans = [
        IntervalSpan(starts="09:00", ends="17:00", week_days=[0, 1]),
        IntervalSpan(position=1, name="Nights", starts="22:00", ends="02:00", months=[12]),
    ]
    office = factories.save(Interval(name="Office", spans=spans, holidays=[day]))
    paths = ["/settings/plan", "/settings/hours", f"/settings/hours/{office.id}"]
    assert barriers_of(live_server.cast.admin, *paths) == {}
