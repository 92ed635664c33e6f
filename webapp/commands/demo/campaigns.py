"""The demo's campaigns: one in each state; the running one goes on by itself."""

from datetime import timedelta
from decimal import Decimal

from webapp.campaigns import ledger
from webapp.campaigns.models import CampaignState, PauseCause, RecipientState, StartMode
from webapp.campaigns.settings.models import MessageRate
from webapp.commands.demo import crowd
from webapp.commands.demo.bulk_telling import FATES, FRIENDLY, OFFER, Campaigns
from webapp.extensions import db
from webapp.message_templates.models import Category
from webapp.settings.models import Interval, IntervalSpan
from webapp.unit_of_work import unit_of_work

PACE = 12  # a minute: what runs goes on for a while
PRICES = {Category.MARKETING: "0.025", Category.UTILITY: "0.004"}  # made up, to have costs to show
PRICED_DAYS = 90


def add(who):
    """After templates and conversations; `who` are the demo's people and accounts by id."""
    with unit_of_work():
        people = crowd.gather()
        told = Campaigns(who, *people.items())
        _prices(told)
        for part in (_running, _resting, _by_a_rule, _scheduled, _draft, _done, _stopped, _failed):
            part(told)


def _prices(told):
    """What the pretend numbers' messages cost: valid since before the first of them left."""
    midnight = told.now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=PRICED_DAYS)
    for category, price in PRICES.items():
        row = {"region": "US", "prefixes": ["1"], "currency": "USD", "valid_from": since}
        rate = MessageRate(provider="sandbox", category=category, price=Decimal(price), **row)
        db.session.add(rate)


def _running(told):
    """Half an hour old, and it goes on at its pace as soon as a sender runs."""
    began = told.now - timedelta(minutes=33)
    campaign = told.campaign(
        "Autumn delivery slots",
        told.who.shop,
        told.orders,
        state=CampaignState.RUNNING,
        pace=PACE,
        **_life(told, began),
    )
    waiting = told.loaded(campaign, told.orders[1])
    told.sent(campaign, waiting[: PACE * 33], began, PACE, replied=0.22)
    _started(told, campaign, began)


def _resting(told):
    """Its hours begin in the next hours, whenever the demo is looked at."""
    opens = (told.now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    span = IntervalSpan(starts=f"{opens:%H}:00", ends=f"{opens + timedelta(hours=3):%H}:00")
    hours = Interval(name="Visit calls", description="When visits are announced", spans=[span])
    db.session.add(hours)
    db.session.flush()
    began = told.now - timedelta(hours=20)
    campaign = told.campaign(
        "Visit tomorrow, north",
        told.who.care,
        told.orders,
        state=CampaignState.RUNNING,
        interval_id=hours.id,
        resting_reason="hours",
        resting_until=opens,
        **_life(told, began),
    )
    waiting = told.loaded(campaign, told.orders[1][:300])
    told.sent(campaign, waiting[:156], began, 30, replied=0.3)
    _started(told, campaign, began)


def _by_a_rule(told):
    began = told.now - timedelta(hours=5)
    campaign = told.campaign(
        "After delivery",
        told.who.care,
        told.news,
        templates=(OFFER,),
        state=CampaignState.PAUSED,
        pause_cause=PauseCause.RULE,
        pause_reason="8.1% of the last 200 failed, the bound is 5%.",
        paused_at=told.now - timedelta(hours=4),
        stop_rules={"failed_percent": 5, "failed_of": 200},
        **_life(told, began),
    )
    waiting = told.loaded(campaign, told.news[1][:420])
    many = ((8, RecipientState.FAILED, "131049"), *FATES)
    told.sent(campaign, waiting[:205], began, 20, replied=0.08, fates=many)
    _started(told, campaign, began)
    told.note(
        campaign,
        campaign.paused_at,
        "paused",
        "Paused: 8.1% of the last 200 failed, the bound is 5%.",
        "stop rule",
    )


def _scheduled(told):
    told.campaign(
        "Winter service check",
        told.who.care,
        told.orders,
        state=CampaignState.SCHEDULED,
        start_mode=StartMode.AT,
        start_at=(told.now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0),
        launched_at=told.now,
        launched_by_id=told.sara.id,
    )


def _draft(told):
    told.campaign("Spare part ready", told.who.shop, None, templates=())


def _done(told):
    """Two messages: the friendlier one is answered more."""
    began = told.now - timedelta(days=3, hours=2)
    campaign = told.campaign(
        "October offer",
        told.who.shop,
        told.news,
        templates=(OFFER, FRIENDLY),
        state=CampaignState.DONE,
        finished_at=began + timedelta(minutes=22),
        **_life(told, began),
    )
    waiting = told.loaded(campaign, told.news[1])
    for position, replied in enumerate((0.12, 0.29)):
        told.sent(campaign, waiting[position::2], began, 10, replied=replied)
    _started(told, campaign, began)
    told.note(campaign, campaign.finished_at, "done", "Everybody was written to")


def _stopped(told):
    began = told.now - timedelta(days=9)
    campaign = told.campaign(
        "Summer offer, second wave",
        told.who.shop,
        told.news,
        templates=(OFFER,),
        state=CampaignState.STOPPED,
        finished_at=began + timedelta(minutes=9),
        end_reason="By Sara Lindqvist: too many blocks",
        **_life(told, began),
    )
    waiting = told.loaded(campaign, told.news[1][:400])
    told.sent(campaign, waiting[:152], began, 17, replied=0.05)
    _cancelled(waiting[152:])
    _started(told, campaign, began)
    told.note(campaign, campaign.finished_at, "stopped", "Stopped: too many blocks", told.sara)


def _failed(told):
    at = told.now - timedelta(days=12)
    campaign = told.campaign(
        "Price change note",
        told.who.care,
        told.orders,
        templates=(OFFER,),
        state=CampaignState.FAILED,
        launched_at=at,
        launched_by_id=told.sara.id,
        start_mode=StartMode.AT,
        start_at=at,
        finished_at=at,
        end_reason="The template spring_offer was rejected by WhatsApp.",
    )
    told.note(campaign, at, "failed", f"It could not begin: {campaign.end_reason}")


def _life(told, began):
    return {
        "launched_at": began,
        "launched_by_id": told.sara.id,
        "started_at": began,
        "loaded_at": began,
    }


def _started(told, campaign, began):
    told.note(campaign, began, "launched", "Sending started", told.sara)


def _cancelled(ids):
    entries = ledger.hold(ids)
    for entry in entries:
        entry.move(RecipientState.CANCELLED, reason="stopped")
    ledger.save(entries)
