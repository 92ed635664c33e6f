"""Changes the plan, and says before what would stop; inbound never stops."""

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select

from webapp.accounts.access_points import capabilities_of
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Message, MessageStatus
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.settings import plan, values
from webapp.staff.models import Role, SignIn, User

MOST_NAMED = 10


class Refused(Exception):
    """Why the plan cannot be so, in words for the screen."""


def change(held, by):
    """From now on this plan holds; raises Refused where more people work here than it has seats."""
    plan.hold()
    over = plan.people_counted() - held.seats if held.seats is not None else 0
    if over > 0:
        raise Refused(_who_goes_first(over))
    values.put(plan.SETTING, held.stored, by)


def as_plan(kind, seats, last_day):
    """A plan as people write it: its last day still counts, in UTC."""
    ends = datetime.combine(last_day + timedelta(days=1), time(), UTC) if last_day else None
    return plan.Plan(kind=plan.Kind(kind), seats=seats, expires_at=ends)


def would_stop(held, now=None):
    """What works now and would not under this plan, in sentences; empty where nothing stops."""
    now = now or utcnow()
    goes_on = held.kind == plan.Kind.BOTH and not held.has_ended(now)
    return [] if goes_on or not plan.allows_outbound(now) else _what_is_outbound()


def _what_is_outbound():
    approved = _count(MessageTemplate, MessageTemplate.status == TemplateStatus.APPROVED)
    waiting = _count(
        Message,
        Message.kind == "template",
        Message.status.in_((MessageStatus.QUEUED, MessageStatus.SENDING)),
    )
    here = db.session.scalars(select(Account).where(Account.archived_at.is_(None)))
    accounts = sum(capabilities_of(account).manages_templates for account in here)
    return [
        "Templates disappear from the menu, and nobody can choose one: "
        f"{_times(approved, 'approved template')} until the plan allows it again.",
        "First contact and recontact are refused: after 24 hours only the customer can write on.",
        f"{_times(waiting, 'message')} from templates, queued now, will fail and say why.",
        f"Templates of {_times(accounts, 'account')} are no longer compared with the provider.",
        "Campaigns pause.",
    ]


def _who_goes_first(over):
    """Whoever was here longest ago; an administrator only if nobody else is left."""
    last_seen = select(func.max(SignIn.seen_at)).where(SignIn.user_id == User.id).scalar_subquery()
    longest_away = (
        select(User.name)
        .where(User.active)
        .order_by(User.role == Role.ADMIN, last_seen.is_not(None), last_seen, User.name)
        .limit(min(over, MOST_NAMED))
    )
    names = ", ".join(db.session.scalars(longest_away))
    people = "person" if over == 1 else "people"
    return (
        f"{plan.people_counted()} people may sign in. Deactivate {over} {people} first; "
        f"longest away: {names}."
    )


def _count(table, *conditions):
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


def _times(count, word):
    return f"{count:,} {word}{'' if count == 1 else 's'}"
