"""Addresses that show the board's figures without a sign-in, on a TV: made, listed, revoked.

Only the hash of an address's secret is kept, so that it is shown once and read from no backup.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import and_, or_, select, true

from webapp.analytics.choosing import Choice
from webapp.analytics.models import BoardLink
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff import access
from webapp.staff.models import User, record

SEEN_EVERY = timedelta(minutes=1)
LONGEST_NAME = 80
LONGEST_DAYS = 366


def make(name, choice, by, days=None, now=None):
    """(link, secret); the secret is told here and nowhere else. ValueError says what is wrong."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise ValueError(f"Say where it hangs, in at most {LONGEST_NAME} letters.")
    if days and days > LONGEST_DAYS:
        raise ValueError("Choose how long it is to work.")
    now, secret = now or utcnow(), secrets.token_urlsafe(24)
    link = BoardLink(
        name=name,
        token_hash=_digest(secret),
        choice={kind: getattr(choice, kind) for kind in ("queue", "account", "team")},
        created_by_id=by.id,
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )
    db.session.add(link)
    db.session.flush()
    record(by, "added", link, after={"name": name, "days": days})
    return link, secret


def revoke(link, by, now=None):
    """It shows nothing from now on."""
    if link.revoked_at is None:
        link.revoked_at = now or utcnow()
        record(by, "revoked", link, before={"name": link.name})


def working(user, now=None):
    """Those that still show something, newest first; a leader of some queues sees their own."""
    rows = select(BoardLink).where(_works(now or utcnow()), visible(user))
    return db.session.scalars(rows.order_by(BoardLink.id.desc())).all()


def visible(user):
    """The SQL condition for the links this leader may list and revoke."""
    return true() if access.leads_all(user) else BoardLink.created_by_id == user.id


def find(secret, now=None):
    """The link behind an address, or None where it does not work (any more)."""
    found = select(BoardLink).where(BoardLink.token_hash == _digest(secret))
    return db.session.scalar(found.where(_works(now or utcnow())))


def is_due(link, now):
    """Whether it is time to note that somebody looks: not with each second's request."""
    return link.seen_at is None or now - link.seen_at > SEEN_EVERY


def choice_of(link):
    """What it shows: no more than whoever made it may see today."""
    return Choice(**link.choice, period="today", led=access.led_queues(link.created_by))


def _works(now):
    """Neither revoked nor over, and made by somebody who may still look themselves."""
    in_time = or_(BoardLink.expires_at.is_(None), BoardLink.expires_at > now)
    by_a_leader = BoardLink.created_by.has(and_(User.active, User.role.in_(access.LEADERS)))
    return BoardLink.revoked_at.is_(None) & in_time & by_a_leader


def _digest(secret):
    return hashlib.sha256(secret.encode()).hexdigest()
