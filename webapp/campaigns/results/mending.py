"""What people decide about single recipients: to try a failed one again, to settle a doubt."""

from sqlalchemy import func, select

from webapp.campaigns import activity, ledger, readiness, running
from webapp.campaigns.models import CampaignAttempt, CampaignState, Recipient, RecipientState
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.staff.models import record

BY_HAND = "by_hand"  # settled as failed by a person, who may then try again
NOBODY = "Nobody here can be tried again: they would fail for the same reason."
OPEN = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE)


def may_retry(campaign, reason):
    """Whether trying again may help somebody who failed for this reason."""
    return reason == BY_HAND or PROVIDERS[campaign.account.provider].may_pass_later(reason)


def check(campaign, now):
    """Lock it; raises ValueError where nobody can be tried again in it."""
    running.hold(campaign)
    if campaign.state not in OPEN:
        raise ValueError("This campaign has ended for good. Duplicate it to write to them.")
    readiness.check(campaign, now)


def retry_failed(campaign, by, ids, now=None):
    """Queue those of these whose failure may pass once more; how many. `retrying` takes all.

    The one way in which a person's doubt becomes a second message: settled as failed first.
    """
    now = now or utcnow()
    check(campaign, now)
    failed = Recipient.state == RecipientState.FAILED
    entries = ledger.hold(ids, _of(campaign), failed)
    chosen = [entry for entry in entries if may_retry(campaign, entry.reason)]
    if not chosen:
        raise ValueError(NOBODY)
    queue_again(chosen, now)
    say_retried(campaign, by, len(chosen), now)
    running.go_on_sending(campaign)
    return len(chosen)


def queue_again(entries, now=None):
    for entry in entries:
        entry.move(RecipientState.QUEUED, now)
        # Of the latest attempt, as answers and their time are: the former one keeps its own.
        entry.retry_at = entry.provider_id = entry.sent_at = entry.message_id = None
    ledger.save(entries)


def say_retried(campaign, by, many, now):
    _say(campaign, by, "retried", f"Tries {_people(many)} again", many, now)


def settle(campaign, ids, as_sent, by, now=None):
    """Say what became of recipients whose outcome is unknown; nothing is sent. How many it was."""
    now = now or utcnow()
    entries = ledger.hold(ids, _of(campaign), Recipient.state == RecipientState.UNKNOWN)
    if not entries:
        raise ValueError("A receipt has settled this meanwhile.")
    called = _called_at([entry.id for entry in entries])
    for entry in entries:
        if as_sent:
            entry.sent_at = entry.sent_at or called.get(entry.id, now)
            entry.move(RecipientState.SENT, now)
        else:
            entry.move(RecipientState.FAILED, now, BY_HAND, "A person said it never arrived.")
    ledger.save(entries)
    text = f"Settled {_people(len(entries))} as {'sent' if as_sent else 'not sent'}"
    _say(campaign, by, "settled", text, len(entries), now)
    return len(entries)


def _of(campaign):
    return Recipient.campaign_id == campaign.id


def _called_at(ids):
    """{recipient id: when its latest call began}"""
    rows = db.session.execute(
        select(CampaignAttempt.recipient_id, func.max(CampaignAttempt.started_at))
        .where(CampaignAttempt.recipient_id.in_(ids))
        .group_by(CampaignAttempt.recipient_id)
    )
    return dict(rows.all())


def _people(count):
    return "1 person" if count == 1 else f"{count:,} people"


def _say(campaign, by, action, text, count, now):
    activity.note(campaign, action, text, by, now)
    record(by, action, campaign, after={"recipients": count})
