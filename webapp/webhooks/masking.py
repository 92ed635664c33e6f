"""Secrets out of raw texts: what a page shows may hold none."""

import re
from urllib.parse import quote

import orjson

from webapp.providers import PROVIDERS

DOTS = "••••"
SHORTEST = 6  # fewer signs stand in any text by chance
FORMER = "_previous"

# Names under which requests carry credentials, in JSON, forms and addresses alike.
_NAMED = re.compile(
    r"""(?i)(["']?\b(?:api[-_]?key|access[-_]?token|auth[-_]?token|verify[-_]?token|client_secret"""
    r"""|key_secret|app_secret|webhook_secret|secret|password|authorization)["']?\s*[:=]\s*["']?)"""
    r"""[^"'&\s,}]+"""
)


def secrets_of(account):
    """Every text that proves who this account is, its former ones too."""
    held = [(account.provider, account.credentials)]
    held.append((account.former_provider, account.former_credentials))
    found = [account.webhook_token, account.former_webhook_token]
    for name, credentials in held:
        for field in PROVIDERS[name].form_fields if name in PROVIDERS else ():
            if field.secret or "token" in field.name:
                found += [(credentials or {}).get(field.name + ending) for ending in ("", FORMER)]
    return [text for text in found if isinstance(text, str) and len(text) >= SHORTEST]


def mask(text, secrets=()):
    """The text without these secrets, however they are written in it, or named ones."""
    for secret in sorted(secrets, key=len, reverse=True):
        for form in {secret, orjson.dumps(secret).decode()[1:-1], quote(secret, safe="")}:
            text = text.replace(form, DOTS)
    return _NAMED.sub(rf"\1{DOTS}", text)
