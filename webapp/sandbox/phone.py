"""What the pretend customer's phone does with a message that reaches it."""

from datetime import timedelta

from sqlalchemy import select

from webapp import jobs, media_store
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.live import push
from webapp.providers.base import Reaction
from webapp.providers.sandbox import DELIVERED, NO_ANSWER, READ, SENT
from webapp.sandbox.models import SandboxCustomer, SandboxReceipt
from webapp.unit_of_work import unit_of_work

READ_AFTER = timedelta(seconds=2)
RECEIPTS = {
    SENT: ("sent",),
    DELIVERED: ("sent", "delivered"),
    NO_ANSWER: (),  # nothing settles it, so what was sent stays unknown
}
ALL_RECEIPTS = ("sent", "delivered", "read")


class Phone:
    """Asked by the sender while no transaction is open, so it opens and ends its own."""

    def __init__(self, account_id):
        self._account_id = account_id

    def behaviour(self, recipient):
        """What this customer's phone is set to do; a number nobody set up reads everything."""
        try:
            customer = _customer(recipient)
            return customer.behaviour if customer else READ
        finally:
            db.session.rollback()

    def accepted(self, recipient, message_id, correlation_id, command):
        """The message has arrived; the receipts it earns are posted by a job."""
        with unit_of_work():
            customer = _customer(recipient)
            for status in _receipts(customer, command):
                db.session.add(
                    SandboxReceipt(
                        account_id=self._account_id,
                        message_id=message_id,
                        correlation_id=correlation_id,
                        recipient=recipient.phone,
                        status=status,
                        due_at=utcnow() + (READ_AFTER if status == "read" else timedelta()),
                    )
                )
            jobs.hint("workers.sandbox.deliver_receipts", 0)
            if customer:
                push.changed(f"sandbox:{customer.id}")

    def file(self, media_id):
        """What this phone has sent, as an open file; None if it is gone."""
        try:
            return media_store.open(file_key(media_id))
        except (media_store.NotThere, ValueError):
            return None


def file_key(media_id):
    return f"sandbox-{media_id}"


def _receipts(customer, command):
    earned = RECEIPTS.get(customer.behaviour if customer else READ, ALL_RECEIPTS)
    # Of a reaction WhatsApp never says more than that it left.
    return earned[:1] if isinstance(command, Reaction) else earned


def _customer(recipient):
    return db.session.scalar(
        select(SandboxCustomer).where(SandboxCustomer.phone == recipient.phone)
    )
