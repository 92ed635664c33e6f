"""A campaign's life: who may do what to it when, who wins, and what is written down."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.campaigns.sending import make_sendable
from webapp import system
from webapp.campaigns import cloning, launching, running
from webapp.campaigns.models import Campaign, CampaignEvent, CampaignState, PauseCause
from webapp.campaigns.results import mending
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.settings import values
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def do(verb, campaign, *arguments, **options):
    with unit_of_work():
        return verb(db.session.get(Campaign, campaign.id), *arguments, **options)


def states(campaign):
    row = db.session.get(Campaign, campaign.id, populate_existing=True)
    return row.state, row.pause_cause


def refused(verb, campaign, *arguments, **options):
    with pytest.raises(ValueError) as error:
        do(verb, campaign, *arguments, **options)
    return str(error.value)


@pytest.fixture
def campaign(app):
    return make_sendable()


@pytest.fixture
def running_one(campaign):
    return factories.change(campaign, state="running", started_at=utcnow(), loaded_at=utcnow())


def test_a_launch_starts_at_once_and_is_written_down(campaign, sara):
    do(running.launch, campaign, sara)

    assert campaign.state == CampaignState.RUNNING
    assert campaign.started_at and campaign.loaded_at is None and campaign.load_after_id == 0
    line = db.session.scalar(select(CampaignEvent))
    assert (line.kind, line.text, line.actor) == ("launched", "Sending started", sara.name)
    assert db.session.scalar(select(AuditEntry.action)) == "launched"


def test_of_two_launches_one_wins(campaign, sara, ben):
    do(running.launch, campaign, sara)

    assert "is being sent" in refused(running.launch, campaign, ben)
    assert campaign.launched_by_id == sara.id


def test_a_campaign_with_a_time_waits_for_it(campaign, sara):
    factories.change(campaign, start_mode="at", start_at=NOON + timedelta(hours=2))

    do(running.launch, campaign, sara, NOON)
    assert campaign.state == CampaignState.SCHEDULED

    do(running.begin, campaign, NOON + timedelta(hours=2, seconds=3))
    assert (campaign.state, campaign.load_after_id) == (CampaignState.RUNNING, 0)


def test_a_start_that_is_over_is_refused(campaign, sara):
    factories.change(campaign, start_mode="at", start_at=NOON - timedelta(minutes=1))
    assert "over" in refused(running.launch, campaign, sara, NOON)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: factories.change(c.account, enabled=False), "switched off"),
        (lambda c: factories.change(c.account, archived_at=NOON), "account is gone"),
        (lambda c: factories.change(c.account, provider="sinch"), "Campaigns cannot be sent"),
        (lambda c: factories.change(template_of(c), status="paused"), "is paused by WhatsApp"),
        (lambda c: factories.change(c, variants=[]), "choose a template"),
        (lambda c: inbound_only(), "inbound only"),
        (lambda c: hold(), "let sending go on"),
    ],
)
def test_what_cannot_be_sent_is_not_launched(campaign, sara, change, words):
    change(campaign)
    assert words in refused(running.launch, campaign, sara)


def template_of(campaign):
    from webapp.message_templates.models import MessageTemplate

    return db.session.scalar(select(MessageTemplate))


def inbound_only():
    with unit_of_work():
        values.put("plan", {"kind": "inbound"}, "test")


def hold():
    with unit_of_work():
        system.hold_sending("The database was restored from a backup.")


def test_a_start_missed_by_more_than_ten_minutes_asks_a_person(campaign, sara):
    factories.change(campaign, state="scheduled", start_mode="at", start_at=NOON)

    do(running.begin, campaign, NOON + timedelta(minutes=11))

    assert states(campaign) == (CampaignState.PAUSED, PauseCause.LATE_START)
    do(running.resume, campaign, sara, NOON + timedelta(minutes=20))
    assert campaign.state == CampaignState.RUNNING
    assert campaign.started_at == NOON + timedelta(minutes=20)


def test_a_start_missed_by_less_goes_out(campaign):
    factories.change(campaign, state="scheduled", start_mode="at", start_at=NOON)
    do(running.begin, campaign, NOON + timedelta(minutes=9))
    assert campaign.state == CampaignState.RUNNING


def test_a_due_start_in_a_restored_database_asks_a_person(campaign):
    factories.change(campaign, state="scheduled", start_mode="at", start_at=NOON)
    hold()

    do(running.begin, campaign, NOON)

    assert states(campaign) == (CampaignState.PAUSED, PauseCause.RESTORED)


def test_a_start_that_meets_a_paused_template_waits_for_it(campaign):
    factories.change(campaign, state="scheduled", start_mode="at", start_at=NOON)
    factories.change(template_of(campaign), status="paused")

    do(running.begin, campaign, NOON)

    assert states(campaign) == (CampaignState.PAUSED, PauseCause.TEMPLATE)


def test_a_start_that_can_never_be_is_failed(campaign):
    factories.change(campaign, state="scheduled", start_mode="at", start_at=NOON)
    factories.change(template_of(campaign), status="disabled")

    do(running.begin, campaign, NOON)

    assert campaign.state == CampaignState.FAILED
    assert "was disabled by WhatsApp" in campaign.end_reason


def test_pause_and_resume_say_who(running_one, sara, ben):
    do(running.pause, running_one, sara)
    assert states(running_one) == (CampaignState.PAUSED, PauseCause.PERSON)
    assert running_one.pause_reason == "By Sara Supervisor"
    assert "is paused" in refused(running.pause, running_one, ben)

    do(running.resume, running_one, ben)
    assert states(running_one) == (CampaignState.RUNNING, None)
    told = select(CampaignEvent.kind, CampaignEvent.actor).order_by(CampaignEvent.id)
    lines = db.session.execute(told).all()
    assert [tuple(line) for line in lines] == [("paused", sara.name), ("resumed", ben.name)]


def test_a_rule_that_comes_second_changes_nothing(running_one, sara):
    do(running.pause, running_one, sara)

    assert not do(running.halt, running_one, "failures", PauseCause.RULE, "Too many failed.")

    assert states(running_one) == (CampaignState.PAUSED, PauseCause.PERSON)


def test_a_person_keeps_paused_what_would_go_on_by_itself(running_one, sara):
    later = utcnow() + timedelta(minutes=15)
    do(running.halt, running_one, "warm-up", PauseCause.WARM_UP, "Warmed up.", resume_at=later)

    do(running.pause, running_one, sara)

    assert states(running_one) == (CampaignState.PAUSED, PauseCause.PERSON)
    assert running_one.resume_at is None


def test_nothing_undoes_the_pause_of_a_person_who_came_first(running_one, sara):
    do(running.halt, running_one, "warm-up", PauseCause.WARM_UP, "Warmed up.", resume_at=utcnow())
    do(running.pause, running_one, sara)

    do(running.go_on, running_one)  # clock looked a moment before

    assert states(running_one) == (CampaignState.PAUSED, PauseCause.PERSON)


def test_stop_is_final(running_one, sara):
    do(running.stop, running_one, sara, "too many blocks")

    assert running_one.state == CampaignState.STOPPED
    assert running_one.end_reason == "By Sara Supervisor: too many blocks"
    assert "was stopped" in refused(running.resume, running_one, sara)
    assert "was stopped" in refused(running.extend, running_one, sara)


def test_it_is_done_when_nobody_waits_or_is_called(running_one):
    waiting = factories.make_recipient(running_one, state="sending")
    assert not do(running.finish, running_one)

    factories.change(waiting, state="unknown")

    assert do(running.finish, running_one)
    assert running_one.state == CampaignState.DONE and running_one.finished_at


def test_it_is_not_done_while_it_loads(running_one):
    factories.change(running_one, loaded_at=None)
    assert not do(running.finish, running_one)


def test_a_done_campaign_goes_on_with_new_contacts(running_one, sara):
    do(running.finish, running_one)

    do(running.extend, running_one, sara)

    assert (running_one.state, running_one.loaded_at) == (CampaignState.RUNNING, None)
    assert (running_one.load_after_id, running_one.finished_at) == (0, None)


@time_machine.travel(NOON, tick=False)
def test_a_daily_one_begins_tomorrow_where_today_is_over(campaign, sara):
    at_nine = NOON.replace(hour=9)
    factories.change(campaign, start_mode="daily", start_at=at_nine, time_zone="Europe/Lisbon")

    do(running.launch, campaign, sara)
    assert campaign.start_at == at_nine + timedelta(days=1)

    do(running.begin, campaign, at_nine + timedelta(days=1))
    assert campaign.next_load_at == at_nine + timedelta(days=2)
    assert not do(running.finish, campaign)


def test_a_daily_one_looks_again_each_day_by_its_own_clock(campaign):
    before_the_change = datetime(2026, 10, 24, 8, 0, tzinfo=UTC)  # 09:00 in Lisbon
    factories.change(
        campaign,
        state="running",
        start_mode="daily",
        time_zone="Europe/Lisbon",
        start_at=before_the_change,
        next_load_at=before_the_change,
        loaded_at=before_the_change,
    )

    do(running.load_again, campaign, before_the_change + timedelta(seconds=4))

    assert (campaign.loaded_at, campaign.load_after_id) == (None, 0)
    assert campaign.next_load_at == before_the_change + timedelta(hours=25)


def test_the_end_cancels_whoever_waits(running_one):
    assert do(running.end, running_one)
    assert running_one.state == CampaignState.DONE
    assert "Its end came" in running_one.end_reason


@pytest.mark.parametrize("verb", [launching.extend, running.resume, mending.check])
def test_behind_its_end_nothing_can_be_asked_of_it(running_one, sara, verb):
    """Clock would end it again within seconds, and cancel whoever was queued."""
    factories.change(running_one, state="paused", end_at=NOON)
    arguments = [] if verb is mending.check else [sara]
    assert "choose a later end" in refused(verb, running_one, *arguments, now=NOON)


def test_a_clone_is_a_draft_of_its_own(running_one, sara):
    factories.change(running_one, start_at=NOON, pace=40, audience={"list_ids": [7]})

    twin = do(cloning.clone, running_one, sara, NOON + timedelta(days=1))

    assert (twin.state, twin.name) == (CampaignState.DRAFT, "Autumn delivery slots (copy)")
    assert twin.token != running_one.token
    assert (twin.pace, twin.audience, twin.start_at) == (40, {"list_ids": [7]}, None)
    assert [one.template_name for one in twin.variants] == ["delivery_slot"]
    assert twin.variants[0].id != running_one.variants[0].id
