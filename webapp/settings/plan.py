"""What this installation is licensed for: inbound alone or outbound too, how many people, how long.

Asked by menus, routes, commands, workers and the gate alike. Without a row nothing is limited.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.settings import values
from webapp.settings.models import Setting
from webapp.staff.models import User

SETTING = "plan"
WARNED_BEFORE = timedelta(days=30)


class Kind(StrEnum):
    INBOUND = "inbound"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Plan:
    kind: str = Kind.BOTH
    seats: int | None = None
    expires_at: datetime | None = None

    def has_ended(self, now):
        return self.expires_at is not None and self.expires_at <= now

    def ends_soon(self, now):
        return self.expires_at is not None and now < self.expires_at <= now + WARNED_BEFORE

    @property
    def last_day(self):
        """The last day it holds, for people; it ends with that day, in UTC."""
        return (self.expires_at - timedelta(days=1)).date() if self.expires_at else None

    @property
    def stored(self):
        ends = self.expires_at.isoformat() if self.expires_at else None
        return {"kind": str(self.kind), "seats": self.seats, "expires_at": ends}


def plan():
    return read(values.get(SETTING, {}))


def read(stored):
    ends = stored.get("expires_at")
    return Plan(
        kind=Kind(stored.get("kind", Kind.BOTH)),
        seats=stored.get("seats"),
        expires_at=datetime.fromisoformat(ends).astimezone(UTC) if ends else None,
    )


def allows_outbound(now=None):
    """Whether anything may begin from our side; what customers write always arrives."""
    held = plan()
    return held.kind == Kind.BOTH and not held.has_ended(now or utcnow())


def why_not(now=None):
    """Why nothing outbound goes, in a sentence for the screen; empty where it may."""
    held = plan()
    if held.kind == Kind.INBOUND:
        return "Your plan is inbound only."
    if held.has_ended(now or utcnow()):
        return f"Your plan ended on {held.last_day:%-d %B %Y}."
    return ""


def people_counted():
    """Each person who may sign in takes a seat, whatever their role."""
    return db.session.scalar(select(func.count()).select_from(User).where(User.active))


def seats_left():
    """How many more people may be added; None without a limit."""
    held = plan()
    return None if held.seats is None else max(0, held.seats - people_counted())


def hold():
    """Keep the plan from being changed, and seats from being taken, until this unit ends."""
    row = select(Setting).where(Setting.name == SETTING).execution_options(populate_existing=True)
    db.session.scalar(lock(row))
