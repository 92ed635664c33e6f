"""The providers we speak to, by name."""

from collections.abc import Mapping

from .base import Provider
from .http import HTTP, Http
from .meta import Meta
from .sandbox import Sandbox

PROVIDERS: dict[str, type[Provider]] = {provider.name: provider for provider in (Meta, Sandbox)}


def provider_for(account, settings: Mapping, http: Http = HTTP) -> Provider:
    """`settings` is the application's config; an account's plain settings may be columns of its
    own (`account.phone_number_id`), its secrets stand in `account.credentials`."""
    provider = PROVIDERS[account.provider]
    names = (field.name for field in provider.form_fields)
    columns = {name: getattr(account, name, None) for name in names}
    plain = {name: value for name, value in columns.items() if isinstance(value, str)}
    return provider({**plain, **account.credentials}, http, settings)
