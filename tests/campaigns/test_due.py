"""What clock finds: starts and ends that are due, lost hints, calls that were cut off."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.campaigns.sending import (
    add_recipient,
    attempts_of,
    fresh,
    is_balanced,
    make_running,
    make_sendable,
    row_of,
    template_of,
)
from webapp import jobs, system
from webapp.accounts.models import AccountHealth
from webapp.campaigns import due, ledger, running
from webapp.campaigns.models import CampaignAttempt, CampaignState, PauseCause, Recipient
from webapp.campaigns.sending import limits
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.unit_of_work import unit_of_work

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_start_that_is_due_begins(app):
    campaign = make_sendable(state="scheduled", start_at=NOON)
    due.steps(NOON - MINUTE)
    assert fresh(campaign).state == CampaignState.SCHEDULED
    due.steps(NOON)
    assert fresh(campaign).state == CampaignState.RUNNING
    assert jobs.waiting(running.LOAD) == 1


def test_a_start_missed_while_everything_was_down_asks(app):
    campaign = make_sendable(state="scheduled", start_at=NOON)
    due.steps(NOON + 11 * MINUTE)
    assert fresh(campaign).pause_cause == PauseCause.LATE_START


def test_a_campaign_whose_row_is_refused_holds_up_no_other(app, monkeypatch):
    refused = make_sendable(state="scheduled", start_at=NOON)
    template, account = template_of(refused), refused.account
    columns = {"template": template, "state": "scheduled", "start_at": NOON}
    other = factories.make_campaign(account, **columns)
    begin = running.begin

    def refusing(campaign, now):
        if campaign.id == refused.id:
            raise IntegrityError("UPDATE campaigns", {}, ValueError("refused"))
        begin(campaign, now)

    monkeypatch.setattr(running, "begin", refusing)

    due.steps(NOON)

    assert fresh(other).state == CampaignState.RUNNING


@pytest.mark.parametrize("state", ["scheduled", "running", "paused"])
def test_what_is_at_its_end_is_ended(app, state):
    campaign = make_sendable(state=state, start_at=NOON - MINUTE, end_at=NOON)
    due.steps(NOON)
    assert fresh(campaign).state == CampaignState.DONE
    assert "end came" in fresh(campaign).end_reason


def test_a_warm_up_goes_on_when_its_time_is_over(app):
    columns = {"pause_cause": "warm_up", "paused_at": NOON, "resume_at": NOON + MINUTE}
    campaign = make_sendable(state="paused", started_at=NOON, **columns)
    due.steps(NOON)
    assert fresh(campaign).state == CampaignState.PAUSED
    due.steps(NOON + MINUTE)
    assert (fresh(campaign).state, fresh(campaign).pause_cause) == (CampaignState.RUNNING, None)


def test_a_warm_up_does_not_go_on_with_a_template_that_was_stopped(app):
    columns = {"pause_cause": "warm_up", "paused_at": NOON, "resume_at": NOON + MINUTE}
    campaign = make_sendable(state="paused", started_at=NOON, **columns)
    factories.change(template_of(campaign), status="paused")

    due.steps(NOON + MINUTE)

    row = fresh(campaign)
    assert (row.pause_cause, row.resume_at) == (PauseCause.TEMPLATE, None)


def test_what_runs_in_a_restored_database_waits_for_a_person(app, sara):
    campaign = make_running(people=1)
    with unit_of_work():
        system.hold_sending("The database was restored from a backup.")

    due.restored()
    due.hint()

    assert fresh(campaign).pause_cause == PauseCause.RESTORED
    assert jobs.waiting(running.SEND) == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"pause_cause": "warm_up", "resume_at": utcnow() + timedelta(days=1)},
        {"pause_cause": "queue"},
        {"pause_cause": "person"},
        {"pause_cause": "late_start"},
    ],
)
def test_what_was_paused_in_a_restored_database_may_have_gone_on_since(app, columns):
    campaign = make_sendable(state="paused", paused_at=utcnow(), started_at=utcnow(), **columns)
    with unit_of_work():
        system.hold_sending("The database was restored from a backup.")

    due.restored()

    row = fresh(campaign)
    assert (row.pause_cause, row.resume_at) == (PauseCause.RESTORED, None)


def test_a_restored_database_is_told_of_once(app):
    campaign = make_sendable(state="paused", paused_at=utcnow(), pause_cause="person")
    with unit_of_work():
        system.hold_sending("The database was restored from a backup.")
    due.restored()
    told = fresh(campaign).paused_at
    due.restored()
    assert fresh(campaign).paused_at == told


def test_what_fails_for_one_campaign_holds_up_no_other(app):
    columns = {"state": "running", "start_mode": "daily", "start_at": NOON, "next_load_at": NOON}
    broken = make_sendable(time_zone="Nowhere/Land", **columns)
    sound = factories.make_campaign(broken.account, template=template_of(broken), **columns)

    due.steps(NOON)

    assert fresh(broken).next_load_at == NOON
    assert fresh(sound).next_load_at == NOON + timedelta(days=1)


def test_lost_hints_are_given_again(app):
    campaign = make_running(people=1)
    stopped = factories.make_campaign(campaign.account, state="stopped")
    factories.make_recipient(stopped)
    redis_clients.patient.flushdb()

    due.hint()

    assert (jobs.waiting(running.SEND), jobs.waiting(running.CLEAR)) == (1, 1)


def test_a_campaign_that_rests_is_not_hinted_before_its_time(app):
    campaign = make_running(people=1)
    columns = {"resting_reason": "hours", "resting_until": utcnow() + MINUTE}
    factories.change(campaign, **columns)
    due.hint()
    assert jobs.waiting(running.SEND) == 0
    due.hint(utcnow() + MINUTE)
    assert jobs.waiting(running.SEND) == 1


def test_what_is_being_loaded_is_hinted_whatever_its_first_chunk_waits_for(app):
    campaign = make_running(people=1, resting_reason="hours", resting_until=utcnow() + MINUTE)
    due.hint()
    assert jobs.waiting(running.SEND) == 0
    factories.change(campaign, loaded_at=None)
    due.hint()
    assert jobs.waiting(running.SEND) == 1


def test_a_limit_that_was_raised_wakes_whoever_rests_at_it(app):
    campaign = make_running(people=1, resting_reason="limit", resting_until=utcnow() + MINUTE)
    health = AccountHealth(account_id=campaign.account_id, facts={"messaging_limit": "1"})
    factories.save(health)
    somebody = factories.make_contact()
    with unit_of_work():
        limits.reserve(campaign.account, [somebody.id])
    due.hint()
    assert jobs.waiting(running.SEND) == 0
    factories.change(health, facts={"messaging_limit": "2"})
    due.hint()
    assert jobs.waiting(running.SEND) == 1


def test_jobs_that_wait_are_not_asked_for_again_and_again(app):
    make_running(people=1)
    for _ in range(3):
        due.hint()
        redis_clients.patient.delete(f"wake:{running.SEND}:0")  # it waited longer than its flag
    assert jobs.waiting(running.SEND) == 1


def test_a_call_that_was_cut_off_becomes_unknown(app):
    campaign = make_running()
    old = utcnow() - timedelta(seconds=due.CALL_SECONDS + 1)
    cut_off = add_recipient(campaign, state="sending", tries=1, state_at=old)
    under_way = add_recipient(campaign, state="sending", tries=1, state_at=utcnow())
    factories.save(CampaignAttempt(recipient_id=cut_off.id, number=1))

    with unit_of_work():
        assert due.expire_stale_calls() == 1

    assert (row_of(cut_off).state, row_of(under_way).state) == ("unknown", "sending")
    assert row_of(cut_off).detail == due.CUT_OFF
    assert attempts_of(cut_off)[0].outcome == "unknown"
    assert is_balanced(campaign)


def test_a_call_begun_anew_at_that_moment_is_not_in_doubt(app, monkeypatch):
    campaign = make_running()
    old = utcnow() - timedelta(seconds=due.CALL_SECONDS + 1)
    one = add_recipient(campaign, state="sending", tries=1, state_at=old)
    hold = ledger.hold

    def claimed_first(ids, *conditions):
        ids = list(ids)
        db.session.execute(update(Recipient).values(state_at=utcnow()))
        return hold(ids, *conditions)

    monkeypatch.setattr(ledger, "hold", claimed_first)
    with unit_of_work():
        assert due.expire_stale_calls() == 0

    assert row_of(one).state == "sending"
