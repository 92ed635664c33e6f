"""Writing to customers first, or again, in a real browser: from the picker to their answer."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.factories import META_WABA_ID, make_contact, make_interaction, make_message, save
from tests.inbox.templates import PLAIN, VISIT, make_template
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Attempt, Direction, Interaction
from webapp.message_templates.models import TemplateSync

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def dana(live_server):
    """Her conversation with Ana closed by itself an hour ago, her last message unanswered."""
    cast, past = live_server.cast, utcnow() - timedelta(hours=1)
    dana = make_contact("Dana Whitlock", "15550142233", first_name="Dana")
    # Nobody asks Meta's stand-in meanwhile, which knows none of these.
    later = utcnow() + timedelta(days=1)
    save(TemplateSync(provider="meta", waba_id=META_WABA_ID, next_sync_at=later))
    make_template("continue_conversation", PLAIN, account=live_server.account)
    make_template(
        "parcel_new_attempt",
        VISIT,
        account=live_server.account,
        recontact=True,
        parameter_format="named",
    )
    ended = make_interaction(
        live_server.account,
        dana,
        owner=cast.ana,
        queue=cast.queue,
        state="closed",
        close_reason="timeout",
        closed_at=past,
        window_expires_at=past,
        session_expires_at=past,
    )
    make_message(ended, "Is my parcel coming?", written_at=past - timedelta(hours=2))
    make_message(
        ended,
        "We could not deliver it today.",
        Direction.OUT,
        status="failed",
        error_code="131047",
        error="The 24-hour reply window is closed.",
        written_at=past,
    )
    return ended


def test_from_the_closed_composer_to_the_answer_in_the_linked_conversation(
    live_server, open_as, dana
):
    ana = open_as(live_server.cast.ana)
    page = ana.page
    page.goto(f"/inbox/{dana.id}")
    picker = page.locator("#composer-templates")
    expect(picker.get_by_role("option").first).to_contain_text("parcel_new_attempt")
    expect(page.locator("#text")).to_be_hidden()
    expect(picker.locator("#template-preview")).to_contain_text("Hello Dana, shall we come on")
    expect(picker).to_contain_text("3 of 4 values to check")

    page.get_by_role("button", name="Send as template").click()
    expect(picker.get_by_label("Header value 1")).to_have_value("We could not deliver it today.")
    picker.get_by_label("Header value 1").fill("40655")
    picker.get_by_label("Day").fill("Tuesday")
    picker.get_by_label("Track").fill("40655")
    expect(picker.locator("#template-preview")).to_contain_text("shall we come on Tuesday?")
    expect(picker).to_contain_text("All values filled in")
    expect(picker.get_by_label("Day")).to_have_value("Tuesday")
    picker.get_by_role("button", name="Send template").click()

    sent = page.locator(".msg--out").last
    expect(sent).to_contain_text("Hello Dana, shall we come on Tuesday?")
    expect(sent).to_contain_text("Northgate Care")
    new = live_server.until(
        lambda: db.session.query(Interaction).filter_by(direction="out").first()
    )
    assert new.previous_id == dana.id
    expect(page.locator("#composer-why")).to_contain_text("You can write freely when Dana answers")
    attempt = live_server.until(lambda: db.session.query(Attempt).filter_by(outcome="sent").first())
    live_server.receipt("delivered", attempt.provider_id, attempt.correlation_id)
    expect(page.locator("#composer-why")).to_contain_text("24 hours from delivery", timeout=30_000)

    live_server.customer_writes("Tuesday is fine", name="Dana Whitlock")
    expect(page.locator("#thread")).to_contain_text("Tuesday is fine")
    expect(page.locator("#text")).to_be_editable(timeout=30_000)
    page.locator("#text").fill("See you then.")
    page.locator("#text").press("Enter")
    live_server.until(lambda: "See you then." in str(live_server.stub.sent))
    assert db.session.query(Interaction).count() == 2


def test_on_a_phone_the_picker_is_a_sheet(live_server, open_as, dana):
    ana = open_as(live_server.cast.ana, color_scheme="dark")
    page = ana.page
    page.set_viewport_size(PHONE)
    page.goto(f"/inbox/{dana.id}")
    picker = page.locator("#composer-templates")
    picker.get_by_role("button", name="Choose a template").click()
    expect(picker.locator(".sheet")).to_be_visible()
    expect(picker.get_by_role("button", name="Send template")).to_be_visible()
    picker.get_by_role("option", name="continue_conversation").click()
    expect(picker.locator("#template-preview")).to_contain_text("Hello Dana, are you there?")
    picker.get_by_role("button", name="Send template").click()

    expect(page.locator(".msg--out").last).to_contain_text("Hello Dana, are you there?")


def test_plus_writes_to_a_number_nobody_knew(live_server, open_as, dana):
    sara = open_as(live_server.cast.sara)
    page = sara.page
    page.get_by_role("link", name="New conversation").click()
    page.get_by_label("From").select_option(str(live_server.account.id))
    page.get_by_role("searchbox", name="To").fill("+351 912 345 678")
    page.get_by_role("link", name="Write to +351 912 345 678").click()
    options = page.locator("#template-list").get_by_role("option")
    expect(options.first).to_contain_text("parcel_new_attempt")
    page.get_by_role("option", name="continue_conversation").click()
    expect(page.locator("#template-preview")).to_contain_text("Hello {{1}}, are you there?")
    page.get_by_label("Value 1").fill("Rui")
    expect(page.locator("#template-preview")).to_contain_text("Hello Rui, are you there?")
    page.get_by_role("button", name="Send template").click()

    expect(page.locator(".msg--out")).to_contain_text("Hello Rui, are you there?")
    live_server.until(lambda: any("351912345678" in str(one) for one in live_server.stub.sent))


def test_an_open_conversation_takes_a_template_from_the_composers_menu(live_server, open_as, dana):
    talk = make_interaction(live_server.account, owner=live_server.cast.ana)
    ana = open_as(live_server.cast.ana)
    page = ana.page
    page.goto(f"/inbox/{talk.id}")
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Template").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("option", name="continue_conversation").click()
    expect(dialog.locator("#template-preview")).to_contain_text("Hello Dana, are you there?")
    dialog.get_by_label("Value 1").fill("Mrs Whitlock")
    expect(dialog.locator("#template-preview")).to_contain_text("Hello Mrs Whitlock")
    dialog.get_by_role("button", name="Send template").click()

    expect(page.locator(".msg--out")).to_contain_text("Hello Mrs Whitlock, are you there?")
    expect(dialog).to_be_hidden()
