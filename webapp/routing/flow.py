"""Takes a conversation through its account's ordered steps."""

import logging

from sqlalchemy import or_, select

from webapp import jobs
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.settings import intervals

log = logging.getLogger(__name__)

MOST_STEPS = 100
BATCH = 200
UNDER_WAY = (InteractionState.NEW, InteractionState.ROUTING)


def advance(interaction, now=None):
    """Run steps from the interaction's position until one waits; without one it is unmanaged.

    A step outside its hours is passed over. A step function returns the position to go on from,
    or None where the interaction stays.
    """
    now = now or utcnow()
    if interaction.state not in UNDER_WAY:
        return
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
    if interaction.state in UNDER_WAY:
        interaction.state = InteractionState.UNMANAGED
    db.session.flush()
    summary.announce(interaction)


def wake(now=None):
    """Go on with what has slept long enough, or was left standing between two steps."""
    now = now or utcnow()
    due = lock(
        select(Interaction)
        .where(
            Interaction.state != InteractionState.CLOSED,  # the index is on these
            Interaction.state.in_(UNDER_WAY),
            or_(Interaction.wake_at.is_(None), Interaction.wake_at <= now),
            Interaction.session_expires_at > now,
        )
        .order_by(Interaction.id)
        .limit(BATCH),
        skip_locked=True,
    )
    for interaction in db.session.scalars(due).all():
        interaction.wake_at = None
        advance(interaction, now)


def _step_from(account, position):
    """The first step at this position or behind it: steps may have been removed meanwhile."""
    if account.archived_at:
        return None  # nobody can answer from it, so it rings nobody
    return next((step for step in account.steps if step.position >= position), None)


def _run(interaction, step, now):
    closed = _closed_by(step, now)
    if closed is None:
        return STEPS.get(step.kind, _unknown)(interaction, step)
    summary.note_event(interaction, "passed_over", queue=step.queue, hours=closed.name)
    return step.position + 1


def _closed_by(step, now):
    """The hours we are outside of: the step's own, or those of its queue."""
    chosen = (step.interval, step.queue.interval if step.queue else None)
    return next((one for one in chosen if not intervals.is_open(one, now)), None)


def _queue(interaction, step):
    if step.queue is None:
        return step.position + 1
    interaction.state = InteractionState.WAITING
    interaction.queue_id = step.queue_id
    interaction.waiting_since = utcnow()
    summary.note_event(interaction, "queued", queue=step.queue)
    jobs.hint("workers.inbound.offer", step.queue_id)
    return None


def _unknown(interaction, step):
    log.warning("step %s is of an unknown kind, %s", step.id, step.kind)
    return step.position + 1


STEPS = {"queue": _queue}
