"""Agents' pages without a browser: each watches its open conversation and refetches as a page does.

A process of its own, told what to do by JSON on standard input. It prints `ready`, and after
`stop` the moment each message's bubble had arrived, by the message's text.
"""

import http.client
import json
import random
import re
import sys
import threading
import time
from urllib.parse import urlencode

import simple_websocket

from tests.kill.agents import Agent

TEXT = re.compile(r"bench-\d+-\d+(?=\.)")
PLACE = re.compile(r'data-place="([^"]+)"')
LAST = re.compile(r'data-message="(\d+)"')
# Element, the room that wakes it, its pause between two refetches: as in the templates.
ELEMENTS = (
    ("thread", "interaction", 0.1),
    ("head", "interaction", 10.0),
    ("contact", "interaction", 10.0),
    ("offers", "offers", 0.1),
    ("list", "user", 2.0),
    ("seen", None, 5.0),
)
LAZY, LATE = 4.0, 2.0


def main():
    order = json.loads(sys.stdin.readline())
    pages = [Page(order["url"], **agent) for agent in order["agents"]]
    for page in pages:
        page.start()
    if not all(page.ready.wait(60) for page in pages):
        sys.exit(1)
    print("ready", flush=True)
    sys.stdin.readline()
    seen = {}
    for page in pages:
        page.stopped = True
        seen |= page.seen
    signals = {text: at for page in pages for text, at in page.signalled.items()}
    requests = sum(page.requests for page in pages)
    print(json.dumps({"seen": seen, "signalled": signals, "requests": requests}), flush=True)


class Page(threading.Thread):
    def __init__(self, url, email, user, interaction):
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.stopped = False
        self.seen, self.signalled = {}, {}
        self.requests = 0
        self._url, self._email = url, email
        self._interaction = interaction
        rooms = {"interaction": interaction, "user": user, "offers": user}
        self._rooms = {thing: f"{thing}:{number}" for thing, number in rooms.items()}
        self._last = 0
        self._place = None
        self._ids = set()
        self._dirty = {}
        self._resting = {}

    def run(self):
        agent = Agent(self._url, self._email).sign_in()
        self._headers = {"HX-Request": "true", "Cookie": agent.cookie, "X-CSRFToken": agent.token}
        self._http = http.client.HTTPConnection(self._url.removeprefix("http://"), timeout=30)
        self._socket = self._connect()
        self._note(self._get(f"/inbox/{self._interaction}/thread"), time.time())
        for number, room in enumerate(self._rooms.values()):
            self._socket.send(f'42{number}["watch",{json.dumps({"room": room})}]')
        self.ready.set()
        while not self.stopped:
            self._listen()
            self._refetch()

    def _connect(self):
        address = self._url.replace("http://", "ws://")
        socket = simple_websocket.Client(
            f"{address}/socket.io/?EIO=4&transport=websocket",
            headers={"Cookie": self._headers["Cookie"], "Origin": self._url},
        )
        socket.receive(10)
        socket.send("40")
        socket.receive(10)
        return socket

    def _listen(self):
        """Take what the server says until an element is due."""
        due = [self._resting.get(name, 0) for name in self._dirty]
        wait = max(0, min(due) - time.monotonic()) if due else 0.5
        packet = self._socket.receive(wait)
        if packet == "2":
            self._socket.send("3")
        elif packet and packet.startswith('42["changed"'):
            for signal in json.loads(packet[2:])[1]:
                self._changed(signal)

    def _changed(self, signal):
        for name, room, pause in ELEMENTS:
            if not room or signal["room"] != self._rooms[room]:
                continue
            if pause >= LAZY and self._resting.get(name, 0) < time.monotonic():
                self._resting[name] = time.monotonic() + random.uniform(0, LATE)
            self._dirty.setdefault(name, time.time())
        if signal["room"] == self._rooms["interaction"]:
            self._ids.update(signal["ids"])

    def _refetch(self):
        for name, _, pause in ELEMENTS:
            if name in self._dirty and time.monotonic() >= self._resting.get(name, 0):
                woken_at = self._dirty.pop(name)
                self._resting[name] = time.monotonic() + pause * random.uniform(0.75, 1.25)
                getattr(self, f"_fetch_{name}")(woken_at)

    def _fetch_thread(self, woken_at):
        ids, self._ids = self._ids, set()
        query = urlencode({"after": self._last, "ids": ",".join(map(str, ids)), "events": 0})
        before = self._last
        self._note(self._get(f"/inbox/{self._interaction}/thread?{query}"), woken_at)
        if self._last != before:
            self._dirty.setdefault("seen", woken_at)

    def _note(self, html, woken_at):
        now = time.time()
        for text in TEXT.findall(html):
            self.seen.setdefault(text, now)
            self.signalled.setdefault(text, woken_at)
        self._last = max([self._last, *map(int, LAST.findall(html))])

    def _fetch_head(self, _):
        self._get(f"/inbox/{self._interaction}/composer?show=mine")

    def _fetch_contact(self, _):
        self._get(f"/inbox/{self._interaction}/contact")

    def _fetch_offers(self, _):
        self._get("/offers")

    def _fetch_list(self, _):
        """As the list does: its rows alone where it knows their places."""
        query = {"show": "mine", "open": self._interaction}
        if self._place:
            query["rows"] = f"{self._interaction}~{self._place}"
        found = PLACE.search(self._get(f"/inbox/list?{urlencode(query)}"))
        self._place = found and found[1]

    def _fetch_seen(self, _):
        self._request("POST", f"/inbox/{self._interaction}/seen")

    def _get(self, path):
        return self._request("GET", path)

    def _request(self, method, path):
        self.requests += 1
        try:
            status, text = self._ask(method, path)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            # Kept alive for two seconds only; a browser too opens another one then.
            self._http.close()
            status, text = self._ask(method, path)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status}")
        return text

    def _ask(self, method, path):
        self._http.request(method, path, headers=self._headers)
        answer = self._http.getresponse()
        return answer.status, answer.read().decode()


if __name__ == "__main__":
    main()
