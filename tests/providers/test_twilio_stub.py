"""Twilio's stand-in holds us to the documented rules: each broken one is answered and noted."""

import json

import pytest
import requests

from tests.support.stubs.twilio import TwilioStub
from webapp.providers.base import ProviderError, Text

from .twilio_bodies import ACCOUNT_SID, TOKEN
from .twilio_cast import ANN, twilio_at

HX = "HX302b1c28b9cecf53829fc094a68c02ca"
RIGHT = {"From": "whatsapp:+15550100001", "To": "whatsapp:+15550100002", "Body": "Hi"}


@pytest.fixture
def stub():
    stub = TwilioStub()
    stub.contents[HX] = {}
    yield stub
    stub.close()


def post(stub, fields, login=(ACCOUNT_SID, TOKEN), path=None, **options):
    path = path or f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    return requests.post(stub.url + path, data=fields, auth=login, timeout=5, **options)


def test_a_right_message_is_taken(stub):
    answer = post(stub, RIGHT)
    assert (answer.status_code, answer.json()["status"]) == (201, "queued")
    assert stub.broken_rules == []


@pytest.mark.parametrize(
    ("changes", "code"),
    (
        ({"From": None}, 21603),
        ({"To": None}, 21604),
        ({"To": "+15550100002"}, 21211),
        ({"From": "whatsapp:15550100001"}, 21212),
        ({"To": RIGHT["From"]}, 63031),
        ({"Body": "x" * 1601}, 21617),
        ({"Body": None}, 21619),
        ({"MediaUrl": "/files/1"}, 21620),
        ({"MediaUrl": ["https://a.example/1", "https://a.example/2"]}, 21623),
        ({"PersistentAction": "geo:here"}, 21619),
        ({"Body": None, "ContentSid": "HX1"}, 21655),
        ({"Body": None, "ContentSid": HX.replace("3", "4")}, 21655),
        ({"Body": None, "ContentSid": HX, "ContentVariables": "{"}, 21656),
        ({"Body": None, "ContentSid": HX, "ContentVariables": '{"1": 2}'}, 21656),
        ({"Body": None, "ContentSid": HX, "ContentVariables": '{"1": null}'}, 21656),
        ({"ContentVariables": "{}"}, 21654),
        ({"ContentSid": HX}, 20001),
        ({"StatusCallback": "/webhooks/x"}, 21609),
        ({"StatusCallback": "https://my_host.example/x"}, 21609),
    ),
)
def test_a_broken_rule_has_its_code_and_is_noted(stub, changes, code):
    fields = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    answer = post(stub, fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert len(stub.broken_rules) == 1
    assert stub.taken == []


def test_json_is_not_how_a_message_is_posted(stub):
    assert (
        post(stub, json.dumps(RIGHT), headers={"Content-Type": "application/json"}).status_code
        == 400
    )


def test_another_login_is_refused(stub):
    for login in ((ACCOUNT_SID, "x"), ("AC0", TOKEN), None):
        answer = post(stub, RIGHT, login)
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize(
    "types",
    (
        {},
        {"twilio/quick-reply": {"body": "", "actions": [{"title": "a", "id": "1"}]}},
        {"twilio/quick-reply": {"body": "Hi", "actions": []}},
        {"twilio/quick-reply": {"body": "Hi", "actions": [{"title": "a" * 21, "id": "1"}]}},
        {"twilio/list-picker": {"body": "Hi", "button": "", "items": [{"item": "a", "id": "1"}]}},
        {"twilio/list-picker": {"body": "Hi", "button": "x", "items": [{"item": "a"}]}},
        {"twilio/unheard-of": {"body": "Hi"}},
    ),
)
def test_a_wrong_content_is_refused(stub, types):
    content = {"friendly_name": "x", "language": "en", "types": types}
    answer = post(stub, json.dumps(content), path="/v1/Content")
    assert answer.status_code == 400
    assert stub.broken_rules


def test_the_gates_limit_is_twilios(stub):
    twilio = twilio_at(stub.url)
    twilio.send(Text(ANN, "x" * twilio.can.max_text), "parley-1")
    with pytest.raises(ProviderError):
        twilio.send(Text(ANN, "x" * (twilio.can.max_text + 1)), "parley-2")
