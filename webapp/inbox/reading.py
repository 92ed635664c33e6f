"""An agent has seen a conversation: nothing is unread, and the customer sees blue ticks."""

from datetime import timedelta

from sqlalchemy import or_, select

from webapp import jobs
from webapp.accounts.access_points import provider_of
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Direction, Interaction, InteractionState, Message
from webapp.live import push
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.unit_of_work import unit_of_work

# WhatsApp takes read marks for 30 days; a mark this late helps nobody.
REPORT_WITHIN = timedelta(hours=1)


def seen(interaction, user):
    """The owner has the thread on screen; others looking in change nothing for the customer."""
    if interaction.owner_id != user.id:
        return False
    last = _last_customer_message(interaction)
    if last is None or (interaction.seen_message_id or 0) >= last.id and not interaction.unread:
        return False
    interaction.seen_message_id = last.id
    interaction.unread = 0
    # Lists count what is unread; the thread shows nothing new, and its readers need not look.
    push.changed("inbox", f"user:{user.id}", ids=[interaction.id])
    jobs.hint("workers.outbound.mark_read", interaction.id)
    return True


def report(interaction_id):
    """Tell the provider how far the agent has read. A refusal is final: ticks are a courtesy."""
    jobs.taken("workers.outbound.mark_read", interaction_id)
    interaction = db.session.get(Interaction, interaction_id)
    if interaction is None or interaction.seen_message_id is None:
        return
    upto = interaction.seen_message_id
    if upto == interaction.reported_message_id:
        return
    message_id = db.session.get(Message, upto).provider_id
    provider = provider_of(interaction.account)
    db.session.rollback()  # no transaction waits for a network
    try:
        provider.mark_read(message_id)
    except ProviderError as error:
        if not error.permanent:
            return
    except OutcomeUnknown:
        return
    with unit_of_work():
        db.session.get(Interaction, interaction_id).reported_message_id = upto


def unreported(now=None):
    """Interactions whose provider was not told yet: what no job picked up."""
    recent = (now or utcnow()) - REPORT_WITHIN
    return db.session.scalars(
        select(Interaction.id)
        .where(
            Interaction.state != InteractionState.CLOSED,
            Interaction.last_message_at > recent,
            Interaction.seen_message_id.is_not(None),
            or_(
                Interaction.reported_message_id.is_(None),
                Interaction.reported_message_id < Interaction.seen_message_id,
            ),
        )
        .limit(200)
    ).all()


def _last_customer_message(interaction):
    return db.session.scalar(
        select(Message)
        .where(
            Message.interaction_id == interaction.id,
            Message.direction == Direction.IN,
            Message.provider_id.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
