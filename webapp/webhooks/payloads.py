"""Payloads waiting to be drained: which they are, and what stands in them."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from flask import current_app
from sqlalchemy import bindparam, or_, text

from webapp.accounts.access_points import reader_of
from webapp.accounts.models import Account
from webapp.columns import UtcDateTime, utcnow
from webapp.contacts.people import keys_of
from webapp.extensions import db
from webapp.providers.base import (
    Echo,
    IdentityChange,
    InboundMessage,
    NameChange,
    PreferenceChange,
    StatusUpdate,
    Unsupported,
    WebhookRequest,
)
from webapp.webhooks.addressing import Addresses, Number
from webapp.webhooks.models import WebhookPayload

log = logging.getLogger(__name__)

BATCH = 200
BATCH_BYTES = 8 * 1024 * 1024  # one body may have 4 MB
# Some three hundred receipts: so long a customer's message that arrives meanwhile has to wait.
RECEIPT_BYTES = 192 * 1024


# As text because every drain runs it twice: building it costs as much as running it.
_NEXT = (
    text(
        """
        SELECT * FROM (
            SELECT *, sum(length(body)) OVER (ORDER BY id) - length(body) AS before FROM (
                SELECT id, provider, method, query, content_type, body, received_at, attempt_count
                FROM webhook_payloads
                WHERE account_id = :account_id AND processed_at IS NULL
                    AND only_receipts = :only_receipts
                    AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
                ORDER BY id LIMIT :most
            ) AS due
        ) AS sized
        WHERE before < :bytes ORDER BY id
        """
    )
    .bindparams(bindparam("now", type_=UtcDateTime()))
    .columns(received_at=UtcDateTime())
)


@dataclass(eq=False)
class Payload:
    """A stored body, read: tasks to apply, and what an admin should know of the rest."""

    id: int
    received_at: datetime
    attempt_count: int
    tasks: list = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fault: Exception | None = None

    @property
    def note(self):
        return " ".join(dict.fromkeys(self.notes)) or None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One event and the account it is for."""

    payload: Payload
    place: int
    account: Number
    event: object

    @property
    def is_receipt(self):
        return isinstance(self.event, StatusUpdate)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One event as it was read; without an account it has no effect, a remark is for admins."""

    place: int
    event: object
    account: Number | None
    remark: str | None


def waiting(now=None):
    """The condition for payloads that are due."""
    return WebhookPayload.processed_at.is_(None), or_(
        WebhookPayload.next_attempt_at.is_(None),
        WebhookPayload.next_attempt_at <= (now or utcnow()),
    )


def read_batch(account_id):
    """The next due payloads in the order they were stored, parsed; nothing is locked.

    Receipts come when nothing else is due: a campaign's hold up no customer.
    """
    rows = _rows(account_id, False, BATCH_BYTES) or _rows(account_id, True, RECEIPT_BYTES)
    if not rows:
        return []
    account = db.session.get(Account, account_id)
    readers, addresses = Readers(account), Addresses(account)
    return [_read(row, readers, addresses) for row in rows]


class Readers:
    """The providers whose webhooks one account has had, each made once."""

    def __init__(self, account):
        self._account = account
        self._made = {}

    def events_of(self, row):
        """What a stored webhook tells, as its provider reads it."""
        name = self._format(row)
        if name not in self._made:
            self._made[name] = reader_of(self._account, name)
        if self._made[name] is None:
            raise LookupError(f"No provider {name} here")
        return self._made[name].parse(self._request(row))

    def _format(self, row):
        if row.provider:
            return row.provider
        # Kept before a row said so: of the provider the account had at that time.
        moved_at = self._account.moved_at
        before = moved_at is not None and row.received_at < moved_at
        return (before and self._account.former_provider) or self._account.provider

    def _request(self, row):
        return WebhookRequest(
            row.method,
            current_app.config["PUBLIC_URL"] + self._path(row) + (row.query and f"?{row.query}"),
            {"content-type": row.content_type} if row.content_type else {},
            bytes(row.body),
            dict(parse_qsl(row.query, keep_blank_values=True)) if row.query else {},
            row.received_at,
        )

    def _path(self, row):
        return f"/webhooks/{self._format(row)}/{self._account.webhook_token}"


def _rows(account_id, only_receipts, most_bytes):
    values = {
        "account_id": account_id,
        "only_receipts": only_receipts,
        "now": utcnow(),
        "most": BATCH,
        "bytes": most_bytes,
    }
    return db.session.execute(_NEXT, values).all()


def _read(row, readers, addresses):
    payload = Payload(row.id, row.received_at, row.attempt_count)
    try:
        for told in tellings(row, readers, addresses):
            if told.account is not None:
                payload.tasks.append(Task(payload, told.place, told.account, told.event))
            elif told.remark:
                payload.notes.append(told.remark)
    except Exception as error:  # parsing promises not to raise; a batch must not hang on that
        payload.fault = error
    return payload


def tellings(row, readers, addresses):
    """Each event of a stored webhook, and the account it is for or why it is for none."""
    for place, event in enumerate(readers.events_of(row), start=1):
        yield Told(place, event, *_addressed(event, addresses))


def _addressed(event, addresses):
    if isinstance(event, Unsupported):
        return None, None if event.harmless else event.reason
    account = addresses.account_for(event)
    if account is None:
        ref = event.account_ref
        id = ref.phone_number_id or ref.waba_id
        named = f"id {id}" if id else ref.display_phone
        return None, f"No account here with the same secret has the number {named}."
    if _names_nobody(event, account):
        return None, "Somebody is named in a way that cannot be stored."
    return account, None


def _names_nobody(event, account):
    match event:
        case InboundMessage(group_id=None) | Echo() | PreferenceChange() | NameChange():
            return not keys_of(event.identities, account.portfolio)
        case IdentityChange():
            return not keys_of((*event.old, *event.new), account.portfolio)
    return False
