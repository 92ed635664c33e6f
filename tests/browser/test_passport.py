"""Stored webhooks and the passport of a message, in real browsers."""

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.support.accessibility import barriers, barriers_on
from tests.webhooks.callers import call_of, make_caller
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Attempt, Message
from webapp.webhooks.models import WebhookPayload

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EXCHANGE = {
    "method": "POST",
    "url": "https://graph.facebook.com/v26.0/105/messages",
    "body": '{"type":"text","text":{"body":"Would tomorrow morning work?"}}',
    "status": 400,
    "answer": '{"error":{"code":131047,"message":"Re-engagement message"}}',
}


@pytest.fixture
def talk(live_server):
    """A conversation with a message that came by a webhook and one that was refused."""
    live_server.customer_writes("Where is my parcel?", name="Rafael Moreno")
    message = live_server.until(lambda: db.session.query(Message).first())
    cast = live_server.cast
    lost = factories.make_message(
        message.interaction, "Would tomorrow morning work?", "out", status="failed",
        provider_id=None, error="More than 24 hours have passed", error_code="131047",
        error_action="Send a template instead.", author_id=cast.ana.id,
    )  # fmt: skip
    factories.save(
        Attempt(
            message_id=lost.id, number=1, correlation_id="parley-0123456789abcdef",
            finished_at=utcnow(), outcome="refused", error="More than 24 hours have passed",
            error_code="131047", exchanges=[EXCHANGE],
        )
    )  # fmt: skip
    return lost.interaction_id


@pytest.fixture
def stored(live_server):
    """Webhooks in every state, of two providers."""
    kaleyra = make_caller("kaleyra", live_server.cast.queue, name="Northgate Sales", enabled=False)
    call = call_of("kaleyra", "v1_get_text")
    states = [
        {"error": "Event 1 (InboundMessage): IntegrityError.", "attempt_count": 8},
        {"error": "No account here with the same secret has the number id 404.", "note": "No"},
        {},
        {"error": None},
    ]
    rows = [
        WebhookPayload(
            account_id=kaleyra.id, provider="kaleyra", method=call.method, query=call.query,
            body=call.body, processed_at=utcnow(), **columns,
        )
        for columns in states
    ]  # fmt: skip
    return factories.save(*rows).id


def open_passport(page, text):
    bubble = page.locator(".msg", has_text=text)
    bubble.hover()
    bubble.get_by_role("link", name="Passport of this message").click()
    dialog = page.locator("#passport")
    expect(dialog).to_be_visible()
    return dialog


def test_a_passport_opens_as_a_dialog_and_closes_by_the_keyboard(open_as, live_server, talk):
    sara = open_as(live_server.cast.sara, at=f"/inbox/{talk}")

    dialog = open_passport(sara.page, "Would tomorrow morning work?")
    expect(dialog).to_contain_text("Refused by Meta")
    expect(dialog).to_contain_text("131047")
    expect(dialog.get_by_role("button", name="Copy all")).to_be_visible()

    sara.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    link = sara.page.get_by_role("link", name="Passport of this message").last
    expect(link).to_be_focused()


def test_p_opens_the_passport_of_the_selected_message(open_as, live_server, talk):
    sara = open_as(live_server.cast.sara, at=f"/inbox/{talk}")

    sara.page.locator(".msg", has_text="Where is my parcel?").focus()
    sara.page.keyboard.press("p")
    expect(sara.page.locator("#passport")).to_contain_text("Received here")
    expect(sara.page.locator("#passport")).to_contain_text("Webhook no.")
    sara.page.locator("#passport").get_by_role("button", name="Close").last.click()
    expect(sara.page.locator("#passport")).to_be_hidden()


def test_a_message_that_came_while_the_page_was_open_has_its_passport(open_as, live_server, talk):
    sara = open_as(live_server.cast.sara, at=f"/inbox/{talk}")
    live_server.customer_writes("Still waiting", name="Rafael Moreno")

    expect(open_passport(sara.page, "Still waiting")).to_contain_text("Still waiting")


def test_without_scripts_the_passport_is_a_page(open_as, live_server, talk):
    sara = open_as(live_server.cast.sara)
    message = db.session.query(Message).filter_by(direction="out").one()
    sara.page.goto(f"/inbox/{talk}/messages/{message.id}/passport")

    expect(sara.page.get_by_role("heading", level=1)).to_have_text("Message passport")
    sara.page.get_by_role("link", name="Conversation").click()
    sara.page.wait_for_url(f"**/inbox/{talk}#message-{message.id}")


def test_stored_webhooks_are_run_again_after_a_question(open_as, live_server, stored):
    admin = open_as(live_server.cast.admin, at="/accounts/payloads?state=failed")

    admin.page.get_by_role("button", name="Run again").click()
    admin.page.locator("#replay").get_by_role("button", name="Run again").click()
    expect(admin.page.locator(".toast")).to_contain_text("1 webhook is read again.")
    message = live_server.until(lambda: db.session.query(Message).first())
    assert message.text.startswith("Hello World & more")
    assert db.session.get(WebhookPayload, stored).error is None


@pytest.mark.only("sqlite")  # the checker sees the same on either
def test_the_pages_have_no_known_barrier(sign_in_as, live_server, talk, stored):
    message = db.session.query(Message).filter_by(direction="out").one()
    paths = [
        "/accounts/payloads",
        "/accounts/payloads?state=waiting&q=none",
        f"/accounts/payloads/{stored}",
        f"/inbox/{talk}/messages/{message.id}/passport",
    ]
    page = sign_in_as(live_server.cast.admin, bypass_csp=True).page
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for path in paths:
            assert barriers_on(page, path) == {}, width
            assert not page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            ), (width, path)


@pytest.mark.only("sqlite")
def test_the_dialog_has_no_known_barrier(open_as, live_server, talk):
    page = open_as(live_server.cast.sara, at=f"/inbox/{talk}", bypass_csp=True).page
    open_passport(page, "Would tomorrow morning work?")
    assert barriers(page) == {}
