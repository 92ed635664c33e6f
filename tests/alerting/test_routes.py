"""Admins see alerts, everybody sees above the inbox which of their accounts cannot send."""

from datetime import timedelta

import pytest

from tests.factories import change, make_account, make_interaction, make_queue
from tests.support.fake_provider import refused_credentials
from tests.support.queries import counted_queries
from webapp.accounts import health
from webapp.accounts.models import AccountAgent
from webapp.alerting import raising
from webapp.alerting.raising import Trouble
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff import access
from webapp.unit_of_work import unit_of_work

SENTENCE = "Your replies wait and go out by themselves."


def stop(account):
    with unit_of_work():
        health.stopped(account.id, refused_credentials())


def raised(subject, title, severity="warning", account_id=None):
    with unit_of_work():
        raising.raise_alert(
            "kind",
            Trouble(subject, title, "Why it is so.", "What to do.", severity, account_id),
        )


def text(browser, path):
    return browser.get(path).get_data(as_text=True)


def test_open_alerts_stand_first_the_gravest_on_top_with_what_to_do(account, admin, sign_in):
    raised("one", "A small thing")
    raised("two", "A grave thing", "critical", account.id)
    raised("three", "A former thing")
    with unit_of_work():
        raising.end("kind", "three")
    page = text(sign_in(admin), "/accounts/alerts")
    places = [page.index(words) for words in ("A grave thing", "A small thing", "A former thing")]
    assert places == sorted(places)
    assert "What to do." in page
    assert f"/accounts/{account.id}" in page


def test_the_history_has_pages(cast, admin, sign_in):
    for number in range(31):
        raised(str(number), f"Thing no. {number}.")
        with unit_of_work():
            raising.end("kind", str(number))
    browser = sign_in(admin)
    page = text(browser, "/accounts/alerts")
    assert "Thing no. 30." in page and "Thing no. 0." not in page
    older = page.partition('href="/accounts/alerts?after=')[2].partition('"')[0]
    assert "Thing no. 0." in text(browser, f"/accounts/alerts?after={older}")


def ended(title, severity="warning", account_id=None):
    raised(title, title, severity, account_id)
    with unit_of_work():
        raising.end("kind", title)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("q=GRAVE", ["Grave"]),
        ("severity=warning", ["Small"]),
        ("account={account}", ["Grave"]),
        ("account=x", []),
        ("sort=severity", ["Grave", "Small"]),
        ("sort=-severity", ["Small", "Grave"]),
    ],
)
def test_what_ended_is_searched_and_filtered_by_the_address(
    account, admin, sign_in, question, found
):
    ended("Small"), ended("Grave", "critical", account.id)
    part = text(sign_in(admin), f"/accounts/alerts?{question.format(account=account.id)}")
    rows = part.partition('id="rows-alerts"')[2]
    assert sorted((rows.index(title), title) for title in ("Small", "Grave") if title in rows) == [
        (rows.index(title), title) for title in found
    ]


def test_what_ended_is_downloaded_and_what_is_open_is_not(account, admin, sign_in):
    ended("Grave", "critical", account.id), raised("Open", "Open still")
    answer = sign_in(admin).post("/accounts/alerts/export", data={"all": "1"}, buffered=True)
    assert "Grave,Northgate Care," in answer.text and ",0:00:0" in answer.text
    assert "Open still" not in answer.text


def test_nothing_open_says_so(admin, sign_in):
    assert "Nothing needs mending." in text(sign_in(admin), "/accounts/alerts")


@pytest.mark.parametrize(
    "path", ["/accounts/alerts", "/accounts/alerts/open", "/accounts/alerts/count"]
)
def test_alerts_are_for_admins(sara, ana, sign_in, path):
    for person in (sara, ana):
        assert sign_in(person).get(path).status_code == 403


def test_the_menu_counts_open_alerts_for_admins_and_keeps_counting(admin, ana, sign_in):
    raised("one", "A thing"), raised("two", "Another")
    page = text(sign_in(admin), "/")
    assert 'aria-label="2 open alerts"' in page and 'data-live="alerts"' in page
    assert 'id="alerts-count"' not in text(sign_in(ana), "/")


def test_alerts_are_heard_by_admins_alone_what_cannot_send_by_everybody(admin, ana):
    assert access.may_watch(admin, "alerts") and not access.may_watch(ana, "alerts")
    assert access.may_watch(ana, "sending")


def test_agents_of_a_stopped_account_are_told_that_their_replies_wait(account, ana, sign_in):
    stop(account)
    page = text(sign_in(ana), "/")
    assert "Northgate Care can't send right now:" in page
    assert "the token is revoked." in page
    assert SENTENCE in page and 'data-live="sending"' in page


def test_the_line_is_gone_once_it_is_mended(account, ana, admin, sign_in):
    stop(account)
    browser = sign_in(ana)
    assert SENTENCE in text(browser, "/inbox/hindered")
    with unit_of_work():
        health.resume(account, admin)
    line = text(browser, "/inbox/hindered")
    assert SENTENCE not in line
    assert "hidden" in line and 'data-live="sending"' in line  # and hears of the next one


def test_a_slowed_account_is_told_with_its_end_and_asks_again_by_itself(account, ana, sign_in):
    with unit_of_work():
        health.slowed(account.id, utcnow() + timedelta(hours=2), "Too many messages")
    line = text(sign_in(ana), "/inbox/hindered")
    assert "sends nothing until" in line and "too many messages." in line
    assert "every 15s" in line


def test_a_pause_of_seconds_is_not_worth_a_line(account, ana, sign_in):
    with unit_of_work():
        health.slowed(account.id, utcnow() + timedelta(seconds=5), "Too many messages")
    assert SENTENCE not in text(sign_in(ana), "/inbox/hindered")


def test_who_does_not_serve_the_account_reads_nothing_of_it(account, otto, sign_in):
    stop(account)
    assert SENTENCE not in text(sign_in(otto), "/")


def test_leaders_named_agents_and_owners_of_a_conversation_are_told(cast, sara, otto, ben, sign_in):
    account = make_account(make_queue("Elsewhere"), name="Far away", key="FAR")
    with unit_of_work():
        db.session.add(AccountAgent(account_id=account.id, user_id=otto.id))
    make_interaction(account, owner=ben)
    stop(account)
    for person in (sara, otto, ben):
        assert "Far away" in text(sign_in(person), "/inbox/hindered")


def test_an_account_that_is_off_or_archived_is_no_hindrance(account, ana, sign_in):
    stop(account)
    change(account, enabled=False)
    assert SENTENCE not in text(sign_in(ana), "/inbox/hindered")


def test_the_line_costs_one_query_however_many_accounts(cast, queue, ana, sign_in):
    browser = sign_in(ana)
    text(browser, "/inbox/hindered")
    with counted_queries() as few:
        text(browser, "/inbox/hindered")
    for number in range(5):
        stop(make_account(queue, key=f"S{number}"))
    with counted_queries() as many:
        text(browser, "/inbox/hindered")
    assert len(many) == len(few)
