"""Fetching what a customer sent: a link on somebody's storage, open to all, so without our key."""

import base64
import binascii
from dataclasses import replace

from .. import fetching
from ..base import FetchedMedia, ProviderError
from ..events import MediaRef
from .api import V1, Api


def fetch(api: Api, media: MediaRef) -> FetchedMedia:
    if not media.url:
        raise ProviderError(
            "Kaleyra passed on no link to this file",
            permanent=True,
            action="Ask the customer to send it again.",
        )
    # Only an address set by the environment may be private; no header goes anywhere.
    own = api.settings.get("KALEYRA_API_URL")
    found = fetching.fetch(
        api.http,
        media.url,
        trusted=(api.address(V1),) if own else (),
        private_ok=bool(api.settings.get("ALLOW_PRIVATE_ADDRESSES")),
    )
    expected = _hex_of(media.sha256)
    return replace(found, matches=found.sha256 == expected if expected else None)


def _hex_of(text):
    """Meta's digest as it came through: base64 in webhooks."""
    try:
        digest = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return ""
    return digest.hex() if len(digest) == 32 else ""
