"""Whoever talked to an agent while the campaign was loaded gets it afterwards."""

import pytest

from tests import factories
from tests.campaigns.test_audience import member
from tests.campaigns.test_loading import load, rows_of, running
from webapp import jobs
from webapp.campaigns import ledger
from webapp.campaigns.audience import rejoining
from webapp.campaigns.running import SEND
from webapp.columns import utcnow
from webapp.contacts import merging
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from workers import clock


@pytest.fixture
def account(app):
    return factories.make_meta_account()


@pytest.fixture
def people(account):
    return factories.make_list("Heating contracts")


@pytest.fixture
def talk(account, people):
    return factories.make_interaction(account, member(people))


def states(campaign):
    return [(row.state, row.reason) for row in rows_of(campaign)]


def test_they_wait_until_their_conversation_is_over(account, people, talk):
    campaign = running(account, people)
    load(campaign)
    assert (states(campaign), rejoining.due()) == ([("skipped", "open_conversation")], [])
    factories.change(talk, state="closed")

    assert rejoining.due() == [campaign.id]
    clock.rejoin_campaigns()

    assert (states(campaign), rejoining.due()) == ([("queued", None)], [])
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_a_conversation_with_another_number_holds_nobody_up(account, people, talk):
    elsewhere = factories.make_meta_account(phone="15550100999", phone_number_id="2", key="OTHR")
    for owner in (elsewhere, account):
        factories.make_recipient(factories.make_campaign(owner))
    campaign = running(account, people)
    load(campaign)
    factories.make_interaction(elsewhere, talk.contact)
    assert rejoining.due() == []
    factories.change(talk, state="closed")
    assert rejoining.due() == [campaign.id]


def test_a_campaign_whose_condition_is_gone_holds_up_no_other(account, people, talk):
    broken, sound = running(account, people), running(account, people)
    for one in (broken, sound):
        load(one)
    gone = [{"field": "field-99", "op": "filled", "value": None}]
    factories.change(broken, audience={**broken.audience, "conditions": gone})
    factories.change(talk, state="closed")

    clock.rejoin_campaigns()

    assert states(broken) == [("skipped", "open_conversation")]
    db.session.refresh(broken)
    assert (broken.state, broken.pause_cause) == ("paused", "rule")
    assert states(sound) == [("queued", None)]


def test_whoever_opted_out_meanwhile_stays_left_out(account, people, talk):
    campaign = running(account, people)
    load(campaign)
    factories.change(talk, state="closed")
    factories.change(talk.contact, consent="out")

    with unit_of_work():
        rejoining.rejoin(campaign.id)

    assert states(campaign) == [("skipped", "opted_out")]


def test_whoever_left_the_audience_meanwhile_is_waited_for_no_longer(account, people, talk):
    campaign = running(account, people)
    load(campaign)
    factories.change(talk, state="closed")
    factories.change(talk.contact, blocked_at=utcnow())

    with unit_of_work():
        rejoining.rejoin(campaign.id)

    assert states(campaign) == [("skipped", "no_member")]


def test_whoever_got_it_as_somebody_else_is_not_queued_again(account, people, talk):
    campaign = running(account, people)
    load(campaign)
    factories.make_recipient(campaign, talk.contact, "sent")  # since a merge
    factories.change(talk, state="closed")

    with unit_of_work():
        rejoining.rejoin(campaign.id)

    assert states(campaign) == [("skipped", "duplicate"), ("sent", None)]


def test_of_two_who_turned_out_to_be_one_person_one_is_queued(account, people, talk):
    other = factories.make_interaction(account, member(people))
    campaign = running(account, people)
    load(campaign)
    with unit_of_work():
        merging.merge(talk.contact, other.contact, {}, "test")
    for one in (talk, other):
        factories.change(one, state="closed")

    with unit_of_work():
        rejoining.rejoin(campaign.id)

    assert states(campaign) == [("queued", None), ("skipped", "duplicate")]
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_a_campaign_that_rests_goes_on_with_them(account, people, talk):
    campaign = running(account, people, resting_reason="retry", resting_until=utcnow())
    load(campaign)
    factories.change(talk, state="closed")

    with unit_of_work():
        rejoining.rejoin(campaign.id)

    db.session.refresh(campaign)
    assert (campaign.resting_reason, jobs.waiting(SEND)) == (None, 1)


def test_a_campaign_that_is_over_sends_nobody_after(account, people, talk):
    campaign = running(account, people)
    load(campaign)
    factories.change(talk, state="closed")
    factories.change(campaign, state="done")

    assert rejoining.due() == []
