"""What an account may be: every rule a page or a script can break, as sentences by name."""

import re

from sqlalchemy import func, select

from webapp.accounts import sealing
from webapp.accounts.models import Account, SessionAnchor
from webapp.accounts.numbers import digits_of
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue
from webapp.staff.models import User

KEY = re.compile(r"[A-Za-z0-9]{1,5}")
MOST_NAME = 120
MOST_SETTING = 255  # of a plain setting; a secret may be long
COLUMN_LENGTH = 64


def errors_of(account, values):
    """Everything that is wrong at once."""
    found = {}
    with db.session.no_autoflush:
        for name, check in CHECKS.items():
            try:
                check(account, values)
            except ValueError as error:
                found[name] = str(error)
        return found | provider_errors(account, values.provider_values, values.enabled)


def _check_name(_account, values):
    if not values.name.strip():
        raise ValueError("Give the account a name.")
    if len(values.name.strip()) > MOST_NAME:
        raise ValueError(f"At most {MOST_NAME} characters.")


def _check_key(account, values):
    key = values.key.strip().upper()
    if not KEY.fullmatch(key):
        raise ValueError("One to five letters or digits, like NORTH.")
    other = _other(account, Account.key == key)
    if other:
        raise ValueError(f"{other.name} has this key already.")


def _check_phone(account, values):
    other = _other(account, Account.phone == digits_of(values.phone))
    if other and other.archived_at:
        raise ValueError(
            f"This number belongs to {other.name}, which is archived. Restore that account and "
            "move it to its new provider: so its conversations stay together."
        )
    if other:
        raise ValueError(
            f"This number belongs to {other.name} already. To change its provider, move that "
            "account."
        )


def _check_anchor(_account, values):
    if values.session_anchor not in list(SessionAnchor):
        raise ValueError("Either first or last.")


def _check_queue(_account, values):
    if values.queue_id is not None and db.session.get(Queue, values.queue_id) is None:
        raise ValueError("There is no such queue.")


def _check_list(_account, values):
    listed = values.contact_list_id
    if listed is not None and db.session.get(ContactList, listed) is None:
        raise ValueError("There is no such contact list.")


def _check_agents(_account, values):
    wanted = set(values.agent_ids)
    there = select(func.count()).where(User.id.in_(wanted), User.active)
    if wanted and db.session.scalar(there) != len(wanted):
        raise ValueError("One of these people is not here any more.")


def _check_enabled(account, values):
    if values.enabled and account.archived_at:
        raise ValueError("Restore the account before you switch it on.")


CHECKS = {
    "name": _check_name,
    "key": _check_key,
    "phone": _check_phone,
    "session_anchor": _check_anchor,
    "queue_id": _check_queue,
    "contact_list_id": _check_list,
    "agent_ids": _check_agents,
    "enabled": _check_enabled,
}


def provider_errors(account, given, enabled):
    """Required values must be there before the account is switched on; ids are nobody else's."""
    fields = {f.name: f for f in PROVIDERS[account.provider].form_fields if not f.generated}
    errors = {name: "This provider has no such setting." for name in given if name not in fields}
    for name, declared in fields.items():
        try:
            _check_setting(declared, account, given, enabled)
        except ValueError as error:
            errors[name] = str(error)
    number_id = (given.get("phone_number_id") or "").strip()
    taken = number_id and _other(
        account, (Account.phone_number_id == number_id) & (Account.provider == account.provider)
    )
    if taken:
        errors["phone_number_id"] = f"This number belongs to {taken.name} already."
    return errors


def _check_setting(declared, account, given, enabled):
    value = (given.get(declared.name) or "").strip()
    kept = declared.secret or declared.name not in given  # what is not given stays as it is
    if not value and not (kept and sealing.stored(account, declared.name)):
        if declared.required and enabled:
            raise ValueError(f"{declared.label} is missing; the account stays off without it.")
    elif not value.isprintable():
        raise ValueError("There is a line break or another invisible character in it.")
    elif value and not declared.secret:
        _check_plain(declared, value)


def _check_plain(declared, value):
    if declared.choices and value not in dict(declared.choices):
        known = ", ".join(one for one, _ in declared.choices)
        raise ValueError(f"One of: {known}.")
    most = COLUMN_LENGTH if declared.name in sealing.COLUMNS else MOST_SETTING
    if len(value) > most:
        raise ValueError(f"At most {most} characters.")
    if declared.shape and not re.fullmatch(declared.shape[0], value, re.ASCII):
        raise ValueError(declared.shape[1])


def _other(account, condition):
    """Another account for which this holds."""
    found = select(Account).where(condition)
    if account.id is not None:
        found = found.where(Account.id != account.id)
    return db.session.scalar(found.limit(1))
