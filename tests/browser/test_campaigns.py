"""A campaign watched by a leader while it really runs, at Meta's stand-in."""

import csv
import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.inbox.templates import make_template
from webapp import system
from webapp.campaigns import correlation, ledger, running
from webapp.campaigns.models import Campaign, CampaignVariant, Recipient
from webapp.columns import utcnow
from webapp.contacts.models import ContactListMember
from webapp.extensions import db
from webapp.message_templates import choosing
from webapp.unit_of_work import unit_of_work

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEXT = "Your delivery comes tomorrow."
NOT_REACHABLE = {"error": {"code": 131026, "message": "Message undeliverable"}}


@pytest.fixture
def sender(processes, live_server):
    """The process that campaigns leave by, on a database that is no restored one."""
    with unit_of_work():
        system.set_mark(system.MARK, utcnow().isoformat())
    if not processes.processes.runs("sender"):
        processes.processes.start("sender")


@pytest.fixture
def page(open_as, live_server, sender):
    return open_as(live_server.cast.sara).page


@pytest.fixture
def template(live_server):
    """Kept by Meta's stand-in too: clock asks it which ones there are."""
    book = live_server.stub.book
    kept = book.named("delivery_slot", "en") or book.add("delivery_slot", "en", text=TEXT)
    body = [{"type": "BODY", "text": TEXT}]
    account = live_server.account
    try:
        return make_template("delivery_slot", body, account=account, provider_id=kept.id)
    except IntegrityError:  # clock has asked already
        return choosing.named(account, "delivery_slot", "en")


@pytest.fixture
def make(live_server, template):
    """A draft to these people of a list, which could be launched."""

    def made(*names, **columns):
        listed = factories.make_list(f"To {len(names)}")
        people = [factories.make_contact(name) for name in names]
        factories.save(
            *(ContactListMember(contact_list_id=listed.id, contact_id=one.id) for one in people)
        )
        audience = {"list_ids": [listed.id], "skip_open": False}
        columns = {"audience": audience, "template": template, **columns}
        campaign = factories.make_campaign(live_server.account, **columns)
        db.session.rollback()
        return campaign

    return made


def launch(campaign, live_server):
    db.session.rollback()
    with unit_of_work():
        running.launch(db.session.get(Campaign, campaign.id), live_server.cast.sara)


def count(page, name):
    """How many came to this step of the funnel."""
    step = page.locator(".funnel__step", has=page.get_by_text(name, exact=True))
    return step.locator(".funnel__n")


def receipts(live_server, campaign, status):
    """For everybody whose message was taken."""
    rows = select(Recipient).where(Recipient.provider_id.is_not(None))
    for one in db.session.scalars(rows).all():
        told = correlation.id_of(campaign.token, one.id, one.tries)
        live_server.receipt(status, one.provider_id, told, one.contact.phone)


def test_a_launched_campaign_goes_from_the_list_to_its_funnel_by_itself(page, make, live_server):
    campaign = make("Hanna Virtanen", "Pedro Salgado", "Grace Nwosu")
    page.goto("/campaigns")
    row = page.get_by_role("row", name=campaign.name)
    expect(row).to_contain_text("Draft")

    launch(campaign, live_server)

    expect(row).to_contain_text("3 of 3", timeout=30_000)
    expect(row).to_contain_text("Done")
    page.get_by_role("link", name=campaign.name).click()
    expect(count(page, "Sent")).to_have_text("3")
    expect(count(page, "Read")).to_have_text("0")
    receipts(live_server, campaign, "delivered")
    receipts(live_server, campaign, "read")
    expect(count(page, "Delivered")).to_have_text("3", timeout=30_000)
    expect(count(page, "Read")).to_have_text("3", timeout=30_000)
    assert len(live_server.stub.sent) == 3


def test_an_open_menu_stays_where_it_is_while_the_figures_move(page, make, live_server):
    campaign = make("Hanna Virtanen", state="running", loaded_at=utcnow())
    page.goto(f"/campaigns/{campaign.id}")
    page.get_by_role("button", name="More actions").click()
    menu = page.locator("#campaign-more")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    place = menu.bounding_box()

    with page.expect_response(f"**/campaigns/{campaign.id}/now"):
        page.evaluate("htmx.trigger('#campaign-run', 'live')")

    expect(page.locator("#campaign-run")).not_to_have_class("htmx-request")
    assert menu.bounding_box() == place


def test_failures_say_why_and_their_numbers_are_exported(page, make, live_server):
    campaign = make("Hanna Virtanen")
    live_server.stub.fail_next(400, NOT_REACHABLE)
    page.goto("/campaigns")
    launch(campaign, live_server)
    live_server.until(lambda: ledger.counts_of(campaign.id)["failed"])

    page.goto(f"/campaigns/{campaign.id}")

    failures = page.get_by_role("region", name="Failures")
    expect(failures).to_contain_text("Not reachable on WhatsApp")
    expect(failures).to_contain_text("would fail again")
    with page.expect_download() as download:
        failures.get_by_role("link", name="Export the numbers").click()
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file)
    assert row[header.index("Contact")] == "Hanna Virtanen"
    assert row[header.index("Code")] == "131026"


def test_a_link_into_a_page_scrolls_the_page_and_not_its_frame(page, make):
    campaign = make("Dana Whitlock", state="done")
    for _ in range(30):
        factories.make_recipient(campaign, state="failed", reason="131026")
    page.goto(f"/campaigns/{campaign.id}/recipients#recipients")
    expect(page.locator("#recipients")).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


def test_two_messages_are_compared_with_how_sure_it_is(page, make, live_server):
    campaign = make("Hanna Virtanen", state="running", loaded_at=utcnow())
    second = factories.save(
        CampaignVariant(
            campaign_id=campaign.id, position=1, template_name="friendly", language="en", percent=50
        )
    )
    with unit_of_work():
        first = db.session.get(Campaign, campaign.id).variants[0].id
        for variant_id, replied in ((first, 100), (second.id, 200)):
            names = {"replied": replied, "ever:delivered": 1000, "ever:replied": replied}
            ledger.count({(campaign.id, variant_id, name): n for name, n in names.items()})
    db.session.rollback()

    page.goto(f"/campaigns/{campaign.id}")

    compared = page.get_by_role("region", name="Messages compared")
    expect(compared).to_contain_text("B is answered more")
    expect(compared.get_by_role("img")).to_have_count(2)


def test_a_start_that_was_missed_asks_and_then_sends(page, make, live_server):
    planned = utcnow() - timedelta(hours=2)
    asked = re.compile(f"It did not start (today|on {planned:%A}) at {planned:%H:%M} as planned")
    campaign = make("Hanna Virtanen", state="scheduled", start_mode="at", start_at=planned)
    page.goto(f"/campaigns/{campaign.id}")
    expect(page.get_by_text(asked)).to_be_visible(timeout=30_000)
    assert live_server.stub.sent == []

    page.get_by_role("button", name="Start now").click()

    expect(count(page, "Sent")).to_have_text("1", timeout=30_000)
    assert len(live_server.stub.sent) == 1


def test_a_stop_rule_pauses_it_and_says_why(page, make, live_server):
    people = [f"Person {number}" for number in range(30)]
    rules = {"failed_percent": 5, "failed_of": 20}
    campaign = make(*people, stop_rules=rules, pace=600)
    for _ in people:
        live_server.stub.fail_next(400, NOT_REACHABLE)
    page.goto(f"/campaigns/{campaign.id}/recipients")
    launch(campaign, live_server)

    expect(page.get_by_text("A stop rule paused it.")).to_be_visible(timeout=30_000)
    expect(page.locator("#campaign-banner")).to_contain_text("failed, more than 5%")
    page.get_by_role("link", name="Stop it").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("Wrong numbers")
    dialog.get_by_role("button", name="Stop it").click()
    expect(page.locator("#campaign-head")).to_contain_text("Stopped")


@pytest.mark.only("sqlite")  # the checker sees the same on either
def test_the_pages_of_campaigns_have_no_known_barrier(barriers_of, live_server, make):
    campaign = make("Hanna Virtanen", state="paused", pause_cause="rule", pause_reason="6% failed.")
    one = factories.make_recipient(campaign, state="failed", reason="131026")
    factories.make_recipient(campaign, state="unknown")
    db.session.rollback()
    its = f"/campaigns/{campaign.id}"
    paths = ["/campaigns", its, f"{its}/recipients/{one.id}"]
    assert barriers_of(live_server.cast.sara, *paths) == {}
