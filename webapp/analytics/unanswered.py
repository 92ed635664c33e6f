"""Since when customers waited for an answer at a moment of the past, told by the messages alone."""

from sqlalchemy import and_, func, or_, select

from webapp.analytics import attendance
from webapp.extensions import db
from webapp.inbox.models import MARKS, Direction, Message, MessageStatus


def since_at(moment):
    """{conversation: since when} of what somebody had then, with the customer's word the last.

    As `inbox.summary` keeps it: what a campaign sent, or what failed, answers nobody.
    """
    held = attendance.held_at(moment)
    then = and_(
        Message.interaction_id.in_(held),
        Message.received_at <= moment,
        Message.kind.not_in(MARKS),
    )
    answers = and_(
        then,
        Message.direction == Direction.OUT,
        Message.campaign_id.is_(None),
        Message.status != MessageStatus.FAILED,
    )
    last = (
        select(Message.interaction_id, func.max(Message.written_at).label("at"))
        .where(answers)
        .group_by(Message.interaction_id)
        .subquery()
    )
    asked = (
        select(Message.interaction_id, func.min(Message.written_at))
        .outerjoin(last, last.c.interaction_id == Message.interaction_id)
        .where(
            then,
            Message.direction == Direction.IN,
            or_(last.c.at.is_(None), Message.written_at > last.c.at),
        )
        .group_by(Message.interaction_id)
    )
    return dict(db.session.execute(asked).all())
