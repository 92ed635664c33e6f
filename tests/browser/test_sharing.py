"""What agents send beside text, in real browsers: files, voice notes, places and the like."""

import base64
import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.factories import make_interaction
from webapp.extensions import db
from webapp.inbox import ogg
from webapp.inbox.media_models import Media

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DROP = """([selector, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files });
    document.querySelector(selector).dispatchEvent(event);
  }
}"""
PASTE = """([name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, { type }));
  const options = { bubbles: true, cancelable: true, clipboardData: files };
  const event = new ClipboardEvent("paste", options);
  document.getElementById("text").dispatchEvent(event);
}"""


def picture(form="JPEG", size=(1200, 800)):
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, form)
    return content.getvalue()


def in_letters(content):
    return base64.b64encode(content).decode()


@pytest.fixture
def ana(live_server, open_as):
    live_server.change(live_server.cast.ben, presence="offline")
    return open_as(live_server.cast.ana)


@pytest.fixture
def page(live_server, ana):
    """Ana's browser, in a conversation with Amara."""
    live_server.customer_writes("Do you have it in blue?")
    ana.page.get_by_role("button", name="Accept").click()
    expect(ana.page.locator("#thread")).to_contain_text("Do you have it in blue?")
    return ana.page


def choose(page, *files):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach").click()
        page.get_by_role("menuitem", name="File").click()
    chooser.value.set_files(
        [{"name": name, "mimeType": mime, "buffer": content} for name, mime, content in files]
    )
    return page.get_by_role("dialog", name="Send")


def sent(live_server, count):
    live_server.until(lambda: len(live_server.stub.sent) >= count)
    return live_server.stub.sent


def test_a_chosen_picture_arrives_with_its_caption(live_server, page):
    dialog = choose(page, ("lamp.jpg", "image/jpeg", picture()))
    dialog.get_by_label("Caption for lamp.jpg").fill("This is the blue one")
    dialog.get_by_role("button", name="Send", exact=True).click()

    bubble = page.locator(".msg--out[data-message]")
    expect(bubble.get_by_alt_text("Photo: This is the blue one")).to_be_visible()
    expect(bubble.get_by_role("img", name="Sent")).to_be_visible()
    expect(dialog).to_be_hidden()
    message = sent(live_server, 1)[0]
    assert message["image"]["caption"] == "This is the blue one"
    assert live_server.stub.uploaded[message["image"]["id"]] == picture()
    expect(page.locator("#interaction-list")).to_contain_text("This is the blue one")


def test_several_files_leave_in_the_order_chosen(live_server, page):
    dialog = choose(
        page,
        ("a.jpg", "image/jpeg", picture()),
        ("b.pdf", "application/pdf", b"%PDF-1.4\n" + bytes(100)),
        ("c.jpg", "image/jpeg", picture()),
    )
    expect(dialog.get_by_role("heading")).to_have_text("Send 3 files to Amara")
    dialog.get_by_role("button", name="Send 3").click()
    expect(page.locator(".msg--out[data-message]")).to_have_count(3)
    assert [body["type"] for body in sent(live_server, 3)] == ["image", "document", "image"]


def test_a_file_too_large_is_refused_before_it_is_uploaded(live_server, page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    dialog = choose(page, ("film.mp4", "video/mp4", bytes(17 * 1024 * 1024)))
    expect(dialog).to_contain_text(
        "takes videos up to 16 MB; this has 17 MB. Send a link or a smaller file."
    )
    expect(dialog.locator("[data-send-files]")).to_be_disabled()
    assert not [url for url in asked if url.endswith("/attach")]


def test_what_only_the_server_can_tell_stands_beside_its_file(live_server, ana, page):
    ana.expected.append("status of 422")
    dialog = choose(page, ("film.mov", "video/quicktime", b"\0\0\0\x14ftypqt  " + bytes(300)))
    expect(dialog.locator(".field__error")).to_contain_text("Convert it or send a link.")


def test_a_picture_of_another_type_is_converted(live_server, page):
    dialog = choose(page, ("drawing.bmp", "image/bmp", picture("BMP")))
    expect(dialog).to_contain_text("drawing.jpg")
    dialog.get_by_role("button", name="Send", exact=True).click()
    message = sent(live_server, 1)[0]
    content = live_server.stub.uploaded[message["image"]["id"]]
    assert Image.open(io.BytesIO(content)).format == "JPEG"


def test_a_file_dropped_or_pasted_is_offered_to_be_sent(live_server, page):
    content = in_letters(picture())
    page.evaluate(DROP, [".pane--thread", "dropped.jpg", "image/jpeg", content])
    dialog = page.get_by_role("dialog", name="Send 1 file to Amara")
    expect(dialog).to_contain_text("dropped.jpg")
    dialog.get_by_role("button", name="Close").click()
    page.evaluate(PASTE, ["pasted.png", "image/png", in_letters(picture("PNG"))])
    expect(dialog).to_contain_text("pasted.png")
    expect(dialog).not_to_contain_text("dropped.jpg")


def test_an_upload_the_network_cut_goes_on_when_asked(live_server, ana, page):
    ana.expected.append("Failed to load resource")
    page.route("**/attach", lambda route: route.abort())
    dialog = choose(page, ("lamp.jpg", "image/jpeg", picture()))
    expect(dialog).to_contain_text("The connection broke.")
    page.unroute("**/attach")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.get_by_label("Caption for lamp.jpg")).to_be_visible()


def test_a_file_taken_out_of_the_dialog_is_not_sent(live_server, page):
    dialog = choose(
        page, ("a.jpg", "image/jpeg", picture()), ("b.jpg", "image/jpeg", picture("JPEG", (9, 9)))
    )
    dialog.get_by_role("button", name="Remove a.jpg").click()
    dialog.get_by_role("button", name="Send", exact=True).click()
    message = sent(live_server, 1)[0]
    content = live_server.stub.uploaded[message["image"]["id"]]
    assert Image.open(io.BytesIO(content)).size == (9, 9)
    assert len(live_server.stub.sent) == 1


def recorded(page, seconds=2):
    page.get_by_role("button", name="Record a voice note").click()
    dialog = page.get_by_role("dialog", name="Voice note")
    expect(dialog.locator(".wave rect").nth(3)).to_be_attached()
    page.wait_for_timeout(seconds * 1000)
    return dialog


def test_a_voice_note_is_recorded_heard_and_arrives_as_one(live_server, page):
    dialog = recorded(page)
    dialog.get_by_role("button", name="Stop").click()
    dialog.get_by_role("button", name="Listen").click()
    expect(dialog.get_by_role("button", name="Pause")).to_be_visible()
    dialog.get_by_role("button", name="Send voice note").click()
    expect(dialog).to_be_hidden()

    message = sent(live_server, 1)[0]
    assert message["audio"]["voice"] is True
    content = live_server.stub.uploaded[message["audio"]["id"]]
    assert ogg.is_opus(io.BytesIO(content))
    assert 1 <= ogg.seconds_of(io.BytesIO(content)) <= 6
    assert live_server.stub.uploads[message["audio"]["id"]][0].startswith("audio/ogg")
    expect(page.locator("#interaction-list")).to_contain_text("Voice message, 0:0")


def test_a_voice_note_thrown_away_goes_nowhere(live_server, page):
    dialog = recorded(page, 0)
    dialog.get_by_role("button", name="Throw away").click()
    expect(dialog).to_be_hidden()
    page.wait_for_timeout(500)
    assert live_server.stub.sent == []
    assert db.session.query(Media).count() == 0


def test_a_refused_microphone_is_answered_in_a_sentence(live_server, page):
    page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException("no", "NotAllowedError")) }"""
    )
    page.get_by_role("button", name="Record a voice note").click()
    dialog = page.get_by_role("dialog", name="Voice note")
    expect(dialog.get_by_role("alert")).to_contain_text("does not let Parley use the microphone")


def test_a_voice_message_plays_where_the_browser_knows_no_ogg(live_server, page):
    dialog = recorded(page, 1)
    dialog.get_by_role("button", name="Send voice note").click()
    player = page.locator(".msg--out[data-message] [data-voice]")
    expect(player).to_be_visible()
    page.evaluate("HTMLMediaElement.prototype.canPlayType = () => ''")
    player.get_by_role("button").click()
    expect(player.locator("audio")).to_have_attribute("src", re.compile("^blob:"))
    live_server.until(lambda: player.locator("audio").evaluate("audio => audio.currentTime > 0"))
    assert player.locator("audio").evaluate("audio => audio.duration") > 0.5


def test_a_place_is_sent_from_a_pasted_map_link(live_server, page):
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Location").click()
    dialog = page.get_by_role("dialog", name="Send a location")
    dialog.get_by_label("Map link").fill("https://www.openstreetmap.org/#map=17/41.1496/-8.6110")
    dialog.get_by_label("Name").fill("Harbour Street branch")
    dialog.get_by_role("button", name="Send location").click()
    expect(page.locator(".msg--out[data-message]")).to_contain_text("Harbour Street branch")
    place = sent(live_server, 1)[0]["location"]
    assert (float(place["latitude"]), float(place["longitude"])) == (41.1496, -8.611)


def test_a_place_without_coordinates_is_refused_in_the_dialog(live_server, ana, page):
    ana.expected.append("status of 422")
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Location").click()
    dialog = page.get_by_role("dialog", name="Send a location")
    dialog.get_by_label("Map link").fill("Harbour Street 4")
    dialog.get_by_role("button", name="Send location").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Paste a map link")


def test_a_contact_is_found_and_shared(live_server, ana, page):
    live_server.customer_writes("Other", phone="15550142299", name="Marcus Oyelaran")
    expect(page.locator(".offer")).to_be_visible()
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("menuitem", name="Contact").click()
    dialog = page.get_by_role("dialog", name="Share a contact")
    dialog.get_by_label("Find a customer").fill("Marcus")
    dialog.get_by_role("button", name="Marcus Oyelaran").click()
    dialog.get_by_role("button", name="Share contact").click()
    expect(page.locator(".msg--out[data-message]")).to_contain_text("Marcus Oyelaran")
    card = sent(live_server, 1)[0]["contacts"][0]
    assert card["name"]["formatted_name"] == "Marcus Oyelaran"


def test_a_reaction_is_set_and_taken_back(live_server, page):
    customers = page.locator('.msg[data-direction="in"]')
    for expected in ("👍", ""):
        customers.hover()
        customers.get_by_role("button", name="React to this message").click()
        page.get_by_role("menuitemradio", name="👍").click()
        expect(customers.locator(".reactions")).to_have_count(1 if expected else 0)
    emoji = [body["reaction"]["emoji"] for body in sent(live_server, 2)]
    assert emoji == ["👍", ""]


def test_a_reaction_needs_no_mouse(live_server, page):
    page.locator("#text").press("Escape")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator('.msg[data-direction="in"] .reactions')).to_contain_text("❤️")


def test_notes_offer_nothing_that_leaves(page):
    page.get_by_role("tab", name="Note").click()
    expect(page.get_by_role("button", name="Attach")).to_be_hidden()
    expect(page.get_by_role("button", name="Record a voice note")).to_be_hidden()


def test_a_picture_reaches_the_pretend_phone_and_is_read(live_server, ana):
    cast = live_server.cast
    talk = make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    ana.page.goto(f"/inbox/{talk.id}")
    dialog = choose(ana.connected().page, ("lamp.jpg", "image/jpeg", picture()))
    dialog.get_by_role("button", name="Send", exact=True).click()
    bubble = ana.page.locator(".msg--out[data-message]")
    expect(bubble.get_by_role("img", name="Read")).to_be_visible(timeout=20_000)
