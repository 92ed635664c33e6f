""" "Test connection" at Kaleyra, and what its guide tells an admin to paste."""

import json
import re

import pytest

from tests.support.stubs.kaleyra import KaleyraStub
from webapp.providers.base import TemplateUpdate
from webapp.providers.kaleyra.guide import GUIDE, INCOMING, OUTGOING, TEMPLATES

from .kaleyra_bodies import NUMBER, WEBHOOK, emptied, kaleyra, only, posted


@pytest.fixture(scope="module")
def standin():
    standin = KaleyraStub(number=NUMBER)
    yield standin
    standin.close()


@pytest.fixture
def stub(standin):
    return emptied(standin)


def lines_of(provider):
    lines = provider.check()
    assert all(line.action for line in lines if line.ok is not True)
    return {line.name: line for line in lines}


@pytest.mark.parametrize("version", ("v1", "v2"))
def test_what_can_be_asked_is_in_order(stub, version):
    lines = lines_of(kaleyra(stub.url, api_version=version))
    assert next(iter(lines)) == "Credentials"
    assert not [line for line in lines.values() if line.ok is False]
    assert lines["Credentials"].ok
    assert "2 templates, 1 of them approved" in lines["Credentials"].message
    assert ("API version" in lines) is (version == "v2")
    assert not stub.broken_rules


def test_what_can_never_be_asked_is_said_and_holds_up_no_verdict(stub):
    lines = lines_of(kaleyra(stub.url))
    assert all(line.ok for line in lines.values())
    assert "quality and limit" in lines["Only by callback"].message
    assert lines["Only by callback"].facts == {"webhook": WEBHOOK}
    assert "first message" in lines["Number"].message


def test_refused_credentials_stop_the_account_and_the_region_is_compared(stub):
    lines = lines_of(kaleyra(stub.url, api_key="another", region="eu"))
    assert lines["Credentials"].ok is False
    assert lines["Credentials"].auth
    assert "India" in lines["Region"].action
    assert "Region" not in lines_of(kaleyra(stub.url, api_key="another", region="in"))


def test_an_unreachable_kaleyra_tells_nothing_about_the_credentials():
    first = lines_of(kaleyra("http://127.0.0.1:1"))["Credentials"]
    assert first.ok is None
    assert not first.auth


def test_a_gateways_page_is_not_kaleyras_word(stub, httpserver):
    httpserver.expect_request("/").respond_with_data("<html>")
    httpserver.expect_request(re.compile(".*")).respond_with_data("<html>", 502)
    assert lines_of(kaleyra(httpserver.url_for("")))["Credentials"].ok is None


def test_v2_needs_its_waba_id_and_one_that_was_moved(stub):
    missing = lines_of(kaleyra(stub.url, api_version="v2", waba_id=""))["API version"]
    assert missing.ok is False
    other = lines_of(kaleyra(stub.url, api_version="v2", waba_id="999"))["API version"]
    assert other.ok is False
    assert not other.auth  # the key is right: V1 took it
    assert "V1" in other.action


def test_a_missing_number_is_named(stub):
    assert lines_of(kaleyra(stub.url, {"PHONE": ""}))["Number"].ok is False


@pytest.mark.parametrize(
    "answer",
    (
        [{"name": "a", "status": "APPROVED"}],
        {"data": {"templates": [{"template_name": "a", "template_status": "Approved"}]}},
        {"templates": [{"name": "a", "status": "approved"}, "noise"]},
    ),
)
def test_the_list_of_templates_is_found_wherever_it_stands(httpserver, answer):
    httpserver.expect_request(re.compile(".*")).respond_with_json(answer)
    line = lines_of(kaleyra(httpserver.url_for("")))["Credentials"]
    assert "1 templates, 1 of them approved" in line.message


def test_the_guide_shows_the_address_and_texts_that_are_json():
    shown = " ".join(step.format(webhook_url=WEBHOOK, verify_token="") for step in GUIDE)
    assert WEBHOOK in shown
    for text in (INCOMING, OUTGOING, TEMPLATES):
        assert text in shown
        assert json.loads(text)


def filled(text, **values):
    return re.sub("<([a-z0-9_]+)>", lambda found: values.get(found[1], found[0]), text)


def test_the_texts_of_the_guide_are_understood_when_filled_in():
    provider = kaleyra()
    raw = '[{"id":"wamid.1","from":"15550100002","type":"text"}]'
    said = {"from": "15550100002", "type": "text", "body": 'a "quoted" word', "message": raw}
    message = only(provider.parse(posted(filled(INCOMING, **said).encode())))
    assert (message.id, message.text) == ("wamid.1", 'a "quoted" word')
    receipt = filled(OUTGOING, id="58f8:0", status="READ", ref="parley-1")
    assert only(provider.parse(posted(receipt.encode()))).correlation_id == "parley-1"
    news = filled(TEMPLATES, event="PAUSED", message_template_name="promo")
    assert isinstance(only(provider.parse(posted(news.encode()))), TemplateUpdate)


def test_a_customer_cannot_forge_the_sender_in_the_text_we_recommend():
    names = INCOMING.index('"from"'), INCOMING.index('"name"'), INCOMING.index('"body"')
    assert names == tuple(sorted(names))
