"""Who does not answer in time is `no_response`: in batches, and looked for only when one is due."""

from datetime import timedelta

import pytest

from tests.campaigns.sent import balances, make_sent, now_of
from tests.factories import change, make_campaign
from tests.support.arriving import ago
from webapp.campaigns import ledger
from webapp.campaigns.models import Campaign
from webapp.campaigns.results import timeouts
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from workers import clock


@pytest.fixture
def campaign(account):
    return make_campaign(account, state="running", response_minutes=60, started_at=ago(hours=2))


def pass_over(campaign, now=None):
    after, batches = 0, 0
    while after is not None:
        with unit_of_work():
            after = timeouts.sweep(campaign.id, after, now)
        batches += 1
    return batches


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
def test_whose_time_is_over_did_not_answer(campaign, state):
    late, early = (make_sent(campaign, state=state, sent_at=ago(minutes=m)) for m in (61, 59))
    clock.timeouts_of_campaigns()
    assert (now_of(late).state, now_of(early).state) == ("no_response", state)
    assert balances(campaign)


@pytest.mark.parametrize("state", ["replied", "failed", "unknown", "queued"])
def test_others_stay_as_they_are(campaign, state):
    row = make_sent(campaign, state=state, sent_at=ago(minutes=61), replied_at=ago(minutes=1))
    pass_over(campaign)
    assert now_of(row).state == state


def test_many_are_moved_batch_by_batch(campaign, monkeypatch):
    monkeypatch.setattr(timeouts, "BATCH", 2)
    for number in range(5):
        make_sent(campaign, provider_id=f"w{number}", sent_at=ago(minutes=70))
    assert pass_over(campaign) == 4
    assert ledger.counts_of(campaign.id)["no_response"] == 5


def test_nobody_is_looked_through_before_the_first_is_due(campaign):
    sent_at = ago(minutes=20)
    make_sent(campaign, sent_at=sent_at)
    pass_over(campaign)
    planned = db.session.get(Campaign, campaign.id, populate_existing=True).timeouts_at
    assert planned == sent_at + timedelta(minutes=60)
    assert timeouts.due() == []
    assert timeouts.due(planned) == [campaign.id]


def test_a_campaign_that_ended_long_ago_is_not_asked_about(campaign):
    change(campaign, state="done", finished_at=ago(days=3))
    assert timeouts.due() == [campaign.id]
    assert timeouts.due(utcnow() + timedelta(days=40)) == []
