"""Fetching what a customer sent: look up the address, then download it, both with the token.

developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import base64
import binascii
import hashlib
import tempfile
from urllib.parse import urljoin, urlsplit

import requests

from ..base import FetchedMedia, MediaRef, ProviderError
from ..reading import number_of, text_of

LARGEST = 100 * 1024 * 1024  # Meta passes nothing larger on
IN_MEMORY = 1024 * 1024
MOST_HOPS = 5
# The token goes to these hosts alone, whatever address an answer names.
HOSTS = ("lookaside.fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")


def fetch(graph, media: MediaRef) -> FetchedMedia:
    found = _look_up(graph, media)
    if (number_of(found.get("file_size")) or 0) > LARGEST:
        raise _too_large()
    with _download(graph, text_of(found.get("url"))) as response:
        content, size, digest = _save(response)
        kind = text_of(found.get("mime_type")) or response.headers.get("Content-Type", "")
    expected = _digest_of(text_of(found.get("sha256"))) or _digest_of(media.sha256)
    return FetchedMedia(
        content=content,
        mime_type=kind or media.mime_type,
        size=size,
        sha256=digest.hex(),
        matches=None if expected is None else expected == digest,
    )


def _look_up(graph, media):
    try:
        return graph.get((media.id,), phone_number_id=graph.number_id)
    except ProviderError as error:
        if error.code != "100":
            raise
        raise ProviderError(
            "WhatsApp no longer keeps this file",
            permanent=True,
            code=error.code,
            action="Ask the customer to send it again.",
            raw=error.raw,
        ) from error


def _download(graph, url):
    for _ in range(MOST_HOPS):
        if not _may_have_token(graph, url):
            raise ProviderError("The file's address is not one of Meta's", permanent=True)
        response = graph.http.stream(url, headers=graph.authorization())
        if response.status_code == 200:
            return response
        response.close()
        if not response.is_redirect:
            raise _refused(response.status_code)
        url = urljoin(url, response.headers["Location"])
    raise ProviderError("The file's address leads round in circles", permanent=True)


def _may_have_token(graph, url):
    try:
        parts = urlsplit(url)
        place = (parts.scheme, parts.hostname, parts.port)
    except ValueError:
        return False
    if place == graph.origin:
        return True
    host = parts.hostname or ""
    ours = any(host.endswith(name) if name[0] == "." else host == name for name in HOSTS)
    return parts.scheme == "https" and parts.port in (None, 443) and ours


def _refused(status):
    # The address lives five minutes, and each attempt asks for a new one.
    wrong_token = status in (401, 403)
    return ProviderError(
        f"The file could not be downloaded (HTTP {status})",
        permanent=False,
        code=str(status),
        action="An admin checks the access token." if wrong_token else "",
        account_wide=wrong_token,
    )


def _too_large():
    return ProviderError(
        "The file is over 100 MB", permanent=True, action="Ask for it another way."
    )


def _save(response):
    content = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - handed on, open
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in response.iter_content(65536):
            size += len(chunk)
            if size > LARGEST:
                raise _too_large()
            digest.update(chunk)
            content.write(chunk)
        content.seek(0)
    except requests.RequestException as error:
        content.close()
        raise ProviderError("The download broke off", permanent=False) from error
    except BaseException:
        content.close()
        raise
    return content, size, digest.digest()


def _digest_of(text):
    """Hex in the look-up, base64 in webhooks: compared as bytes."""
    try:
        if len(text) == 64:
            return bytes.fromhex(text)
        digest = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return digest if len(digest) == 32 else None
