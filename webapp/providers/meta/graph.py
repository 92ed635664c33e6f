"""Calls to Meta's Graph API with the account's token; refusals come out as ProviderError."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from ..answers import taken, told
from ..base import ProviderError
from ..http import Answer, Http
from ..reading import clean
from ..request import Request, json_request
from .errors import refusal


class Graph:
    def __init__(self, credentials: Mapping[str, str], http: Http, settings: Mapping):
        self.credentials = credentials
        self.http = http
        self.address = settings.get("META_API_URL", "https://graph.facebook.com").rstrip("/")
        self.version = settings.get("META_API_VERSION", "v26.0")

    @property
    def number_id(self) -> str:
        return self.credentials.get("phone_number_id", "")

    @property
    def waba_id(self) -> str:
        return self.credentials.get("waba_id", "")

    @property
    def app_id(self) -> str:
        return self.credentials.get("app_id", "")

    def post(self, path: tuple[str, ...], payload: dict) -> Answer:
        return self.taken(self.http.ask(self.request(path, payload)))

    def request(self, path: tuple[str, ...], payload: dict) -> Request:
        return json_request(self._url(path), clean(payload), self.authorization())

    def taken(self, answer: Answer) -> Answer:
        return taken(answer, refusal(answer), "Meta")

    def post_files(self, path: tuple[str, ...], fields, files) -> Answer:
        url, headers = self._url(path), self.authorization()
        return self.taken(self.http.post_files(url, fields, files, headers=headers))

    def put_file(self, session: str, content, mime_type: str) -> Answer:
        """Into an upload session, whose id Meta gave; this place wants the token as OAuth."""
        headers = {
            "Authorization": f"OAuth {self.token()}",
            "file_offset": "0",
            "Content-Type": mime_type,
        }
        url = f"{self.address}/{self.version}/{session}"
        return self.taken(self.http.post_bytes(url, content, headers=headers))

    def delete(self, path: tuple[str, ...], **params) -> Answer:
        url = f"{self._url(path)}?{urlencode(params)}"
        return self.taken(self.http.delete(url, headers=self.authorization()))

    def read(self, path: tuple[str, ...], **params) -> Answer:
        """Like get(), with the answer's headers."""
        answer = self.http.get(self._url(path), params=params, headers=self.authorization())
        told(answer, refusal(answer), "Meta")
        return answer

    def get(self, path: tuple[str, ...], *, token=None, **params) -> dict:
        headers = {"Authorization": f"Bearer {token}"} if token else self.authorization()
        answer = self.http.get(
            self._url(path), params=params, headers=headers, traced=token is None
        )
        return told(answer, refusal(answer), "Meta")

    def authorization(self) -> dict:
        return {"Authorization": f"Bearer {self.token()}"}

    def token(self) -> str:
        token = self.credentials.get("access_token", "")
        if not (token.isascii() and token.isprintable() and token.strip()):
            raise ProviderError(
                "The access token is missing or has signs no token has",
                permanent=True,
                action="An admin enters the access token of this account again.",
                account_wide=True,
                auth=True,
            )
        return token.strip()

    def _url(self, path):
        if not all(step and step.strip(".") for step in path):
            raise ProviderError(
                "An id needed for this call is missing",
                permanent=True,
                action="An admin fills in the ids of this account.",
            )
        steps = "/".join(quote(step, safe="") for step in path)
        return f"{self.address}/{self.version}/{steps}"
