"""What agents see and do, in real browsers, while the whole product runs behind them."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import Attempt, Interaction, InteractionState, Message
from webapp.unit_of_work import unit_of_work

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# The address exists and speaks no WebSocket: what a proxy that refuses looks like from here.
REFUSED = """
window.WebSocket = class extends WebSocket {
  constructor() { super(location.origin.replace("http", "ws") + "/healthz"); }
};
"""


@pytest.fixture
def ana(live_server, open_as):
    """Ana alone is there, so every offer is hers."""
    live_server.change(live_server.cast.ben, presence="offline")
    return open_as(live_server.cast.ana)


def accept(person):
    """Take what is offered; the thread of one answered before may still be on screen."""
    person.page.get_by_role("button", name="Accept").click()
    expect(person.page.locator("#thread")).to_be_visible()
    return person.page


def write(page, text):
    page.locator("#text").fill(text)
    page.locator("#text").press("Enter")


def thread(page):
    return page.locator("#thread")


def test_a_conversation_from_first_word_to_wrap_up(live_server, open_as):
    live_server.change(live_server.cast.queue, strategy="beep_all")
    ana, ben = open_as(live_server.cast.ana), open_as(live_server.cast.ben)
    live_server.customer_writes("Is the Harbour Street branch open?", name="Amara Okoye")

    for person in (ana, ben):
        expect(person.page.locator(".offer")).to_contain_text("Is the Harbour Street branch open?")
    accept(ana)
    expect(ben.page.locator(".offer")).to_have_count(0)
    expect(ana.page).to_have_title(re.compile("Amara Okoye"))

    write(ana.page, "Yes, from ten to four.")
    mine = ana.page.locator(".msg--out")
    expect(mine).to_have_count(1)
    expect(mine.get_by_role("img", name="Sent")).to_be_visible()
    attempt = live_server.until(lambda: db.session.query(Attempt).filter_by(outcome="sent").first())
    for status, word in (("delivered", "Delivered"), ("read", "Read")):
        live_server.receipt(status, attempt.provider_id, attempt.correlation_id)
        expect(mine.get_by_role("img", name=word)).to_be_visible()

    live_server.customer_writes("Thank you *very* much")
    expect(thread(ana.page).locator("strong", has_text="very")).to_be_visible()

    ana.page.get_by_role("button", name="Wrap up").first.click()
    ana.page.get_by_role("dialog").get_by_role("button", name="Wrap up").click()
    expect(ana.page.locator("#composer-why")).to_contain_text("Wrapped up")
    talk = db.session.query(Interaction).one()
    live_server.until(lambda: db.session.get(Interaction, talk.id).state == InteractionState.CLOSED)


def test_a_reload_in_the_middle_loses_nothing(live_server, ana):
    live_server.customer_writes("First")
    page = accept(ana)
    page.locator("#text").fill("A reply I have only begun")
    page.reload()
    expect(page.locator("#text")).to_have_value("A reply I have only begun")
    live_server.customer_writes("Second, while the page was loading")
    expect(thread(page)).to_contain_text("Second, while the page was loading")
    page.reload()
    expect(thread(page)).to_contain_text("First")
    expect(page.locator('.msg[data-direction="in"]')).to_have_count(2)


def test_a_reply_cut_off_by_a_reload_is_sent_once(live_server, ana):
    ana.expected.append("Failed to load resource")
    live_server.customer_writes("Hello")
    page = accept(ana)
    page.route("**/reply", lambda route: route.abort())
    write(page, "Cut off")
    expect(page.locator("[data-pending]")).to_contain_text("Cut off")
    page.unroute("**/reply")
    page.reload()
    expect(page.locator(".msg--out[data-message]")).to_contain_text("Cut off")
    live_server.until(lambda: live_server.stub.texts() == ["Cut off"])
    time.sleep(1)
    assert live_server.stub.texts() == ["Cut off"]


def test_a_socket_cut_for_ten_seconds_loses_nothing(live_server, open_as):
    live_server.change(live_server.cast.ben, presence="offline")
    ana = open_as(live_server.cast.ana)
    ana.expected += ["WebSocket", "Failed to load resource", "htmx:"]
    cut = Cuttable(ana.page)
    ana.page.reload()
    ana.connected()
    live_server.customer_writes("Before the cut")
    page = accept(ana)

    # Everything is cut, not only the socket: with the pages reachable they would just ask.
    expect(page.locator(".offer")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_500)
    cut.off()
    for n in range(4):
        live_server.customer_writes(f"During the cut {n}")
    expect(page.locator(".banner")).to_contain_text("Reconnecting.", timeout=15_000)
    expect(page.locator(".banner")).to_contain_text("Last update")
    page.wait_for_timeout(5_000)
    expect(thread(page)).not_to_contain_text("During the cut")
    cut.on()

    for n in range(4):
        expect(thread(page)).to_contain_text(f"During the cut {n}", timeout=15_000)
    back = "Connected again. 4 messages arrived meanwhile."
    expect(page.locator(".banner")).to_contain_text(back, timeout=20_000)
    expect(page.locator(".banner")).to_have_count(0)
    said = page.locator('.msg[data-direction="in"] .bubble').all_inner_texts()
    assert [text[:16] for text in said[1:]] == [f"During the cut {n}" for n in range(4)]


def test_behind_a_proxy_that_refuses_websocket_the_page_looks_every_few_seconds(live_server, ana):
    live_server.customer_writes("Before")
    page = accept(ana)
    ana.expected += ["WebSocket connection to"]
    page.add_init_script(REFUSED)
    page.reload()
    expect(page.locator(".banner")).to_contain_text("Delayed.", timeout=20_000)
    live_server.customer_writes("Afterwards")
    expect(thread(page)).to_contain_text("Afterwards", timeout=15_000)


def test_a_conversation_taken_away_and_given_back_is_live_again(live_server, ana):
    ana.expected += ["Failed to load resource", "Response Status Error Code 404"]
    live_server.customer_writes("Before")
    page = accept(ana)
    belongs_to(live_server.cast.sara.id, None)
    beat(page)  # the socket hears of it no more
    queue_id = live_server.cast.queue.id
    belongs_to(live_server.cast.ana.id, queue_id)
    beat(page)  # and may again
    live_server.customer_writes("After")
    expect(thread(page)).to_contain_text("After", timeout=5_000)


def beat(page):
    """What else comes every twenty seconds; the next word on the socket waits for its answer."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(1_500)


def belongs_to(owner_id, queue_id):
    with unit_of_work():
        interaction = db.session.query(Interaction).one()
        interaction.owner_id, interaction.queue_id = owner_id, queue_id


class Cuttable:
    """The page's network, which a test can take away and give back."""

    def __init__(self, page):
        self.page = page
        self.away = False
        self.sockets = []
        page.route_web_socket(re.compile("socket.io"), self._socket)
        page.route("**/*", lambda route: route.abort() if self.away else route.continue_())

    def off(self):
        self.away = True
        for socket in self.sockets:
            socket.close()
        self.sockets.clear()

    def on(self):
        self.away = False

    def _socket(self, socket):
        if self.away:
            socket.close()
            return
        socket.connect_to_server()
        self.sockets.append(socket)


def test_all_of_an_agents_work_needs_no_mouse(live_server, ana):
    live_server.customer_writes("Can you help me by keyboard?")
    page = ana.page
    expect(page.locator(".offer")).to_be_visible()
    page.keyboard.press("a")
    expect(thread(page)).to_contain_text("Can you help me by keyboard?")
    page.keyboard.press("r")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("Of course")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("With two lines")
    page.keyboard.press("Enter")
    expect(page.locator(".msg--out[data-message]")).to_contain_text("With two lines")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Only my team reads this")
    page.keyboard.press("Enter")
    expect(page.locator(".msg--note[data-message]")).to_contain_text("Only my team reads this")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(thread(page)).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-why")).to_contain_text("Wrapped up")
    live_server.until(lambda: live_server.stub.texts() == ["Of course\nWith two lines"])


def test_a_double_click_sends_once(live_server, ana):
    live_server.customer_writes("Hello")
    page = accept(ana)
    page.locator("#text").fill("Sent once")
    page.locator("[data-send]").dblclick()
    expect(page.locator(".msg--out[data-message]")).to_have_count(1)
    time.sleep(1)
    assert live_server.stub.texts() == ["Sent once"]
    db.session.rollback()
    assert db.session.query(Message).filter_by(direction="out").count() == 1


def test_a_text_too_long_stays_in_the_box_with_the_reason(live_server, ana):
    live_server.customer_writes("Hello")
    page = accept(ana)
    page.locator("#text").fill("x" * 5000)
    page.locator("#text").press("Enter")
    expect(page.locator("#composer-error")).to_contain_text("takes up to 4,096 characters")
    expect(page.locator("#text")).to_have_value("x" * 5000)


def test_a_window_that_closes_while_somebody_writes_keeps_the_text(live_server, ana):
    live_server.customer_writes("Hello")
    page = accept(ana)
    page.locator("#text").fill("I was about to say")
    with unit_of_work():
        talk = db.session.query(Interaction).one()
        talk.session_expires_at = talk.window_expires_at = utcnow() - timedelta(seconds=5)
    with unit_of_work():
        closing.sweep()
    expect(page.locator("#composer-why")).to_contain_text("The reply window closed")
    expect(page.locator("#text")).to_have_value("I was about to say")
    expect(page.locator("#text")).not_to_be_editable()


def test_an_offer_is_answered_on_a_phone(live_server, open_as):
    live_server.change(live_server.cast.ben, presence="offline")
    ana = open_as(live_server.cast.ana, has_touch=True)
    page = ana.page
    page.set_viewport_size({"width": 390, "height": 844})
    live_server.customer_writes("From my phone")
    page.get_by_role("button", name="Accept").tap()
    expect(thread(page)).to_contain_text("From my phone")
    expect(page.locator(".pane--list")).to_be_hidden()
    page.get_by_role("button", name=re.compile("contact details")).tap()
    expect(page.locator("#contact-pane")).to_be_visible()
    page.get_by_role("button", name="Back to conversation").tap()
    expect(thread(page)).to_be_visible()
    page.go_back()
    expect(page.locator(".pane--list")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_no_row_moves_under_the_pointer(live_server, ana):
    for n in range(3):
        live_server.customer_writes(f"Hello {n}", phone=f"1555014220{n}", name=f"Customer {n}")
        expect(thread(accept(ana))).to_contain_text(f"Hello {n}")
        write(ana.page, f"Answered {n}")
        expect(ana.page.locator(".msg--out[data-message]")).to_contain_text(f"Answered {n}")
    page = ana.page
    rows = page.locator("#interaction-list [data-row]")
    expect(rows).to_have_count(3)
    before = rows.evaluate_all("all => all.map(row => row.id)")
    rows.nth(1).hover()
    for number in ("15550142202", "15550142201"):
        live_server.customer_writes(f"Again {number}", phone=number)
    for number in ("15550142202", "15550142201"):
        expect(page.locator("#interaction-list")).to_contain_text(f"Again {number}")
    assert rows.evaluate_all("all => all.map(row => row.id)") == before
