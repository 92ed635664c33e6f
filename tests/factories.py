"""Rows with sensible defaults, committed: `make_interaction(owner=ana)`."""

import itertools
from datetime import timedelta
from types import SimpleNamespace

from argon2 import PasswordHasher

from webapp.accounts.models import Account, AccountDrain, RoutingStep
from webapp.analytics import keeping
from webapp.campaigns import correlation, ledger
from webapp.campaigns.models import Campaign, CampaignVariant, Recipient, RecipientState
from webapp.columns import utcnow
from webapp.contacts.models import Contact, ContactIdentity, ContactList
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import Direction, Interaction, InteractionState, Message, MessageStatus
from webapp.queues.models import Queue, QueueMember
from webapp.settings.models import Disposition
from webapp.staff.models import Presence, Role, User
from webapp.unit_of_work import unit_of_work

PASSWORD = "correct horse battery"
# The cheapest hash that is still argon2: the tests sign in hundreds of times.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
CREDENTIAL_KEY = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
META_SECRET = "0123456789abcdef0123456789abcdef"
META_NUMBER_ID = "105555020088002"
META_WABA_ID = "104555010077001"

_numbers = itertools.count(1)


def save(*rows):
    """Commit the rows; gives back the first."""
    with unit_of_work():
        db.session.add_all(rows)
    return rows[0]


def change(row, **columns):
    """Commit new values of one row; a unit of work drops what was set before it began."""
    with unit_of_work():
        for name, value in columns.items():
            setattr(row, name, value)
    return row


def make_user(name="Someone", role=Role.AGENT, presence=Presence.AVAILABLE, **columns):
    return save(_user(name, role, presence, **columns))


def _user(name, role=Role.AGENT, presence=Presence.AVAILABLE, **columns):
    email = columns.pop("email", f"{name.lower().replace(' ', '.')}{next(_numbers)}@example.com")
    return User(
        name=name,
        email=email,
        role=role,
        presence=presence,
        password_hash=PASSWORD_HASH,
        **columns,
    )


def make_queue(name="Support", members=(), **columns):
    return save(_queue(name, members, **columns))


def _queue(name, members, **columns):
    queue = Queue(name=name, **columns)
    queue.members = [QueueMember(user_id=user.id, position=n) for n, user in enumerate(members)]
    return queue


def make_account(queue=None, provider="sandbox", **columns):
    account = save(_account(queue, provider, **columns))
    save(AccountDrain(account_id=account.id))
    return account


def _account(queue=None, provider="sandbox", **columns):
    n = next(_numbers)
    values = {
        "name": f"Account {n}",
        "key": f"{n:05X}",
        "phone": f"1555{n:07d}",
        "credentials": {"webhook_secret": "sandbox-secret", "app_secret": META_SECRET},
    }
    account = Account(provider=provider, **(values | columns))
    if queue is not None:
        account.steps = [RoutingStep(position=1, kind="queue", queue_id=queue.id)]
    return account


def make_meta_account(queue=None, **columns):
    """The account the sample payloads are addressed to."""
    values = {
        "name": "Northgate Care",
        "key": "NORTH",
        "phone": "15550100200",
        "phone_number_id": META_NUMBER_ID,
        "waba_id": META_WABA_ID,
        "app_id": "100200300",
        "credentials": {
            "access_token": "token-1",
            "app_secret": META_SECRET,
            "verify_token": "RIGHT",
        },
    }
    return make_account(queue, provider="meta", **(values | columns))


def make_contact(name="Dana Whitlock", phone=None, **columns):
    phone = phone or f"1555012{next(_numbers):04d}"
    contact = Contact(name=name, phone=phone, **columns)
    contact.identities = [
        ContactIdentity(kind="wa_id", value=phone, match_key=f"tel:{phone}", scope="")
    ]
    return save(contact)


def make_interaction(account, contact=None, owner=None, queue=None, state=None, **columns):
    contact = contact or make_contact()
    now = utcnow().replace(microsecond=0)
    values = {
        "started_at": now,
        "last_message_at": now,
        "last_customer_at": now,
        "window_expires_at": now + timedelta(hours=24),
        "session_expires_at": now + timedelta(hours=24),
        "waiting_since": None if owner else now,
        "contact_name": contact.display_name,
        "contact_phone": contact.display_phone,
    }
    assigned = InteractionState.ASSIGNED if owner else InteractionState.WAITING
    interaction = Interaction(
        account_id=account.id,
        contact_id=contact.id,
        owner_id=owner.id if owner else None,
        queue_id=queue.id if queue else None,
        state=state or assigned,
        **(values | columns),
    )
    with unit_of_work():
        db.session.add(interaction)
        db.session.flush()
        if interaction.state not in (InteractionState.NEW, InteractionState.CLOSED):
            keeping.begun(interaction, interaction.waiting_since or now)
    return interaction


def make_message(interaction, text="Is anyone there?", direction=Direction.IN, **columns):
    values = {
        "status": MessageStatus.RECEIVED if direction == Direction.IN else MessageStatus.SENT,
        "provider_id": f"wamid.{next(_numbers)}",
        "written_at": utcnow().replace(microsecond=0),
    }
    message = Message(
        account_id=interaction.account_id,
        contact_id=interaction.contact_id,
        interaction_id=interaction.id,
        direction=direction,
        text=text,
        **(values | columns),
    )
    with unit_of_work():
        db.session.add(message)
        db.session.flush()
        summary.note_message(db.session.get(Interaction, interaction.id), message)
    return message


def make_disposition(name, *below, **columns):
    """An outcome with those below it: each a name, or a tuple of a name and what is below that."""
    row = save(Disposition(name=name, position=next(_numbers), **columns))
    for one in below:
        make_disposition(*(one if isinstance(one, tuple) else (one,)), parent_id=row.id)
    return row


def make_list(name="Customers"):
    return save(ContactList(name=name))


def make_campaign(account, name="Autumn delivery slots", template=None, **columns):
    """A draft with one variant of this template, if there is one."""
    variant = template and CampaignVariant(template_name=template.name, language=template.language)
    return save(
        Campaign(
            name=name,
            account_id=account.id,
            token=correlation.new_token(),
            variants=[variant] if variant else [],
            **columns,
        )
    )


def make_recipient(campaign, contact=None, state=RecipientState.QUEUED, **columns):
    """A row of the ledger, counted as loading counts it."""
    contact = contact or make_contact(f"Customer {next(_numbers)}")
    variant = campaign.variants[0].id if campaign.variants else None
    row = Recipient(
        campaign_id=campaign.id, contact_id=contact.id, variant_id=variant, state=state, **columns
    )
    with unit_of_work():
        db.session.add(row)
        db.session.flush()
        facts = {column.name: getattr(row, column.name) for column in Recipient.__table__.c}
        key = (campaign.id, row.variant_id or 0)
        ledger.count({(*key, name): 1 for name in ledger.facts_of(facts)})
    return row


def make_cast():
    """In one unit of work: thousands of tests begin with it."""
    admin = _user("Admin Adler", Role.ADMIN, email="admin@example.com")
    sara = _user("Sara Supervisor", Role.SUPERVISOR, email="sara@example.com")
    ana = _user("Ana Agent", email="ana@example.com")
    ben = _user("Ben Agent", email="ben@example.com")
    otto = _user("Otto Outsider", email="otto@example.com")
    with unit_of_work():
        db.session.add_all([admin, sara, ana, ben, otto])
        db.session.flush()
        queue = _queue("Support", [ana, ben])
        db.session.add(queue)
        db.session.flush()
        account = _account(queue, name="Northgate Care", key="NGC", phone="15550100199")
        db.session.add(account)
        db.session.flush()
        db.session.add(AccountDrain(account_id=account.id))
    return SimpleNamespace(
        admin=admin, sara=sara, ana=ana, ben=ben, otto=otto, queue=queue, account=account
    )
