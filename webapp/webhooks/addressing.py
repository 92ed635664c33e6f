"""Which account an event is for: the token says whose secret signs, the event names a number."""

from dataclasses import dataclass, fields

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.contacts.people import match_key
from webapp.extensions import db
from webapp.providers.base import Echo, IdentityKind, InboundMessage

# What a provider signs with, or lets us in with where it signs nothing (Kaleyra); an event goes to
# another account only if both have the same one.
SHARED = ("app_secret", "webhook_secret", "auth_token", "api_key")
LOCAL_DIGITS = 7  # so many may name a number that is written without its country


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
        former = account.former_credentials or {}
        self._former = {former.get("phone_number_id"), former.get("waba_id")} - {None}
        self._found = {}

    def account_for(self, event):
        """The account an event is for, or None if no account here may have it."""
        own, ref = self.account, event.account_ref
        if (ref.phone_number_id or ref.waba_id) in self._former:
            return own  # late news of the provider it was at before
        if ref.phone_number_id and own.phone_number_id:
            if ref.phone_number_id == own.phone_number_id:
                return own
            return self._first(Account.phone_number_id, ref.phone_number_id)
        if ref.waba_id and own.waba_id and ref.waba_id != own.waba_id:
            return self._first(Account.waba_id, ref.waba_id)
        if ref.display_phone and not _is_same(ref.display_phone, own.phone):
            # What a customer wrote to a number that nobody has here must not be answered from
            # another one. Receipts find their message, news of the whole WABA stays here.
            talk = isinstance(event, InboundMessage | Echo)
            return self._first(Account.phone, ref.display_phone) or (None if talk else own)
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


def _is_same(named, own):
    """WhatsApp and providers write one number in several ways."""
    one, other = (match_key(IdentityKind.PHONE, digits) for digits in (named, own))
    return one == other or (len(named) >= LOCAL_DIGITS and own.endswith(named))


def _same_secret(one, other):
    return bool(_secrets(one) & _secrets(other))


def _secrets(account):
    held = account.credentials or {}
    names = [name + ending for name in SHARED for ending in ("", "_previous")]
    return {held[name] for name in names if held.get(name)}


def _number(account):
    return Number(**{field.name: getattr(account, field.name) for field in fields(Number)})
