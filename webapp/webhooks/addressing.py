"""Which account an event is for: the token says whose secret signs, the event names a number."""

from dataclasses import dataclass, fields

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.extensions import db

# What a provider signs with; an event goes to another account only if both have the same one.
SIGNING = ("app_secret", "webhook_secret")


@dataclass(frozen=True, eq=False)
class Number:
    """An account as it was read: it outlives the transactions of a drain."""

    id: int
    phone: str
    phone_number_id: str | None
    waba_id: str | None
    portfolio: str
    contact_list_id: int | None
    session_anchor: str


class Addresses:
    """The accounts that one account's webhooks may name, each looked up once."""

    def __init__(self, account):
        self._account = account
        self.account = _number(account)
        self._found = {}

    def account_for(self, ref):
        """The account an event is for, or None if no account here may have it."""
        own = self.account
        if ref.phone_number_id and own.phone_number_id:
            if ref.phone_number_id == own.phone_number_id:
                return own
            return self._first(Account.phone_number_id, ref.phone_number_id)
        if ref.waba_id and own.waba_id and ref.waba_id != own.waba_id:
            return self._first(Account.waba_id, ref.waba_id)
        if ref.display_phone and ref.display_phone != own.phone:
            # News of a number that names only its digits; news of the whole WABA stays here.
            return self._first(Account.phone, ref.display_phone) or own
        return own

    def _first(self, column, value):
        key = column.key, value
        if key not in self._found:
            rows = db.session.scalars(
                select(Account)
                .where(column == value, Account.provider == self._account.provider)
                .order_by(Account.enabled.desc(), Account.id)
            ).all()
            same = (_number(row) for row in rows if _same_secret(row, self._account))
            self._found[key] = next(same, None)
        return self._found[key]


def _same_secret(one, other):
    return bool(_secrets(one) & _secrets(other))


def _secrets(account):
    held = account.credentials or {}
    names = [name + ending for name in SIGNING for ending in ("", "_previous")]
    return {held[name] for name in names if held.get(name)}


def _number(account):
    return Number(**{field.name: getattr(account, field.name) for field in fields(Number)})
