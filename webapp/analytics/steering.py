"""What the board's dialogs of one person and one conversation show, and do with an audit row."""

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.inbox import wrapping_up
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import accepting, members, transferring
from webapp.queues.models import Queue, QueueMember
from webapp.staff import access
from webapp.staff.models import Presence, User, record

MOST = 100


def take(interaction, by):
    """The leader answers; raises accepting.Refused."""
    former_id = interaction.owner_id
    accepting.take(interaction, by)
    record(by, "took", interaction, before={"owner": former_id}, after={"owner": by.id})


def transfer(interaction, queue_id, by):
    """Into another queue; raises accepting.Refused."""
    transferring.to_queue(interaction, db.session.get(Queue, queue_id), by)


def close(interaction, by, disposition_id=None, note=""):
    """End it from the board; raises wrapping_up.Refused where it cannot."""
    owner_id = interaction.owner_id
    wrapping_up.wrap_up(interaction, by, disposition_id, note)
    path = interaction.disposition_path
    after = {"state": "closed"} | ({"outcome": path} if path else {})
    record(by, "closed", interaction, before={"owner": owner_id}, after=after)


def held_by(person, by):
    """What this person has open of what this leader steers, longest unanswered first."""
    mine = select(Interaction).where(
        Interaction.owner_id == person.id,
        Interaction.state != InteractionState.CLOSED,
        access.steered_interactions(by),
    )
    order = (Interaction.unanswered_since.is_(None), Interaction.unanswered_since, Interaction.id)
    return db.session.scalars(mine.order_by(*order).limit(MOST)).all()


def queues_of(person, by):
    """[(queue, whether they are a member)] of the queues this leader leads."""
    own = set(members.queue_ids_of(person.id))
    led = select(Queue).where(access.visible_queues(by)).order_by(Queue.name, Queue.id)
    return [(queue, queue.id in own) for queue in db.session.scalars(led)]


def every_queue():
    return db.session.scalars(select(Queue).order_by(Queue.name, Queue.id)).all()


def queues_with(person, chosen_ids, by):
    """The ids of the queues this person serves once a leader has chosen these among their own: in
    those of others they stay as they are."""
    is_led = access.visible_queues(by)
    chosen = select(Queue.id).where(Queue.id.in_(chosen_ids), is_led)
    kept = select(Queue.id).where(Queue.id.in_(members.queue_ids_of(person.id)), ~is_led)
    return db.session.scalars(chosen.union(kept)).all()


def who_could(interaction, by):
    """[(person, how many they hold, whether they serve its queue)] of the people this leader
    leads: members who are there first."""
    held = (
        select(Interaction.owner_id, func.count().label("held"))
        .where(Interaction.owner_id.is_not(None), Interaction.state != InteractionState.CLOSED)
        .group_by(Interaction.owner_id)
        .subquery()
    )
    serves = select(QueueMember.user_id).where(QueueMember.queue_id == interaction.queue_id)
    rows = (
        select(User, func.coalesce(held.c.held, 0), User.id.in_(serves))
        .outerjoin(held, held.c.owner_id == User.id)
        .where(User.active, access.led_people(by))
        .order_by(
            User.id.in_(serves).desc(),
            (User.presence == Presence.AVAILABLE).desc(),
            func.coalesce(held.c.held, 0),
            User.name,
        )
        .limit(MOST)
    )
    return db.session.execute(rows).all()
