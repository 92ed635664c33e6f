"""Takes a conversation through its account's ordered steps."""

import logging
from datetime import timedelta

from sqlalchemy import and_, or_, select, update

from webapp import jobs
from webapp.analytics import keeping
from webapp.analytics.models import Outcome
from webapp.apart import apart
from webapp.campaigns.models import Campaign
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import offering
from webapp.settings import intervals
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

MOST_STEPS = 100
BATCH = 200
AGAIN_AFTER = timedelta(minutes=1)  # where a step failed
UNDER_WAY = (InteractionState.NEW, InteractionState.ROUTING)
TIMED = (*UNDER_WAY, InteractionState.WAITING)  # where a moment says when it goes on


def advance(interaction, now=None):
    """Run steps from the interaction's position until one waits; without one it is unmanaged.

    A step outside its hours is passed over. A step function returns the position to go on from,
    or None where the interaction stays. Who answers a campaign goes to the campaign's queue instead
    of the account's first one, also where the account has none.
    """
    if interaction.state in UNDER_WAY:
        _take_steps(interaction, interaction.state, Outcome.MOVED, now or utcnow())


def _take_steps(interaction, before, outcome, now):
    summary.announce(interaction)
    position = interaction.step_position
    for _ in range(MOST_STEPS):
        step = _step_from(interaction.account, position)
        if step is None:
            break
        interaction.step_position = step.position
        position = _run(interaction, step, now)
        if position is None:
            break
    else:
        log.warning("interaction %s went in circles through its steps", interaction.id)
    if interaction.state in UNDER_WAY and not any(map(_is_queue, interaction.account.steps)):
        _for_campaign(interaction, now)
    if interaction.state in UNDER_WAY:
        interaction.state = InteractionState.UNMANAGED
    db.session.flush()
    _keep_phase(interaction, before, outcome, interaction.waiting_since or now)
    summary.announce(interaction)


def _keep_phase(interaction, before, outcome, at):
    if before == InteractionState.NEW:
        keeping.begun(interaction, at)
    elif interaction.state != before or outcome == Outcome.TIMED_OUT:
        keeping.moved(interaction, outcome, at)


def _time_out(interaction, now):
    """Nobody accepted in time: it goes on with the next step, and rings nobody meanwhile. Without a
    next one it is unmanaged, and still that queue's to take."""
    summary.announce(interaction)
    offering.withdraw_from([interaction.id])
    summary.note_event(interaction, "timed_out", queue=interaction.queue)
    interaction.state, interaction.waiting_since = InteractionState.ROUTING, None
    interaction.step_position += 1
    _take_steps(interaction, InteractionState.WAITING, Outcome.TIMED_OUT, now)


def wake(now=None):
    """Go on with what has slept or waited long enough, or was left standing between two steps; each
    alone."""
    now = now or utcnow()
    due = select(Interaction.id).where(*_is_due(now)).order_by(Interaction.id).limit(BATCH)
    ids = db.session.scalars(due).all()
    db.session.rollback()
    for id in ids:
        if not _woken(id, now):
            with unit_of_work():
                _let_sleep(id, now + AGAIN_AFTER)


def _woken(id, now):
    """Whether its steps could be taken; somebody else may have taken them."""
    found = select(Interaction).where(Interaction.id == id, *_is_due(now))
    with apart("the steps of conversation %s", id), unit_of_work():
        interaction = db.session.scalar(lock(found, skip_locked=True))
        if interaction is not None:
            interaction.wake_at = None
            timed_out = interaction.state == InteractionState.WAITING
            (_time_out if timed_out else advance)(interaction, now)
        return True
    return False


def _let_sleep(id, until):
    goes_on = or_(Interaction.state.in_(UNDER_WAY), Interaction.wake_at.is_not(None))
    found = Interaction.id == id, Interaction.state.in_(TIMED), goes_on
    db.session.execute(update(Interaction).where(*found).values(wake_at=until))


def _is_due(now):
    return (
        Interaction.state != InteractionState.CLOSED,  # the index is on these
        Interaction.state.in_(TIMED),
        or_(
            Interaction.wake_at <= now,
            and_(Interaction.wake_at.is_(None), Interaction.state.in_(UNDER_WAY)),
        ),
        Interaction.session_expires_at > now,
    )


def _step_from(account, position):
    """The first step at this position or behind it: steps may have been removed meanwhile."""
    if account.archived_at:
        return None  # nobody can answer from it, so it rings nobody
    return next((step for step in account.steps if step.position >= position), None)


def _run(interaction, step, now):
    queue = _queue_of(interaction, step)
    closed = _closed_by(step, queue, now)
    if closed is None:
        return STEPS.get(step.kind, _unknown)(interaction, step)
    summary.note_event(interaction, "passed_over", queue=queue, hours=closed.name)
    return step.position + 1


def _queue_of(interaction, step):
    """A step's own, but the first one of who answers a campaign is the campaign's."""
    first = next(filter(_is_queue, interaction.account.steps), None)
    return (step is first and _reply_queue(interaction)) or step.queue


def _is_queue(step):
    return step.kind == "queue"


def _reply_queue(interaction):
    if interaction.campaign_id is None or interaction.account.archived_at:
        return None
    campaign = db.session.get(Campaign, interaction.campaign_id)
    return campaign and campaign.reply_queue


def _closed_by(step, queue, now):
    """The hours we are outside of: the step's own, or those of its queue."""
    chosen = (step.interval, queue.interval if queue else None)
    return next((one for one in chosen if not intervals.is_open(one, now)), None)


def _for_campaign(interaction, now):
    queue = _reply_queue(interaction)
    if queue is not None and intervals.is_open(queue.interval, now):
        _wait_in(interaction, queue)


def _queue(interaction, step):
    queue = _queue_of(interaction, step)
    if queue is None:
        return step.position + 1
    _wait_in(interaction, queue, step.timeout)
    return None


def _wait_in(interaction, queue, timeout=None):
    interaction.state = InteractionState.WAITING
    interaction.queue_id = queue.id
    interaction.waiting_since = utcnow()
    if timeout:
        interaction.wake_at = interaction.waiting_since + timedelta(seconds=timeout)
    summary.note_event(interaction, "queued", queue=queue)
    jobs.hint("workers.inbound.offer", queue.id)


def _unknown(interaction, step):
    log.warning("step %s is of an unknown kind, %s", step.id, step.kind)
    return step.position + 1


STEPS = {"queue": _queue}
