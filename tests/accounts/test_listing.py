"""The list of WhatsApp accounts: found, sorted, filtered and downloaded."""

import csv
import inspect
import io
import re
from datetime import timedelta

import pytest

from tests.factories import change, make_account, make_meta_account, make_queue
from webapp.accounts import listing, standing
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

PART = {"HX-Request": "true"}


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


@pytest.fixture
def harbour(account, queue):
    """A second account, at Meta, beside Northgate Care in the sandbox."""
    return change(make_meta_account(queue), name="Harbour", key="HARB", description="Boats 100%")


def shown(page):
    return re.findall(r'class="rowlink"[^>]*>([^<]+)<', page.text)


# Told when the test runs: the tests before it may take longer than "recent" lasts.
NOW = object()
IN_FIVE_DAYS = (utcnow() + timedelta(days=5)).isoformat()


def _now(value):
    return utcnow() if value is NOW else value


def has_health(account, **columns):
    with unit_of_work():
        row = db.session.get(AccountHealth, account.id)
        if row is None:
            row = AccountHealth(account_id=account.id, rejected_count=0)
            db.session.add(row)
        for name, value in columns.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("", ["Harbour", "Northgate Care"]),
        ("sort=-name", ["Northgate Care", "Harbour"]),
        ("sort=provider", ["Harbour", "Northgate Care"]),
        ("sort=-event", ["Northgate Care", "Harbour"]),
        ("provider=meta", ["Harbour"]),
        ("provider=pigeon", []),
        ("q=NORTH", ["Northgate Care"]),
        ("q=100%25", ["Harbour"]),
        ("q=%25%25", []),
    ],
)
def test_the_list_is_searched_sorted_and_filtered_by_its_address(
    desk, account, harbour, question, found
):
    with unit_of_work():
        db.session.get(AccountDrain, account.id).last_event_at = utcnow()

    assert shown(desk.get(f"/accounts?{question}")) == found


def test_a_number_is_found_however_it_is_written(desk, account, harbour):
    phone = account.phone
    written = f"+{phone[:1]} ({phone[1:4]}) {phone[4:]}"

    assert shown(desk.get("/accounts", query_string={"q": written})) == ["Northgate Care"]


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"well": True}, "in-order"),
        ({"well": False}, "not-in-order"),
        ({"well": True, "stopped_at": NOW}, "cannot-send"),
        ({"well": True, "rejected_at": NOW}, "signatures-rejected"),
        (
            {"well": True, "facts": {"token_expires_at": IN_FIVE_DAYS}},
            "token-expires",
        ),
    ],
)
def test_accounts_are_filtered_by_the_health_they_show(desk, account, harbour, columns, state):
    has_health(harbour, **{name: _now(value) for name, value in columns.items()})

    assert shown(desk.get(f"/accounts?state={state}")) == ["Harbour"]
    wrong = shown(desk.get("/accounts?state=trouble"))
    assert wrong == ([] if state == "in-order" else ["Harbour"])


def test_every_health_an_account_can_have_may_be_chosen(account):
    offered = {label for _, label in listing._states()}
    source = re.findall(r'State\("\w+", "([^"]+)"', inspect.getsource(standing))

    assert {*source, "In order", "Not checked yet"} <= offered


def test_archived_accounts_are_asked_for(desk, account, harbour):
    change(harbour, archived_at=utcnow(), enabled=False)

    assert shown(desk.get("/accounts")) == ["Northgate Care"]
    assert shown(desk.get("/accounts?show=archived")) == ["Harbour"]
    assert shown(desk.get("/accounts?show=all")) == ["Harbour", "Northgate Care"]
    assert shown(desk.get("/accounts?show=else")) == []


def test_health_stays_live_in_the_list(desk, account):
    part = desk.get("/accounts", headers=PART).text

    assert f'id="state-{account.id}" data-live="account:{account.id}"' in part
    assert "<html" not in part


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def test_the_ticked_accounts_are_downloaded_without_their_secrets(desk, account, harbour):
    change(harbour, credentials={"access_token": "very-secret-token"})
    answer = desk.post("/accounts/export", data={"id": [harbour.id]}, buffered=True)

    assert [row["Name"] for row in rows(answer)] == ["Harbour"]
    assert rows(answer)[0]["Sending"] == "On"
    assert rows(answer)[0]["Queue"] == "Support"
    assert "very-secret-token" not in answer.text


def test_all_that_match_are_those_in_use_unless_archived_ones_are_asked_for(desk, account, harbour):
    change(harbour, archived_at=utcnow(), enabled=False)
    used = desk.post("/accounts/export", data={"all": "1", "query": ""}, buffered=True)
    gone = desk.post("/accounts/export", data={"all": "1", "query": "show=archived"}, buffered=True)

    assert [row["Name"] for row in rows(used)] == ["Northgate Care"]
    assert [(row["Name"], row["Sending"]) for row in rows(gone)] == [("Harbour", "Archived")]


def test_nobody_but_admins_downloads_accounts(sign_in, sara, account):
    assert sign_in(sara).post("/accounts/export", data={"all": "1"}).status_code == 403


def test_an_admin_hides_a_column_of_accounts(desk, account):
    desk.post("/tables/accounts/columns", data={"column": ["name", "phone"]})
    part = desk.get("/accounts", headers=PART).text

    assert 'data-label="Phone"' in part
    assert 'data-label="Health"' not in part


def test_accounts_beyond_one_page_follow_by_key(desk, account):
    for number in range(55):
        make_account(make_queue(f"Q{number}"))
    first = desk.get("/accounts").text
    following = re.search(r'href="(/accounts\?after=[^"]*)" aria-label="Next', first)[1]

    assert db.session.query(Account).count() == 56
    assert first.count('class="rowlink"') == 50
    assert len(shown(desk.get(following))) == 6
