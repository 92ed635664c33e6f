"""One account's provider: its stand-in, unhurried, calling our webhook as patiently as it would."""

import itertools
import random
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import urllib3

from tests.kill.patience import NOBODY, PATIENCE, PAUSE
from tests.support.stubs import stub_class
from tests.support.stubs.base import CUT

SLOWNESS = (0.05, 0.5)  # seconds over each message
UNANSWERED = 15  # each such message is taken, but its call ends without an answer
TOLD = 0.67  # share of messages with receipts
UNPOSTED = 0.04  # share of customers' messages whose webhook never comes, where one can ask for it
FORMS = ("get", "post", "form", "v2")  # how Kaleyra's callbacks come


class Repeating:
    """A stub whose calls are repeated by its provider's rules."""

    def __init__(self, *arguments, **secrets):
        self.patience = PATIENCE[self.name]
        self.repeated = 0
        self._pool = urllib3.PoolManager(maxsize=32, retries=False)
        super().__init__(*arguments, **secrets)

    def post(self, url, *, data, headers, method="POST"):
        tries, status = 1, self._ask(method, url, data, headers)
        while status != 200 and self.patience.again(status, tries):
            self.repeated += 1
            time.sleep(PAUSE)
            tries, status = tries + 1, self._ask(method, url, data, headers)
        return status

    def _ask(self, method, url, data, headers):
        try:
            return self._pool.request(method, url, body=data, headers=headers, timeout=15).status
        except urllib3.exceptions.HTTPError:
            return NOBODY


class Answers:
    """A queue without an end: success, now and then a cut once the message was taken."""

    def __init__(self):
        self._numbers = itertools.count(1)

    def pop(self, _):
        return (200 if next(self._numbers) % UNANSWERED else CUT, None, 0)


class Counterpart:
    """`customer_writes()` posts a message; whatever is sent gets receipts, sometimes before its
    own answer. `lost` are texts whose webhook the provider gave up on, `unposted` those it never
    tried to bring."""

    def __init__(self, provider, **secrets):
        self.webhook, self.lost, self.unposted = None, [], []
        self._told, self._telling, self._unanswered = {}, 0, 0
        self._lock = threading.Lock()
        self.stub = type("Stub", (Repeating, stub_class(provider)), {})(**secrets)
        self.stub.page_size = 1000
        self.stub.answers = Answers()
        self.stub.on_taken = self._tell
        self.stub.on_request = self._dawdle

    def customer_writes(self, customer, phone, text):
        if hasattr(self.stub, "written") and random.random() < UNPOSTED:
            self.stub.written(text, sender=phone)
            self.unposted.append(text)
            return
        form = {"form": FORMS[customer // 4 % 4]} if self.stub.name == "kaleyra" else {}
        if self.stub.say(self.webhook, text, sender=phone, **form) != 200:
            self.lost.append(text)

    def report(self):
        taken = [
            {"text": one.text, "id": one.correlation_id, "told": self._told.get(one.id)}
            for one in self.stub.taken
        ]
        return {
            "taken": taken,
            "lost": self.lost,
            "unposted": self.unposted,
            "telling": self._telling,
            "unanswered": self._unanswered,
            "repeated": self.stub.repeated,
            "broken_rules": self.stub.broken_rules,
        }

    def grow_older(self, age: timedelta):
        """As if all that is kept here had happened so much earlier."""
        for record in getattr(self.stub, "records", ()):
            for name in ("date_created", "date_updated", "date_sent"):
                if record[name]:
                    record[name] = format_datetime(parsedate_to_datetime(record[name]) - age)
        for message in getattr(self.stub, "history", ()):
            written = datetime.fromisoformat(message["accept_time"]) - age
            message["accept_time"] = written.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _dawdle(self, request, reply):
        if request.method == "POST":
            time.sleep(random.uniform(*SLOWNESS))
        if reply is None:
            with self._lock:
                self._unanswered += 1

    def _tell(self, taken):
        """Runs in a thread of its own, while the message's call still waits for its answer."""
        if random.random() > TOLD:
            return
        with self._busy():
            for status in ("sent", "delivered"):
                time.sleep(random.uniform(0, 0.5))
                answer = self.stub.receipt(self.webhook, taken, status)
                # What Twilio did not get rid of it tells whoever asks.
                if answer == 200 or self.stub.name == "twilio":
                    self._told[taken.id] = status

    @contextmanager
    def _busy(self):
        with self._lock:
            self._telling += 1
        yield
        with self._lock:
            self._telling -= 1
