"""Keeps the intervals figures are made of, in the transaction that changes the state itself."""

from sqlalchemy import bindparam, case, insert, select, update

from webapp.analytics.epoch import epoch, whole_seconds
from webapp.analytics.models import LONG, AgentInterval, InteractionPhase, Outcome, Phase
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState

AGENTS, PHASES = AgentInterval.__table__, InteractionPhase.__table__
INTERACTIONS = Interaction.__table__
STILL = PHASES.c.to_at.is_(None)
PHASE_OF = {
    InteractionState.NEW: Phase.ROUTING,
    InteractionState.ROUTING: Phase.ROUTING,
    InteractionState.WAITING: Phase.WAITING,
    InteractionState.UNMANAGED: Phase.UNMANAGED,
    InteractionState.ASSIGNED: Phase.ASSIGNED,
}

_END_PHASE = (
    update(PHASES)
    .where(PHASES.c.interaction_id == bindparam("interaction"), STILL)
    # Two clocks may differ: nothing ends before it began.
    .values(
        to_at=case((PHASES.c.from_at > bindparam("at"), PHASES.c.from_at), else_=bindparam("at")),
        outcome=bindparam("what"),
        is_long=PHASES.c.from_at < bindparam("long_ago"),
    )
    .returning(PHASES.c.accepted_at, PHASES.c.to_at)
)
_END_STATE = (
    update(AGENTS)
    .where(AGENTS.c.user_id == bindparam("person"), AGENTS.c.to_at.is_(None))
    .values(
        to_at=case((AGENTS.c.from_at > bindparam("at"), AGENTS.c.from_at), else_=bindparam("at"))
    )
    .returning(AGENTS.c.to_at)
)


def agent_is(person, state, reason, at):
    """From this moment on the person is available, paused for a reason, or offline."""
    still = select(AGENTS.c.state, AGENTS.c.reason).where(
        AGENTS.c.user_id == person.id, AGENTS.c.to_at.is_(None)
    )
    if db.session.execute(still).first() == (state, reason):
        return
    ended_at = db.session.scalar(_END_STATE, {"person": person.id, "at": at}) or at
    began = {"state": state, "reason": reason, "from_at": max(at, ended_at)}
    db.session.execute(insert(AGENTS).values(user_id=person.id, **began))


def begun(interaction, at):
    """The first phase of an interaction that has none yet."""
    _begin(interaction, at, None, opens=True)


def moved(interaction, outcome=Outcome.MOVED, at=None):
    """The interaction is in another state, queue or hand now; how the phase before it ended."""
    at = at or utcnow()
    ended = db.session.execute(
        _END_PHASE,
        {"interaction": interaction.id, "at": at, "what": outcome, "long_ago": at - LONG},
    ).first()
    ended = ended or _last(interaction)  # one that was closed goes on
    if ended is None:
        begun(interaction, at)
    else:
        _begin(interaction, max(at, ended.to_at), ended.accepted_at, opens=False)


def _last(interaction):
    return db.session.execute(
        select(PHASES.c.accepted_at, PHASES.c.to_at)
        .where(PHASES.c.interaction_id == interaction.id)
        .order_by(PHASES.c.from_at.desc(), PHASES.c.id.desc())
        .limit(1)
    ).first()


def closed(interaction_ids):
    """These are closed, each at the moment, for the reason and with the outcome its row tells."""
    closed_at, reason, disposition = map(
        _told,
        (INTERACTIONS.c.closed_at, INTERACTIONS.c.close_reason, INTERACTIONS.c.disposition_id),
    )
    db.session.execute(
        update(PHASES)
        .where(PHASES.c.interaction_id.in_(interaction_ids), STILL)
        .values(
            to_at=case((PHASES.c.from_at > closed_at, PHASES.c.from_at), else_=closed_at),
            outcome=Outcome.CLOSED,
            is_long=epoch(closed_at) - epoch(PHASES.c.from_at) > LONG.total_seconds(),
            close_reason=reason,
            disposition_id=disposition,
        )
    )


def _told(column):
    return select(column).where(INTERACTIONS.c.id == PHASES.c.interaction_id).scalar_subquery()


def first_replied(interaction, at):
    """A person has answered the customer's first message; before the row forgets who waits."""
    asked_at = interaction.started_at
    if interaction.direction == "out":
        asked_at = interaction.unanswered_since or interaction.last_customer_at
    seconds = max(0, whole_seconds(at) - whole_seconds(asked_at))
    db.session.execute(
        update(PHASES)
        .where(PHASES.c.interaction_id == interaction.id, STILL)
        .values(first_reply_at=at, first_reply_seconds=seconds)
    )


def _begin(interaction, at, accepted_at, opens):
    phase = PHASE_OF[interaction.state]
    if phase is Phase.ASSIGNED:
        accepted_at = accepted_at or at
    db.session.execute(
        insert(PHASES).values(
            interaction_id=interaction.id,
            phase=phase,
            account_id=interaction.account_id,
            queue_id=interaction.queue_id,
            owner_id=interaction.owner_id,
            from_at=at,
            accepted_at=accepted_at,
            opens=opens,
        )
    )
