"""An agent has seen a conversation: nothing is unread, and the customer sees blue ticks."""

from datetime import timedelta

from sqlalchemy import select

from webapp import jobs
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import UNREPORTED, Direction, Interaction, Message
from webapp.live import push
from webapp.providers.base import OutcomeUnknown, ProviderError
from webapp.unit_of_work import unit_of_work

# WhatsApp takes read marks for 30 days; a mark this late helps nobody.
REPORT_WITHIN = timedelta(hours=1)
AT_ONCE = 100  # conversations a job reports; clock asks for the rest


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
    jobs.hint("workers.outbound.mark_read", interaction.account_id)
    return True


def report(account_id):
    """Tell the provider how far each conversation has been read. A refusal is final: ticks are a
    courtesy."""
    jobs.taken("workers.outbound.mark_read", account_id)
    account = db.session.get(Account, account_id)
    if account is None:
        return
    provider = provider_of(account)
    for interaction_id, upto, message_id in _unreported(account_id):
        db.session.rollback()  # no transaction waits for a network
        if _told(provider, message_id):
            with unit_of_work():
                db.session.get(Interaction, interaction_id).reported_message_id = upto


def accounts_with_unreported(now=None):
    """Accounts whose provider was not told yet: what no job picked up."""
    recent = (now or utcnow()) - REPORT_WITHIN
    waiting = select(Interaction.account_id).where(UNREPORTED, Interaction.last_message_at > recent)
    return db.session.scalars(waiting.distinct()).all()


def _unreported(account_id):
    """[(interaction, the last message seen, what the provider calls it)], the oldest first."""
    recent = utcnow() - REPORT_WITHIN
    waiting = (
        select(Interaction.id, Interaction.seen_message_id, Message.provider_id)
        .join(Message, Message.id == Interaction.seen_message_id)
        .where(
            UNREPORTED,
            Interaction.account_id == account_id,
            Interaction.last_message_at > recent,
        )
        .order_by(Interaction.seen_message_id)
        .limit(AT_ONCE)
    )
    return db.session.execute(waiting).all()


def _told(provider, message_id):
    """Whether there is nothing more to say; False where asking again may help."""
    try:
        provider.mark_read(message_id)
    except ProviderError as error:
        return error.permanent
    except OutcomeUnknown:
        return False
    return True


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
