"""Test connection, against a stand-in for Meta's API; and how an account is doing."""

import pytest
from werkzeug import Response

from tests.factories import META_NUMBER_ID, META_WABA_ID, make_meta_account, save
from tests.support.ports import free_port
from webapp.accounts import checking, condition
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.webhooks.models import AccountNotice, WebhookPayload


@pytest.fixture
def meta_api(app, httpserver, monkeypatch):
    monkeypatch.setitem(app.config, "META_API_URL", httpserver.url_for("").rstrip("/"))
    return httpserver


def answer(server, path, body, status=200):
    server.expect_request(f"/v26.0/{path}").respond_with_json(body, status=status)


def test_everything_in_order_is_said_line_by_line(meta_api):
    answer(
        meta_api,
        META_NUMBER_ID,
        {"display_phone_number": "+1 555-010-0200", "verified_name": "Northgate"},
    )
    answer(meta_api, "debug_token", {"data": {"is_valid": True, "expires_at": 0}})
    answer(meta_api, f"{META_WABA_ID}/phone_numbers", {"data": [{"id": META_NUMBER_ID}]})
    answer(
        meta_api,
        f"{META_WABA_ID}/subscribed_apps",
        {"data": [{"whatsapp_business_api_data": {"id": "100200300"}}]},
    )

    checked = checking.check(make_meta_account())

    assert checked.well
    assert checked.lines[0].message == "Meta knows +1 555-010-0200 Northgate."


def test_an_expired_token_is_said_in_words_with_what_to_do(meta_api, sign_in, admin):
    error = {"error": {"code": 190, "message": "Error validating access token", "type": "OAuth"}}
    answer(meta_api, META_NUMBER_ID, error, status=401)
    account = make_meta_account()

    partial = sign_in(admin).post(f"/accounts/{account.id}/check", headers={"HX-Request": "true"})
    page = sign_in(admin).post(f"/accounts/{account.id}/check")

    for text in (partial.get_data(as_text=True), page.get_data(as_text=True)):
        assert "Not in order" in text
        assert "token" in text
    assert account.credentials["access_token"] not in page.get_data(as_text=True)


def test_a_provider_that_cannot_be_reached_is_no_error_of_ours(app, monkeypatch):
    monkeypatch.setitem(app.config, "META_API_URL", f"http://127.0.0.1:{free_port()}")

    checked = checking.check(make_meta_account())

    assert not checked.well
    assert "could not be reached" in checked.lines[0].message


def test_no_transaction_is_open_while_the_provider_is_asked(meta_api):
    account = make_meta_account()
    in_use, pool = [], db.engine.pool

    def look(_request):
        in_use.append(pool.checkedout())
        return Response("{}", content_type="application/json")

    meta_api.expect_request(f"/v26.0/{META_NUMBER_ID}").respond_with_handler(look)

    checking.check(account)

    assert in_use and set(in_use) == {0}


def test_the_condition_counts_what_failed_and_what_waits(account):
    save(WebhookPayload(account_id=account.id, body=b"1", error="Oh", processed_at=utcnow()))
    save(WebhookPayload(account_id=account.id, body=b"2"))
    save(AccountNotice(account_id=account.id, event_key="k", kind="ban", title="Banned"))

    found = condition.of(account)

    assert (found.failed, found.waiting) == (1, 1)
    assert [notice.title for notice in found.notices] == ["Banned"]
