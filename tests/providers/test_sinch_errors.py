"""Why a message failed, in words for people."""

import pytest

from webapp.providers.sinch.errors import fault_of
from webapp.providers.sinch.meanings import REASONS


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_code_has_a_reason_and_what_to_do(code):
    fault = fault_of({"code": code, "description": "why"})
    assert fault.reason
    assert fault.action
    assert fault.detail == "why"


@pytest.mark.parametrize(
    "code", ("INTERNAL_ERROR", "RATE_LIMITED", "CHANNEL_FAILURE", "DELIVERY_TIMED_OUT")
)
def test_what_may_pass_by_itself_is_not_final(code):
    assert not fault_of({"code": code}).permanent


def test_whatsapps_number_outweighs_sinchs_word():
    fault = fault_of({"code": "CHANNEL_REJECT", "channel_code": "131026"})
    assert (fault.code, fault.title) == ("131026", "CHANNEL_REJECT")
    assert fault.reason == "Not reachable on WhatsApp"


@pytest.mark.parametrize("number", ("99999999", "x", "", None, 1.5, "1e400"))
def test_a_number_meta_does_not_know_changes_nothing(number):
    fault = fault_of({"code": "MEDIA_TOO_LARGE", "channel_code": number})
    assert (fault.code, fault.reason) == ("MEDIA_TOO_LARGE", "The file is too large for WhatsApp")


def test_an_inactive_sender_is_the_admins_affair():
    fault = fault_of({"code": "CHANNEL_REJECT", "sub_code": "INACTIVE_SENDER"})
    assert fault.reason == "The business number is not active"


@pytest.mark.parametrize("reason", (None, {}, [], {"code": "BRAND_NEW"}, {"code": {}}))
def test_a_reason_nobody_knows_is_still_said_in_words(reason):
    fault = fault_of(reason)
    assert fault.code
    assert fault.reason == "Sinch could not deliver the message"
