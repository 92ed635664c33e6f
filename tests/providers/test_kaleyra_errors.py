"""What Kaleyra's answers mean: refused for good, refused for now, or not known."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.support.stubs.kaleyra import KaleyraStub
from webapp.providers.base import OutcomeUnknown, ProviderError, Recipient, Text

from .conftest import payload
from .kaleyra_bodies import NUMBER, emptied, kaleyra

HI = Text(Recipient(phone="15550100002"), "Hi")


@pytest.fixture(scope="module")
def standin():
    standin = KaleyraStub(number=NUMBER)
    yield standin
    standin.close()


@pytest.fixture
def stub(standin):
    return emptied(standin)


def refused(stub, status, body, headers=None, version="v1"):
    stub.fail_next(status, body, headers=headers)
    with pytest.raises(ProviderError) as raised:
        kaleyra(stub.url, api_version=version).send(HI, "parley-1")
    assert raised.value.reason
    return raised.value


def test_the_sample_of_a_faulty_parameter_names_it(stub):
    error = refused(stub, 400, payload("send_error_400_v1", "kaleyra"))
    assert error.reason == "Kaleyra refused the recipient's number: invalid number"
    assert error.permanent
    assert not error.account_wide
    assert error.raw["error"] == {"to": "invalid number"}


def test_the_sample_of_refused_credentials_stops_the_account(stub):
    error = refused(stub, 401, payload("send_error_401_v2", "kaleyra"), version="v2")
    assert error.code == "RBC001"
    assert error.auth
    assert error.account_wide


@pytest.mark.parametrize(
    ("body", "said"),
    (
        ({"error": {"media": "invalid media type"}}, "refused the file: invalid media type"),
        ({"error": {"params": ["count mismatch"]}}, "template's variables: count mismatch"),
        ({"error": {"sender_pin": "wrong"}}, "“sender_pin”: wrong"),
        ({"error": {"to": {}}}, "the recipient's number"),
        ({"error": {"code": "E13001", "message": "Number is mandatory."}}, "Number is mandatory"),
        ({"code": "E13001", "message": "The template is unknown"}, "The template is unknown"),
        ({"code": "WA400", "message": "to is missing"}, "part of the message: to is missing"),
        ({"message": "Bad thing"}, "Kaleyra refused the message: Bad thing"),
        ({"error": "Plain words"}, "Plain words"),
        ({}, "Kaleyra refused the message"),
        (b"<html>", "Kaleyra refused the message"),
    ),
)
def test_the_text_is_shown_where_the_code_says_nothing(stub, body, said):
    error = refused(stub, 400, body)
    assert said in error.reason
    assert error.permanent
    assert error.action


def test_a_long_text_is_cut(stub):
    assert len(refused(stub, 400, {"message": "x" * 5000}).reason) < 300


@pytest.mark.parametrize("status", (200, 202))
@pytest.mark.parametrize(
    "body", ({"error": {"to": "invalid number"}}, {"code": "E13001"}, {"error": "No such number"})
)
def test_an_error_that_comes_with_success_and_no_id_is_a_refusal(stub, status, body):
    assert refused(stub, status, body).permanent


@pytest.mark.parametrize(
    ("code", "auth", "permanent", "account_wide"),
    (
        ("RBC001", True, True, True),
        ("rbc001", True, True, True),
        ("WA401", True, True, True),
        ("E110", False, False, True),
        ("WAV2101", False, False, True),
        ("WA400", False, True, False),
        ("131026", False, True, False),
        (131047, False, True, False),
        (130429, False, False, True),
        (131031, False, True, True),
    ),
)
def test_each_code_says_for_whom_and_how_long(stub, code, auth, permanent, account_wide):
    for body in ({"code": code, "message": "x"}, {"error": {"code": code, "message": "x"}}):
        error = refused(stub, 400, body)
        assert (error.auth, error.permanent, error.account_wide) == (auth, permanent, account_wide)
        assert error.code == str(code)
        assert error.action


def test_an_empty_balance_waits_for_money_and_a_days_limit_for_tomorrow(stub):
    assert refused(stub, 400, {"code": "E110"}).retry_after == 900
    wait = refused(stub, 400, {"code": "WAV2101"}).retry_after
    assert 0 < wait <= 86_400 + 300
    assert (datetime.now(UTC) + timedelta(seconds=wait)).date() > datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("status", "auth", "account_wide"),
    ((401, True, True), (403, True, True), (404, True, True), (413, False, False)),
)
def test_a_status_alone_refuses_too(stub, status, auth, account_wide):
    error = refused(stub, status, b"")
    assert (error.auth, error.account_wide, error.permanent) == (auth, account_wide, True)
    assert error.code == str(status)


def test_a_wrong_business_number_stops_more_than_one_message(stub):
    assert refused(stub, 400, {"error": {"from": "not yours"}}).account_wide


def test_too_many_slow_the_account_by_the_hint(stub):
    stub.limit_next(retry_after=7)
    with pytest.raises(ProviderError) as raised:
        kaleyra(stub.url).send(HI, "parley-1")
    error = raised.value
    assert (error.permanent, error.account_wide, error.retry_after) == (False, True, 7)


def test_without_a_hint_or_with_a_date_too(stub):
    error = refused(stub, 429, {"error": {"to": "too many"}})
    assert (error.permanent, error.account_wide, error.retry_after) == (False, True, None)
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 60 < refused(stub, 429, b"", {"Retry-After": later}).retry_after <= 90
    assert refused(stub, 429, b"", {"Retry-After": "soon"}).retry_after is None


@pytest.mark.parametrize(
    "body", ({"code": "WA500", "message": "x"}, {"error": {"code": "E500", "message": "x"}})
)
def test_kaleyras_own_failure_is_tried_again_a_few_times(stub, body):
    error = refused(stub, 500, body)
    assert not error.permanent
    assert 3 <= error.max_attempts <= 4


@pytest.mark.parametrize(
    ("status", "body"),
    (
        (500, b""),
        (502, b"<html>Bad Gateway</html>"),
        (500, {"message": "Internal Server Error"}),
        (500, {"status": 500, "error": "Internal Server Error", "path": "/v1"}),
        (503, {"code": 503, "message": "Unavailable"}),
        (302, b""),
        (408, b""),
    ),
)
def test_what_some_gateway_says_leaves_it_open(stub, status, body):
    stub.fail_next(status, body)
    with pytest.raises(OutcomeUnknown):
        kaleyra(stub.url).send(HI, "parley-1")


def test_silence_and_a_cut_connection_leave_it_open(stub):
    provider = kaleyra(stub.url, timeout=(1, 0.3))
    stub.slow_next(0.6)
    stub.cut_next()
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            provider.send(HI, "parley-1")
    assert len(stub.sent) == 2


def test_an_unreachable_kaleyra_refused_nothing_and_took_nothing():
    with pytest.raises(ProviderError) as raised:
        kaleyra("http://127.0.0.1:1").send(HI, "parley-1")
    assert not raised.value.permanent
    assert not raised.value.auth
