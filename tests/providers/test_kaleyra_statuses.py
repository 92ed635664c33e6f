"""What Kaleyra says became of a message, in both forms and by every way it calls."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from webapp.providers.base import Identity, Receipt, StatusUpdate, Unsupported

from .kaleyra_bodies import by_get, called, kaleyra, only, posted, sample

SAID = datetime(2026, 3, 1, 12, 25, tzinfo=UTC)
OURS = "58f86fab-0000-4000-8000-000000000042"


def receipt_of(request):
    return only(kaleyra().parse(request))


def flat(**more):
    return receipt_of(posted({"id": f"{OURS}:0", "mobile": "15550100002", **more}))


def wrapped(name="v2_status_sent", extra=None, **more):
    body = json.loads(sample(name).body)
    body["meta_object"]["value"]["statuses"][0].update(more)
    body["extra_info"].update(extra or {})
    return receipt_of(posted(body))


@pytest.mark.parametrize(
    ("name", "status"),
    (
        ("v1_status_read_get", Receipt.READ),
        ("v1_status_failed_post", Receipt.FAILED),
        ("v2_status_sent", Receipt.SENT),
        ("v2_status_failed", Receipt.FAILED),
    ),
)
def test_both_forms_name_the_message_alike(name, status):
    receipt = receipt_of(sample(name))
    assert isinstance(receipt, StatusUpdate)
    assert (receipt.status, receipt.at) == (status, SAID)
    assert (receipt.message_id, receipt.correlation_id) == (OURS, "msg-42")
    assert receipt.recipient == "15550100002"
    assert receipt.recipient_identities == (Identity("wa_id", "15550100002"),)


@pytest.mark.parametrize(
    ("written", "status"),
    (
        ("sent", "sent"), ("Sent", "sent"), ("DELIVERED", "delivered"), ("Read", "read"),
        ("FAILED", "failed"), ("0", "failed"), (0, "failed"), ("NOT-SENT", "failed"),
        ("not_sent", "failed"), ("Not Sent", "failed"), (" read ", "read"),
    ),
)  # fmt: skip
def test_every_word_for_a_state_in_any_case(written, status):
    assert flat(status=written).status == status
    assert wrapped(status=written).status == status


@pytest.mark.parametrize("word", ("queued", "clicked", "1"))
def test_a_state_nobody_knows_is_kept_without_alarm(word):
    for event in (flat(status=word), wrapped(status=word)):
        assert isinstance(event, Unsupported)
        assert event.harmless


def test_the_place_behind_the_colon_makes_no_difference():
    assert flat(status="sent").message_id == OURS
    assert receipt_of(posted({"id": OURS, "status": "sent"})).message_id == OURS


def test_where_kaleyra_gives_no_id_our_own_reference_is_enough():
    receipt = receipt_of(by_get(status="read", ref="parley-1"))
    assert (receipt.correlation_id, receipt.message_id) == ("parley-1", "parley-1")


def test_a_receipt_for_nobody_knows_what_is_kept_for_admins():
    event = receipt_of(by_get(status="read"))
    assert isinstance(event, Unsupported)
    assert not event.harmless


def test_whatsapps_id_and_the_trace_stand_in_for_a_missing_one():
    assert wrapped(id="").message_id == OURS  # the trace
    assert wrapped(id="", extra={"trace_id": ""}).message_id == "wamid.EXAMPLEOUT"
    assert wrapped(id="wamid.X").message_id == OURS
    alone = wrapped(id="", extra={"trace_id": "", "message_id": "", "ref": "r"})
    assert alone.correlation_id == "r"


def test_our_reference_survives_however_the_address_was_lengthened():
    ours = "ref=parley-1&proof=abc"
    callback = urlencode({"id": f"{OURS}:0", "status": "sent", "mobile": "15550100002"})
    for query in (f"{ours}&{callback}", f"{ours}&{callback}&ref=", f"ref=parley-1?{callback}"):
        receipt = receipt_of(called(query))
        assert (receipt.correlation_id, receipt.status) == ("parley-1", Receipt.SENT)
        assert receipt.message_id == OURS


def test_a_receipt_with_all_variables_is_no_message():
    receipt = flat(status="delivered", message="Your order", phone_number="15550100001", type="")
    assert receipt.status is Receipt.DELIVERED
    assert receipt.account_ref.display_phone == "15550100001"


def test_what_a_message_cost_is_kept():
    assert flat(status="delivered", price="0.06").billing == {"price": "0.06"}
    assert wrapped().billing["category"] == "marketing"


def test_metas_code_means_what_it_means_there():
    for name, code in (("v1_status_failed_post", "131047"), ("v2_status_failed", "131049")):
        error = receipt_of(sample(name)).error
        assert error.code == code
        assert error.permanent
        assert error.action
        assert error.title not in error.reason


def test_kaleyras_own_code_is_put_into_words():
    error = receipt_of(sample("v1_status_not_sent_post")).error
    assert (error.code, error.title) == ("E110", "Insufficient balance")
    assert "balance" in error.reason
    assert "tops it up" in error.action


@pytest.mark.parametrize(
    ("more", "reason"),
    (
        ({"error": "Number is on DND", "error_code": "E13001"}, "Kaleyra: Number is on DND"),
        ({"error": "Number is on DND"}, "Kaleyra: Number is on DND"),
        ({"error": '{"code": 131026, "title": "x"}'}, "Not reachable on WhatsApp"),
        ({"error": "<error>", "error_code": "null"}, "gave no reason"),
    ),
)
def test_a_failure_is_explained_by_code_or_else_by_its_text(more, reason):
    assert reason in flat(status="not-sent", **more).error.reason


def test_success_carries_no_error():
    assert flat(status="read", error="", error_code="0").error is None


@pytest.mark.parametrize(
    "written", ("1772367900", 1772367900, "1772367900000", "2026-03-01 12:25:00+00:00")
)
def test_the_time_is_read_in_every_way_it_is_written(written):
    assert flat(status="sent", timestamp=written).at == SAID
