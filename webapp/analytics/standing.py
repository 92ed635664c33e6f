"""How things stand at this moment: conversations that are open, people, queues, accounts.

Read from partial indexes and small tables, so that closed conversations cost nothing.
"""

from datetime import timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.accounts import standing as account_standing
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.campaigns import figures as campaign_figures
from webapp.campaigns.models import LIVE, Campaign
from webapp.campaigns.pages import speed
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue, QueueMember
from webapp.settings import intervals
from webapp.settings.models import Interval
from webapp.staff.models import Presence, Team, TeamMember, User

DEFAULT_TARGET = 120  # seconds to the first reply where there is no queue
MOST_CAMPAIGNS = 50
_INTERVAL = joinedload(Campaign.interval)
HOURS = (_INTERVAL.selectinload(Interval.spans), _INTERVAL.selectinload(Interval.holidays))


def conversations(now, queues):
    """(queue, account, owner, state, count, waiting since, slow, unread) of what is open."""
    return db.session.execute(
        select(
            Interaction.queue_id,
            Interaction.account_id,
            Interaction.owner_id,
            Interaction.state,
            func.count(),
            func.min(Interaction.waiting_since),
            func.count().filter(is_slow(now, queues)),
            func.sum(Interaction.unread),
        )
        .where(Interaction.state != InteractionState.CLOSED, Interaction.session_expires_at > now)
        .group_by(
            Interaction.queue_id, Interaction.account_id, Interaction.owner_id, Interaction.state
        )
    ).all()


def is_slow(now, queues):
    """Somebody has it, and the customer waits for an answer longer than the queue wants."""
    limits = [
        (Interaction.queue_id == queue["id"], now - timedelta(seconds=queue["reply_target"]))
        for queue in queues
    ]
    default = now - timedelta(seconds=DEFAULT_TARGET)
    limit = case(*limits, else_=default) if limits else default
    return and_(
        Interaction.state == InteractionState.ASSIGNED, Interaction.unanswered_since < limit
    )


def people():
    """Whoever is there, and every agent who may come."""
    columns = (User.id, User.name, User.presence, User.pause_reason, User.presence_at)
    found = select(*columns, User.capacity, User.role).where(
        User.active, (User.presence != Presence.OFFLINE) | (User.role == "agent")
    )
    return [row._asdict() for row in db.session.execute(found.order_by(User.name, User.id))]


def queues():
    names = ("id", "name", "strategy", "reply_target", "service_seconds", "service_percent")
    names += ("most_waiting", "longest_wait")
    rows = db.session.execute(
        select(*(getattr(Queue, name) for name in names)).order_by(Queue.name, Queue.id)
    )
    return [row._asdict() for row in rows]


def members():
    """[(queue, person)]"""
    found = select(QueueMember.queue_id, QueueMember.user_id)
    return [tuple(row) for row in db.session.execute(found.order_by(*found.selected_columns))]


def teams():
    rows = db.session.execute(select(Team.id, Team.name).order_by(Team.name))
    found = {row.id: {"id": row.id, "name": row.name, "members": []} for row in rows}
    for team_id, user_id in db.session.execute(select(TeamMember.team_id, TeamMember.user_id)):
        found[team_id]["members"].append(user_id)
    return list(found.values())


def accounts():
    rows = db.session.execute(
        select(Account, AccountDrain, AccountHealth)
        .outerjoin(AccountDrain, AccountDrain.account_id == Account.id)
        .outerjoin(AccountHealth, AccountHealth.account_id == Account.id)
        .where(Account.archived_at.is_(None))
        .order_by(Account.name, Account.id)
    )
    return [_account(*row) for row in rows]


def _account(account, drain, health):
    state = account_standing.state_of(account, drain, health)
    return {
        "id": account.id,
        "name": account.name,
        "key": account.key,
        "provider": PROVIDERS[account.provider].label,
        "phone": account.phone,
        "tone": state.tone,
        "words": state.words,
        "last_event_at": drain.last_event_at if drain else None,
    }


def left_unanswered(until=None):
    """[(queue, account, count)] of what ended unanswered and nobody has dealt with yet."""
    rows = (
        select(Interaction.queue_id, Interaction.account_id, func.count())
        .where(Interaction.left_unanswered)
        .group_by(Interaction.queue_id, Interaction.account_id)
    )
    if until is not None:
        rows = rows.where(Interaction.closed_at <= until)
    return [tuple(row) for row in db.session.execute(rows)]


def campaigns(now=None):
    """Those that run, or will: how far each has come, how fast, and when it may send next."""
    now = now or utcnow()
    rows = (
        select(Campaign)
        .where(Campaign.state.in_(LIVE))
        .options(selectinload(Campaign.variants), *HOURS)
        .order_by(Campaign.id.desc())
        .limit(MOST_CAMPAIGNS)
    )
    found = db.session.scalars(rows).unique().all()
    counted = campaign_figures.of_many(found)
    paces = speed.now_of([one.id for one in found], now)
    return [_campaign(one, counted[one.id], paces.get(one.id), now) for one in found]


def _campaign(campaign, figures, pace_now, now):
    opens, closes = _window(campaign, now)
    return {
        "id": campaign.id,
        "name": campaign.name,
        "state": str(campaign.state),
        "account": campaign.account_id,
        "templates": [one.template_name for one in campaign.variants],
        "pause_reason": campaign.pause_reason,
        "start_at": campaign.start_at,
        "pace": campaign.pace,
        "pace_now": pace_now,
        "opens_at": opens,
        "closes_at": closes,
        "total": figures.total,
        "to_send": figures.to_send,
        "dealt_with": figures.dealt_with,
        "queued": figures["queued"] + figures["retry"],
        "failed": figures["failed"],
        "skipped": figures.left_out,
    } | {name: figures.ever(name) for name in ("sent", "delivered", "read", "replied")}


def _window(campaign, now):
    """(when it may send next, until when it may): one of them, by its own clock; None: always.

    Where contacts' own zones decide, each has another window, and this is that of the hours' zone.
    """
    starts = max(campaign.start_at or now, now) if campaign.started_at is None else now
    if campaign.resting_until and campaign.resting_until > now:
        return campaign.resting_until, None
    if not intervals.is_open(campaign.interval, starts):
        return intervals.next_opening(campaign.interval, starts), None
    if starts > now:
        return starts, None
    return None, intervals.next_closing(campaign.interval, now)
