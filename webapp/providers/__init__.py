"""The providers we speak to, by name."""

from collections.abc import Mapping

from .base import Provider
from .http import HTTP, Http
from .meta import Meta
from .sandbox import Sandbox

PROVIDERS: dict[str, type[Provider]] = {provider.name: provider for provider in (Meta, Sandbox)}


def provider_for(account, settings: Mapping, http: Http = HTTP) -> Provider:
    """`account` needs `.provider` and `.credentials`; `settings` is the application's config."""
    return PROVIDERS[account.provider](account.credentials, http, settings)
