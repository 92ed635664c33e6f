"""`bin/provider-stub`: every stand-in as a command, with a person as its customer."""

import socket
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.stubs import STUBS, running, stub_class
from tests.support.stubs.base import ProviderStub, Reply
from tests.support.stubs.running import credentials_of, phone_of
from webapp.providers import PROVIDERS, provider_for
from webapp.providers.base import (
    InboundMessage,
    ProviderError,
    Receipt,
    Recipient,
    StatusUpdate,
    Text,
    WebhookRequest,
)
from webapp.providers.http import Http

from .conftest import FakeAccount

ROOT = Path(__file__).parents[2]


class Product(ProviderStub):
    """Whoever the webhooks are for: verifies and parses them as the product does."""

    def __init__(self, name, stub):
        super().__init__()
        self.events = []
        self.webhook = f"{self.url}/webhooks/{name}/token"
        account = FakeAccount(name, credentials_of(stub))
        where = {**stub.environment(), "WEBHOOK_URL": self.webhook, "PHONE": phone_of(stub)}
        self.provider = provider_for(account, where, Http((1, 2)))

    def handle(self, request):
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        asked = WebhookRequest(request.method, request.url, request.headers, request.body, query)
        self.provider.verify(asked)
        self.events += self.provider.parse(asked)
        return Reply(200)


@pytest.fixture(params=sorted(STUBS))
def stub(request):
    stub = stub_class(request.param)()
    yield stub
    stub.close()


@pytest.fixture
def product(stub):
    product = Product(stub.name, stub)
    yield product
    product.close()


@pytest.fixture
def person(stub, product, monkeypatch):
    monkeypatch.setattr(running, "PAUSE", 0.02)
    said = []
    person = running.Person(stub, product.webhook, said.append)
    person.said = said
    return person


def wait_for(what):
    until = time.monotonic() + 3
    while not what() and time.monotonic() < until:
        time.sleep(0.02)
    assert what()


def test_every_provider_has_a_stand_in():
    assert set(STUBS) == set(PROVIDERS) - {"sandbox"}


def test_what_is_typed_arrives_as_the_customers_message(product, person):
    person.types("Good morning")
    (event,) = [event for event in product.events if isinstance(event, InboundMessage)]
    assert event.text == "Good morning"
    assert "← Good morning: answered 200" in person.said


def test_what_is_sent_is_printed_and_earns_its_receipts(stub, product, person):
    product.provider.send(Text(Recipient(phone="15550142233"), "Hello"), "parley-1")

    def receipts():
        return [event for event in product.events if isinstance(event, StatusUpdate)]

    wait_for(lambda: len(receipts()) >= 3)
    states = {event.status for event in receipts()}
    assert {Receipt.SENT, Receipt.DELIVERED, Receipt.READ} <= states
    assert any("Hello" in line and "15550142233" in line for line in person.said)
    assert stub.broken_rules == []


def test_a_limit_can_be_asked_for(product, person):
    person.types("/limit 7")
    with pytest.raises(ProviderError) as raised:
        product.provider.send(Text(Recipient(phone="15550142233"), "Hello"), "parley-1")
    assert not raised.value.permanent
    assert raised.value.account_wide


def test_receipts_can_be_switched_off_and_the_webhook_set_later(stub, product, person):
    person.types("/receipts off")
    person.types("/webhook http://127.0.0.1:1/nobody")
    person.types("Hello")
    product.provider.send(Text(Recipient(phone="15550142233"), "Hello"), "parley-1")
    wait_for(lambda: stub.taken)
    time.sleep(0.1)
    assert product.events == []
    assert "← Hello: nobody answered" in person.said


@pytest.mark.parametrize("line", ("/what", "/limit many", "/webhook", "/receipts"))
def test_an_unknown_order_is_explained(person, line):
    person.types(line)
    assert person.said == [running.HELP]


def test_it_says_how_to_point_the_product_at_it(stub):
    said = []
    running.main([stub.name, "--port", "0"], lines=[""], say=said.append)
    text = "\n".join(said)
    assert all(f"export {name}=" in text for name in stub.environment())
    assert f"accounts add --provider {stub.name}" in text


def test_a_setting_it_does_not_have_is_named(stub):
    with pytest.raises(SystemExit, match="has no nonsense"):
        running.main([stub.name, "--port", "0", "--set", "nonsense=1"], lines=[])


def test_a_port_that_is_taken_is_named(stub):
    port = stub.url.rpartition(":")[2]
    with pytest.raises(SystemExit, match="cannot be had"):
        running.main([stub.name, "--port", port], lines=[])


def test_the_command_is_there_to_be_run():
    command = ROOT / "bin" / "provider-stub"
    assert command.stat().st_mode & 0o111
    assert "tests.support.stubs.running" in command.read_text()


def test_ids_differ_between_runs():
    started = running._started(running._options(["meta", "--port", "0"]))
    started.close()
    assert started.number() != "1"


def test_a_caller_that_died_in_the_middle_has_asked_nothing(stub):
    place = urlsplit(stub.url)
    with socket.create_connection((place.hostname, place.port)) as caller:
        caller.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(100) == b""
    assert stub.requests == stub.broken_rules == []
