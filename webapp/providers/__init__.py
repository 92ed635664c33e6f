"""The providers we speak to, by name."""

from collections.abc import Mapping

from .base import Provider

PROVIDERS: dict[str, type[Provider]] = {}


def provider_for(account, settings: Mapping, http=None) -> Provider:
    """`account` needs `.provider` and `.credentials`; `settings` is the application's config."""
    return PROVIDERS[account.provider](account.credentials, http, settings)
