"""Adds and changes WhatsApp accounts: one set of verbs for the page and for scripts."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import current_app
from sqlalchemy import exists, or_, select

from webapp.accounts import health, rules, sealing
from webapp.accounts.access_points import COLUMNS
from webapp.accounts.models import Account, AccountDrain, RoutingStep, SessionAnchor
from webapp.accounts.numbers import digits_of
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.live import push
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue
from webapp.staff.models import User, differences, record
from webapp.webhooks.models import WebhookPayload

SHORTEST_TIMEOUT = 5  # seconds: clock looks every few


class Invalid(Exception):
    """What cannot be saved, as sentences by the name of the value."""

    def __init__(self, errors):
        super().__init__(" ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True)
class Values:
    """What a person or a script wants an account to be."""

    name: str
    key: str
    phone: str
    description: str = ""
    contact_list_id: int | None = None
    queue_id: int | None = None
    interval_id: int | None = None  # the hours in which that step is taken
    agent_ids: tuple[int, ...] = ()
    session_anchor: str = SessionAnchor.FIRST
    needs_disposition: bool = False
    enabled: bool = True
    provider_values: Mapping[str, str] = field(default_factory=dict)  # an absent secret stays


def values_of(account):
    """The account as it is; nothing of its provider's settings, which so stay as they are."""
    queue = queue_of(account)
    return Values(
        name=account.name,
        key=account.key,
        phone=account.phone,
        description=account.description,
        contact_list_id=account.contact_list_id,
        queue_id=queue.id if queue else None,
        interval_id=interval_of(account),
        agent_ids=tuple(agent.id for agent in account.agents),
        session_anchor=account.session_anchor,
        needs_disposition=account.needs_disposition,
        enabled=account.enabled,
    )


def providers_offered():
    """The providers an account may be made for here."""
    return [
        provider
        for provider in PROVIDERS.values()
        if provider.name != "sandbox" or current_app.config["SANDBOX"]
    ]


def add(actor, provider_name, values):
    """A new account with its webhook address; raises Invalid."""
    if provider_name not in {provider.name for provider in providers_offered()}:
        raise Invalid({"provider": f"There is no provider called {provider_name!r} here."})
    account = Account(provider=provider_name, credentials={}, name="", key="", phone="")
    _apply(account, values, actor)
    generate(account)
    db.session.add(account)
    db.session.flush()
    db.session.add(AccountDrain(account_id=account.id))
    record(actor, "added", account, after=snapshot(account))
    return account


def change(account, actor, values):
    """The account as these values say; the provider stays. Raises Invalid."""
    before = snapshot(account)
    replaced = _apply(account, values, actor)
    db.session.flush()
    old, new = differences(before, snapshot(account))
    if new or replaced:
        note = f"replaced: {', '.join(replaced)}" if replaced else ""
        record(actor, "changed", account, before=old, after=new, note=note)
    health.ask_soon(account.id)
    push.changed(f"account:{account.id}", health.ROOM)


def set_queues(account, actor, wanted):
    """New conversations wait in these queues one after the other: [(queue, seconds until the next
    one, None for as long as it lasts)]. A queue's hours stay; raises Invalid."""
    if any(timeout is not None and timeout < SHORTEST_TIMEOUT for _, timeout in wanted):
        raise Invalid({"timeout": f"Somebody waits at least {SHORTEST_TIMEOUT} seconds."})
    before = snapshot(account)
    hours = {step.queue_id: step.interval_id for step in account.steps}
    account.steps = [step for step in account.steps if step.kind != "queue"]
    db.session.flush()
    for queue, timeout in wanted:
        _append_queue(account, queue.id, hours.get(queue.id), timeout)
    db.session.flush()
    old, new = differences(before, snapshot(account))
    if new:
        record(actor, "changed", account, before=old, after=new)
        push.changed(f"account:{account.id}", health.ROOM)


def drop_former(account, actor, name):
    """From now on the former secret proves nothing."""
    if sealing.drop_former(account, name):
        record(actor, "changed", account, note=f"former {name} dropped")
        push.changed(f"account:{account.id}")


def delete(account, actor):
    """Only an account that nobody ever wrote to; any other is archived instead."""
    if is_used(account):
        raise Invalid(
            {"account": "This account has received messages, so it stays: archive it instead."}
        )
    record(actor, "deleted", account, before=snapshot(account))
    db.session.delete(account)
    db.session.flush()


def is_used(account):
    """Whether anything was ever received or written on it."""
    used = [
        exists().where(table.account_id == account.id) for table in (Interaction, WebhookPayload)
    ]
    return bool(db.session.scalar(select(or_(*used))))


def snapshot(account):
    """The account without any secret, for the audit."""
    return {
        "name": account.name,
        "key": account.key,
        "provider": account.provider,
        "phone": account.phone,
        **{name: getattr(account, name) for name in COLUMNS},
        "description": account.description,
        "contact_list_id": account.contact_list_id,
        "queue_ids": [step.queue_id for step in account.steps],
        "interval_ids": [step.interval_id for step in account.steps],
        "timeouts": [step.timeout for step in account.steps],
        "agent_ids": sorted(agent.id for agent in account.agents),
        "session_anchor": str(account.session_anchor),
        "needs_disposition": account.needs_disposition,
        "enabled": account.enabled,
        "archived": account.archived_at is not None,
    }


def queue_of(account):
    """The queue a new conversation goes to first, or None."""
    return next((step.queue for step in account.steps if step.kind == "queue"), None)


def interval_of(account):
    """The hours in which a new conversation goes to that queue, or None for always."""
    return next((step.interval_id for step in account.steps if step.kind == "queue"), None)


def _apply(account, values, actor):
    """Check everything, then write everything; the names of the secrets replaced."""
    errors = rules.errors_of(account, values)
    with db.session.no_autoflush:
        if errors:
            raise Invalid(errors)
        account.name = values.name.strip()
        account.key = values.key.strip().upper()
        account.phone = digits_of(values.phone)
        account.description = values.description.strip()
        account.contact_list_id = values.contact_list_id
        account.session_anchor = values.session_anchor
        account.needs_disposition = values.needs_disposition
        account.enabled = values.enabled
        account.agents = _agents(values.agent_ids)
        _route(account, values.queue_id, values.interval_id)
        return sealing.apply(account, values.provider_values, actor)


def _agents(ids):
    return (
        db.session.scalars(select(User).where(User.id.in_(ids), User.active)).all() if ids else []
    )


def _route(account, queue_id, interval_id):
    """A new account's flow has one step, its queue; a longer flow is edited where it is shown."""
    queue_step = next((step for step in account.steps if step.kind == "queue"), None)
    if queue_id is None:
        if queue_step is not None:
            account.steps.remove(queue_step)
    elif queue_step is None:
        _append_queue(account, queue_id, interval_id)
    else:
        queue_step.interval_id = interval_id
        queue_step.queue_id = queue_id
        queue_step.queue = db.session.get(Queue, queue_id)


def _append_queue(account, queue_id, interval_id, timeout=None):
    last = max((step.position for step in account.steps), default=0)
    step = RoutingStep(position=last + 1, kind="queue", queue_id=queue_id, timeout=timeout)
    step.interval_id = interval_id
    account.steps.append(step)


def generate(account):
    """What nobody types in: tokens and secrets of our own, and the sandbox's number."""
    for declared in PROVIDERS[account.provider].form_fields:
        if declared.generated and not sealing.stored(account, declared.name):
            sealing.put(account, declared.name, secrets.token_urlsafe(24))
