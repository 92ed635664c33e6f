"""Files: what a customer sent is looked up and downloaded, what we send is uploaded first.

developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import base64
import binascii
from dataclasses import replace

from .. import fetching
from ..base import FetchedMedia, MediaRef, OutcomeUnknown, OutgoingFile, ProviderError
from ..limits import base_type
from ..reading import dict_of, number_of, text_of

UNNAMED_FILE = "file"
# The token goes to these hosts alone, whatever address an answer names.
HOSTS = ("lookaside.fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")


def upload(graph, file: OutgoingFile) -> str:
    """The id Meta keeps the file under for 30 days. Whatever goes wrong, no message has left."""
    mime_type = base_type(file.mime_type)  # Meta knows "audio/ogg", not its codec
    fields = {"messaging_product": "whatsapp", "type": mime_type}
    try:
        with opened(file) as content:
            files = {"file": (file.filename or UNNAMED_FILE, content, mime_type)}
            answer = graph.post_files((graph.number_id, "media"), fields, files)
    except OutcomeUnknown as error:
        reason = f"The file was not uploaded: {error.reason[:1].lower()}{error.reason[1:]}"
        raise ProviderError(reason, permanent=False) from error
    media_id = text_of(dict_of(answer.data).get("id"))
    if not media_id:
        raise ProviderError("Meta took the file and gave no id for it", permanent=False)
    return media_id


def opened(file: OutgoingFile):
    try:
        return file.open()
    except Exception as error:  # the store's own, whichever it is
        reason = f"The file could not be read ({type(error).__name__})"
        raise ProviderError(reason, permanent=False) from error


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
