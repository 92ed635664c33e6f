"""Single recipients: tried again where that may help, doubts settled by people."""

import threading

import pytest

from tests import factories
from tests.campaigns.sending import make_sendable
from webapp import jobs
from webapp.campaigns import clearing, due, ledger, running
from webapp.campaigns.models import Campaign, CampaignAttempt, Recipient, RecipientState
from webapp.campaigns.results import mending, retrying
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def campaign(app):
    return make_sendable(state="done", finished_at=utcnow(), loaded_at=utcnow())


def fallen(campaign, reason):
    return factories.make_recipient(campaign, state="failed", reason=reason, tries=4)


def state_of(recipient):
    return db.session.get(Recipient, recipient.id, populate_existing=True).state


def balanced(campaign):
    return ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_only_those_are_tried_again_whom_it_may_help(campaign, sara):
    busy, unreachable = fallen(campaign, "131000"), fallen(campaign, "131026")

    with unit_of_work():
        assert retrying.ask(db.session.get(Campaign, campaign.id), sara) == 1
    retrying.run(campaign.id)

    assert (state_of(busy), state_of(unreachable)) == (RecipientState.QUEUED, RecipientState.FAILED)
    assert campaign.state == "running"
    assert balanced(campaign)


def test_all_are_tried_again_in_batches_and_whoever_fails_meanwhile_is_not(
    campaign, sara, monkeypatch
):
    monkeypatch.setattr(retrying, "BATCH", 2)
    some = [fallen(campaign, "131000") for _ in range(5)]
    with unit_of_work():
        assert retrying.ask(db.session.get(Campaign, campaign.id), sara) == 5
    later = fallen(campaign, "131000")
    assert {state_of(one) for one in some} == {RecipientState.FAILED}

    retrying.run(campaign.id)

    assert {state_of(one) for one in some} == {RecipientState.QUEUED}
    assert state_of(later) == RecipientState.FAILED
    assert retrying.due() == []
    assert balanced(campaign)


def test_an_end_that_comes_before_all_are_queued_again_is_the_end(campaign, sara):
    one, end = fallen(campaign, "131000"), utcnow()
    with unit_of_work():
        retrying.ask(db.session.get(Campaign, campaign.id), sara)
    factories.change(campaign, end_at=end)
    due.steps(end)

    retrying.run(campaign.id)

    assert (campaign.state, state_of(one)) == ("done", RecipientState.FAILED)
    assert retrying.due() == []


def test_a_campaign_is_not_done_before_all_are_queued_again(campaign, sara):
    fallen(campaign, "131000")
    with unit_of_work():
        retrying.ask(db.session.get(Campaign, campaign.id), sara)
    with unit_of_work():
        assert not running.finish(db.session.get(Campaign, campaign.id))
    redis_clients.patient.flushdb()

    due.hint()

    assert jobs.waiting(running.RETRY) == 1


def test_a_second_attempt_is_known_and_timed_by_itself(campaign, sara):
    one = factories.make_recipient(
        campaign, state="failed", reason="131049", tries=1, provider_id="wamid.1",
        sent_at=utcnow(), message_id=7,
    )  # fmt: skip
    with unit_of_work():
        mending.retry_failed(db.session.get(Campaign, campaign.id), sara, [one.id])
    row = db.session.get(Recipient, one.id, populate_existing=True)
    assert (row.provider_id, row.sent_at, row.message_id) == (None, None, None)
    assert balanced(campaign)


def test_a_campaign_is_not_done_while_somebody_is_queued_again(app, campaign, sara):
    factories.change(campaign, state="running", resting_reason="retry", finished_at=None)
    one, id = fallen(campaign, "131000"), campaign.id

    def finish():
        with app.app_context(), unit_of_work():
            running.finish(db.session.get(Campaign, id))

    sender = threading.Thread(target=finish)
    with unit_of_work():
        mending.retry_failed(db.session.get(Campaign, id), sara, [one.id])
        sender.start()
        sender.join(0.5)
    sender.join()
    clearing.clear(id)

    assert state_of(one) == RecipientState.QUEUED
    db.session.refresh(campaign)
    assert (campaign.state, campaign.resting_reason) == ("running", None)


def test_where_nobody_can_be_tried_again_it_says_so(campaign, sara):
    one = fallen(campaign, "131026")
    with pytest.raises(ValueError, match="would fail for the same reason"), unit_of_work():
        mending.retry_failed(campaign, sara, [one.id])
    assert campaign.state == "done"


def test_a_stopped_campaign_tries_nobody_again(campaign, sara):
    factories.change(campaign, state="stopped")
    fallen(campaign, "131000")
    with pytest.raises(ValueError, match="ended for good"), unit_of_work():
        retrying.ask(campaign, sara)


def test_a_doubt_settled_as_sent_counts_from_its_call(campaign, sara):
    one = factories.make_recipient(campaign, state="unknown", tries=1)
    called = factories.save(CampaignAttempt(recipient_id=one.id, number=1)).started_at

    with unit_of_work():
        mending.settle(campaign, [one.id], True, sara)

    assert state_of(one) == RecipientState.SENT
    assert one.sent_at == called
    assert balanced(campaign)


def test_a_doubt_settled_as_failed_is_not_sent_again_unless_a_person_says_so(campaign, sara):
    one = factories.make_recipient(campaign, state="unknown", tries=1)
    with unit_of_work():
        mending.settle(campaign, [one.id], False, sara)
    assert (state_of(one), one.reason) == (RecipientState.FAILED, mending.BY_HAND)
    assert campaign.state == "done"

    with unit_of_work():
        mending.retry_failed(campaign, sara, [one.id])
    assert state_of(one) == RecipientState.QUEUED


def test_what_a_receipt_has_settled_is_left_alone(campaign, sara):
    one = factories.make_recipient(campaign, state="delivered")
    with pytest.raises(ValueError, match="receipt has settled"), unit_of_work():
        mending.settle(campaign, [one.id], False, sara)


def test_whoever_waits_in_an_ended_campaign_is_cancelled(campaign):
    factories.change(campaign, state="stopped")
    waiting = [factories.make_recipient(campaign, state=state) for state in ("queued", "retry")]
    sent = factories.make_recipient(campaign, state="sent")
    assert clearing.due() == [campaign.id]

    clearing.clear(campaign.id)

    assert [state_of(one) for one in waiting] == ["cancelled", "cancelled"]
    assert (state_of(sent), waiting[0].reason) == ("sent", "stopped")
    assert clearing.due() == []
    assert balanced(campaign)
