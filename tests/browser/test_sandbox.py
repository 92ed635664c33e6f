"""A newcomer sees the whole product work: customer and agent in two browsers, an admin's phone."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.factories import save
from webapp.sandbox.models import SandboxCustomer

pytestmark = pytest.mark.slow


@pytest.fixture
def phone(open_as, live_server):
    """The admin's browser with the phone of the customer Dana."""
    save(SandboxCustomer(name="Dana Whitlock", phone="15550123409"))
    return open_as(live_server.cast.admin, at="/sandbox")


def write(phone, text):
    phone.page.get_by_label("Write as the customer").fill(text)
    phone.page.keyboard.press("Enter")


def test_a_message_goes_from_the_phone_to_an_agent_and_the_answer_comes_back(
    phone, open_as, live_server
):
    write(phone, "Is my order on its way?")
    expect(phone.page.locator(".wa__msg--me")).to_contain_text("Is my order on its way?")
    expect(phone.page.locator("#sandbox-agent")).to_contain_text("Dana Whitlock")

    ana = open_as(live_server.cast.ana)
    ana.page.get_by_role("button", name="Accept").first.click()
    box = ana.page.locator("textarea").first
    box.fill("Yes, it arrives tomorrow.")
    box.press("Enter")

    expect(phone.page.locator("#sandbox-phone")).to_contain_text("Yes, it arrives tomorrow.")
    expect(ana.page.get_by_role("img", name="Read").first).to_be_visible()
    expect(phone.page.locator("#sandbox-agent")).to_contain_text("Owner Ana Agent")


def test_a_wrong_signature_is_refused_and_a_picture_is_shown(phone):
    phone.page.get_by_text("Wrong signature on webhooks").click()
    phone.page.wait_for_timeout(300)
    write(phone, "Let me in")
    expect(phone.page.locator("#sandbox-events")).to_contain_text("Refused, 403")
    expect(phone.page.locator(".wa__msg--me")).to_have_count(0)

    phone.page.get_by_text("Wrong signature on webhooks").click()
    phone.page.wait_for_timeout(300)
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "#336699").save(file, "PNG")
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()}
    phone.page.locator("#sandbox-file").set_input_files(picture)

    expect(phone.page.locator(".wa__picture")).to_be_visible()


def test_a_day_passes_and_the_conversation_ends_by_itself(phone):
    write(phone, "Hello")
    expect(phone.page.locator("#sandbox-agent")).to_contain_text("left to reply")

    phone.page.get_by_role("button", name="24 h", exact=True).click()

    expect(phone.page.locator("#sandbox-agent")).to_contain_text("Closed by itself", timeout=30_000)


def test_the_phone_works_on_a_narrow_screen(phone):
    phone.page.set_viewport_size({"width": 390, "height": 844})
    write(phone, "From a small screen")
    expect(phone.page.locator(".wa__msg--me")).to_be_visible()

    phone.page.get_by_role("button", name="Events").click()

    expect(phone.page.locator("#sandbox-events")).to_contain_text("Text from customer")
    expect(phone.page.locator("#sandbox-phone")).to_be_hidden()
