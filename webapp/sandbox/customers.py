"""The pretend customers: making them, setting how their phone behaves, starting over."""

from sqlalchemy import delete, func, select

from webapp.accounts.numbers import digits_of
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason, Message
from webapp.live import push
from webapp.providers.sandbox import BEHAVIOURS, READ
from webapp.sandbox import viewing
from webapp.sandbox.models import SandboxCustomer, SandboxEvent, SandboxReceipt

FIRST_ONES = (
    ("Test customer A", "15550000001"),
    ("Test customer B", "15550000002"),
    ("New number", "15550000003"),
)


def add(name, phone):
    """A customer with a phone of their own; ValueError with a sentence if that cannot be."""
    name, digits = name.strip(), digits_of(phone)
    if not name:
        raise ValueError("Give the customer a name.")
    taken = db.session.scalar(select(SandboxCustomer).where(SandboxCustomer.phone == digits))
    if taken is not None:
        raise ValueError(f"{taken.name} has this number already.")
    customer = SandboxCustomer(name=name[:120], phone=digits)
    db.session.add(customer)
    db.session.flush()
    return customer


def prepare():
    """Somebody to write as, where nobody is set up yet."""
    if db.session.scalar(select(SandboxCustomer.id).limit(1)) is None:
        for name, phone in FIRST_ONES:
            add(name, phone)


def behave(customer, behaviour, bad_signature):
    """What becomes of messages to this customer from now on."""
    if behaviour not in BEHAVIOURS:
        raise ValueError("No phone behaves like that.")
    customer.behaviour = behaviour
    customer.bad_signature = bad_signature


def start_over(customer, account, by):
    """An empty, well-behaved phone; the conversation is wrapped up, its records stay."""
    conversation = viewing.conversation_of(customer, account)
    if conversation.interaction is not None and not conversation.interaction.is_closed():
        closing.close(conversation.interaction, CloseReason.AGENT, by=by)
    if conversation.contact is not None:
        last = select(func.max(Message.id)).where(
            Message.account_id == account.id, Message.contact_id == conversation.contact.id
        )
        customer.cleared_message_id = db.session.scalar(last) or 0
    behave(customer, READ, bad_signature=False)
    for table, condition in (
        (SandboxEvent, SandboxEvent.customer_id == customer.id),
        (SandboxReceipt, SandboxReceipt.recipient == customer.phone),
    ):
        db.session.execute(delete(table).where(condition))
    push.changed(f"sandbox:{customer.id}")
