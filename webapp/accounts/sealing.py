"""An account's provider settings: secrets are written once and replaced without a gap."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm.attributes import flag_modified

from webapp.accounts.access_points import COLUMNS
from webapp.columns import utcnow
from webapp.providers import PROVIDERS
from webapp.staff.models import name_of

FORMER = "_previous"
SET_BY = "_set"  # among the credentials: who set each secret, and when
LAST = 4


@dataclass(frozen=True, slots=True)
class Stored:
    """All that a page may know of a secret."""

    last_four: str
    set_by: str
    set_at: datetime | None
    has_former: bool


def stored(account, name):
    """The value itself, for rules and providers; a page asks `known_of`."""
    if name in COLUMNS:
        return getattr(account, name)
    return (account.credentials or {}).get(name)


def known_of(account, name):
    """What may be shown of a stored secret, or None where there is none."""
    credentials = account.credentials or {}
    value = credentials.get(name)
    if not value:
        return None
    set_by = credentials.get(SET_BY, {}).get(name, {})
    at = set_by.get("at")
    return Stored(
        # Four of a short secret would be too much of it.
        value[-LAST:] if len(value) >= 4 * LAST else "",
        set_by.get("by", ""),
        datetime.fromisoformat(at) if at else None,
        f"{name}{FORMER}" in credentials,
    )


def readable(account):
    """False where the secrets were sealed by a key this installation no longer has."""
    return account.credentials is not None


def apply(account, given, actor):
    """Store what was given; a secret left empty stays as it is. The names of those replaced."""
    replaced = []
    for declared in PROVIDERS[account.provider].form_fields:
        value = (given.get(declared.name) or "").strip()
        if declared.generated or declared.name not in given:
            continue
        if not declared.secret:
            put(account, declared.name, value or None)
        elif value and value != stored(account, declared.name):
            _replace(account, declared, value, actor)
            replaced.append(declared.name)
    return replaced


def put(account, name, value):
    if name in COLUMNS:
        setattr(account, name, value)
        return
    # A new dictionary each time: SQLAlchemy does not see changes inside the old one.
    account.credentials = {**(account.credentials or {}), name: value}


def drop_former(account, name):
    """Forget the former secret; False if there was none."""
    credentials = dict(account.credentials or {})
    found = credentials.pop(f"{name}{FORMER}", None)
    account.credentials = credentials
    return found is not None


def everything(account):
    """All settings and secrets in one, as they are kept for a provider the account left."""
    columns = {name: getattr(account, name) for name in COLUMNS if getattr(account, name)}
    return {**columns, **(account.credentials or {})}


def take(account, settings):
    """Instead of all it has: what `everything` gave before."""
    for name in COLUMNS:
        setattr(account, name, settings.get(name))
    account.credentials = {n: value for n, value in settings.items() if n not in COLUMNS}


def reseal(account):
    """Seal what is stored with the newest key; False where no key of ours opens it."""
    if not readable(account):
        return False
    flag_modified(account, "credentials")
    if account.former_credentials is not None:
        flag_modified(account, "former_credentials")
    return True


def _replace(account, declared, value, actor):
    former = stored(account, declared.name)
    credentials = {**(account.credentials or {}), declared.name: value}
    if declared.rotates and former:
        # Webhooks signed before the provider took the new secret still arrive.
        credentials[f"{declared.name}{FORMER}"] = former
    who = name_of(actor)
    set_by = credentials.get(SET_BY, {})
    credentials[SET_BY] = {**set_by, declared.name: {"by": who, "at": utcnow().isoformat()}}
    account.credentials = credentials
