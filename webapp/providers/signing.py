"""HMAC-SHA256 over a webhook's raw bytes, as Meta and our own sandbox sign."""

import hashlib
import hmac
from collections.abc import Iterable

from .base import BadSignature, WebhookRequest

PREFIX = b"sha256="


def sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signature_ok(secret: bytes, body: bytes, header: str | None) -> bool:
    """False without a secret: nobody may sign with an empty one."""
    given = (header or "").encode("utf-8", "replace")
    if not secret or not given.startswith(PREFIX):
        return False
    expected = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
    return hmac.compare_digest(given[len(PREFIX) :], expected)


def verify(request: WebhookRequest, header: str, secrets: Iterable[str | None]) -> None:
    """Any of an account's secrets will do: the former one stays valid while it is replaced."""
    given = request.headers.get(header)
    if not any(signature_ok((secret or "").encode(), request.body, given) for secret in secrets):
        raise BadSignature("The body is not signed with a secret of this account")


def same_text(one: str | None, other: str | None) -> bool:
    """Compared in constant time; an absent text equals nothing."""
    if not one or not other:
        return False
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
