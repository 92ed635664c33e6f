""" "Test connection" at Twilio: each failure names its mend."""

import pytest

from tests.support.ports import free_port
from tests.support.stubs.base import Reply
from tests.support.stubs.twilio import fault

from . import twilio_cast
from .twilio_bodies import TWILIO_CREDENTIALS, URL
from .twilio_cast import twilio_at

stub, twilio = twilio_cast.stub, twilio_cast.twilio
OURS = f"{URL}#rc=5&rp=all"


def hooked(stub, callback_url=OURS, **also):
    stub.senders = [stub.sender(webhook={"callback_url": callback_url, **also})]


def lines(provider):
    return {line.name: line for line in provider.check()}


def test_a_set_up_account_is_well_and_tells_its_quality(stub, twilio):
    hooked(stub)
    found = lines(twilio)
    assert list(found) == ["Account", "Sender", "Webhook", "Receipts"]
    assert all(line.ok for line in found.values())
    assert found["Sender"].message == "The number is online as Example Ltd."
    assert found["Sender"].facts == {"quality": "HIGH", "messaging_limit": "10K Customers/24hr"}


def test_a_wrong_token_is_the_only_line(stub):
    credentials = TWILIO_CREDENTIALS | {"auth_token": "other"}
    (line,) = twilio_at(stub.url, credentials=credentials).check()
    assert (line.ok, line.auth) == (False, True)
    assert "Auth Token" in line.action


def test_twilio_out_of_reach_says_nothing_about_the_token():
    (line,) = twilio_at(f"http://127.0.0.1:{free_port()}").check()
    assert (line.ok, line.auth) == (None, False)
    assert line.action


@pytest.mark.parametrize("status", ("suspended", "closed"))
def test_a_suspended_account_is_told(stub, twilio, status):
    stub.account["status"] = status
    (line,) = twilio.check()
    assert line.ok is False
    assert status in line.message
    assert line.action


def test_a_trial_account_is_well_and_named(stub, twilio):
    stub.account["type"] = "Trial"
    line = lines(twilio)["Account"]
    assert line.ok
    assert "trial" in line.message


def test_a_number_that_is_no_sender_there_is_told(stub, twilio):
    stub.senders = [stub.sender(sender_id="whatsapp:+15550199999")]
    line = lines(twilio)["Sender"]
    assert line.ok is False
    assert "+15550100001" in line.message
    assert "subaccount" in line.action


def test_a_sender_on_a_later_page_is_found(stub, twilio):
    answer = stub.handle

    def paged(request):
        if request.path != "/v2/Channels/Senders" or "Page" in request.query:
            return answer(request)
        link = f"{stub.url}/v2/Channels/Senders?Channel=whatsapp&Page=1"
        return Reply(200, {"senders": [], "meta": {"next_page_url": link}})

    stub.handle = paged
    assert lines(twilio)["Sender"].ok


@pytest.mark.parametrize("status", (403, 404, 502))
def test_a_senders_api_that_is_closed_to_the_account_proves_nothing(stub, twilio, status):
    answer = stub.handle

    def closed(request):
        if request.path == "/v2/Channels/Senders":
            return Reply(status, fault(20404, status=status))
        return answer(request)

    stub.handle = closed
    found = lines(twilio)
    assert found["Account"].ok
    assert found["Sender"].ok is None
    assert found["Sender"].action


def test_a_sender_that_is_offline_says_why(stub, twilio):
    reasons = [{"code": "63020", "message": "Business not verified."}]
    stub.senders = [stub.sender(status="OFFLINE", offline_reasons=reasons)]
    line = lines(twilio)["Sender"]
    assert line.ok is False
    assert line.message == "The sender is offline. Business not verified."
    assert line.facts["quality"] == "HIGH"


@pytest.mark.parametrize(
    ("configured", "words"),
    (
        ("", "nowhere"),
        (URL, "lacks its end #rc=5&rp=all"),
        (f"{URL}#rc=1", "lacks its end"),
        ("https://elsewhere.example/hook", "another address"),
        (f"{URL}x#rc=5&rp=all", "another address"),
    ),
)
def test_a_webhook_that_leads_elsewhere_names_its_mend(stub, twilio, configured, words):
    hooked(stub, configured)
    line = lines(twilio)["Webhook"]
    assert line.ok is False
    assert words in line.message
    assert "Webhook URL for incoming messages" in line.action


def test_the_webhooks_address_is_kept_without_its_token(stub, twilio):
    hooked(stub)
    assert "t0ken" not in lines(twilio)["Webhook"].facts["webhook"]


def test_receipts_sent_elsewhere_by_the_sender_come_here_all_the_same(stub, twilio):
    hooked(stub, status_callback_url="https://elsewhere.example/hook")
    line = lines(twilio)["Receipts"]
    assert line.ok
    assert "each message" in line.message


def test_odd_answers_are_no_obstacle(stub, twilio):
    stub.senders = [None, 5, {"sender_id": 7}, stub.sender(webhook=None, properties=[])]
    assert lines(twilio)["Webhook"].ok is False


def test_the_guide_names_the_address_to_paste(twilio):
    assert any("{webhook_url}" in step for step in twilio.guide)
    assert len(twilio.guide) >= 5
