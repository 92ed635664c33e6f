"""Whose webhook address a token is, remembered for a second in each process."""

import logging
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.providers import HTTP, PROVIDERS
from webapp.providers.base import Provider

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Sender:
    account_id: int
    provider: Provider


@dataclass(slots=True)
class _Memory:
    sender: Sender | None
    asked_at: float


class Senders:
    """Accounts by token, and tokens nobody has; a change in the database counts within a second."""

    def __init__(self, app):
        self._app = app
        self._memory = {}

    def find(self, provider_name, token):
        """The sender with this token at this provider, or None."""
        now = monotonic()
        known = self._memory.get(token)
        if known is None:
            known = self._remember(token, _Memory(self._look_up(token), now))
        elif now - known.asked_at >= FRESH_SECONDS:
            # Said before asking: those who come meanwhile go on with what was known.
            known.asked_at = now
            known.sender = self._look_up(token)
        sender = known.sender
        return sender if sender and sender.provider.name == provider_name else None

    def _remember(self, token, memory):
        if len(self._memory) >= MOST_REMEMBERED:
            self._memory.clear()  # somebody tries tokens; the real ones come back at once
        self._memory[token] = memory
        return memory

    def _look_up(self, token):
        columns = select(Account.id, Account.provider, Account.credentials)
        with self._app.app_context(), db.engine.connect() as connection:
            account = connection.execute(columns.where(Account.webhook_token == token)).first()
        if account is None or account.provider not in PROVIDERS:
            return None
        provider = PROVIDERS[account.provider](account.credentials or {}, HTTP, self._app.config)
        return Sender(account.id, provider)
