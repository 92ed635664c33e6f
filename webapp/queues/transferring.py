"""Puts a conversation into another queue: its owner lets go of it, and whoever is free is rung."""

from sqlalchemy import update

from webapp.analytics import keeping
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import ringing
from webapp.queues.accepting import Taken
from webapp.queues.models import Offer, OfferState
from webapp.staff.models import record


def to_queue(interaction, queue, by, now=None):
    """It waits there from now on; whether it did not before. Raises Taken where it has ended, or
    has another owner since it was looked at."""
    now = now or utcnow()
    former = {"owner": interaction.owner_id, "queue": interaction.queue_id}
    if interaction.state == InteractionState.WAITING and interaction.queue_id == queue.id:
        return False
    summary.announce(interaction)
    _move(interaction, queue, former["owner"], now)
    ringing.end(Offer.interaction_id == interaction.id, OfferState.WITHDRAWN, now)
    keeping.moved(interaction, at=now)
    summary.note_event(interaction, "queued", user=by, queue=queue)
    summary.announce(interaction)
    after = {"owner": None, "queue": queue.id}
    record(by, "transferred", interaction, before=former, after=after)
    ringing.hint(queue.id)
    if former["owner"]:
        ringing.hint_queues_of({former["owner"]})
    return True


def _move(interaction, queue, former_owner_id, now):
    won = db.session.execute(
        update(Interaction)
        .where(
            Interaction.id == interaction.id,
            Interaction.state != InteractionState.CLOSED,
            Interaction.session_expires_at > now,
            Interaction.owner_id.is_not_distinct_from(former_owner_id),
        )
        .values(
            state=InteractionState.WAITING,
            owner_id=None,
            queue_id=queue.id,
            waiting_since=now,
            wake_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(interaction)
    if not won.rowcount:
        ended = interaction.is_closed(now)
        raise Taken(
            "This conversation has ended."
            if ended
            else "Somebody else has it meanwhile. Look again, then move it."
        )
