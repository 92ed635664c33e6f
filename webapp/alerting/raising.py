"""Opens an alert, keeps it open while it is so, and ends it."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from webapp.alerting.models import Alert
from webapp.columns import utcnow
from webapp.database import insert
from webapp.extensions import db
from webapp.live import push

ALERTS = Alert.__table__
ROOM = "alerts"
LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an alert says; `subject` tells it from others of its kind."""

    subject: str
    title: str
    detail: str = ""
    action: str = ""
    severity: str = "warning"
    account_id: int | None = None


def raise_alert(kind, trouble, now=None):
    """Open it, or bring the open one up to date; true if it is new."""
    now = now or utcnow()
    words = {
        "severity": trouble.severity,
        "title": trouble.title[:LONGEST_TITLE],
        "detail": trouble.detail,
        "action": trouble.action,
        "seen_at": now,
    }
    row = {"kind": kind, "subject": trouble.subject, "account_id": trouble.account_id}
    began_at = db.session.scalar(
        insert(ALERTS)
        .values(**row, **words, began_at=now)
        .on_conflict_do_update(
            index_elements=["kind", "subject"], index_where=ALERTS.c.ended_at.is_(None), set_=words
        )
        .returning(ALERTS.c.began_at)
    )
    if began_at == now:
        push.changed(ROOM)
    return began_at == now


def end(kind, subject, now=None):
    """What it said is no longer so; true if it was open."""
    ended = db.session.execute(
        update(Alert)
        .where(Alert.kind == kind, Alert.subject == subject, Alert.ended_at.is_(None))
        .values(ended_at=now or utcnow())
        .execution_options(synchronize_session=False)
    ).rowcount
    if ended:
        push.changed(ROOM)
    return bool(ended)


def settle(kind, troubles, now=None):
    """These are all there are of this kind now: raise them, and end the others."""
    for trouble in troubles:
        raise_alert(kind, trouble, now)
    for subject in open_subjects(kind) - {trouble.subject for trouble in troubles}:
        end(kind, subject, now)


def open_subjects(kind):
    return set(
        db.session.scalars(
            select(Alert.subject).where(Alert.kind == kind, Alert.ended_at.is_(None))
        )
    )


def open_count():
    return db.session.scalar(select(func.count(Alert.id)).where(Alert.ended_at.is_(None)))


def of_account(account_id):
    """The subject of an alert about one account."""
    return f"account:{account_id}"
