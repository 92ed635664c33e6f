"""Wrapping up in a real browser: by the keyboard alone, refused, put off, and seen afterwards."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests import factories
from tests.support.accessibility import barriers
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.settings.models import Disposition

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def talk(live_server):
    factories.make_disposition(
        "Delivery",
        "Question answered",
        ("Slot changed", "By the customer", "By us"),
        ("Not delivered", "Nobody there"),
    )
    factories.make_disposition("Return", "Accepted", "Refused")
    factories.make_disposition("No answer needed")
    cast = live_server.cast
    talk = factories.make_interaction(live_server.account, owner=cast.ana, queue=cast.queue)
    factories.make_message(talk, "Can it come on Thursday?")
    for name, times in (("By us", 1), ("Accepted", 2)):
        for _ in range(times):
            factories.make_interaction(
                live_server.account, owner=cast.ana, state="closed", closed_at=utcnow(),
                close_reason="agent", disposition_id=named(name), disposition_path=["Before", name],
            )  # fmt: skip
    db.session.rollback()
    return talk


def named(name):
    return db.session.scalar(select(Disposition.id).where(Disposition.name == name))


@pytest.fixture
def ana(live_server, talk, open_as):
    person = open_as(live_server.cast.ana)
    person.page.goto(f"/inbox/{talk.id}")
    person.connected()
    person.page.locator("#thread").focus()
    return person


def ended(live_server, talk):
    """The path it was closed with, once it is closed."""

    def closed():
        db.session.rollback()
        found = db.session.get(Interaction, talk.id)
        return found if found.state == "closed" else None

    return live_server.until(closed).disposition_path


def dialog(page):
    return page.locator("#wrap-up")


def chosen(page):
    return page.locator('#wrap-up [data-cascade] [aria-selected="true"]:visible').all_inner_texts()


def test_one_key_opens_and_one_closes_without_an_outcome(ana, live_server, talk):
    ana.page.keyboard.press("e")
    expect(dialog(ana.page)).to_contain_text("How did it end?")
    ana.page.keyboard.press("Enter")
    expect(dialog(ana.page)).to_be_hidden()
    assert ended(live_server, talk) is None


def test_found_by_typing_it_is_chosen_and_seen_afterwards(ana, live_server, talk):
    keys = ana.page.keyboard
    keys.press("e")
    keys.type("slot us")
    found = ana.page.locator("#outcomes-found")
    slot = "Delivery › Slot changed › By"
    expect(found.get_by_role("option")).to_have_text([f"{slot} us", f"{slot} the customer"])
    keys.press("Enter")
    assert chosen(ana.page) == ["Delivery", "Slot changed", "By us"]
    keys.press("Enter")
    assert ended(live_server, talk) == ["Delivery", "Slot changed", "By us"]

    expect(ana.page.locator(".toast")).to_contain_text("wrapped up as By us")
    expect(ana.page.locator("#thread-head")).to_contain_text("Wrapped up as By us")
    ana.page.goto("/?show=done")
    row = ana.page.locator(f"#row-{talk.id}")
    expect(row).to_contain_text("By us")
    title = row.locator(".wait").get_attribute("title")
    assert title.startswith("Delivery › Slot changed › By us. Wrapped up today")


def test_words_that_nothing_has_close_nothing(ana, talk):
    keys = ana.page.keyboard
    keys.press("e")
    keys.type("refund")
    expect(ana.page.locator("#outcomes-found")).to_contain_text("No outcome has these words.")
    keys.press("Enter")
    expect(dialog(ana.page)).to_be_visible()
    assert db.session.get(Interaction, talk.id).state == "assigned"


def test_the_frequent_ones_have_keys(ana, live_server, talk):
    keys = ana.page.keyboard
    keys.press("e")
    expect(dialog(ana.page).locator("[data-choose]")).to_have_text(["Accepted 1", "By us 2"])
    keys.press("2")
    assert chosen(ana.page) == ["Delivery", "Slot changed", "By us"]
    keys.press("1")
    keys.press("Enter")
    assert ended(live_server, talk) == ["Return", "Accepted"]


def test_arrows_go_through_the_levels(ana, live_server, talk):
    keys = ana.page.keyboard
    keys.press("e")
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight"):
        keys.press(key)
    assert chosen(ana.page) == ["Delivery", "Slot changed", "By the customer"]
    keys.press("ArrowLeft")
    keys.press("ArrowDown")
    assert chosen(ana.page) == ["Delivery", "Not delivered"]
    keys.press("Enter")
    assert chosen(ana.page) == ["Delivery", "Not delivered", "Nobody there"]
    keys.press("Tab")
    keys.type("1 try only")
    keys.press("Enter")
    assert ended(live_server, talk) == ["Delivery", "Not delivered", "Nobody there"]
    expect(ana.page.locator("#thread")).to_contain_text("1 try only")


def test_an_account_that_needs_one_refuses_and_later_keeps_it_open(ana, live_server, talk):
    live_server.change(live_server.account, needs_disposition=True)
    ana.page.reload()
    ana.connected().page.locator("#thread").focus()
    ana.expected.append("422")
    keys = ana.page.keyboard
    keys.press("e")
    expect(dialog(ana.page)).to_contain_text("the conversation stays open until you choose one")
    keys.press("Enter")
    expect(dialog(ana.page).get_by_role("alert")).to_contain_text("choose how it ended")
    keys.press("Escape")
    expect(dialog(ana.page)).to_be_hidden()
    assert db.session.get(Interaction, talk.id).state == "assigned"

    keys.press("e")
    ana.page.get_by_role("button", name="Later").click()
    expect(dialog(ana.page)).to_be_hidden()
    keys.press("e")
    ana.page.locator("#wrap-up [data-cascade]").get_by_role("option", name="Return").click()
    keys.press("Enter")
    ana.page.locator("#wrap-up [data-cascade]").get_by_role("option", name="Refused").click()
    dialog(ana.page).get_by_role("button", name="Wrap up").click()
    assert ended(live_server, talk) == ["Return", "Refused"]


@pytest.mark.only("sqlite")
def test_the_dialog_has_no_known_barrier(live_server, talk, open_as):
    page = open_as(live_server.cast.ana, at=f"/inbox/{talk.id}", bypass_csp=True).page
    page.locator("#thread").focus()
    page.keyboard.press("e")
    page.keyboard.press("ArrowDown")
    assert barriers(page) == {}
    page.keyboard.type("slot")
    assert barriers(page) == {}


def test_a_leader_says_how_it_ended_on_the_board(live_server, talk, open_as):
    leader = open_as(live_server.cast.sara)
    page = leader.page
    page.goto("/board?tab=conversations&show=open")
    page.locator(f"#talk-{talk.id} .rowlink").click()
    page.get_by_role("dialog").get_by_role("link", name="Close", exact=True).click()
    page.get_by_role("dialog").get_by_role("combobox").fill("accepted")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert ended(live_server, talk) == ["Return", "Accepted"]
