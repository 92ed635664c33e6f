"""People who work here, their sign-ins, and the record of what they changed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.columns import BigId, UtcDateTime, utcnow
from webapp.extensions import db


class Role(StrEnum):
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"


class Presence(StrEnum):
    AVAILABLE = "available"
    PAUSED = "paused"
    OFFLINE = "offline"


class User(db.Model):
    __tablename__ = "users"

    is_authenticated = True  # what Flask-Login asks; nobody else's session holds a User

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(12), default=Role.AGENT)
    active: Mapped[bool] = mapped_column(default=True)
    capacity: Mapped[int] = mapped_column(default=6)
    presence: Mapped[str] = mapped_column(String(10), default=Presence.OFFLINE)
    pause_reason: Mapped[str | None] = mapped_column(String(60))
    presence_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    # Set when the connection was lost; coming back restores it.
    presence_before_loss: Mapped[str | None] = mapped_column(String(10))
    theme: Mapped[str | None] = mapped_column(String(5))
    sounds: Mapped[bool] = mapped_column(default=True)
    alarm_sounds: Mapped[bool] = mapped_column(default=True, server_default=true())
    shortcuts: Mapped[bool] = mapped_column(default=True)
    # Of supervisors: False where they see and steer no other queues than `LedQueue` says.
    leads_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    queues = relationship("Queue", secondary="queue_members", viewonly=True, order_by="Queue.name")

    @property
    def first_name(self):
        return self.name.split()[0] if self.name.split() else self.name


class LedQueue(db.Model):
    """A queue that a supervisor who does not lead all sees and steers."""

    __tablename__ = "led_queues"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    queue_id: Mapped[int] = mapped_column(
        ForeignKey("queues.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SignIn(db.Model):
    """One browser signed in; ending it signs that browser out everywhere it is used."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str] = mapped_column(String(255), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user = relationship("User")

    @property
    def browser(self):
        """Chrome on Windows: the first of each that the browser's own line names."""
        program = next((word for sign, word in BROWSERS if sign in self.user_agent), "A browser")
        system = next((word for sign, word in SYSTEMS if sign in self.user_agent), None)
        return f"{program} on {system}" if system else program


class Team(db.Model):
    """People whose figures are looked at together; it decides nothing else."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)

    members = relationship(
        "TeamMember", cascade="all, delete-orphan", order_by="TeamMember.user_id"
    )


class TeamMember(db.Model):
    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


# Order matters: Edge also says Chrome, Chrome also says Safari, Android also says Linux.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class AuditEntry(db.Model):
    """Who changed what, before and after; secrets are named, never shown."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column(BigId)
    before: Mapped[dict | None] = mapped_column(JSON)
    after: Mapped[dict | None] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text, default="")


def record(actor, action, subject, before=None, after=None, note=""):
    """Leave an audit row; `actor` is a User, or the name of a rule or command."""
    db.session.add(
        AuditEntry(
            actor_id=person_id(actor),
            actor=name_of(actor),
            action=action,
            subject=type(subject).__tablename__,
            subject_id=getattr(subject, "id", None),  # settings go by their name
            before=before,
            after=after,
            note=note,
        )
    )


def differences(before, after):
    """What changed between two snapshots of the same names: (as it was, as it is)."""
    changed = [name for name in after if after[name] != before[name]]
    return ({name: facts[name] for name in changed} for facts in (before, after))


def person(actor):
    """The User behind a change; None where a rule or a command made it."""
    return actor if isinstance(actor, User) else None


def person_id(actor):
    return actor.id if isinstance(actor, User) else None


def name_of(actor):
    return actor.name if isinstance(actor, User) else str(actor)
