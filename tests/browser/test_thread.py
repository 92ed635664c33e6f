"""Nothing jumps: pending replies, the end of the thread, rows that are chosen."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def ana(live_server, open_as):
    live_server.change(live_server.cast.ben, presence="offline")
    return open_as(live_server.cast.ana)


def open_thread(live_server, person, *texts, **customer):
    for text in texts:
        live_server.customer_writes(text, **customer)
    person.page.get_by_role("button", name="Accept").click()
    expect(person.page.locator("#thread")).to_contain_text(texts[-1])
    return person.page


def distance_to_end(page):
    return page.locator("#thread").evaluate(
        "log => log.scrollHeight - log.scrollTop - log.clientHeight"
    )


def place_of(page, selector):
    return page.locator(selector).last.evaluate(
        "node => [node.offsetHeight, node.querySelector('.bubble').offsetWidth]"
    )


def test_a_pending_reply_stands_as_the_server_will_draw_it(live_server, ana):
    ana.expected.append("Failed to load resource")
    page = open_thread(live_server, ana, "Which day suits you?")
    page.route("**/reply", lambda route: route.abort())
    page.locator(".msg").first.hover()
    page.get_by_role("button", name="Reply to this message").click()
    page.keyboard.type("Thursday")
    page.keyboard.press("Enter")
    pending = page.locator("[data-pending]")
    expect(pending).to_contain_text("You")
    expect(pending.locator(".quote")).to_contain_text("Which day suits you?")
    expect(pending.get_by_role("img", name="Sending")).to_be_visible()
    before = place_of(page, "[data-pending]")

    page.unroute("**/reply")
    expect(page.locator(".msg--out[data-message]")).to_be_visible()

    assert place_of(page, ".msg--out[data-message]") == before


def test_a_second_pending_reply_joins_the_first(live_server, ana):
    page = open_thread(live_server, ana, "Hello")
    for text in ("One", "Two"):
        page.locator("#text").fill(text)
        page.locator("#text").press("Enter")
    expect(
        page.get_by_text("You", exact=True).and_(page.locator(".msg__by:visible"))
    ).to_have_count(1)
    expect(page.locator(".msg--out[data-message]")).to_have_count(2)
    expect(page.locator(".msg--out.msg--cont")).to_have_count(1)


def test_the_last_words_stay_in_view_while_the_text_box_grows(live_server, ana):
    page = open_thread(live_server, ana, *(f"Line {n}\n" * 4 for n in range(8)))
    expect(page.locator(".msg")).to_have_count(8)
    page.locator("#text").fill("\n" * 8)
    page.wait_for_timeout(300)
    assert distance_to_end(page) < 2


def test_whoever_reads_above_is_left_there_while_the_text_box_grows(live_server, ana):
    page = open_thread(live_server, ana, *(f"Line {n}\n" * 4 for n in range(8)))
    expect(page.locator(".msg")).to_have_count(8)
    page.locator("#thread").evaluate("log => { log.scrollTop = 40 }")
    page.locator("#text").fill("\n" * 8)
    page.wait_for_timeout(300)
    assert page.locator("#thread").evaluate("log => log.scrollTop") == 40


def test_the_row_that_is_clicked_is_marked_before_its_conversation_comes(live_server, ana):
    open_thread(live_server, ana, "First", phone="15550142201", name="First Customer")
    page = open_thread(live_server, ana, "Second", phone="15550142202", name="Second Customer")
    held = []
    page.route(re.compile(r"/inbox/\d+\?"), lambda route: held.append(route))
    row = page.locator(".conv", has_text="First Customer")
    row.click()
    expect(row).to_have_attribute("aria-current", "true")
    expect(page.locator(".conv[aria-current=true]")).to_have_count(1)
    expect(page.locator("#thread")).to_contain_text("Second")
    held[0].continue_()
    expect(page.locator("#thread")).to_contain_text("First")
    assert re.fullmatch(r".*/inbox/\d+\?show=mine", page.url)


def test_a_row_whose_conversation_does_not_come_gives_the_mark_back(live_server, ana):
    ana.expected += ["Failed to load resource", "htmx:"]
    open_thread(live_server, ana, "First", phone="15550142201", name="First Customer")
    page = open_thread(live_server, ana, "Second", phone="15550142202", name="Second Customer")
    page.route(re.compile(r"/inbox/\d+\?"), lambda route: route.abort())
    page.locator(".conv", has_text="First Customer").click()
    current = page.locator(".conv[aria-current=true]")
    expect(current).to_have_count(1)
    expect(current).to_contain_text("Second Customer")


def test_an_offer_accepted_by_its_key_takes_the_focus_along_without_a_new_page(live_server, ana):
    ana.page.evaluate("window.same = true")
    # As soon as it stands there: htmx must know it by then, or the form opens a page of its own.
    ana.page.evaluate("""new MutationObserver(() => {
        document.querySelector("[data-accept]")?.click();
    }).observe(document.querySelector("#list-pane"), { childList: true, subtree: true })""")
    live_server.customer_writes("By keyboard")
    expect(ana.page.locator("#thread")).to_be_focused()
    assert ana.page.evaluate("window.same")
