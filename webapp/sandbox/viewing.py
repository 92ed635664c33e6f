"""What the sandbox page shows: the phone as the customer sees it, the agent's side, the events."""

import json
import re
from dataclasses import dataclass

from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import defer, joinedload

from webapp.accounts.models import Account
from webapp.contacts.models import Contact, ContactIdentity
from webapp.extensions import db
from webapp.inbox import thread
from webapp.inbox.models import MARKS, Direction, Interaction, Message
from webapp.sandbox.models import SandboxCustomer, SandboxEvent

SHOWN_MESSAGES = 60
LONGEST_VALUE = 4200  # WhatsApp's longest text fits
STRING = re.compile(r'"(?:[^"\\]|\\.)*"(?=(\s*:)?)')


@dataclass(frozen=True, slots=True)
class Conversation:
    contact: Contact | None
    interaction: Interaction | None


def accounts():
    here = (Account.provider == "sandbox") & Account.archived_at.is_(None)
    found = select(Account).where(here).order_by(Account.name, Account.id)
    return db.session.scalars(found).all()


def customers():
    return db.session.scalars(select(SandboxCustomer).order_by(SandboxCustomer.id)).all()


def conversation_of(customer, account):
    """Who the customer is for us, and their latest interaction on this account."""
    contact = db.session.scalar(
        select(Contact)
        .join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
        .where(ContactIdentity.kind == "wa_id", ContactIdentity.value == customer.phone)
        .limit(1)
    )
    if contact is None:
        return Conversation(None, None)
    latest = (
        select(Interaction)
        .where(Interaction.account_id == account.id, Interaction.contact_id == contact.id)
        .options(joinedload(Interaction.queue), joinedload(Interaction.owner))
        .order_by(Interaction.id.desc())
        .limit(1)
    )
    return Conversation(contact, db.session.scalar(latest))


def last_written_to(customer, accounts):
    """The account this customer talked to last, or the first one."""
    latest = {account: conversation_of(customer, account).interaction for account in accounts}
    talked = [account for account in accounts if latest[account] is not None]
    return max(talked, key=lambda account: latest[account].last_message_at, default=accounts[0])


def messages_of(customer, account):
    """What stands on the phone since it was last emptied, oldest first."""
    contact = conversation_of(customer, account).contact
    if contact is None:
        return []
    newest = (
        select(Message)
        .where(
            Message.account_id == account.id,
            Message.contact_id == contact.id,
            Message.id > customer.cleared_message_id,
            Message.direction != Direction.NOTE,
            Message.kind.not_in(MARKS),
        )
        .options(joinedload(Message.media), joinedload(Message.interaction))
        .order_by(Message.written_at.desc(), Message.id.desc())
        .limit(SHOWN_MESSAGES)
    )
    return db.session.scalars(newest).all()[::-1]


def bubbles_of(customer, account):
    """The same with what each quotes and who reacted to it."""
    return thread.bubbles_of(messages_of(customer, account))


def message_on(customer, account, message_id):
    """One of the messages on this phone that WhatsApp has an id for, or None."""
    contact = conversation_of(customer, account).contact
    message = db.session.get(Message, message_id or 0)
    if message is None or contact is None or not message.provider_id:
        return None
    ours = (message.account_id, message.contact_id) == (account.id, contact.id)
    return message if ours else None


def events_of(customer):
    """What the phone has posted, newest first; a body is read only where it is shown."""
    newest = (
        select(SandboxEvent)
        .where(SandboxEvent.customer_id == customer.id)
        .options(defer(SandboxEvent.body))
        .order_by(SandboxEvent.id.desc())
    )
    return db.session.scalars(newest).all()


def painted(body):
    """A posted body, indented, keys and values told apart, what is too long to read cut."""
    text = json.dumps(_cut(json.loads(body)), indent=2, ensure_ascii=False)
    parts, end = [], 0
    for string in STRING.finditer(text):
        tag = "b" if string.group(1) else "i"
        parts += [escape(text[end : string.start()]), Markup(f"<{tag}>"), escape(string.group())]
        parts.append(Markup(f"</{tag}>"))
        end = string.end()
    return Markup("").join([*parts, escape(text[end:])])


def _cut(value):
    if isinstance(value, dict):
        return {key: _cut(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f"{value[:80]}… {len(value)} characters"
    return value
