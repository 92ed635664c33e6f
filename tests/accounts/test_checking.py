"""Each account is checked every few minutes, once at a time, with no transaction open."""

import threading
from datetime import timedelta

from sqlalchemy import select

from tests.factories import change, make_account
from tests.support.fake_provider import REFUSED, UNREACHED, WELL
from webapp.accounts import checking, health
from webapp.accounts.models import AccountHealth
from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers.base import CheckLine, ProviderError
from webapp.unit_of_work import unit_of_work

LATER = timedelta(seconds=health.CHECK_EVERY + 1)


def health_of(account):
    db.session.expire_all()
    return db.session.get(AccountHealth, account.id)


def open_kinds():
    return set(db.session.scalars(select(Alert.kind).where(Alert.ended_at.is_(None))))


def test_a_new_account_is_checked_at_once_and_again_within_four_minutes(script, fake, account):
    assert checking.check_due() == 2
    assert checking.check_due() == 0
    assert checking.check_due(utcnow() + timedelta(minutes=4)) == 2
    assert script.checks == 2


def test_what_a_check_finds_is_kept_with_its_facts(script, fake):
    script.lines = [
        CheckLine("Token", True, "Taken.", facts={"token_expires_at": "2030-01-01T00:00:00+00:00"}),
        CheckLine("Number", True, "Known.", facts={"quality": "Green", "throughput": ""}),
    ]
    checking.check_due()
    found = health_of(fake)
    assert found.well is True
    assert found.facts == {"token_expires_at": "2030-01-01T00:00:00+00:00", "quality": "Green"}
    assert [line["name"] for line in found.lines] == ["Token", "Number"]


def test_no_transaction_is_open_while_a_provider_is_asked_by_the_clock(script, fake, account):
    change(account, enabled=False)  # the other one's check would have one open
    checking.check_due()
    assert script.connections == [0]


def test_two_clocks_ask_once(app, script, fake, account):
    def look():
        with app.app_context():
            checking.check_due()

    clocks = [threading.Thread(target=look) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()
    assert script.checks == 1


def test_a_revoked_token_stops_the_account_and_raises_the_alarm(script, fake):
    script.lines = REFUSED
    checking.check_due()
    found = health_of(fake)
    assert found.well is False
    assert (found.stopped_at is not None, found.stop_reason) == (True, "The token is revoked")
    assert open_kinds() == {"account_stopped"}


def test_a_good_check_lets_a_stopped_account_go_on_and_ends_the_alarm(script, fake):
    script.lines = REFUSED
    checking.check_due()
    script.lines = WELL
    checking.check_due(utcnow() + LATER)
    assert health_of(fake).stopped_at is None
    assert open_kinds() == set()


def test_a_check_that_gets_no_answer_is_not_red(script, fake):
    checking.check_due()
    script.lines = UNREACHED
    checking.check_due(utcnow() + LATER)
    assert health_of(fake).well is True
    assert health_of(fake).lines[0]["ok"] is None
    assert open_kinds() == set()


def test_a_check_that_gets_no_answer_mends_nothing_either(script, fake):
    script.lines = REFUSED
    checking.check_due()
    script.lines = UNREACHED
    checking.check_due(utcnow() + LATER)
    assert health_of(fake).stopped_at
    assert open_kinds() == {"account_stopped"}


def test_something_else_wrong_is_red_but_stops_nothing(script, fake):
    script.lines = [*WELL, CheckLine("Webhook", False, "It points elsewhere.", "Paste ours.")]
    checking.check_due()
    assert health_of(fake).stopped_at is None
    alert = db.session.scalars(select(Alert)).one()
    assert (alert.kind, alert.detail, alert.action) == (
        "account_unwell", "It points elsewhere.", "Paste ours."
    )  # fmt: skip


def test_a_right_that_only_the_set_up_needs_stops_nothing_but_ends_no_stop(script, fake):
    script.lines = [*WELL, CheckLine("Events", False, "The token may not see them.", auth=True)]
    checking.check_due()
    assert health_of(fake).stopped_at is None
    with unit_of_work():
        health.stopped(fake.id, ProviderError("Not allowed", permanent=True, auth=True))
    checking.check_due(utcnow() + LATER)
    assert health_of(fake).stopped_at


def test_a_stop_with_something_else_wrong_too_ends_when_the_token_is_taken(script, fake):
    script.lines = REFUSED
    checking.check_due()
    script.lines = [*WELL, CheckLine("Webhook", False, "It points elsewhere.")]
    checking.check_due(utcnow() + LATER)
    assert health_of(fake).stopped_at is None
    assert open_kinds() == {"account_unwell"}


def test_an_account_that_is_off_is_not_checked(script, fake):
    change(fake, enabled=False)
    checking.check_due()
    assert script.checks == 0


def test_a_check_that_breaks_is_a_line_and_disturbs_no_other(script, fake, account):
    script.lines = RuntimeError("oh")
    checking.check_due()
    assert "RuntimeError" in health_of(fake).lines[0]["message"]
    assert health_of(fake).well is None
    assert health_of(account).well is True


def test_a_check_refused_by_an_error_stops_the_account_too(script, fake):
    script.lines = ProviderError("Wrong key", permanent=True, auth=True)
    checking.check_due()
    assert health_of(fake).stop_reason == "Wrong key"


def test_changed_settings_are_checked_at_once(script, fake):
    checking.check_due()
    with unit_of_work():
        health.ask_soon(fake.id)
    assert checking.check_due() == 1


def test_a_check_begun_before_the_stop_does_not_end_it(script, fake):
    checked = checking.Checked(list(WELL), 0, utcnow())
    with unit_of_work():
        health.stopped(fake.id, ProviderError("Refused", permanent=True, auth=True))
    with unit_of_work():
        health.keep(fake.id, checked)
    assert health_of(fake).stopped_at
    assert checking.check_due() == 1  # the check that the stop asked for is still to come


def test_many_accounts_are_asked_side_by_side(script, queue):
    for number in range(20):
        make_account(queue, provider="fake", key=f"F{number}")
    assert checking.check_due() == checking.AT_ONCE
    assert checking.check_due() == 21 - checking.AT_ONCE  # with the one of the cast
