"""A provider that does what a test says: it stands where the network begins."""

from collections import deque

import orjson
import pytest

from tests.factories import make_account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.providers.base import (
    AccountRef,
    Capabilities,
    CheckLine,
    Identity,
    IdentityKind,
    InboundMessage,
    MessageKind,
    Provider,
    ProviderError,
    Sent,
)

WELL = (CheckLine("Token", True, "The token is taken."),)
REFUSED = (CheckLine("Token", False, "The token is revoked.", "Paste a new one.", auth=True),)
UNREACHED = (CheckLine("Token", None, "Nobody answered.", "Try again in a few minutes."),)


class Script:
    """What the provider answers, and what it was asked; an exception among answers is raised."""

    def __init__(self):
        self.lines = WELL
        self.checks = 0
        self.answers = deque()  # of send
        self.sent = []
        self.found = {}  # text → what look_up gives
        self.sought = []
        self.bodies = ()  # of missed
        self.since = []
        self.names = {}
        self.named = []
        self.connections = []  # database connections in use during each call

    def called(self):
        self.connections.append(db.engine.pool.checkedout())


def _given(answer):
    if isinstance(answer, Exception):
        raise answer
    return answer


def fake_class(script):
    class Fake(Provider):
        name = "fake"
        label = "Fake"
        can = Capabilities(looks_up=True)

        def check(self):
            script.called()
            script.checks += 1
            return list(_given(script.lines))

        def send(self, command, correlation_id):
            script.called()
            script.sent.append(command.body)
            answer = _given(script.answers.popleft()) if script.answers else None
            return answer or Sent(f"fake-{len(script.sent)}")

        def look_up(self, sought):
            script.called()
            script.sought.append(sought)
            return _given(script.found.get(sought.text))

        def missed(self, since):
            script.since.append(since)
            for body in script.bodies:
                script.called()
                yield _given(body)

        def profile_name(self, ref):
            script.called()
            script.named.append(ref)
            return _given(script.names.get(ref, ""))

        def parse(self, request):
            return [_event(orjson.loads(request.body), request)]

    return Fake


def _event(said, request):
    return InboundMessage(
        said["id"],
        AccountRef(),
        (Identity(IdentityKind.WA_ID, said["from"]),),
        MessageKind.TEXT,
        request.received_at or utcnow(),
        said,
        text=said.get("text", ""),
        profile_ref=said.get("profile", ""),
    )


def body(id, sender="15550120001", text="Hello", profile=""):
    return orjson.dumps({"id": id, "from": sender, "text": text, "profile": profile})


def refused_credentials():
    return ProviderError("The token is revoked", permanent=True, code="401", auth=True)


@pytest.fixture
def script(monkeypatch):
    script = Script()
    monkeypatch.setitem(PROVIDERS, "fake", fake_class(script))
    return script


@pytest.fixture
def fake(script, queue):
    """An account at the scripted provider."""
    return make_account(queue, provider="fake", name="Support EU", key="EU", phone="15559990001")
