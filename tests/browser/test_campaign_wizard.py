"""A leader makes a campaign, from its audience to the launch, in a real browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.campaigns.wizard import GREETING, people_in
from tests.inbox.templates import make_template
from tests.support.accessibility import barriers
from webapp.campaigns.models import Campaign
from webapp.columns import utcnow
from webapp.contacts.models import CustomField
from webapp.extensions import db
from webapp.message_templates.models import TemplateSync

pytestmark = pytest.mark.slow

OFFER = [{"type": "BODY", "text": "Hi {{first_name}}, save on your {{product_name}}."}]


@pytest.fixture
def scene(live_server):
    """A list of three, one of whom has no first name, and two approved templates."""
    account = live_server.account
    waba = account.waba_id or ""
    later = utcnow() + timedelta(days=1)  # the provider is not asked for its own meanwhile
    factories.save(TemplateSync(provider=account.provider, waba_id=waba, next_sync_at=later))
    field = factories.save(CustomField(name="product_name"))
    contracts = factories.make_list("Heating contracts")
    factories.make_list("Wholesale")
    people_in(contracts, "Yuki", "Pedro", "", fields={str(field.id): "heat pump"}, language="en")
    people_in(contracts, "Otto", language="de", consent="none")
    make_template("service_reminder", GREETING, account=account, waba_id=waba)
    make_template("winter_offer", OFFER, account=account, waba_id=waba)
    db.session.rollback()
    return account


@pytest.fixture
def leader(open_as, live_server, scene):
    person = open_as(live_server.cast.sara, bypass_csp=True)
    person.expected.append("htmx:")  # a save under way as the next one begins, or the page ends
    return person


def begin(page, account):
    page.goto("/campaigns/new")
    page.get_by_label("Name").fill("Winter service check")
    page.get_by_label("Account").select_option(str(account.id))
    page.get_by_role("button", name="Audience").click()
    expect(page.get_by_role("heading", name="Audience", level=1)).to_be_visible()


def kept(page):
    """`with kept(page):` waits until what happens inside was saved by itself."""
    return page.expect_response(lambda one: one.request.method == "POST" and one.ok)


def choose_audience(page):
    page.get_by_label("Find a list").fill("heat")
    expect(page.get_by_label("Select Wholesale")).to_be_hidden()
    page.get_by_label("Select Heating contracts").check()
    expect(page.locator("#count")).to_contain_text("3 get the message")
    expect(page.locator("#count")).to_contain_text("No marketing consent")
    page.get_by_role("button", name="Condition", exact=True).click()
    page.get_by_label("Field of condition 1").select_option(label="First name")
    page.get_by_label("How condition 1 compares").select_option("filled")
    expect(page.locator("#count")).to_contain_text("2 get the message")
    page.get_by_role("button", name="Remove condition 1").click()
    expect(page.locator("#count")).to_contain_text("3 get the message")


def fill_in(page):
    page.get_by_text("service_reminder", exact=True).click()
    expect(page.get_by_text("1 of 2 filled")).to_be_visible()
    page.get_by_label("Text for {{2}}").fill("yearly check")
    page.get_by_label("Text if {{1}} is empty").fill("there")
    expect(page.get_by_text("1 contact has no first name and gets “there”")).to_be_visible()


def test_from_a_list_to_the_launch(leader, live_server, scene):
    page = leader.page
    begin(page, scene)
    choose_audience(page)
    assert barriers(page) == {}
    page.get_by_role("button", name="Message", exact=True).click()

    fill_in(page)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Hello Yuki, your yearly check is due.")
    page.get_by_role("link", name="Next contact").click()
    expect(preview).to_contain_text("Hello Pedro, your yearly check is due.")
    assert barriers(page) == {}

    page.get_by_role("button", name="Message", exact=True).click()  # to compare with
    expect(page.get_by_label("Share of message B in percent")).to_have_value("50")
    page.get_by_text("winter_offer", exact=True).click()
    expect(page.get_by_text("2 of 2 filled")).to_be_visible()
    page.get_by_label("Share of message A in percent").fill("80")
    page.get_by_label("Share of message B in percent").fill("20")
    page.get_by_role("button", name="Schedule", exact=True).click()

    page.get_by_label("Messages a minute").fill("60")
    expect(page.locator("#plan")).to_contain_text("First message")
    expect(page.locator("#foot-words")).to_contain_text("60 a minute")
    assert barriers(page) == {}
    page.get_by_role("button", name="Test and launch").click()

    expect(page.get_by_text("messages built as a trial")).to_be_visible()
    assert barriers(page) == {}
    page.get_by_role("button", name="Launch now").click()
    expect(page).to_have_url(f"{live_server.url}/campaigns/1")
    db.session.rollback()  # and look at what is there now
    campaign = db.session.query(Campaign).one()
    assert campaign.launched_by_id == live_server.cast.sara.id
    assert [one.percent for one in campaign.variants] == [80, 20]


def test_a_refused_form_keeps_what_was_typed_and_coming_back_loses_nothing(leader, scene):
    page = leader.page
    begin(page, scene)
    with kept(page):
        page.get_by_label("Select Heating contracts").check()
    page.get_by_label("Not again within").fill("soon")
    leader.expected.append("422")  # the browser notes the refusal
    page.get_by_role("button", name="Message", exact=True).click()
    expect(page.get_by_label("Not again within")).to_have_value("soon")
    expect(page.get_by_text("Write days as a number")).to_be_visible()
    with kept(page):
        page.get_by_label("Not again within").fill("7")

    page.goto("/campaigns")
    page.get_by_role("link", name="Winter service check").first.click()
    expect(page.get_by_label("Select Heating contracts")).to_be_checked()
    expect(page.get_by_label("Not again within")).to_have_value("7")


def test_conditions_and_sources_are_chosen_by_keyboard_alone(leader, scene):
    page = leader.page
    begin(page, scene)
    page.get_by_label("Select Heating contracts").check()
    page.get_by_role("button", name="Condition", exact=True).press("Enter")
    expect(page.get_by_label("Field of condition 1")).to_be_focused()
    page.get_by_label("Field of condition 1").select_option(label="Language")
    expect(page.get_by_label("Field of condition 1")).to_be_focused()
    page.get_by_role("button", name="Remove condition 1").press("Enter")
    expect(page.get_by_role("button", name="Condition", exact=True)).to_be_focused()
    page.get_by_role("button", name="Message", exact=True).click()

    page.get_by_text("service_reminder", exact=True).click()
    source = page.get_by_label("Source for {{2}}")
    source.focus()
    source.select_option("field")
    expect(page.get_by_label("Field for {{2}}")).to_be_visible()
    expect(page.get_by_label("Source for {{2}}")).to_be_focused()
