"""Calls to Kaleyra with the account's key, which travels in a header and never in an address.

developers.kaleyra.io/docs/whatsapp-api-v2-send-text-messages names the hosts of V2, the pages of
V1 another one for the same pod.
"""

from collections.abc import Mapping
from urllib.parse import quote

from ..answers import taken, told
from ..base import OutcomeUnknown, ProviderError
from ..http import Answer, Http
from ..reading import clean, dict_of, digits_of
from ..request import Request, form_request, json_request
from .errors import refusal

V1, V2 = "v1", "v2"
HOSTS = {
    "in": "https://api.in.kaleyra.io",
    "eu": "https://api.eu.kaleyra.io",
    "ap": "https://api.ap.kaleyra.io",
    "us": "https://api.na.kaleyra.ai",
}
HOSTS_OF_V1 = {**HOSTS, "ap": "https://api.kaleyra.io"}


class Api:
    def __init__(self, credentials: Mapping[str, str], http: Http, settings: Mapping):
        self.credentials = credentials
        self.http = http
        self.settings = settings

    @property
    def version(self) -> str:
        return V2 if self.credentials.get("api_version", "").lower() == V2 else V1

    @property
    def number(self) -> str:
        """The business number's digits."""
        return digits_of(self.settings.get("PHONE"))

    def address(self, version: str) -> str:
        hosts = HOSTS if version == V2 else HOSTS_OF_V1
        by_region = hosts.get(self.credentials.get("region", ""), hosts["ap"])
        return (self.settings.get("KALEYRA_API_URL") or by_region).rstrip("/")

    def form(self, fields: dict) -> Request:
        return form_request(self.url(V1, "messages"), clean(fields), self._key())

    def json(self, payload: dict) -> Request:
        url = self.url(V2, "whatsapp", self.number, "messages")
        return json_request(url, clean(payload), self._key())

    def post_files(self, fields: dict, files: dict) -> Answer:
        url = self.url(V1, "messages")
        return self.http.post_files(url, clean(fields), files, headers=self._key())

    def post_to(self, version: str, *path: str, payload: dict) -> Answer:
        """Anything that is no message."""
        answer = self.http.post(self.url(version, *path), clean(payload), headers=self._key())
        return taken(answer, refusal(answer), "Kaleyra")

    def get(self, version: str, *path: str, **params) -> dict | list:
        answer = self.http.get(self.url(version, *path), params=params, headers=self._key())
        return clean(told(answer, refusal(answer), "Kaleyra", dict | list))

    def url(self, version: str, *path: str) -> str:
        steps = (self.credentials.get("sid", "").strip(), *path)
        if not all(step and step.strip(".") for step in steps):
            raise ProviderError(
                "The SID, the number or an id needed for this call is missing",
                permanent=True,
                action="An admin fills in the settings of this account.",
                account_wide=True,
            )
        return "/".join((self.address(version), version, *(quote(step, safe="") for step in steps)))

    def _key(self):
        key = self.credentials.get("api_key", "").strip()
        if not (key and key.isascii() and key.isprintable()):
            raise ProviderError(
                "The API key is missing or has signs no key has",
                permanent=True,
                action="An admin enters the API key of this account again.",
                account_wide=True,
                auth=True,
            )
        return {"api-key": key}


def accepted_id(answer: Answer) -> str:
    """The message's id in any of the places the documentation has it; raises what was refused."""
    data = dict_of(clean(answer.data))
    if 200 <= answer.status < 300:
        inner = data.get("data")
        first = _first(inner)
        places = (
            first.get("message_id"),
            _first(data.get("messages")).get("id"),
            _first(first.get("messages")).get("id"),
            data.get("message_id"),
            data.get("id"),
            first.get("id"),
        )
        found = next((place for place in places if isinstance(place, str) and place.strip()), None)
        if found:
            return found
    taken(answer, refusal(answer), "Kaleyra")
    raise OutcomeUnknown(f"Kaleyra answered HTTP {answer.status} without a message id")


def _first(value) -> dict:
    return dict_of(value[0] if isinstance(value, list) and value else value)
