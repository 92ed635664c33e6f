"""The clock of a conversation we began: it runs from the delivery of what began it.

Until a receipt tells, it runs from when the provider accepted that message. It never opens a
service window: WhatsApp does that only when the customer replies.
"""

from datetime import timedelta

from sqlalchemy import bindparam, update

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState, MessageStatus

LENGTH = timedelta(hours=24)
PROVED = (MessageStatus.DELIVERED, MessageStatus.READ)
INTERACTIONS = Interaction.__table__
_BEGAN = (
    INTERACTIONS.c.id == bindparam("own"),
    INTERACTIONS.c.session_message_id == bindparam("began_by"),
    INTERACTIONS.c.direction == "out",
    INTERACTIONS.c.state != InteractionState.CLOSED,
)


def accepted(message, now=None):
    """The provider took it: the session lasts a day from now, unless a receipt says otherwise."""
    if _may_have_begun(message.interaction, message):
        _end_at(update(INTERACTIONS).where(*_BEGAN), [(message, now or utcnow())])


def delivered(proofs, interactions):
    """`[(message as it stood, proved at)]`; repeats and any order of receipts end alike.

    The first proof counts from its own moment. A further one moves the end only to an earlier
    moment: `read` may arrive before the `delivered` that was first.
    """
    proofs = [
        (message, at)
        for message, at in proofs
        if _may_have_begun(interactions.get(message.interaction_id), message)
    ]
    statement = update(INTERACTIONS).where(*_BEGAN)
    earlier = statement.where(INTERACTIONS.c.session_expires_at > bindparam("until"))
    _end_at(statement, [one for one in proofs if one[0].status not in PROVED])
    _end_at(earlier, [one for one in proofs if one[0].status in PROVED])


def _may_have_begun(interaction, message):
    """As it was loaded; the statement asks once more."""
    return interaction is not None and interaction.session_message_id == message.id


def _end_at(statement, moments):
    if moments:
        db.session.execute(
            statement.values(session_expires_at=bindparam("until")),
            [
                {"own": message.interaction_id, "began_by": message.id, "until": at + LENGTH}
                for message, at in moments
            ],
        )
