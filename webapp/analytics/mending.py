"""Puts right the intervals that disagree with what they are about.

They are written with the change itself, but not by processes of a release that did not know them
yet and ran on until it was replaced. A change and its interval are one commit, so one statement
that reads both finds only what nobody wrote. Where a row tells the moment, the interval has it.
"""

from datetime import timedelta
from itertools import zip_longest

from sqlalchemy import and_, case, exists, func, insert, literal_column, or_, select

from webapp.analytics import keeping
from webapp.analytics.keeping import AGENTS, INTERACTIONS, PHASE_OF, PHASES, STILL
from webapp.analytics.models import Outcome, Phase
from webapp.apart import apart
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.staff.models import Presence, User
from webapp.unit_of_work import unit_of_work

BATCH = 500
LOOKED_BACK = timedelta(days=1)  # for conversations that began and ended without an interval

USERS = User.__table__
_OPEN = INTERACTIONS.c.state != literal_column("'closed'")  # as the partial indexes have it
_PLACED = (InteractionState.WAITING, InteractionState.ASSIGNED)
_own = PHASES.c.interaction_id == INTERACTIONS.c.id
_phase = case({state: str(phase) for state, phase in PHASE_OF.items()}, value=INTERACTIONS.c.state)
_elsewhere = or_(
    PHASES.c.phase != _phase,
    PHASES.c.owner_id.is_distinct_from(INTERACTIONS.c.owner_id),
    and_(
        INTERACTIONS.c.state.in_(_PLACED),
        PHASES.c.queue_id.is_distinct_from(INTERACTIONS.c.queue_id),
    ),
)


def sweep(now=None):
    """Put right a batch of each kind; how many."""
    now = now or utcnow()
    kinds = (
        (User, _astray(), _say_again),
        (Interaction, _ended(), _end),
        (Interaction, _moved(), _follow),
        (Interaction, _untold(), _tell),
        (Interaction, _forgotten(now), _tell),
    )
    return sum(_mend(model, wanted, put_right, now) for model, wanted, put_right in kinds)


def _mend(model, wanted, put_right, now):
    ids = db.session.scalars(wanted.limit(BATCH)).all()
    if not ids:
        return 0
    with apart("mending intervals of %s", model.__tablename__), unit_of_work():
        # Whoever is busy with a row may be about to put it right; the next sweep looks again.
        locked = lock(select(model).where(model.id.in_(ids)).order_by(model.id), skip_locked=True)
        rows = {row.id: row for row in db.session.scalars(locked)}
        still = db.session.scalars(wanted.where(model.id.in_(rows)).order_by(model.id)).all()
        put_right([rows[id] for id in still], now)
        return len(still)
    return 0


def _astray():
    """People whose state is another than their interval says that has no end, or who have none."""
    mine = and_(AGENTS.c.user_id == USERS.c.id, AGENTS.c.to_at.is_(None))
    reason = case((USERS.c.presence == Presence.PAUSED, USERS.c.pause_reason))
    is_other = or_(
        AGENTS.c.state != USERS.c.presence,
        AGENTS.c.reason.is_distinct_from(reason),
        and_(AGENTS.c.id.is_(None), USERS.c.presence != Presence.OFFLINE),
    )
    return select(USERS.c.id).outerjoin(AGENTS, mine).where(is_other)


def _ended():
    return select(INTERACTIONS.c.id).join(PHASES, _own).where(STILL, ~_OPEN)


def _moved():
    return select(INTERACTIONS.c.id).join(PHASES, _own).where(STILL, _OPEN, _elsewhere)


def _untold():
    begun = INTERACTIONS.c.state != InteractionState.NEW
    return select(INTERACTIONS.c.id).where(_OPEN, begun, ~exists().where(_own, STILL))


def _forgotten(now):
    lately = INTERACTIONS.c.closed_at > now - LOOKED_BACK
    return select(INTERACTIONS.c.id).where(~_OPEN, lately, ~exists().where(_own))


def _say_again(people, now):
    began = _latest(AGENTS, AGENTS.c.user_id, people)
    for person in people:
        reason = person.pause_reason if person.presence == Presence.PAUSED else None
        at = _since(person.presence_at, began.get(person.id), now)
        keeping.agent_is(person, person.presence, reason, at)


def _end(talks, _now):
    keeping.closed([talk.id for talk in talks])


def _follow(talks, now):
    began = _latest(PHASES, PHASES.c.interaction_id, talks)
    for talk in talks:
        is_held = talk.state == InteractionState.ASSIGNED
        told_at = talk.assigned_at if is_held else talk.waiting_since
        outcome = Outcome.ACCEPTED if is_held else Outcome.MOVED
        keeping.moved(talk, outcome, _since(told_at, began.get(talk.id), now))


def _tell(talks, now):
    known = _latest(PHASES, PHASES.c.interaction_id, talks)
    _follow([talk for talk in talks if talk.id in known], now)
    for talk in talks:
        if talk.id not in known:
            _tell_all(talk)


def _tell_all(talk):
    """Its columns tell of one wait and one hand at most, and of the end."""
    parts = []
    if talk.waiting_since and talk.queue_id and talk.state != InteractionState.ROUTING:
        parts.append((Phase.WAITING, talk.waiting_since))
    if talk.assigned_at:
        parts.append(
            (Phase.ASSIGNED, max(talk.assigned_at, talk.waiting_since or talk.assigned_at))
        )
    parts = parts or [(PHASE_OF.get(talk.state, Phase.UNMANAGED), talk.created_at)]
    db.session.execute(
        insert(PHASES),
        [
            {
                "interaction_id": talk.id,
                "phase": phase,
                "account_id": talk.account_id,
                "queue_id": talk.queue_id,
                "owner_id": talk.owner_id if phase is Phase.ASSIGNED else None,
                "from_at": at,
                "to_at": after[1] if after else None,
                "outcome": Outcome.ACCEPTED if after else None,
                "accepted_at": at if phase is Phase.ASSIGNED else None,
                "opens": (phase, at) == parts[0],
            }
            for (phase, at), after in zip_longest(parts, parts[1:])
        ],
    )
    if talk.first_reply_at and talk.direction == "in":
        keeping.first_replied(talk, talk.first_reply_at)
    if talk.state == InteractionState.CLOSED:
        keeping.closed([talk.id])


def _latest(table, subject, rows):
    """{subject: when its latest interval began}"""
    ids = [row.id for row in rows]
    found = select(subject, func.max(table.c.from_at)).where(subject.in_(ids)).group_by(subject)
    return dict(db.session.execute(found).all())


def _since(told_at, began_at, now):
    """The moment a row tells, if that is after its latest interval began; else it is not known."""
    known = told_at and (began_at is None or told_at > began_at)
    return told_at if known else now
