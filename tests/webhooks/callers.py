"""Providers as they call our webhooks: an account each, their calls signed as they sign."""

from tests.factories import make_account
from tests.providers.calls import FORM, JSON, Call, call_of
from tests.providers.casts import CASTS, KALEYRA

__all__ = ["FORM", "JSON", "Call", "call_of", "make_caller", "ring", "signed"]

PUBLIC_URL = "http://localhost:5000"
_CASTS = {**CASTS, "kaleyra": KALEYRA}


def make_caller(cast, queue=None, **columns):
    """The account that a provider's samples are addressed to."""
    cast = _CASTS[cast]
    return make_account(queue, cast.provider, **account_columns(cast) | columns)


def account_columns(cast):
    return {**cast.columns, "credentials": cast.secrets}


def signed(account, call, url=None, secret=None, **when):
    """The headers that prove where it comes from, if the account has what proves it."""
    cast = _CASTS[account.provider]
    secret = secret or account.credentials.get(cast.secret)
    url = (url or PUBLIC_URL + account.webhook_path) + (f"?{call.query}" if call.query else "")
    return cast.prove(secret, url, call, **when) if secret else {}


def ring(client, account, call, headers=None):
    """The webhook, signed unless told otherwise."""
    return client.open(
        account.webhook_path + (f"?{call.query}" if call.query else ""),
        method=call.method,
        data=call.body,
        content_type=call.content_type or None,
        headers=signed(account, call) if headers is None else headers,
        # The client would leave it out where the body is empty.
        environ_overrides={"CONTENT_LENGTH": str(len(call.body))},
    )
