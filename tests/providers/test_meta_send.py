"""Sending through Meta: what goes over the wire and what each answer means."""

import orjson
import pytest

from webapp.providers.base import Identity, ProviderError, Recipient, Text

PATH = "/v26.0/105555020088002/messages"
PHONE = Recipient(phone="15550142233")
ACCEPTED = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+15550142233", "wa_id": "15550142233", "user_id": "US.204177"}],
    "messages": [{"id": "wamid.OUT1", "message_status": "accepted"}],
}


def answers(httpserver, body, status=200, headers=None):
    httpserver.expect_request(PATH, method="POST").respond_with_data(
        orjson.dumps(body), status, headers=headers, content_type="application/json"
    )


def the_request(httpserver):
    ((request, _),) = httpserver.log
    return request


def error(code, details="", **also):
    data = {"messaging_product": "whatsapp", "details": details}
    return {"error": {"code": code, "message": f"(#{code}) x", "error_data": data, **also}}


def refusal(meta, httpserver, body, status=400, headers=None):
    answers(httpserver, body, status, headers)
    with pytest.raises(ProviderError) as raised:
        meta.send(Text(PHONE, "Hi"), "attempt-1")
    return raised.value


def test_a_text_goes_out_as_meta_documents_it(meta, httpserver):
    answers(httpserver, ACCEPTED)
    sent = meta.send(Text(PHONE, "Grüße 👋"), "parley-7")
    request = the_request(httpserver)
    assert request.headers["Authorization"] == "Bearer EAAtoken"
    assert request.headers["Content-Type"] == "application/json"
    assert orjson.loads(request.data) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+15550142233",
        "type": "text",
        "text": {"body": "Grüße 👋", "preview_url": True},
        "biz_opaque_callback_data": "parley-7",
    }
    assert sent.id == "wamid.OUT1"
    assert sent.identities == (Identity("wa_id", "15550142233"), Identity("bsuid", "US.204177"))


def test_half_an_emoji_does_not_stop_the_message(meta, httpserver):
    answers(httpserver, ACCEPTED)
    meta.send(Text(PHONE, "Hi \ud83d\x00!"), "parley-7")
    assert orjson.loads(the_request(httpserver).data)["text"]["body"] == "Hi \ufffd!"


def test_a_reply_names_the_message_it_quotes(meta, httpserver):
    answers(httpserver, ACCEPTED)
    meta.send(Text(PHONE, "Yes", reply_to="wamid.IN1", preview_url=False), "parley-8")
    body = orjson.loads(the_request(httpserver).data)
    assert body["context"] == {"message_id": "wamid.IN1"}
    assert body["text"]["preview_url"] is False


def test_a_person_without_a_number_is_addressed_by_their_user_id(meta, httpserver):
    answers(httpserver, {"messages": [{"id": "wamid.OUT2"}]})
    sent = meta.send(Text(Recipient(bsuid="US.88120034571166209384"), "Hi"), "parley-9")
    body = orjson.loads(the_request(httpserver).data)
    assert body["recipient"] == "US.88120034571166209384"
    assert "to" not in body
    assert sent.identities == ()


def test_nobody_to_send_to_is_refused_without_a_call(meta, httpserver):
    with pytest.raises(ProviderError) as raised:
        meta.send(Text(Recipient(), "Hi"), "parley-10")
    assert raised.value.permanent
    assert not httpserver.log


def test_an_unreachable_person_is_a_permanent_refusal_in_plain_words(meta, httpserver):
    refused = refusal(meta, httpserver, error(131026, "Message undeliverable."))
    assert refused.permanent
    assert (refused.code, refused.reason) == ("131026", "Not reachable on WhatsApp")
    assert refused.action
    assert refused.raw["detail"] == "Message undeliverable."


def test_an_expired_token_stops_the_whole_account(meta, httpserver):
    refused = refusal(meta, httpserver, error(190, error_subcode=463), 401)
    assert refused.permanent
    assert refused.account_wide
    assert "token" in refused.action


def test_too_many_to_one_person_waits_six_seconds(meta, httpserver):
    refused = refusal(meta, httpserver, error(131056))
    assert (refused.permanent, refused.retry_after) == (False, 6)
    assert not refused.account_wide


def test_the_usage_header_says_how_long_to_wait(meta, httpserver):
    usage = {"104555010077001": [{"type": "x", "estimated_time_to_regain_access": 3}]}
    headers = {"X-Business-Use-Case-Usage": orjson.dumps(usage).decode()}
    assert refusal(meta, httpserver, error(80007), 400, headers).retry_after == 180


def test_an_unreadable_usage_header_is_no_obstacle(meta, httpserver):
    refused = refusal(meta, httpserver, error(4), 400, {"X-Business-Use-Case-Usage": "[1"})
    assert refused.retry_after is None


@pytest.mark.parametrize(
    ("status", "flag", "permanent"),
    ((400, None, True), (500, None, False), (400, True, False), (403, None, True)),
)
def test_an_unknown_code_is_judged_by_its_status(meta, httpserver, status, flag, permanent):
    also = {} if flag is None else {"is_transient": flag}
    assert refusal(meta, httpserver, error(999999, **also), status).permanent is permanent


def test_an_error_that_comes_with_200_is_still_an_error(meta, httpserver):
    assert refusal(meta, httpserver, error(131047), 200).code == "131047"


@pytest.mark.parametrize(
    "body",
    (
        {"error": {}},
        {"error": {"code": None, "error_data": "text"}},
        {"error": {"code": "131026", "error_data": None, "message": 5}},
    ),
)
def test_odd_error_bodies_are_refusals(meta, httpserver, body):
    assert refusal(meta, httpserver, body).permanent


@pytest.mark.parametrize("token", ("", "  ", "EAA\nX-Evil: 1", "EAAé"))
def test_a_token_that_is_none_is_refused_before_any_call(meta_at, httpserver, token):
    meta = meta_at(httpserver.url_for(""), access_token=token)
    with pytest.raises(ProviderError) as raised:
        meta.send(Text(PHONE, "Hi"), "attempt-1")
    assert raised.value.account_wide
    assert not httpserver.log


@pytest.mark.parametrize("number_id", ("", "..", "."))
def test_a_missing_number_id_is_refused_before_any_call(meta_at, httpserver, number_id):
    meta = meta_at(httpserver.url_for(""), phone_number_id=number_id)
    with pytest.raises(ProviderError):
        meta.send(Text(PHONE, "Hi"), "attempt-1")
    assert not httpserver.log


def test_an_id_cannot_change_the_address(meta_at, httpserver):
    meta = meta_at(httpserver.url_for(""), phone_number_id="1/../../me?x=")
    httpserver.expect_request("/").respond_with_data("")
    with pytest.raises(Exception, match="HTTP 500"):
        meta.send(Text(PHONE, "Hi"), "attempt-1")
    raw = the_request(httpserver).environ["REQUEST_URI"]
    assert raw == "/v26.0/1%2F..%2F..%2Fme%3Fx%3D/messages"


def test_marking_as_read_names_the_last_message(meta, httpserver):
    answers(httpserver, {"success": True})
    meta.mark_read("wamid.IN1")
    assert orjson.loads(the_request(httpserver).data) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.IN1",
    }


def test_a_message_too_old_to_be_marked_is_refused(meta, httpserver):
    answers(httpserver, error(131009), 400)
    with pytest.raises(ProviderError):
        meta.mark_read("wamid.OLD")
