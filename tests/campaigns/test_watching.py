"""A campaign pauses or slows down by itself, says why, and counts anew once a person resumed it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import (
    change,
    make_campaign,
    make_interaction,
    make_meta_account,
    make_queue,
    save,
)
from tests.inbox.templates import make_template
from tests.support.arriving import ago
from webapp.accounts.models import AccountHealth
from webapp.alerting import watching as alerting
from webapp.alerting.models import Alert
from webapp.campaigns import ledger, running, watching
from webapp.campaigns.models import Campaign, CampaignEvent, CampaignMinute
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates import states
from webapp.message_templates.models import MessageTemplate
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def template(meta):
    return make_template("delivery_slot", account=meta)


@pytest.fixture
def orders():
    return make_queue("Orders")


@pytest.fixture
def campaign(meta, template, orders):
    return make_campaign(
        meta, template=template, state="running", pace=80, reply_queue_id=orders.id,
        started_at=ago(hours=1), loaded_at=ago(hours=1),
    )  # fmt: skip


def ruled(campaign, **rules):
    return change(campaign, stop_rules=rules)


def counted(campaign, **counts):
    """`delivered=90` for "ever:delivered", `failed_131026=3` for its reason."""
    names = {
        "delivered": "ever:delivered",
        "opted_out": "ever:opted_out",
    }
    with unit_of_work():
        ledger.count(
            {
                (campaign.id, 0, names.get(name, name.replace("failed_", "why:failed:"))): many
                for name, many in counts.items()
            }
        )


def minute(campaign, minutes_ago, **counts):
    at = ago(minutes=minutes_ago).replace(second=0)
    return save(CampaignMinute(campaign_id=campaign.id, minute=at, shard=0, **counts))


def now_of(campaign):
    db.session.rollback()
    return db.session.get(Campaign, campaign.id, populate_existing=True)


def events(campaign):
    rows = select(CampaignEvent.text).where(CampaignEvent.campaign_id == campaign.id)
    return db.session.scalars(rows.order_by(CampaignEvent.id)).all()


def alerts():
    rows = select(Alert.subject).where(Alert.kind == "campaign", Alert.ended_at.is_(None))
    return db.session.scalars(rows).all()


def resume(campaign):
    with unit_of_work():
        running.resume(now_of(campaign), "Sara")


def test_too_many_failures_pause_it_and_say_why(campaign):
    ruled(campaign, failed_percent=5, failed_of=200)
    minute(campaign, 9, sent=1000)
    minute(campaign, 2, sent=150, failed=7)
    minute(campaign, 1, sent=40, refused=10, failed=4)
    watching.look()
    paused = now_of(campaign)
    assert (paused.state, paused.pause_cause) == ("paused", "rule")
    assert paused.pause_reason == "11 of the last 200 failed, more than 5%"
    assert events(campaign) == ["Paused: 11 of the last 200 failed, more than 5%"]
    assert alerts() == [f"campaign:{campaign.id}"]


@pytest.mark.parametrize("minutes", [{"sent": 150, "failed": 40}, {"sent": 200, "failed": 10}])
def test_few_results_or_few_failures_pause_nothing(campaign, minutes):
    ruled(campaign, failed_percent=5, failed_of=200)
    minute(campaign, 1, **minutes)
    watching.look()
    assert now_of(campaign).state == "running"


@pytest.mark.parametrize(
    "rule, counts, why",
    [
        ("opt_out_percent", {"opted_out": 4}, "4 of 100 people asked to stop, more than 3%"),
        (
            "blocked_percent",
            {"failed_131050": 4},
            "4 of 104 people blocked marketing from you, more than 3%",
        ),
    ],
)
def test_people_who_turn_away_pause_it(campaign, rule, counts, why):
    ruled(campaign, **{rule: 3})
    counted(campaign, delivered=100, **counts)
    watching.look()
    assert now_of(campaign).pause_reason == why


def test_a_share_of_a_handful_says_nothing(campaign):
    ruled(campaign, opt_out_percent=3)
    counted(campaign, delivered=10, opted_out=1)
    watching.look()
    assert now_of(campaign).state == "running"


def test_a_number_of_low_quality_pauses_it(campaign, meta):
    ruled(campaign, quality_low=True)
    save(AccountHealth(account_id=meta.id, facts={"quality": "Red"}))
    watching.look()
    assert now_of(campaign).pause_reason == "Meta rates the quality of Northgate Care low"


def test_what_a_person_resumed_in_spite_of_a_rule_goes_on(campaign, meta):
    save(AccountHealth(account_id=meta.id, facts={"quality": "Red"}))
    ruled(campaign, opt_out_percent=3, failed_percent=5, failed_of=20, quality_low=True)
    counted(campaign, delivered=100, opted_out=4, failed_131042=1)
    minute(campaign, 1, sent=100, failed=50)
    watching.look()
    assert now_of(campaign).state == "paused"
    resume(campaign)  # before the rules were looked at once more
    watching.look()
    assert now_of(campaign).state == "running"
    counted(campaign, delivered=60, opted_out=3)
    watching.look()
    assert now_of(campaign).pause_reason == "3 of 60 people asked to stop, more than 3%"


@pytest.mark.parametrize("code, cause", [("131042", "account"), ("132015", "template")])
def test_a_receipt_that_concerns_everybody_pauses_it(campaign, code, cause):
    counted(campaign, **{f"failed_{code}": 1})
    watching.look()
    assert (now_of(campaign).state, now_of(campaign).pause_cause) == ("paused", cause)


def test_a_receipt_that_concerns_one_person_pauses_nothing(campaign):
    counted(campaign, failed_131026=900, failed_by_hand=2)
    watching.look()
    assert now_of(campaign).state == "running"


def test_while_too_many_wait_it_pauses_and_goes_on_by_itself(campaign, meta, orders):
    ruled(campaign, queue_waiting=1)
    first, _ = (make_interaction(meta, queue=orders) for _ in range(2))
    watching.look()
    paused = now_of(campaign)
    assert (paused.state, paused.pause_cause) == ("paused", "queue")
    assert paused.pause_reason == "2 people wait in Orders"
    change(first, state="closed")
    watching.look()
    assert now_of(campaign).state == "paused"  # not below it yet
    with unit_of_work():
        running.pause(now_of(campaign), "Sara")
    assert now_of(campaign).pause_cause == "person"


def test_below_its_bound_it_goes_on(campaign, meta, orders):
    ruled(campaign, queue_waiting=2)
    rows = [make_interaction(meta, queue=orders) for _ in range(3)]
    watching.look()
    for row in rows[:2]:
        change(row, state="closed")
    watching.look()
    assert now_of(campaign).state == "running"
    assert events(campaign)[-1] == "Resumed"
    assert alerts() == []


def test_what_goes_on_by_itself_is_judged_by_all_that_was_counted(campaign, meta, orders):
    ruled(campaign, queue_waiting=2, opt_out_percent=3)
    counted(campaign, delivered=40, opted_out=10)  # too few as yet
    rows = [make_interaction(meta, queue=orders) for _ in range(3)]
    watching.look()
    for row in rows:
        change(row, state="closed")
    watching.look()
    assert now_of(campaign).state == "running"
    counted(campaign, delivered=20)
    watching.look()
    assert now_of(campaign).pause_reason == "10 of 60 people asked to stop, more than 3%"


def test_who_resumes_it_in_spite_of_a_long_queue_is_obeyed_until_it_grows(campaign, meta, orders):
    ruled(campaign, queue_waiting=1)
    for _ in range(2):
        make_interaction(meta, queue=orders)
    watching.look()
    resume(campaign)
    watching.look()
    assert now_of(campaign).state == "running"
    make_interaction(meta, queue=orders)
    watching.look()
    assert now_of(campaign).pause_reason == "3 people wait in Orders"


def test_a_long_wait_slows_it_and_its_end_hurries_it(campaign, meta, orders):
    ruled(campaign, queue_wait_seconds=120)
    talk = make_interaction(meta, queue=orders, waiting_since=ago(minutes=3))
    now = utcnow()
    watching.look(now)
    watching.look(now + timedelta(seconds=5))
    slowed = now_of(campaign)
    assert (slowed.slowed_to, slowed.slowed_until) == (40, now + watching.SLOWED_FOR)
    assert slowed.slowed_reason.endswith("in Orders")
    watching.look(now + timedelta(seconds=70))
    assert now_of(campaign).slowed_to == 20
    change(talk, state="closed")
    watching.look(now + timedelta(seconds=75))
    assert now_of(campaign).slowed_to == 20
    watching.look(now + timedelta(seconds=200))
    assert (now_of(campaign).slowed_to, now_of(campaign).slowed_until) == (None, None)
    assert events(campaign)[-1] == "Full speed again"


def test_what_hinders_it_by_then_is_why_it_stays_paused_and_said_once(
    campaign, meta, orders, template
):
    ruled(campaign, queue_waiting=1)
    rows = [make_interaction(meta, queue=orders) for _ in range(2)]
    watching.look()
    change(template, status="paused")
    for row in rows:
        change(row, state="closed")
    for _ in range(3):
        watching.look()
    assert (now_of(campaign).state, now_of(campaign).pause_cause) == ("paused", "template")
    assert len(events(campaign)) == 2


def news(template, status, why="", **columns):
    with unit_of_work():
        row = db.session.get(MessageTemplate, template.id)
        for name, value in columns.items():
            setattr(row, name, value)
        states.set_status(row, status, why)


def test_its_template_s_pause_pauses_it_until_meta_ends_it(campaign, template):
    until = ago(hours=-3)
    news(template, "paused", "Low quality.", paused_until=until)
    paused = now_of(campaign)
    assert (paused.state, paused.pause_cause, paused.resume_at) == ("paused", "template", until)
    assert paused.pause_reason == "Template paused: Low quality"
    news(template, "approved")
    assert now_of(campaign).state == "running"


def test_a_rejected_template_waits_for_a_person_even_when_it_is_approved_again(campaign, template):
    news(template, "rejected", "Breaks the rules")
    assert now_of(campaign).pause_reason == "Template rejected: Breaks the rules"
    assert alerts() == [f"campaign:{campaign.id}"]
    news(template, "approved")
    assert now_of(campaign).state == "paused"
    assert events(campaign)[-1] == "Template delivery_slot is approved again: it may go on"


def test_other_templates_and_campaigns_are_left_alone(campaign, meta, template):
    other = make_template("other", account=meta)
    another = make_campaign(meta, "Second wave", template=other, state="running")
    elsewhere = make_template("delivery_slot", language="de", account=meta)
    news(elsewhere, "paused")
    assert now_of(campaign).state == "running"
    news(template, "disabled")
    assert (now_of(campaign).state, now_of(another).state) == ("paused", "running")


def test_the_alert_ends_when_it_no_longer_waits(campaign):
    change(campaign, state="paused", pause_cause="late_start", paused_at=ago(minutes=1))
    alerting.look()
    assert alerts() == [f"campaign:{campaign.id}"]
    resume(campaign)
    alerting.look()
    assert alerts() == []
