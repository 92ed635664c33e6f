"""Fetching what a customer sent: from Twilio with the login, from where it points to without.

twilio.com/docs/messaging/api/media-resource: the answer leads on to a signed address elsewhere.
"""

from ..base import FetchedMedia, MediaRef, ProviderError
from ..fetching import fetch as fetch_file
from .api import Api

HOSTS = ("api.twilio.com", ".twilio.com")


def fetch(api: Api, media: MediaRef, private_ok: bool) -> FetchedMedia:
    try:
        return fetch_file(
            api.http,
            media.url,
            trusted=(*HOSTS, api.address),
            auth=api.login(),
            private_ok=private_ok,
        )
    except ProviderError as error:
        raise _in_our_words(error) from error


def _in_our_words(error):
    if error.code == "404":
        # A moment after the message the file may not be there yet; nothing tells that from one
        # that was deleted, so whoever fetches asks for as long as files are kept.
        return ProviderError(
            "Twilio does not have the file, or not yet", False, "404",
            action="Ask the customer to send it again.",
        )  # fmt: skip
    if error.code == "401":
        error.auth = True
    return error
