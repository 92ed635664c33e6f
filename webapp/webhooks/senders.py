"""Whose webhook address a token is, remembered for a second in each process."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import bindparam, or_, select

from webapp.accounts.access_points import COLUMNS
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.providers import HTTP, PROVIDERS
from webapp.providers.base import Provider

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
MOST_REMEMBERED = 10_000


_FOUND = select(
    Account.id,
    Account.provider,
    Account.credentials,
    Account.former_provider,
    Account.former_credentials,
    Account.former_webhook_token,
    *(getattr(Account, name) for name in COLUMNS),
).where(
    or_(
        Account.webhook_token == bindparam("token"),
        Account.former_webhook_token == bindparam("token"),
    )
)


@dataclass(slots=True)
class Sender:
    account_id: int
    provider: Provider
    by_former_token: bool = False


@dataclass(slots=True)
class _Memory:
    senders: Mapping[str, Sender]  # by the name of the provider in the address
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
            known.senders = self._look_up(token)
        return known.senders.get(provider_name)

    def _remember(self, token, memory):
        if len(self._memory) >= MOST_REMEMBERED:
            self._memory.clear()  # somebody tries tokens; the real ones come back at once
        self._memory[token] = memory
        return memory

    def _look_up(self, token):
        """Both providers of an account that moved: late receipts come from the former one."""
        with self._app.app_context(), db.engine.connect() as connection:
            account = connection.execute(_FOUND, {"token": token}).first()
        if account is None:
            return {}
        held = (
            (account.former_provider, account.former_credentials),
            (account.provider, _settings_of(account)),
        )
        by_former = account.former_webhook_token == token
        return {
            name: Sender(
                account.id, PROVIDERS[name](credentials or {}, HTTP, self._app.config), by_former
            )
            for name, credentials in held
            if name in PROVIDERS
        }


def _settings_of(account):
    columns = {name: getattr(account, name) for name in COLUMNS}
    return {**columns, **(account.credentials or {})}
