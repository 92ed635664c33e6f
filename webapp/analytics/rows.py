"""The rows of the board's tables: an account, a queue, an agent with the sums of the period."""

from dataclasses import dataclass
from datetime import datetime

from webapp.analytics import figures

GROUPS = {
    "available": ("Available", "ok"),
    "full": ("Full", "accent"),
    "paused": ("On a break", "warn"),
    "offline": ("Not there", "off"),
}


class Counted:
    """Whose sums of the chosen period stand in a row."""

    def average(self, name):
        """Of "wait", "handle" or "reply": seconds; None where there is none."""
        return figures.average(self.sums, name)

    def count(self, name):
        return self.sums.get(name, 0)


@dataclass
class AccountRow(Counted):
    id: int
    name: str
    key: str
    provider: str
    phone: str
    tone: str
    words: str
    last_event_at: datetime | None
    open: int
    waiting: int
    unmanaged: int
    sums: dict


@dataclass
class QueueRow(Counted):
    id: int
    name: str
    strategy: str
    waiting: int
    since: datetime | None
    longest: int
    level: float | None
    target: int
    open: int
    crew: dict  # {group: how many of its members}
    members: int
    left: int
    slow: int
    sums: dict
    reply: float | None
    spark: list
    tone: str = "ok"

    @property
    def free(self):
        return self.crew["available"]

    @property
    def signed_in(self):
        return sum(count for group, count in self.crew.items() if group != "offline")


@dataclass
class Agent(Counted):
    id: int
    name: str
    role: str
    group: str
    reason: str | None
    since: datetime
    held: int
    capacity: int
    unread: int
    queues: list
    sums: dict
    last_at: datetime | None  # when they last did anything today

    @property
    def tone(self):
        return GROUPS[self.group][1]
