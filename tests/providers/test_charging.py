"""What a receipt says its message is charged as."""

import json
from pathlib import Path

import pytest

from webapp.providers.charging import charged_as

PAYLOADS = Path(__file__).parent / "payloads" / "meta"


def pricing_of(name):
    document = json.loads((PAYLOADS / f"{name}.json").read_text())
    return document["entry"][0]["changes"][0]["value"]["statuses"][0]["pricing"]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("status_delivered_service_billed", "service"),
        ("status_delivered_service_free", "free"),
        ("status_delivered_free_entry_point", "free"),
    ],
)
def test_as_recorded_receipts_tell(name, word):
    assert charged_as({"billing": pricing_of(name)}) == word


@pytest.mark.parametrize(
    ("billing", "word"),
    [
        (None, None),
        ({"price": "0.004"}, None),
        ({"category": "utility", "billable": False}, "free"),
        ({"category": "utility", "billable": True}, "utility"),
        ({"category": "utility", "billable": False, "type": "regular"}, "utility"),
        ({"category": "AUTHENTICATION-INTERNATIONAL"}, "authentication_international"),
        ({"category": "GROUP_SERVICE", "type": "FREE_GROUP_CUSTOMER_SERVICE"}, "free"),
    ],
)
def test_the_type_counts_before_whether_it_is_billable(billing, word):
    assert charged_as({"billing": billing}) == word


def test_a_receipt_without_anything_says_nothing():
    assert charged_as(None) is None
