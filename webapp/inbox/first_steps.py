"""What is to be set up before the first customer can be answered, in order."""

from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.accounts.models import Account, AccountDrain, RoutingStep
from webapp.extensions import db
from webapp.queues.models import Queue, QueueMember
from webapp.staff.models import User


@dataclass(frozen=True, slots=True)
class Step:
    icon: str
    title: str
    detail: str
    done: bool
    endpoint: str
    action: str


def steps():
    account = db.session.scalar(select(Account).order_by(Account.id).limit(1))
    heard = db.session.scalar(select(func.count()).where(AccountDrain.last_event_at.is_not(None)))
    people = db.session.scalar(select(func.count()).where(User.active))
    queue = db.session.scalar(select(Queue).order_by(Queue.id).limit(1))
    members = db.session.scalar(select(func.count()).select_from(QueueMember))
    routed = db.session.scalar(select(func.count()).where(RoutingStep.queue_id.is_not(None)))
    return [
        Step(
            "smartphone",
            "Connect a WhatsApp account",
            account.name if account else "A number at Meta; you need its token and secret",
            account is not None,
            "accounts.index",
            "Connect",
        ),
        Step(
            "webhook",
            "Paste the webhook at the provider",
            "Events arrive" if heard else "We wait for the first event. Nothing came yet.",
            bool(heard),
            "accounts.index",
            "Show me",
        ),
        Step(
            "users-round",
            "Invite your people",
            f"{people} people can sign in" if people > 1 else "2 are enough to start",
            people > 1,
            "staff.index",
            "Invite",
        ),
        Step(
            "list-ordered",
            "Make a queue",
            _queue_words(queue, members),
            queue is not None and members > 0,
            "queues.index",
            "Make one",
        ),
        Step(
            "split",
            "Say where new messages go",
            "New messages go to a queue" if routed else "A simple start: everything to one queue",
            bool(routed),
            "accounts.index",
            "Open",
        ),
    ]


def _queue_words(queue, members):
    if queue is None:
        return "Who answers, and how offers go round"
    return queue.name if members else f"{queue.name} has no members yet"
