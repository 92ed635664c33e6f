"""One owner: of any number of people who reach for a conversation exactly one gets it."""

from sqlalchemy import update

from webapp.analytics import keeping
from webapp.analytics.models import Outcome
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import ringing
from webapp.queues.models import Offer, OfferState
from webapp.staff import access
from webapp.staff.models import User, record


class Refused(Exception):
    """Why this person did not become the owner, in words for the screen."""


class Taken(Refused):
    """Somebody else was faster, or the conversation is no longer to be had."""


class Full(Refused):
    """This person has no free place."""


def accept(offer, user, now=None):
    """The conversation becomes this agent's; a repeated request changes nothing."""
    now = now or utcnow()
    agent = ringing.lock_people(User.id == user.id)[user.id]
    db.session.refresh(offer)
    interaction = offer.interaction
    db.session.refresh(interaction)
    if offer.state == OfferState.ACCEPTED and interaction.owner_id == agent.id:
        return interaction
    if offer.user_id != agent.id or offer.state != OfferState.OPEN:
        raise Taken(_who_has(interaction, now))
    check_place(agent)
    summary.announce(interaction)
    free = (Interaction.state == InteractionState.WAITING) & Interaction.owner_id.is_(None)
    free &= Interaction.queue_id == offer.queue_id  # it may have moved on since the offer was read
    _claim(interaction, agent, free, now)
    ringing.end(Offer.id == offer.id, OfferState.ACCEPTED, now)
    keeping.moved(interaction, Outcome.ACCEPTED, now)
    _settle(interaction, agent, "assigned", now)
    return interaction


def take(interaction, user, now=None):
    """Without an offer: members what is free, leaders also what somebody else has."""
    now = now or utcnow()
    agent = ringing.lock_people(User.id == user.id)[user.id]
    db.session.refresh(interaction)
    former_id = interaction.owner_id
    if former_id == agent.id and not interaction.is_closed(now):
        return interaction
    if interaction.is_closed(now) or not access.may_take(agent, interaction):
        raise Taken(_who_has(interaction, now))
    if not access.leads(agent):
        check_place(agent)
    summary.announce(interaction)
    _change_owner(interaction, agent, former_id, now)
    return interaction


def give(interaction, user, by, now=None):
    """A leader decides who answers; raises Full, or Taken where it is over meanwhile."""
    now = now or utcnow()
    agent = ringing.lock_people(User.id == user.id)[user.id]
    db.session.refresh(interaction)
    former_id = interaction.owner_id
    if former_id == agent.id and not interaction.is_closed(now):
        return interaction
    if interaction.is_closed(now) or not agent.active:
        raise Taken(_who_has(interaction, now))
    if agent.capacity and ringing.owned_count(agent.id) >= agent.capacity:
        raise Full(f"All {agent.capacity} places of {agent.first_name} are taken.")
    summary.announce(interaction)
    _change_owner(interaction, agent, former_id, now)
    record(by, "assigned", interaction, before={"owner": former_id}, after={"owner": agent.id})
    return interaction


def _change_owner(interaction, agent, former_id, now):
    """Only from whoever had it when it was looked at."""
    unchanged = (Interaction.state != InteractionState.CLOSED) & (
        Interaction.owner_id.is_not_distinct_from(former_id)
    )
    _claim(interaction, agent, unchanged, now)
    keeping.moved(interaction, Outcome.MOVED if former_id else Outcome.ACCEPTED, now)
    _settle(interaction, agent, "taken", now)
    if former_id:
        ringing.hint_queues_of({former_id})


def check_place(agent):
    """Asked under the lock on the agent's row, so two accepts at once can't share one place."""
    if agent.capacity and ringing.owned_count(agent.id) >= agent.capacity:
        raise Full(
            f"All {agent.capacity} of your places are taken. Close a conversation, then accept."
        )


def _claim(interaction, agent, condition, now):
    won = db.session.execute(
        update(Interaction)
        .where(Interaction.id == interaction.id, condition, Interaction.session_expires_at > now)
        .values(owner_id=agent.id, state=InteractionState.ASSIGNED, assigned_at=now, wake_at=None)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(interaction)
    if not won.rowcount:
        raise Taken(_who_has(interaction, now))


def _settle(interaction, agent, kind, now):
    """Stop the others' ringing, tell the thread, and let freed places be used."""
    rung = ringing.end(Offer.interaction_id == interaction.id, OfferState.WITHDRAWN, now)
    waited = now - interaction.waiting_since if interaction.waiting_since else None
    facts = {} if waited is None else {"waited": max(0, int(waited.total_seconds()))}
    summary.note_event(interaction, kind, user=agent, queue=interaction.queue, **facts)
    summary.announce(interaction)
    ringing.hint_queues_of({offer.user_id for offer in rung})


def _who_has(interaction, now):
    if interaction.is_closed(now):
        return "This conversation has ended."
    if interaction.owner is None:
        return "This offer has ended. A colleague may be ringing for it now."
    since = now - (interaction.assigned_at or now)
    return f"{interaction.owner.first_name} took this conversation {_ago(since)}."


def _ago(since):
    seconds = max(0, int(since.total_seconds()))
    if seconds < 60:
        return f"{seconds} s ago"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    return f"{seconds // 3600} h ago"
