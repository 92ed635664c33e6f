"""Sinch's webhook signature: HMAC-SHA256 over the raw body, a nonce and a time.

developers.sinch.com/docs/conversation/callbacks, "Validating callbacks". The secret is used as
text, unlike that of Sinch's voice products, which is decoded first.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable

from ..base import BadSignature, WebhookRequest

PREFIX = "x-sinch-webhook-signature"
ALGORITHM = "HmacSHA256"
FRESH_SECONDS = 300


def sign(secret: str, body: bytes, nonce: str, timestamp: str) -> str:
    signed = b".".join((body, nonce.encode(), timestamp.encode()))
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def signed_headers(secret: str, body: bytes, nonce: str, at: float | None = None) -> dict:
    timestamp = str(int(time.time() if at is None else at))
    return {
        f"{PREFIX}-timestamp": timestamp,
        f"{PREFIX}-nonce": nonce,
        f"{PREFIX}-algorithm": ALGORITHM,
        PREFIX: sign(secret, body, nonce, timestamp),
    }


def verify(request: WebhookRequest, secrets: Iterable[str | None]) -> None:
    """Nonces are not kept: inside the five minutes a replay, like one of Sinch's own repeats,
    changes nothing, since each message and each status of it counts once."""
    timestamp, nonce, algorithm, given = (
        request.headers.get(PREFIX + part) or ""
        for part in ("-timestamp", "-nonce", "-algorithm", "")
    )
    if algorithm.lower() != ALGORITHM.lower():
        raise BadSignature("The webhook is not signed: it has no secret at Sinch")
    if not any(_fits(secret, request.body, nonce, timestamp, given) for secret in secrets):
        raise BadSignature("The body is not signed with the webhook secret of this account")
    if abs(_now(request) - _seconds(timestamp)) > FRESH_SECONDS:
        raise BadSignature("The signature is more than five minutes old, or the clocks differ")


def _fits(secret, body, nonce, timestamp, given):
    if not secret:
        return False
    expected = sign(secret, body, _plain(nonce), _plain(timestamp))
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _plain(text):
    return text.encode("utf-8", "replace").decode()  # a header may hold half a character


def _now(request):
    return request.received_at.timestamp() if request.received_at else time.time()


def _seconds(timestamp):
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("The signature's time is not in seconds")
    return int(timestamp)
