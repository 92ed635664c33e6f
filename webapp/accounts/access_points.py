"""The provider behind an account, with everything it needs to be called."""

from types import SimpleNamespace

from flask import current_app

from webapp import providers
from webapp.sandbox.phone import Phone

# What a provider reads among its credentials but lists and searches need as columns.
COLUMNS = ("phone_number_id", "waba_id", "app_id")


def provider_of(account):
    """A provider that may be called after the session that loaded the account has ended."""
    return _provider(account, account.provider, settings_of(account))


def reader_of(account, name):
    """What reads a webhook that came in this provider's format, the account's own or one it left;
    None where there is no such provider."""
    if name == account.provider:
        return provider_of(account)
    if name not in providers.PROVIDERS:
        return None
    known = account.former_credentials if name == account.former_provider else None
    return _provider(account, name, known or {})


def provider_then(account, moment):
    """Who carried the account at that time, as long as its settings are kept: a file that was sent
    before the number moved is still there, not here."""
    moved = account.former_provider and account.moved_at and moment < account.moved_at
    return reader_of(account, account.former_provider) if moved else provider_of(account)


def _provider(account, name, credentials):
    return providers.provider_for(
        SimpleNamespace(provider=name, credentials=credentials),
        {
            **current_app.config,
            "WEBHOOK_URL": current_app.config["PUBLIC_URL"] + account.webhook_path,
            "PHONE": account.phone,
            "SANDBOX_PHONE": _phone(account),
        },
    )


def capabilities_of(account):
    """What may go out through this account."""
    return provider_of(account).can


def settings_of(account):
    """Every setting the provider declares, secrets and their former values included."""
    columns = {name: getattr(account, name) for name in COLUMNS}
    merged = {**(account.credentials or {}), **columns}
    return {name: value for name, value in merged.items() if value and isinstance(value, str)}


def _phone(account):
    return Phone(account.id) if current_app.config["SANDBOX"] else None
