"""Ends interactions: by an agent, by the flow, by a merge, or because their 24 hours are over."""

from sqlalchemy import false, insert, select, true, update

from webapp.analytics import keeping
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import CloseReason, Interaction, InteractionEvent, InteractionState
from webapp.queues import offering

SWEEP_BATCH = 500


def close(interaction, reason, by=None, now=None, outcome=None):
    """End one interaction, with the label that says how (`settings.dispositions`) if one was
    chosen; False if it had ended before, or somebody else ended it first."""
    now = now or utcnow()
    summary.announce(interaction)
    # Somebody may have taken it over since it was looked at: then it is theirs to close.
    same_owner = Interaction.owner_id.is_not_distinct_from(interaction.owner_id)
    ended = _end([interaction.id], same_owner, reason, by, now, outcome)
    db.session.refresh(interaction)
    return bool(ended)


def sweep(limit=SWEEP_BATCH, now=None):
    """Close a batch of interactions past their end; how many. Safe to run twice or side by side."""
    now = now or utcnow()
    over = Interaction.session_expires_at <= now
    due = db.session.scalars(
        lock(
            select(Interaction.id)
            .where(over, Interaction.state != InteractionState.CLOSED)
            .order_by(Interaction.session_expires_at)
            .limit(limit),
            skip_locked=True,
        )
    ).all()
    # The condition stands again in the UPDATE: a message may have moved the end meanwhile.
    return len(_end(due, over, CloseReason.TIMEOUT, None, now)) if due else 0


def close_all(account, by=None, now=None):
    """End what is open on an account that is being archived; how many."""
    open_ones = db.session.scalars(
        lock(
            select(Interaction.id)
            .where(
                Interaction.account_id == account.id, Interaction.state != InteractionState.CLOSED
            )
            .order_by(Interaction.id)
        )
    ).all()
    batches = range(0, len(open_ones), SWEEP_BATCH)
    now = now or utcnow()
    return sum(
        len(_end(open_ones[at : at + SWEEP_BATCH], true(), CloseReason.ARCHIVED, by, now))
        for at in batches
    )


def deal_with(interaction):
    """Somebody has seen to a conversation that ended unanswered."""
    interaction.left_unanswered = False
    summary.announce(interaction)


def _end(ids, condition, reason, by, now, outcome=None):
    rows = db.session.execute(
        update(Interaction)
        .where(Interaction.id.in_(ids), condition, Interaction.state != InteractionState.CLOSED)
        .values(
            state=InteractionState.CLOSED,
            closed_at=_moment_of_end(reason, now),
            close_reason=reason,
            closed_by_id=by.id if by else None,
            wake_at=None,
            left_unanswered=_left_unanswered(reason),
            **_chosen(outcome),
        )
        .returning(Interaction.id, Interaction.owner_id, Interaction.queue_id)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        keeping.closed([row.id for row in rows])
        _tell(rows, reason, by, now, outcome)
    return rows


def successor(interaction):
    """The conversation the customer has begun since this one ended, while it is open."""
    return db.session.scalar(
        select(Interaction).where(
            Interaction.account_id == interaction.account_id,
            Interaction.contact_id == interaction.contact_id,
            Interaction.state != InteractionState.CLOSED,
            Interaction.id > interaction.id,
        )
    )


def _moment_of_end(reason, now):
    """A session that ran out ended when it ran out, however late the sweep came."""
    return Interaction.session_expires_at if reason == CloseReason.TIMEOUT else now


def _left_unanswered(reason):
    if reason != CloseReason.TIMEOUT:
        return false()
    return Interaction.unanswered_since.is_not(None)


def _chosen(outcome):
    """The label's names too: they stay when it is renamed or archived."""
    if outcome is None:
        return {}
    return {"disposition_id": outcome.id, "disposition_path": list(outcome.path)}


def _tell(rows, reason, by, now, outcome):
    data = {"reason": str(reason)} | ({"outcome": outcome.name} if outcome else {})
    db.session.execute(
        insert(InteractionEvent),
        [
            {
                "interaction_id": row.id,
                "kind": "closed",
                "at": now,
                "user_id": by.id if by else None,
                "data": data,
            }
            for row in rows
        ],
    )
    offering.withdraw_from([row.id for row in rows])
    for row in rows:
        summary.announce_row(row.id, row.owner_id, row.queue_id)
    for owner_id in {row.owner_id for row in rows if row.owner_id}:
        offering.agent_freed(owner_id)
