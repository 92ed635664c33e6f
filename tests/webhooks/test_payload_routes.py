"""The pages of stored webhooks: found, opened, run again, by admins alone."""

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from tests.factories import META_SECRET, make_account, make_meta_account, save
from tests.support.arriving import arrive, body, keep, receipt, said
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.webhooks import draining, finding, replaying
from webapp.webhooks.models import WebhookPayload


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


def text_of(answer):
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def store(account, **columns):
    values = {"body": b"{}", "processed_at": utcnow()} | columns
    return save(WebhookPayload(account_id=account.id, **values))


def shown(desk, query=""):
    """The numbers of the webhooks a page lists."""
    page = text_of(desk.get(f"/accounts/payloads{query}"))
    return [int(part.partition("<")[0]) for part in page.split("<small>no. ")[1:]]


def test_the_newest_stand_first_a_page_at_a_time(desk, account, monkeypatch):
    monkeypatch.setattr(finding, "PAGE", 2)
    ids = [store(account).id for _ in range(5)]

    assert shown(desk) == [ids[4], ids[3]]
    assert shown(desk, f"?before={ids[3]}") == [ids[2], ids[1]]
    assert shown(desk, f"?before={ids[1]}") == [ids[0]]


def test_each_state_finds_its_own(desk, account):
    by_state = {
        "waiting": store(account, processed_at=None).id,
        "failed": store(account, error="Event 1 failed.", attempt_count=8).id,
        "remarks": store(account, error="Nobody has this number.", note="Nobody").id,
        "applied": store(account).id,
    }
    again = store(account, error="Event 1 failed.", attempt_count=2, processed_at=None).id

    assert shown(desk, "?state=waiting") == [by_state["waiting"]]
    assert shown(desk, "?state=failed") == [again, by_state["failed"]]
    assert shown(desk, "?state=error") == [again, by_state["remarks"], by_state["failed"]]
    assert shown(desk, "?state=remarks") == [by_state["remarks"]]
    assert shown(desk, "?state=applied") == [by_state["applied"]]


def test_one_account_is_shown_alone(desk, account):
    other = make_account()
    store(account)
    wanted = store(other).id

    assert shown(desk, f"?account={other.id}") == [wanted]


@pytest.mark.parametrize("words", ["IntegrityError", "integrityerror", "100%", "a_b"])
def test_words_of_the_error_are_found_as_they_are_written(desk, account, words):
    wanted = store(account, error=f"Event 1 (Echo): {words}.").id
    store(account, error="Event 1 (Echo): aXb, 100 of it.")
    store(account)

    assert shown(desk, f"?q={words.replace('%', '%25')}") == [wanted]


def test_a_time_is_meant_as_the_browsers_clock_shows_it(desk, account):
    noon = utcnow().replace(year=2026, month=3, day=1, hour=12, minute=0, second=0, microsecond=0)
    ids = [store(account, received_at=noon + timedelta(hours=n)).id for n in range(6)]
    desk.set_cookie("zone", "Europe/Berlin")  # an hour ahead in March

    found = shown(desk, "?since=2026-03-01T14:00&until=2026-03-01T16:00")
    assert found == [ids[2], ids[1]]
    assert shown(desk, "?since=2026-03-01T17:30") == [ids[5]]
    assert shown(desk, "?until=2026-03-01T13:30") == [ids[0]]


def test_the_first_of_a_time_is_found_among_many_with_gaps(account):
    start = utcnow() - timedelta(days=2)
    rows = [
        WebhookPayload(
            account_id=account.id, body=b"", received_at=start + timedelta(minutes=n), id=7 * n + 3
        )
        for n in range(200)
    ]
    save(*rows)
    for n in (0, 1, 57, 198, 199):
        assert finding._first_id(start + timedelta(minutes=n)) in range(7 * n - 3, 7 * n + 4)
    assert finding._first_id(start + timedelta(minutes=500)) > 7 * 199 + 3


@pytest.mark.parametrize("query", ["state=odd", "account=x", "account=²", "since=yesterday"])
def test_a_filter_that_makes_no_sense_is_refused(desk, query):
    assert desk.get(f"/accounts/payloads?{query}").status_code == 400


def test_the_list_asks_as_little_for_many_as_for_few(desk, account):
    def cost():
        with counted_queries() as queries:
            text_of(desk.get("/accounts/payloads?since=2026-01-01T00:00&q=no"))
        return len(queries)

    store(account, error="No number")
    few = cost()
    for _ in range(30):
        store(account, error="No number")
        store(make_account(), error="No number")
    assert cost() == few


def test_a_webhook_is_shown_as_it_came_and_safely(desk, account):
    stored = store(
        account,
        method="GET",
        query="from=15550142233&body=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        content_type="application/json",
        body=b'{"n":{"m":"<script>"},"ok":true}',
    )

    page = text_of(desk.get(f"/accounts/payloads/{stored.id}"))
    assert "<script>alert" not in page and "body: &lt;script&gt;alert(1)" in page
    assert "GET, application/json" in page
    assert "<b>&#34;n&#34;</b>: {\n    <b>&#34;m&#34;</b>: <i>&#34;&lt;script&gt;&#34;</i>" in page
    assert "<i>true</i>" in page


def test_a_form_is_shown_a_line_for_each_field(desk, account):
    stored = store(
        account,
        content_type="application/x-www-form-urlencoded; charset=UTF-8",
        body=b"Body=Hello+there&From=whatsapp%3A%2B15550142233&Empty=",
    )

    page = text_of(desk.get(f"/accounts/payloads/{stored.id}"))
    assert "Body: Hello there\nFrom: whatsapp:+15550142233\nEmpty: " in page


@pytest.mark.parametrize("body", [b"\xff\xfe not text", b"[" * 5000, b"{]", b""])
def test_what_nobody_can_read_is_shown_too(desk, meta, body):
    stored = store(meta, body=body, content_type="application/json")

    assert f"Webhook no. {stored.id}" in text_of(desk.get(f"/accounts/payloads/{stored.id}"))


def test_no_secret_of_the_account_stands_on_the_page(desk, queue):
    meta = make_meta_account(
        queue, former_webhook_token="former-token-1", former_provider="sandbox",
        former_credentials={"webhook_secret": "pretend-secret"},
    )  # fmt: skip
    known = [META_SECRET, meta.webhook_token, "former-token-1", "pretend-secret"]
    stored = store(
        meta,
        query=f"api-key=Abc123xyz&t={meta.webhook_token}",
        body=orjson.dumps({"password": "hunter22", "told": " ".join(known)}),
    )

    page = text_of(desk.get(f"/accounts/payloads/{stored.id}"))
    for secret in (*known, "Abc123xyz", "hunter22"):
        assert secret not in page, secret
    assert "••••" in page


def test_what_became_of_each_event_is_said_with_a_way_to_it(desk, meta):
    stored = arrive(meta, {**said("Hello", id="wamid.1"), **receipt("wamid.nobody", "read")})
    unknown = arrive(meta, said("Who?"), number_id="404")

    page = text_of(desk.get(f"/accounts/payloads/{stored.id}"))
    assert "Message, text" in page and "Stored as a message" in page
    assert "/inbox/" in page and "#message-" in page
    assert "Receipt: read" in page and "its message is not known here" in page
    other = text_of(desk.get(f"/accounts/payloads/{unknown.id}"))
    assert "has the number id 404" in other


def test_what_still_waits_is_not_said_to_have_left_anything(desk, meta):
    [id] = keep(meta, body(said("Hello")))

    assert "Not applied yet" in text_of(desk.get(f"/accounts/payloads/{id}"))


def test_running_one_again_makes_it_work_to_do(desk, account, admin):
    stored = store(account, error="Oh no", attempt_count=3)

    answer = desk.post(f"/accounts/payloads/{stored.id}/retry")

    assert answer.headers["Location"].endswith(f"/accounts/payloads/{stored.id}")
    db.session.refresh(stored)
    assert (stored.processed_at, stored.error, stored.attempt_count) == (None, None, 0)
    assert db.session.scalar(select(AuditEntry.action)) == "tried_again"


def test_all_that_match_run_again_and_no_others(desk, meta):
    bad = arrive(meta, said("Hello"), number_id="404").id
    good = arrive(meta, said("Hello")).id

    page = desk.post("/accounts/payloads/replay", data={"state": "remarks"}, follow_redirects=True)
    assert "1 webhook is read again." in text_of(page)
    [name] = replaying.pending()
    assert [row.id for row in replaying._next_batch(name)] == [bad]
    assert good != bad


def test_more_than_the_bound_is_refused_in_words(desk, account, monkeypatch):
    monkeypatch.setattr(replaying, "MOST", 1)
    store(account), store(account)

    page = desk.post("/accounts/payloads/replay", follow_redirects=True)
    assert "More than 1 match. Choose an account, or a shorter time." in text_of(page)


def test_only_admins_see_and_run_them(sign_in, sara, ana, account):
    stored = store(account)
    for person in (sara, ana):
        browser = sign_in(person)
        for path in ("", f"/{stored.id}"):
            assert browser.get(f"/accounts/payloads{path}").status_code == 403
        for path in (f"/{stored.id}/retry", "/replay"):
            assert browser.post(f"/accounts/payloads{path}").status_code == 403


def test_an_empty_list_says_what_will_be_there(desk):
    assert "What providers send is kept here for 30 days" in text_of(desk.get("/accounts/payloads"))


def test_after_a_drain_the_page_of_a_poisoned_webhook_names_its_error(desk, meta):
    stored = store(meta, body=body(said("Hello")), provider="gone", processed_at=None)
    draining.drain(meta.id)

    page = text_of(desk.get(f"/accounts/payloads/{stored.id}"))
    assert "LookupError" in page and "It cannot be read" in page
