"""Real browsers on the running product; whatever their consoles complain about fails the test."""

import pytest
from playwright.sync_api import expect

from tests.support import running
from tests.support.accessibility import barriers_on

live_server, processes = running.live_server, running.processes
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


# htmx calls it an error where a newer request takes the place of one under way. One that got no
# answer says htmx:sendError as well.
TAKEN_BACK = ("htmx:sendAbort", "htmx:afterRequest")


class Person:
    """One person's browser; `page` is its only tab."""

    def __init__(self, browser, live, user, **options):
        self.live = live
        self.user = user
        self.complaints = []
        self.expected = [*TAKEN_BACK]
        options = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "UTC", **options}
        self.context = browser.new_context(base_url=live.url, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def sign_in(self):
        """Without the page of it, which costs a second: test_signing_in.py looks at that."""
        cookies = self.live.sign_in(self.user).cookies
        self.context.add_cookies(
            [{"name": one.name, "value": one.value, "url": self.live.url} for one in cookies]
        )
        return self

    def open(self, path):
        self.page.goto(path)
        return self.connected()

    def connected(self):
        """Wait until the socket's rooms are joined: from here on nothing needs a reload."""
        self.page.wait_for_selector("html[data-live=connected]")
        return self

    def _note(self, message):
        said = message.text
        if message.type == "error" and not any(part in said for part in self.expected):
            self.complaints.append(said)


@pytest.fixture
def browser_of(browser, live_server):
    """`browser_of(user)` is that person's browser, in which nobody has signed in."""
    people = []

    def begun(user, **options):
        people.append(Person(browser, live_server, user, **options))
        return people[-1]

    yield begun
    for person in people:
        person.context.close()
        assert person.complaints == []


@pytest.fixture
def sign_in_as(browser_of):
    """`sign_in_as(user)` is that person's browser, signed in, with nothing opened yet."""
    return lambda user, **options: browser_of(user, **options).sign_in()


@pytest.fixture
def open_as(sign_in_as):
    """`open_as(user)` gives a browser in which that person sees the inbox, or the page `at`."""
    return lambda user, at="/", **options: sign_in_as(user, **options).open(at)


@pytest.fixture
def barriers_of(sign_in_as):
    """`barriers_of(user, *paths)` is what is in that person's way on these pages.

    The checker is put in by the test; the pages' own policy would refuse it.
    """
    return lambda user, *paths, **options: barriers_on(
        sign_in_as(user, bypass_csp=True).page, *paths, **options
    )
