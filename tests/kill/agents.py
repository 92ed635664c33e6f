"""A supervisor at work through the pages, who repeats what was cut off, as a browser lets one."""

import re
import time

import requests

from tests.factories import PASSWORD

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|X-CSRFToken": "([^"]+)"')
ROW = re.compile(r'data-row="(\d+)"')
MORE = re.compile(r'hx-get="(/inbox/list\?[^"]*after=[^"]*)"')


class Agent:
    def __init__(self, url, email="sara@example.com"):
        self._url = url
        self._email = email
        self._session = requests.Session()
        self._session.trust_env = False
        self.token = None

    def sign_in(self):
        self.token = self._token_of("/sign-in")
        self._post("/sign-in", email=self._email, password=PASSWORD)
        self.token = self._token_of("/")
        return self

    def _token_of(self, path):
        found = TOKEN.search(self._until(lambda: self._get(path)).text)
        return found.group(1) or found.group(2)

    @property
    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self._session.cookies.items())

    def get(self, path):
        """A page's text, asked for once."""
        answer = self._get(path)
        assert answer.status_code == 200, answer.status_code
        return answer.text

    def listed(self, show="all"):
        """Ids of all conversations in a tab of the list, page after page."""
        found, pages = [], [f"/inbox/list?show={show}"]
        while pages:
            path = pages.pop(0)
            text = self._until(lambda path=path: self._get(path)).text
            found += [int(number) for number in ROW.findall(text)]
            pages += [address.replace("&amp;", "&") for address in MORE.findall(text)]
        return found

    def take(self, interaction_id):
        self._post(f"/inbox/{interaction_id}/take")

    def reply(self, interaction_id, text, key):
        self._post(f"/inbox/{interaction_id}/reply", text=text, client_key=key)

    def _post(self, path, **fields):
        self._until(lambda: self._send(path, {"csrf_token": self.token, **fields}))

    def _send(self, path, form):
        return self._session.post(self._url + path, data=form, timeout=20, allow_redirects=False)

    def _get(self, path):
        return self._session.get(self._url + path, timeout=20)

    @staticmethod
    def _until(request, seconds=120):
        """Ask until there is an answer that is not a server's excuse."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                answer = request()
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 500:
                assert answer.status_code < 400, (answer.status_code, answer.text[:500])
                return answer
            time.sleep(0.2)
        raise AssertionError("no answer in time")
