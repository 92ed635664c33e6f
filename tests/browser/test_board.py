"""The board in a real browser: it moves by itself, steers people, and hangs on a wall."""

import re

import pytest
from playwright.sync_api import expect

from tests import factories
from webapp.extensions import db

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def leader(open_as, live_server):
    person = open_as(live_server.cast.sara, at="/board")
    person.page.wait_for_selector("#board:not([aria-busy])")
    return person


def test_figures_move_by_themselves(leader, live_server):
    page = leader.page
    expect(page.locator("#tile-waiting .tile__value")).to_have_text("0")
    expect(page.locator("#board-age")).to_contain_text("Live, updated")

    live_server.change(live_server.cast.ana, presence="offline")
    live_server.change(live_server.cast.ben, presence="offline")
    live_server.customer_writes("Is anyone there?")
    expect(page.locator("#tile-waiting .tile__value")).to_have_text("1")
    expect(page.locator("#board-talks")).to_contain_text("Is anyone there?")


def test_a_board_that_is_seen_is_told_and_need_not_ask(leader, live_server):
    page = leader.page
    expect(page.locator("#board")).not_to_have_attribute("data-live", "board")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    live_server.change(live_server.cast.ana, presence="offline")
    live_server.change(live_server.cast.ben, presence="offline")
    live_server.customer_writes("Is anyone there?")
    expect(page.locator("#board-talks")).to_contain_text("Is anyone there?")
    assert [url for url in asked if "/board/now" in url] == []


def test_a_board_that_is_not_told_goes_by_signals(open_as, live_server):
    person = open_as(live_server.cast.sara)
    page = person.page
    page.add_init_script("delete window.DecompressionStream")
    page.goto("/board")
    page.wait_for_selector("#board:not([aria-busy])")
    live_server.change(live_server.cast.ana, presence="offline")
    live_server.change(live_server.cast.ben, presence="offline")
    live_server.customer_writes("Is anyone there?")
    expect(page.locator("#board-talks")).to_contain_text("Is anyone there?")
    expect(page.locator("#board")).to_have_attribute("data-live", "board")


def test_a_board_whose_socket_was_cut_is_told_again(open_as, live_server):
    person = open_as(live_server.cast.sara)
    person.expected.append("WebSocket")
    page, sockets = person.page, []
    page.route_web_socket(
        re.compile("socket.io"), lambda one: (one.connect_to_server(), sockets.append(one))
    )
    page.goto("/board")
    page.wait_for_selector("#board:not([aria-busy]):not([data-live])")
    sockets[0].close()
    while len(sockets) < 2:
        page.wait_for_timeout(100)
    person.connected()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2_000)  # one that is told asks no more, one that isn't every second
    live_server.change(live_server.cast.ana, presence="offline")
    live_server.change(live_server.cast.ben, presence="offline")
    live_server.customer_writes("Is anyone there?")
    expect(page.locator("#board-talks")).to_contain_text("Is anyone there?")
    assert [url for url in asked if "/board/now" in url] == []


def test_a_leader_pauses_an_agent_and_the_agent_sees_it(open_as, leader, live_server):
    agent = open_as(live_server.cast.ana)
    expect(agent.page.locator(".presence").first).to_contain_text("Available")

    page = leader.page
    page.get_by_role("link", name="Ana Agent").hover()
    page.get_by_role("link", name="Ana Agent").click()
    page.get_by_label("Reason").select_option("Training")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".toast")).to_contain_text("Ana Agent is paused")
    expect(agent.page.locator(".presence").first).to_contain_text("Training")
    expect(agent.page.locator("#nav-me .dot--warn")).to_be_visible()


def test_a_leader_steers_from_the_board_in_place(leader, live_server):
    factories.make_interaction(live_server.account, queue=live_server.cast.queue)
    db.session.rollback()
    page = leader.page
    page.get_by_role("link", name="Agents", exact=True).click()
    page.get_by_role("link", name="Pause Ben Agent").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Pause Ben Agent?")
    dialog.get_by_label("Reason").select_option("Lunch")
    dialog.get_by_role("button", name="Pause").click()
    expect(page.locator(".toast")).to_contain_text("Ben Agent is paused")
    expect(dialog).to_have_count(0)
    expect(page.locator(f"#agent-{live_server.cast.ben.id}")).to_contain_text("On a break")

    page.get_by_role("link", name="Conversations", exact=True).click()
    page.get_by_role("link", name="Close: Dana Whitlock").click()
    page.get_by_role("dialog").get_by_role("button", name="Close it").click()
    expect(page.locator("#board")).to_contain_text("Nobody waits.")


def test_the_alarm_sound_is_switched_off_and_stays_so(leader):
    page = leader.page
    page.get_by_role("heading", name="Realtime").click()  # browsers want a gesture first
    button = page.get_by_role("button", name="Alarm sound on", exact=True)
    with page.expect_response("**/preferences"):
        button.click()
    expect(page.get_by_role("button", name="Alarm sound off")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Alarm sound off")).to_be_visible()


def test_the_slider_of_the_past_asks_when_it_rests(leader):
    page = leader.page
    page.get_by_role("link", name="Look back").click()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    shown = page.locator(".past__at").inner_text()
    page.locator("#minute").focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".past__at")).not_to_have_text(shown)
    assert len([url for url in asked if "/board/past" in url]) < 10


def test_a_tv_works_signed_out_and_goes_dark_when_revoked(browser, leader, live_server):
    page = leader.page
    page.get_by_role("link", name="TV mode").click()
    page.get_by_label("Where it hangs").fill("Second floor")
    page.get_by_role("button", name="Make the address").click()
    address = re.sub(r"^https?://[^/]+", live_server.url, page.locator("#tv-address").inner_text())

    wall = browser.new_context().new_page()
    wall.goto(address)
    expect(wall.locator("h1")).to_have_text("Second floor")
    expect(wall.locator("#tile-free .tile__value")).to_have_text("2")
    page.goto("/board/links")
    page.get_by_role("button", name="Revoke Second floor").click()
    expect(wall.locator(".tv")).to_have_count(0)
    wall.context.close()


def test_rows_keep_their_places_under_the_pointer(leader, live_server):
    page = leader.page
    urgent = factories.make_queue("Zebra", most_waiting=1)
    expect(page.locator("#board-queues tbody tr")).to_have_count(2)
    page.locator("#board-queues tbody tr").first.hover()
    for _ in range(2):
        factories.make_interaction(live_server.account, queue=urgent)
    db.session.rollback()
    row = page.locator(f"#queue-{urgent.id}")
    expect(row).to_have_class("is-bad")
    assert page.locator("#board-queues tbody tr").first.inner_text().startswith("Support")

    page.mouse.move(5, 5)
    expect(page.locator("#board-queues tbody tr").first).to_contain_text("Zebra")


@pytest.mark.only("sqlite")  # the checker sees the same on either
def test_the_pages_of_the_board_have_no_known_barrier(barriers_of, live_server):
    sara, ana = live_server.cast.sara, live_server.cast.ana.id
    talk = factories.make_interaction(live_server.account, queue=live_server.cast.queue).id
    db.session.rollback()
    boards = [
        "/board",
        "/board?tab=queues",
        "/board?tab=agents",
        "/board?tab=conversations&show=open",
        "/board?tab=accounts",
        "/board?tab=campaigns",
    ]
    beside = [
        "/board/behind/open",
        f"/board/agents/{ana}/pause",
        "/board/links",
        "/board/past",
        f"/board/agents/{ana}",
        f"/board/agents/{ana}/day",
        f"/board/conversations/{talk}",
    ]
    assert barriers_of(sara, *boards, ready="#board:not([aria-busy])") == {}
    assert barriers_of(sara, *beside) == {}
