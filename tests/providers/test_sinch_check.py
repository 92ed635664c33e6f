""" "Test connection": what Sinch answers, in plain words with the mend."""

import pytest

from tests.support.stubs.base import Reply
from tests.support.stubs.sinch import TRIGGERS

from .sinch_bodies import WEBHOOK_URL, sinch_provider

NAMES = ["Access key", "App", "Processing mode", "WhatsApp number", "Webhook"]


@pytest.fixture
def lines(sinch_stub):
    def ask(**credentials):
        found = sinch_provider(sinch_stub, **credentials).check()
        assert all(line.action for line in found if line.ok is not True)
        return {line.name: line for line in found}

    return ask


def test_a_sound_account_passes_every_line(lines, sinch_stub):
    sinch_stub.register(WEBHOOK_URL)
    found = lines()
    assert list(found) == NAMES
    assert all(line.ok for line in found.values())
    assert "Northgate Kettles" in found["App"].message
    assert "+15550100200" in found["WhatsApp number"].message
    assert found["Processing mode"].facts == {"processing_mode": "CONVERSATION"}
    assert found["Webhook"].facts == {"webhook": "registered"}


def test_a_wrong_key_is_told_from_a_sinch_that_is_away(lines, sinch_stub):
    wrong = lines(key_secret="another")
    assert list(wrong) == ["Access key"]
    assert wrong["Access key"].ok is False
    sinch_stub.token_answers.append(Reply(503))
    assert lines()["Access key"].ok is None


def test_a_key_withdrawn_while_its_token_lives_is_noticed(lines, sinch_stub):
    assert lines()["Access key"].ok
    sinch_stub.token_answers.append(Reply(401, {"error": "invalid_client"}))
    assert lines()["Access key"].ok is False


def test_an_app_of_another_region_is_said_to_be_elsewhere(lines):
    line = lines(app_id="01HQOTHER")["App"]
    assert line.ok is False
    assert "eu" in line.message
    assert "region" in line.action


def test_dispatch_mode_is_named_with_its_mend(lines, sinch_stub):
    sinch_stub.app["processing_mode"] = "DISPATCH"
    line = lines()["Processing mode"]
    assert line.ok is False
    assert "Conversation" in line.action


def test_an_app_without_whatsapp_is_named(lines, sinch_stub):
    sinch_stub.app["channel_credentials"][0]["channel"] = "SMS"
    line = lines()["WhatsApp number"]
    assert line.ok is False
    assert "no WhatsApp channel" in line.message


def test_a_channel_that_fails_says_what_sinch_says(lines, sinch_stub):
    state = {"status": "FAILING", "description": "Sender was removed."}
    sinch_stub.app["channel_credentials"][0]["state"] = state
    line = lines()["WhatsApp number"]
    assert line.ok is False
    assert "Sender was removed." in line.message


def test_another_accounts_number_is_named(lines, sinch_stub):
    bearer = sinch_stub.app["channel_credentials"][0]["static_bearer"]
    bearer["claimed_identity"] = "15550100009"
    line = lines()["WhatsApp number"]
    assert line.ok is False
    assert "+15550100009" in line.message


def test_a_sender_with_a_name_of_its_own_is_taken(lines, sinch_stub):
    bearer = sinch_stub.app["channel_credentials"][0]["static_bearer"]
    bearer["claimed_identity"] = "northgate-bot-1"
    assert lines()["WhatsApp number"].ok


def test_a_webhook_elsewhere_is_none(lines, sinch_stub):
    sinch_stub.register("https://elsewhere.example/hook")
    assert lines()["Webhook"].ok is False


def test_missing_triggers_are_named(lines, sinch_stub):
    sinch_stub.register(WEBHOOK_URL, triggers=TRIGGERS[:2])
    line = lines()["Webhook"]
    assert line.ok is False
    for trigger in TRIGGERS[2:]:
        assert trigger in line.message


@pytest.mark.parametrize(("secret", "ok"), (("webhook-secret-1", True), ("", False), ("x", False)))
def test_a_secret_sinch_shows_is_compared(lines, sinch_stub, secret, ok):
    sinch_stub.register(WEBHOOK_URL, secret=secret)
    assert lines()["Webhook"].ok is ok


def test_the_guide_names_every_trigger_and_our_address(sinch_stub):
    steps = " ".join(sinch_provider(sinch_stub).guide)
    assert "{webhook_url}" in steps
    assert all(trigger in steps for trigger in TRIGGERS)
