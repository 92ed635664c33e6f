"""Real browsers on the running product; whatever their consoles complain about fails the test."""

import pytest
from playwright.sync_api import expect

from tests import factories

expect.set_options(timeout=15_000)  # the machine may have much else to do

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that beeps, and nobody to ask whether it may be used.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": "/usr/bin/chromium", "args": ARGUMENTS}


class Person:
    """A signed-in browser; `page` is its only tab."""

    def __init__(self, browser, live, user, **options):
        self.live = live
        self.user = user
        self.complaints = []
        self.expected = []
        self.context = browser.new_context(
            base_url=live.url, viewport={"width": 1440, "height": 900}, **options
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self):
        self.page.goto("/sign-in")
        self.page.get_by_label("Email").fill(self.user.email)
        self.page.get_by_label("Password").fill(factories.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_selector("[data-inbox]")
        return self

    def connected(self):
        """Wait until the socket's rooms are joined: from here on nothing needs a reload."""
        self.page.wait_for_selector("html[data-live=connected]")
        return self

    def _note(self, message):
        said = message.text
        if message.type == "error" and not any(part in said for part in self.expected):
            self.complaints.append(said)


@pytest.fixture
def open_as(browser, live_server):
    """`open_as(user)` gives a browser in which that person sees the inbox."""
    people = []

    def opened(user, **options):
        person = Person(browser, live_server, user, **options)
        people.append(person)
        return person.sign_in().connected()

    yield opened
    for person in people:
        person.context.close()
        assert person.complaints == []
