"""What the list of WhatsApp accounts shows, in a fixed number of queries."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import exists, func, literal, or_, select, true
from sqlalchemy.orm import selectinload

from webapp.accounts import standing
from webapp.accounts.models import Account, AccountDrain, AccountHealth, RoutingStep
from webapp.columns import UtcDateTime
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.tables.spec import Column, Filter, Table, containing

# What `standing` says of an account, and all that wants somebody.
STATES = (
    "In order",
    "Cannot send",
    "Not in order",
    "Slowed down",
    "Signatures rejected",
    "Token expires",
    "Not checked yet",
    "Off",
)
TROUBLE = "trouble"
ARCHIVED, ALL = "archived", "all"
PHONE = re.compile(r"[+(/.\s-]*(\d[)(/.\s-]*){3,}")  # however it is written
_NEVER = literal(datetime(1900, 1, 1, tzinfo=UTC), UtcDateTime)


def every_account():
    """Each account with its drain and its health, either of which may be missing."""
    return (
        select(Account, AccountDrain, AccountHealth, Account.id.label("id"))
        .outerjoin(AccountDrain, AccountDrain.account_id == Account.id)
        .outerjoin(AccountHealth, AccountHealth.account_id == Account.id)
    )


def with_queues():
    return every_account().options(selectinload(Account.steps).joinedload(RoutingStep.queue))


def count_in_use():
    return db.session.scalar(select(func.count()).where(_in_use()).select_from(Account))


def any_archived():
    return bool(db.session.scalar(select(exists().where(Account.archived_at.is_not(None)))))


def state_of(row):
    return standing.state_of(row.Account, row.AccountDrain, row.AccountHealth)


def queue_of(row):
    """The first queue that conversations are led to."""
    return next((step.queue for step in row.Account.steps if step.queue), None)


def sending(row):
    if row.Account.archived_at:
        return "Archived"
    return "On" if row.Account.enabled else "Off"


def table(with_archived=True):
    """Where nothing was ever archived nothing asks for it."""
    if with_archived:
        return ACCOUNTS
    return replace(ACCOUNTS, filters=tuple(one for one in ACCOUNTS.filters if one.name != "show"))


def _in_use():
    return Account.archived_at.is_(None)


def _shown(value):
    if value not in (ARCHIVED, ALL):
        raise ValueError(value)
    return ~_in_use() if value == ARCHIVED else true()


def _of_provider(value):
    return Account.provider == value


def _in_state(value):
    """`standing` alone knows the rule; there are never so many accounts that asking it is dear."""
    rows = db.session.execute(every_account())
    states = {row.Account.id: state_of(row) for row in rows}
    return Account.id.in_([id for id, state in states.items() if _fits(state, value)])


def _fits(state, value):
    if value == TROUBLE:
        return state.tone in ("bad", "warn")
    return _slug(state.words) == value


def _slug(words):
    return words.lower().replace(" ", "-")


def _states():
    return [(TROUBLE, "Anything wrong"), *((_slug(words), words) for words in STATES)]


def _providers():
    return [(name, provider.label) for name, provider in PROVIDERS.items()]


_in_words = containing(Account.name, Account.description, Account.key)


def _found(words):
    if not PHONE.fullmatch(words):
        return _in_words(words)
    return or_(_in_words(words), Account.phone.contains(re.sub(r"\D", "", words)))


def _provider_name(row):
    provider = PROVIDERS.get(row.Account.provider)
    return provider.label if provider else row.Account.provider


def _queue_name(row):
    queue = queue_of(row)
    return queue.name if queue else ""


def _health(row):
    return "" if row.Account.archived_at else state_of(row).words


def _last_event(row):
    return row.AccountDrain.last_event_at if row.AccountDrain else None


ACCOUNTS = Table(
    name="accounts",
    key=Account.id,
    columns=(
        Column("name", "Name", func.lower(Account.name), lambda row: row.Account.name, fixed=True),
        Column("key", "Key", Account.key, lambda row: row.Account.key, classes="mono"),
        Column("provider", "Provider", Account.provider, _provider_name),
        Column("phone", "Phone", Account.phone, lambda row: row.Account.phone, classes="num"),
        Column("queue", "Queue", None, _queue_name),
        Column(
            "event",
            "Last event",
            func.coalesce(AccountDrain.last_event_at, _NEVER),
            _last_event,
        ),
        Column("health", "Health", None, _health),
        Column("sending", "Sending", None, sending),
        Column(
            "created",
            "Added",
            Account.created_at,
            lambda row: row.Account.created_at,
            shown=False,
            classes="num muted",
        ),
    ),
    sort="name",
    filters=(
        Filter("provider", "Provider", _of_provider, _providers),
        Filter("state", "Health", _in_state, _states),
        Filter(
            "show",
            "Show",
            _shown,
            lambda: [(ARCHIVED, "Archived"), (ALL, "In use and archived")],
            otherwise=_in_use,
            unset="In use",
        ),
    ),
    search=_found,
)
