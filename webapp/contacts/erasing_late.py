"""A provider still tells what became of messages to somebody forgotten: nothing of it is kept."""

from sqlalchemy import select

from webapp.contacts import forgetting
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox.models import Message, Receipt

CHUNK = 500


def forget(message_ids):
    """Those of these messages whose person was erased, with what names them in the receipts.

    The message keeps its status: the counts in reports go on being right.
    """
    for start in range(0, len(message_ids), CHUNK):
        rows = db.session.scalars(
            select(Message)
            .join(Contact, Contact.id == Message.contact_id)
            .where(
                Message.id.in_(message_ids[start : start + CHUNK]), Contact.erased_at.is_not(None)
            )
            .order_by(Message.id)
        ).all()
        if rows:
            recipients = select(Receipt.recipient).where(
                Receipt.message_id.in_([row.id for row in rows]), Receipt.recipient != ""
            )
            forgetting.messages(rows, sorted(set(db.session.scalars(recipients))))
