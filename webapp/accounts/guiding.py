"""What to enter at the provider so that its webhooks arrive here, step by step."""

import re

from flask import current_app
from markupsafe import Markup, escape

from webapp.accounts import sealing
from webapp.providers import PROVIDERS

_MARKS = (
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
)


def webhook_url(account):
    """The address to enter at the provider, with what its own settings want behind it."""
    return _address(account.provider, account.webhook_token)


def former_webhook_url(account):
    """The address it had before, while that is accepted still."""
    former = account.former_webhook_token
    return _address(account.provider, former) if former else None


def steps(account):
    """The provider's guide, filled in for this account."""
    known = {
        "{webhook_url}": webhook_url(account),
        "{verify_token}": sealing.stored(account, "verify_token") or "",
    }
    return [_step(text, known) for text in PROVIDERS[account.provider].guide]


def _address(provider_name, token):
    path = f"/webhooks/{provider_name}/{token}"
    return current_app.config["PUBLIC_URL"] + path + PROVIDERS[provider_name].webhook_suffix


def _step(text, known):
    for placeholder, value in known.items():
        text = text.replace(placeholder, value)
    # Braces meant as such stand doubled in a guide, as in any format string.
    html = str(escape(text.replace("{{", "{").replace("}}", "}")))
    for mark, tag in _MARKS:
        html = mark.sub(tag, html)
    return Markup(html)  # noqa: S704 - escaped above
