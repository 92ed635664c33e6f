"""Calls to the Conversation API with the key's token; refusals come out as ProviderError."""

from collections.abc import Mapping
from urllib.parse import quote

from ..answers import taken, told
from ..base import OutcomeUnknown, ProviderError
from ..http import Answer, Http
from ..reading import clean, dict_of, number_of, text_of
from .errors import refusal, token_refusal
from .tokens import TOKENS

REGIONS = (("eu", "Europe"), ("us", "United States"), ("br", "Brazil"))
HOSTS = {name: f"https://{name}.conversation.api.sinch.com" for name, _ in REGIONS}
AUTH_HOST = "https://auth.sinch.com"
_KEY_MEND = "An admin enters the access key's ID and secret of this account again."


class Api:
    def __init__(self, credentials: Mapping[str, str], http: Http, settings: Mapping):
        self.credentials = credentials
        self.http = http
        self.own_address = settings.get("SINCH_API_URL") or ""  # of a stand-in or a proxy
        self.address = (self.own_address or HOSTS.get(self._given("region"), "")).rstrip("/")
        self.auth_address = (settings.get("SINCH_AUTH_URL") or AUTH_HOST).rstrip("/")

    @property
    def app_id(self) -> str:
        return self._given("app_id")

    @property
    def project_id(self) -> str:
        return self._given("project_id")

    def post(self, path: tuple[str, ...], payload: dict) -> Answer:
        url = self._url(path)
        answer = self._with_token(
            lambda headers: self.http.post(url, clean(payload), headers=headers)
        )
        return taken(answer, refusal(answer), "Sinch")

    def get(self, path: tuple[str, ...], **params) -> dict:
        url = self._url(path)
        try:
            answer = self._with_token(
                lambda headers: self.http.get(url, params=params or None, headers=headers)
            )
            refused = refusal(answer)
        except OutcomeUnknown as error:  # a read changes nothing
            raise ProviderError(error.reason, permanent=False) from error
        return clean(told(answer, refused, "Sinch"))

    def authorization(self) -> dict:
        return {"Authorization": f"Bearer {TOKENS.get(self._key(), self._new_token)}"}

    def renew_token(self) -> None:
        """Ask for a new one: a token at hand works on after its key was withdrawn."""
        TOKENS.drop(self._key())
        self.authorization()

    def _with_token(self, call):
        """Once more with a new token where Sinch refused this one: then it did nothing yet."""
        headers = self.authorization()
        answer = call(headers)
        if answer.status != 401 or refusal(answer) is None:
            return answer
        TOKENS.drop(self._key(), headers["Authorization"].removeprefix("Bearer "))
        return call(self.authorization())

    def _new_token(self):
        _, key_id, secret = self._key()
        if not (key_id and secret and f"{key_id}{secret}".isprintable()):
            reason = "The access key is missing or has signs no key has"
            raise ProviderError(
                reason, permanent=True, action=_KEY_MEND, account_wide=True, auth=True
            )
        try:
            answer = self.http.post_form(
                f"{self.auth_address}/oauth2/token",
                {"grant_type": "client_credentials"},
                auth=(key_id, secret),
                traced=False,
            )
        except OutcomeUnknown as error:  # of the token only: the message has not left
            raise ProviderError(error.reason, permanent=False, account_wide=True) from error
        return _token_of(answer)

    def _key(self):
        return self.auth_address, self._given("key_id"), self._given("key_secret")

    def _given(self, name):
        return (self.credentials.get(name) or "").strip()

    def _url(self, path):
        if not self.address:
            raise _incomplete("The region of this account is missing")
        steps = (self.project_id, *path)
        if not all(step and step.strip(".") for step in steps):
            raise _incomplete("An id needed for this call is missing")
        return f"{self.address}/v1/projects/{'/'.join(quote(step, safe=':') for step in steps)}"


def _incomplete(reason):
    action = "An admin completes the settings of this account."
    return ProviderError(reason, permanent=True, action=action, account_wide=True)


def _token_of(answer):
    found = dict_of(answer.data)
    token = text_of(found.get("access_token"))
    if answer.status != 200 or not (token and token.isascii() and token.isprintable()):
        raise token_refusal(answer)
    return token, number_of(found.get("expires_in")) or 0
