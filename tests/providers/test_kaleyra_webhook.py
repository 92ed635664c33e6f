"""Who may call a Kaleyra account's address."""

from dataclasses import replace

import pytest

from webapp.providers.base import BadSignature
from webapp.providers.kaleyra.sending import proof_of

from .kaleyra_bodies import called, kaleyra, kaleyra_signed, posted, sample


def test_without_a_callback_secret_the_token_in_the_address_is_enough():
    kaleyra().verify(sample("v1_get_text"))
    kaleyra().verify(sample("v2_text"))


def test_with_one_a_call_needs_the_header():
    provider = kaleyra(callback_secret="between-us")
    provider.verify(kaleyra_signed(b"{}"))
    for request in (posted({}), kaleyra_signed(b"{}", wrong="guessed")):
        with pytest.raises(BadSignature):
            provider.verify(request)


def test_the_former_secret_stays_valid_until_it_is_dropped():
    request = kaleyra_signed(b"{}")
    kaleyra(callback_secret="new", callback_secret_previous="between-us").verify(request)
    with pytest.raises(BadSignature):
        kaleyra(callback_secret="new").verify(request)


def test_only_the_former_secret_left_still_asks_for_it():
    provider = kaleyra(callback_secret="", callback_secret_previous="between-us")
    with pytest.raises(BadSignature):
        provider.verify(posted({}))


def test_an_account_whose_settings_cannot_be_read_accepts_nothing():
    with pytest.raises(BadSignature):
        kaleyra(api_key="").verify(sample("v1_get_text"))


def test_a_receipt_called_for_by_our_own_address_proves_itself_without_the_header():
    provider = kaleyra(callback_secret="between-us")
    query = {"ref": "parley-1", "proof": proof_of("between-us", "parley-1")}
    provider.verify(called("", query))
    for wrong in ({"ref": "parley-2"}, {"proof": "0" * 64}, {"ref": ""}):
        with pytest.raises(BadSignature):
            provider.verify(called("", query | wrong))


def test_an_odd_secret_in_the_header_is_refused_not_a_crash():
    provider = kaleyra(callback_secret="between-us")
    with pytest.raises(BadSignature):
        provider.verify(replace(posted({}), headers={"x-webhook-token": "\ud800é"}))


def test_it_is_called_by_get_post_and_put():
    assert set(kaleyra().webhook_methods) == {"GET", "POST", "PUT"}
