"""Calls to Twilio's APIs with the account's SID and token; refusals come out as ProviderError."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from ..answers import taken, told
from ..base import OutcomeUnknown, ProviderError
from ..http import Answer, Http
from ..reading import clean
from .errors import INTERNAL, refusal

API = "https://api.twilio.com"
CONTENT = "https://content.twilio.com"
MESSAGING = "https://messaging.twilio.com"
VERSION = "2010-04-01"


class Api:
    def __init__(self, credentials: Mapping[str, str], http: Http, settings: Mapping):
        self.credentials = credentials
        self.http = http
        self.address = (settings.get("TWILIO_API_URL") or API).rstrip("/")
        self.content = (settings.get("TWILIO_CONTENT_API_URL") or CONTENT).rstrip("/")
        # Who puts something else in Twilio's place puts it in the place of all of it.
        self.messaging = MESSAGING if self.address == API else self.address

    @property
    def account_sid(self) -> str:
        return self.credentials.get("account_sid", "").strip()

    def messages_url(self, *steps: str) -> str:
        return self._url("Accounts", self.account_sid, "Messages", *steps)

    def account_url(self) -> str:
        return self._url("Accounts", self.account_sid)

    def follow(self, link) -> str | None:
        """The address of a next page: a path at the main API, whole at the others; ours alone."""
        if not link or not isinstance(link, str):
            return None
        url = self.address + link if link.startswith("/") else link
        places = {_place(self.address), _place(self.content), _place(self.messaging)}
        return url if _place(url) in places else None

    def post_form(self, url, fields) -> Answer:
        return _accepted(self.http.post_form(url, clean(fields), auth=self.login()))

    def post(self, url, payload) -> Answer:
        return _accepted(self.http.post(url, clean(payload), auth=self.login()))

    def get(self, url, **params) -> dict:
        answer = self.http.get(url, params=params, auth=self.login())
        return clean(told(answer, refusal(answer), "Twilio"))

    def login(self) -> tuple[str, str]:
        """Twilio's ids and tokens are letters and digits."""
        login = self.account_sid, self.credentials.get("auth_token", "").strip()
        if not all(part.isascii() and part.isalnum() for part in login):
            raise ProviderError(
                "The Account SID or the Auth Token is missing or has signs neither has",
                permanent=True,
                action="An admin enters the Account SID and the Auth Token of this account again.",
                account_wide=True,
                auth=True,
            )
        return login

    def _url(self, *steps):
        path = "/".join(quote(step, safe="") for step in steps)
        return f"{self.address}/{VERSION}/{path}.json"


def _accepted(answer):
    refused = refusal(answer)
    if refused and (answer.status, refused.code) == (500, INTERNAL):
        # Twilio's word for "something broke", which may have been after the message was taken.
        raise OutcomeUnknown("Twilio had an error of its own while it took the message")
    return taken(answer, refused, "Twilio")


def _place(url):
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
