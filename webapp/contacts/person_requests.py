"""What people asked for about their own data, and no job is at."""

from sqlalchemy import select

from webapp.contacts.models import PersonRequest
from webapp.extensions import db


def left(kind, stale):
    """Ids of unfinished requests of this kind that nobody worked on since `stale`."""
    return db.session.scalars(
        select(PersonRequest.id).where(
            PersonRequest.state.in_(("waiting", "running")),
            PersonRequest.kind == kind,
            PersonRequest.beat_at < stale,
        )
    ).all()
