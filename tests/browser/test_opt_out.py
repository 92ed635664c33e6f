"""STOP, as the agent who talks to the customer lives it: from the word to what no longer goes."""

import pytest
from playwright.sync_api import expect

from tests.factories import make_contact, make_interaction
from tests.inbox.templates import make_template
from webapp.extensions import db
from webapp.inbox.models import Message

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEXTS = {
    "spring_offer": ("marketing", "Hello {{1}}, kettles are half price."),
    "still_there": ("utility", "Hello {{1}}, are you there?"),
}


@pytest.fixture
def talk(live_server):
    """Ana talks with Dana, and may send her an offer or ask whether she is there."""
    book = live_server.stub.book  # a sync may come by: what Meta does not have would be deleted
    kept = [_approved(live_server, book, name, *TEXTS[name]) for name in TEXTS]
    dana = make_contact("Dana Whitlock", "15550142233", first_name="Dana")
    yield make_interaction(live_server.account, dana, owner=live_server.cast.ana)
    for one in kept:
        del book.kept[one.id]


def _approved(live_server, book, name, category, text):
    kept = book.add(name, "en", text=text, category=category.upper())
    words = [{"type": "BODY", "text": text}]
    account = live_server.account
    make_template(name, words, account=account, category=category, provider_id=kept.id)
    return kept


def test_stop_is_obeyed_at_once_for_marketing_alone_and_start_takes_it_back(
    live_server, open_as, talk
):
    ana = open_as(live_server.cast.ana)
    ana.expected.append("409")  # a refusal, as the browser's console calls it
    page = ana.page
    page.goto(f"/inbox/{talk.id}")
    about = page.locator("#contact-pane")
    expect(about).not_to_contain_text("Opted out of marketing")
    assert opened(page, "spring_offer", "kettles are half price").is_enabled()
    closed(page)

    live_server.customer_writes("STOP", name="Dana Whitlock")
    expect(about).to_contain_text("Opted out of marketing")
    expect(opened(page, "spring_offer", "kettles are half price")).to_be_disabled()
    expect(page.locator("#template-error")).to_contain_text("Dana asked for no marketing")
    why_not = pressed_nevertheless(page)
    assert why_not["status"] == 409 and "Dana asked for no marketing" in why_not["said"]

    closed(page)
    opened(page, "still_there", "are you there?").click()
    expect(page.locator(".msg--out").last).to_contain_text("Hello Dana, are you there?")
    live_server.until(lambda: sent(live_server) == ["still_there"])

    live_server.customer_writes("Start", name="Dana Whitlock")
    expect(about).to_contain_text("Agreed to marketing")
    opened(page, "spring_offer", "kettles are half price").click()
    live_server.until(lambda: sent(live_server) == ["still_there", "spring_offer"])
    assert db.session.query(Message).filter_by(kind="template").count() == 2


def opened(page, name, words):
    """Opens the template in the composer's dialog; gives the button that sends it."""
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Template").click()
    dialog = page.get_by_role("dialog")
    with page.expect_response("**/templates/*"):
        dialog.get_by_role("option", name=name).click()
    expect(dialog.locator("#template-preview")).to_contain_text(words)
    return dialog.get_by_role("button", name="Send template")


def closed(page):
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def pressed_nevertheless(page):
    """What the server says to a page that was opened before the customer wrote STOP."""
    return page.locator("#template-form").evaluate(
        """async (form) => {
            const answer = await fetch(form.action, {
                method: "POST", body: new FormData(form), headers: { "HX-Request": "true" },
            })
            return { status: answer.status, said: await answer.text() }
        }"""
    )


def sent(live_server):
    """Names of the templates that reached Meta's stand-in."""
    return [one["template"]["name"] for one in live_server.stub.sent if "template" in one]
