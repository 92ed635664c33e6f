"""All who failed and may be reached by now are queued again, in bounded batches."""

from sqlalchemy import select, update

from webapp import jobs
from webapp.campaigns import ledger, running, timing
from webapp.campaigns.models import Campaign, Recipient, RecipientState
from webapp.campaigns.results import mending
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work

BATCH = 1000
WHY = f"why:{RecipientState.FAILED}:"


def ask(campaign, by, now=None):
    """Have all tried again who have failed by now and may be reached; how many they are."""
    now = now or utcnow()
    mending.check(campaign, now)
    counts = ledger.counts_of(campaign.id)
    many = sum(counts[f"{WHY}{reason}"] for reason in _reasons(campaign, counts))
    if not many:
        raise ValueError(mending.NOBODY)
    _keep(campaign, now)
    mending.say_retried(campaign, by, many, now)
    running.go_on_sending(campaign)
    jobs.hint(running.RETRY, campaign.id)
    return many


def run(campaign_id, stop_asked=lambda: False):
    """Queue them, a batch a unit, until nobody is left who had failed when it was asked for."""
    jobs.taken(running.RETRY, campaign_id)
    while not stop_asked():
        with unit_of_work():
            if not _queue_some(campaign_id):
                return


def due():
    """Campaigns for which it was asked and is not done: what no job picked up."""
    asked = Campaign.retry_asked_at.is_not(None)
    return db.session.scalars(select(Campaign.id).where(asked).order_by(Campaign.id)).all()


def _queue_some(campaign_id):
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None:
        return 0
    running.hold(campaign)
    if campaign.retry_asked_at is None:
        return 0
    failed = Recipient.state == RecipientState.FAILED
    goes_on = campaign.state in mending.OPEN and not timing.is_over(campaign, utcnow())
    entries = ledger.hold(_some(campaign), failed) if goes_on else []
    mending.queue_again(entries)
    if not entries:
        _keep(campaign, None)
    else:
        running.go_on_sending(campaign)
    return len(entries)


def _some(campaign):
    """Who fails again meanwhile is not among them."""
    return db.session.scalars(
        select(Recipient.id)
        .where(
            Recipient.campaign_id == campaign.id,
            Recipient.state == RecipientState.FAILED,
            Recipient.state_at <= campaign.retry_asked_at,
            Recipient.reason.in_(_reasons(campaign, ledger.counts_of(campaign.id))),
        )
        .limit(BATCH)
    ).all()


def _reasons(campaign, counts):
    """Of those for which people failed: where another time may help."""
    found = [
        name.removeprefix(WHY) for name, many in counts.items() if many and name.startswith(WHY)
    ]
    return [reason for reason in found if mending.may_retry(campaign, reason)]


def _keep(campaign, at):
    own = update(Campaign).where(Campaign.id == campaign.id).values(retry_asked_at=at)
    db.session.execute(own.execution_options(synchronize_session=False))
    db.session.refresh(campaign)
