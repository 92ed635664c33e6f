"""X-Twilio-Signature: HMAC-SHA1 with the Auth Token over the address and the form's fields.

twilio.com/docs/usage/security#validating-requests; that SHA-1 is Twilio's choice.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from ..base import BadSignature, WebhookRequest
from ..signing import same_text
from .forms import is_form, pairs_of

HEADER = "x-twilio-signature"
BODY_DIGEST = "bodySHA256"
DEFAULT_PORTS = {"https": "443", "http": "80"}


def verify(request: WebhookRequest, tokens: Iterable[str | None]) -> None:
    """Any of the tokens will do: the former one stays valid while it is replaced."""
    given = request.headers.get(HEADER)
    pairs = _signed_pairs(request)
    if not any(
        same_text(sign(token, url, pairs), given)
        for token in tokens
        if token  # nobody may sign with an empty one
        for url in _spellings(request.url)
    ):
        raise BadSignature("The request is not signed with this account's Auth Token")


def sign(token: str, url: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
    """Names sorted by their bytes; of a repeated one each value once, sorted too."""
    text = _bytes(url) + b"".join(
        name + value for name, value in sorted({(_bytes(n), _bytes(v)) for n, v in pairs})
    )
    return base64.b64encode(hmac.new(token.encode(), text, hashlib.sha1).digest()).decode()


def _signed_pairs(request):
    """What was signed with the address: a form's fields, or nothing where they stand in it."""
    if request.method == "GET":
        return []
    if is_form(request):
        return pairs_of(request.body)
    # JSON is signed by its digest in the address.
    digest = parse_qs(urlsplit(request.url).query).get(BODY_DIGEST, [""])[-1]
    if not same_text(hashlib.sha256(request.body).hexdigest(), digest.lower()):
        raise BadSignature("The body is not the one whose digest was signed")
    return []


def _spellings(url):
    """The address as it came, without its port, and with the default one.

    Twilio signs the address as it is configured there, and leaves the port out or writes it at
    will. Nothing else may change: percent signs are signed as they stand.
    """
    scheme, slashes, rest = url.partition("://")
    end = min((at for sign in "/?" if (at := rest.find(sign)) >= 0), default=len(rest))
    netloc, path = rest[:end], rest[end:].partition("#")[0]
    host, _, port = netloc.rpartition(":")
    if not host or not port.isdigit():
        host = netloc
    ports = ("", f":{DEFAULT_PORTS[scheme]}" if scheme in DEFAULT_PORTS else "")
    names = (netloc, *(host + port for port in ports))
    return dict.fromkeys(f"{scheme}{slashes}{name}{path}" for name in names)


def _bytes(text):
    return text.encode("utf-8", "surrogateescape")
