"""The providers we speak to, by name."""

from collections.abc import Mapping

from .base import Provider
from .http import HTTP, Http
from .kaleyra import Kaleyra
from .meta import Meta
from .sandbox import Sandbox
from .sinch import Sinch
from .twilio import Twilio

PROVIDERS: dict[str, type[Provider]] = {
    provider.name: provider for provider in (Meta, Twilio, Sinch, Kaleyra, Sandbox)
}


def provider_for(account, settings: Mapping, http: Http = HTTP) -> Provider:
    """`settings` is the application's config; an account's plain settings may be columns of its
    own (`account.phone_number_id`), its secrets stand in `account.credentials`."""
    provider = PROVIDERS[account.provider]
    columns = {field.name: getattr(account, field.name, None) for field in provider.form_fields}
    known = {**columns, **(account.credentials or {})}
    texts = {name: value for name, value in known.items() if isinstance(value, str)}
    return provider(texts, http, settings)
