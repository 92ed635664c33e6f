"""What the pretend customer's phone does with a message that reaches it."""

from datetime import timedelta

from sqlalchemy import select

from webapp import jobs, media_store
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.live import push
from webapp.providers import sandbox_crowd as crowd
from webapp.providers.base import Reaction, TemplateMessage
from webapp.providers.sandbox import DELIVERED, NO_ANSWER, SENT
from webapp.sandbox.models import ANSWER, SandboxCustomer, SandboxReceipt
from webapp.unit_of_work import unit_of_work

AFTER = {"read": timedelta(seconds=2), ANSWER: timedelta(seconds=8)}
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
        """What this customer's phone is set to do; a number nobody set up does as its crowd."""
        try:
            return _behaviour(_customer(recipient), recipient.phone)
        finally:
            db.session.rollback()

    def accepted(self, recipient, message_id, correlation_id, command):
        """The message has arrived; the receipts it earns are posted by a job."""
        with unit_of_work():
            customer = _customer(recipient)
            for status in _receipts(_behaviour(customer, recipient.phone), command):
                db.session.add(
                    SandboxReceipt(
                        account_id=self._account_id,
                        message_id=message_id,
                        correlation_id=correlation_id,
                        recipient=recipient.phone,
                        status=status,
                        due_at=utcnow() + AFTER.get(status, timedelta()),
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


def _behaviour(customer, phone):
    return customer.behaviour if customer else crowd.behaviour(phone)


def _receipts(behaviour, command):
    earned = RECEIPTS.get(behaviour, ALL_RECEIPTS)
    if isinstance(command, TemplateMessage) and crowd.answer(command.to.phone):
        return (*earned, ANSWER)
    # Of a reaction WhatsApp never says more than that it left.
    return earned[:1] if isinstance(command, Reaction) else earned


def _customer(recipient):
    return db.session.scalar(
        select(SandboxCustomer).where(SandboxCustomer.phone == recipient.phone)
    )
