"""Fetching what a customer sent: look up the address, then download it, both with the token.

developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import base64
import binascii
from dataclasses import replace

from .. import fetching
from ..base import FetchedMedia, MediaRef, ProviderError
from ..reading import number_of, text_of

# The token goes to these hosts alone, whatever address an answer names.
HOSTS = ("lookaside.fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")


def fetch(graph, media: MediaRef) -> FetchedMedia:
    found = _look_up(graph, media)
    if (number_of(found.get("file_size")) or 0) > fetching.LARGEST:
        raise fetching.too_large(fetching.LARGEST)
    fetched = _download(graph, text_of(found.get("url")))
    expected = _digest_of(text_of(found.get("sha256"))) or _digest_of(media.sha256)
    return replace(
        fetched,
        mime_type=text_of(found.get("mime_type")) or fetched.mime_type or media.mime_type,
        matches=None if expected is None else expected.hex() == fetched.sha256,
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
    trusted = (*HOSTS, graph.address)
    if not fetching.is_trusted(url, trusted):
        raise ProviderError("The file's address is not one of Meta's", permanent=True)
    return fetching.fetch(graph.http, url, trusted=trusted, headers=graph.authorization())


def _digest_of(text):
    """Hex in the look-up, base64 in webhooks: compared as bytes."""
    try:
        if len(text) == 64:
            return bytes.fromhex(text)
        digest = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return digest if len(digest) == 32 else None
