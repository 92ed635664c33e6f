"""What all see is made once, and handed out to those who were let in."""

import gzip
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests import factories
from tests.analytics.pages import text_of
from tests.support.queries import counted_queries
from webapp.analytics import front, looking
from webapp.columns import utcnow
from webapp.extensions import redis_clients

AT = re.compile(r'data-at="([^"]+)"')


def test_what_all_see_is_made_once_and_asked_for_by_its_number(sign_in, sara, computed):
    sven = factories.make_user("Sven", role="supervisor")
    computed()
    browser = sign_in(sara)
    first = browser.get("/board/now")
    tag = first.headers["ETag"]
    assert browser.get("/board/now", headers={"If-None-Match": tag}).status_code == 304

    other = sign_in(sven)
    assert other.get("/board/now").status_code == 200  # asked who it is, and let in
    with counted_queries() as queries:
        second = other.get("/board/now")
    assert second.get_data() == first.get_data()
    assert queries == []
    packed = other.get("/board/now", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.get_data()) == first.get_data()
    computed()
    assert browser.get("/board/now", headers={"If-None-Match": tag}).status_code == 200


def test_who_was_let_in_is_asked_again_after_a_few_seconds(
    sign_in, sara, ana, computed, time_machine
):
    computed()
    browser = sign_in(sara)
    assert browser.get("/board/now").status_code == 200
    factories.change(sara, role="agent")
    time_machine.move_to(utcnow() + timedelta(seconds=looking.ADMITTED_SECONDS + 1))
    assert browser.get("/board/now").status_code == 403
    assert sign_in(ana).get("/board/now").status_code == 403


def test_one_who_looks_is_asked_for_all_of_them(sign_in, sara, computed, time_machine):
    sven = factories.make_user("Sven", role="supervisor")
    computed()
    browsers = [sign_in(sara), sign_in(sven)]
    for browser in browsers:
        browser.get("/board/now")
    for _ in range(5):
        time_machine.move_to(utcnow() + timedelta(seconds=looking.RENEWED_EVERY + 1))
        computed()
        assert browsers[0].get("/board/now").status_code == 200  # asked, and made anew
        with counted_queries() as queries:
            assert browsers[1].get("/board/now").status_code == 200
        assert queries == []


def test_a_right_taken_away_ends_when_another_is_asked(
    sign_in, sara, admin, computed, time_machine
):
    computed()
    browsers = [sign_in(sara), sign_in(admin)]
    for browser in browsers:
        browser.get("/board/now")
    factories.change(admin, role="agent")
    time_machine.move_to(utcnow() + timedelta(seconds=looking.RENEWED_EVERY + 1))
    assert browsers[0].get("/board/now").status_code == 200
    assert browsers[1].get("/board/now").status_code == 403


def test_everybody_is_seen_to_by_themselves_now_and_then(
    sign_in, sara, admin, computed, time_machine
):
    """A cookie ends too, and that a browser was seen is noted by the ordinary route."""
    computed()
    browsers = [sign_in(sara), sign_in(admin)]
    for browser in browsers:
        browser.get("/board/now")
    for _ in range(looking.WHOLLY_SECONDS // 5 + 1):
        time_machine.move_to(utcnow() + timedelta(seconds=5))
        browsers[0].get("/board/now")
    with counted_queries() as queries:
        assert browsers[1].get("/board/now").status_code == 200
    assert queries


def test_of_all_who_come_at_once_one_has_the_new_figures_made(computed):
    computed()
    made, begun, go_on = [], threading.Event(), threading.Event()

    def ordinary(environ, start_response):
        made.append(environ["HTTP_COOKIE"])
        begun.set()
        go_on.wait(5)
        looking.shared(looking.newest(utcnow())[0], "key", lambda: "figures")
        return []

    def ask(cookie):
        environ = {"PATH_INFO": front.PATH, "REQUEST_METHOD": "GET", "HTTP_COOKIE": cookie}
        return b"".join(front.Front(ordinary)(environ, lambda *_: None))

    for n in range(3):
        looking.admit(f"cookie {n}", "", n, "key")
    with ThreadPoolExecutor() as threads:
        first = threads.submit(ask, "cookie 0")
        assert begun.wait(5)
        others = [threads.submit(ask, f"cookie {n}") for n in (1, 2)]
        go_on.set()
        assert first.result() == b""
        assert [one.result() for one in others] == [b"figures"] * 2
    assert made == ["cookie 0"]


def test_who_asks_while_newer_figures_are_made_gets_those_of_a_moment_before(computed):
    """Nobody waits who holds a connection to the database, and nobody makes them a second time."""
    computed()
    seq, _ = looking.newest(utcnow())
    before = looking.shared(seq, "key", lambda: "before")
    computed()
    seq, _ = looking.newest(utcnow())
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        assert go_on.wait(5)
        return "after"

    with ThreadPoolExecutor() as threads:
        first = threads.submit(looking.shared, seq, "key", slowly)
        assert begun.wait(5)
        assert looking.shared(seq, "key", pytest.fail) is before
        go_on.set()
        assert looking.shared(seq, "key", pytest.fail) in (before, first.result())
    assert looking.shared(seq, "key", pytest.fail).html == b"after"


def test_while_redis_is_away_the_figures_stay_and_say_how_old_they_are(
    sign_in, sara, waiting, computed, monkeypatch
):
    computed()
    browser = sign_in(sara)
    before = text_of(browser.get("/board"))
    with monkeypatch.context() as patched:
        nowhere = Redis(port=1, retry=Retry(NoBackoff(), 0))
        patched.setattr(redis_clients, "_hasty", nowhere)
        page = text_of(browser.get("/board"))
    assert "Dana Whitlock" in page
    assert AT.search(page)[1] == AT.search(before)[1]
