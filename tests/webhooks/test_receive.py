"""What a provider may post and ask, and what is kept of it."""

import pytest
from sqlalchemy import func, select

from tests.factories import META_SECRET, make_account, make_meta_account
from tests.support.stack import wait_for
from tests.webhooks.posting import (
    SAMPLE_FILES,
    SIGNATURE,
    cases,
    kept,
    kept_bodies,
    post,
    sample,
    signed,
)
from webapp.accounts import living
from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.inbox.models import Message
from webapp.unit_of_work import unit_of_work

BODY = b'{"object":"whatsapp_business_account","entry":[]}'


@pytest.fixture
def meta(app):
    return make_meta_account()


@pytest.mark.parametrize("name", SAMPLE_FILES)
def test_every_sample_is_answered_200_and_kept_byte_for_byte(client, meta, name):
    answer = post(client, meta, sample(name))

    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"", "text/plain")
    assert kept_bodies() == [sample(name)]


def test_a_kept_body_waits_to_be_processed_and_knows_when_it_came(client, meta):
    post(client, meta, BODY)

    [payload] = kept()
    assert payload.account_id == meta.id
    assert payload.processed_at is None
    assert payload.attempt_count == 0
    assert abs((utcnow() - payload.received_at).total_seconds()) < 5


def test_a_kept_body_is_hinted_at(client, meta):
    post(client, meta, BODY)

    wait_for(lambda: redis_clients.hasty.llen("rq:queue:inbound") == 1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE: ""},
        {SIGNATURE: "sha256=" + "0" * 64},
        {SIGNATURE: signed(BODY)[SIGNATURE].removeprefix("sha256=")},
        {SIGNATURE: "sha256="},
        {SIGNATURE: "sha256=ü"},
        {"X-Hub-Signature": signed(BODY)[SIGNATURE]},
        signed(BODY, "ffffffffffffffffffffffffffffffff"),
        signed(BODY, ""),
    ],
    ids=["missing", "empty", "wrong", "unprefixed", "bare", "odd", "old", "other's", "no secret"],
)
def test_without_the_right_signature_nothing_is_kept(client, meta, headers):
    assert post(client, meta, BODY, headers).status_code == 403

    assert kept_bodies() == []
    assert db.session.scalar(select(func.count(Message.id))) == 0


@pytest.mark.parametrize("case", cases("_signature_vectors.json"), ids=lambda case: case["name"])
def test_the_signature_vectors_hold(client, app, case):
    account = make_meta_account(credentials={"app_secret": case["app_secret"]})

    answer = post(
        client, account, case["raw_body"].encode(), {SIGNATURE: case["x_hub_signature_256"]}
    )

    assert answer.status_code == (200 if case["expect"] == "accept" else 403)
    assert len(kept_bodies()) == (1 if case["expect"] == "accept" else 0)


@pytest.mark.parametrize(
    "case", cases("_verify_requests.json"), ids=lambda case: str(case["query"])
)
def test_the_handshake_answers_the_challenge_to_those_who_know_the_token(client, app, case):
    account = make_meta_account(credentials={"verify_token": case["stored_token"]})

    answer = client.get(account.webhook_path, query_string=case["query"])

    assert answer.status_code == case["expect_status"]
    if "expect_body" in case:
        assert answer.get_data(as_text=True) == case["expect_body"]
        assert answer.mimetype == "text/plain"


def test_a_challenge_is_never_shown_as_a_page(client, meta):
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": "RIGHT",
        "hub.challenge": "<script>alert(1)</script>",
    }

    answer = client.get(meta.webhook_path, query_string=query)

    assert answer.data == b"<script>alert(1)</script>"
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["/webhooks/meta/nobody", "/webhooks/nobody/{token}"])
def test_an_address_nobody_has_is_not_found(client, meta, method, path):
    address = path.format(token=meta.webhook_token)

    answer = getattr(client, method)(address, data=BODY, headers=signed(BODY))

    assert answer.status_code == 404
    assert kept_bodies() == []


def test_an_account_answers_only_under_its_own_provider(client, meta):
    answer = client.post(f"/webhooks/sandbox/{meta.webhook_token}", data=BODY, headers=signed(BODY))

    assert answer.status_code == 404


def test_an_account_without_a_secret_takes_nothing(client, app):
    account = make_account(provider="meta", credentials={"access_token": "token"})

    assert post(client, account, BODY, signed(BODY, "")).status_code == 403
    assert kept_bodies() == []


def test_a_former_secret_is_good_until_it_is_dropped(client, app):
    both = {"app_secret": "new-secret", "app_secret_previous": META_SECRET}
    account = make_meta_account(credentials=both)
    assert post(client, account, BODY, signed(BODY, META_SECRET)).status_code == 200
    assert post(client, account, BODY, signed(BODY, "new-secret")).status_code == 200

    with unit_of_work():
        account.credentials = {"app_secret": "new-secret"}

    wait_for(lambda: post(client, account, BODY, signed(BODY, META_SECRET)).status_code == 403)
    assert post(client, account, BODY, signed(BODY, "new-secret")).status_code == 200


def test_a_disabled_account_still_receives(client, app):
    account = make_meta_account(enabled=False)

    assert post(client, account, BODY).status_code == 200
    assert kept_bodies() == [BODY]


def test_a_new_account_receives_though_its_token_was_tried_before(client, app):
    path = "/webhooks/meta/tried-before"
    assert client.post(path, data=BODY, headers=signed(BODY)).status_code == 404

    make_meta_account(webhook_token="tried-before")

    wait_for(lambda: client.post(path, data=BODY, headers=signed(BODY)).status_code == 200)


def test_the_same_body_posted_three_times_is_kept_three_times_for_the_drain_to_judge(client, meta):
    for _ in range(3):
        assert post(client, meta, BODY).status_code == 200

    assert kept_bodies() == [BODY] * 3


def test_a_replaced_address_is_taken_until_dropped_and_its_use_is_noted(client, meta):
    former = meta.webhook_path
    with unit_of_work():
        living.replace_token(db.session.get(Account, meta.id), "a test")
    assert client.post(former, data=BODY, headers=signed(BODY)).status_code == 200

    db.session.refresh(meta)
    assert meta.former_token_used_at is not None
    assert post(client, meta, BODY).status_code == 200
    assert len(kept()) == 2


def test_the_new_address_in_use_says_nothing_about_the_former_one(client, meta):
    with unit_of_work():
        living.replace_token(db.session.get(Account, meta.id), "a test")
    db.session.refresh(meta)
    post(client, meta, BODY)

    db.session.refresh(meta)
    assert meta.former_token_used_at is None


def test_a_dropped_address_is_nobody_s(client, meta):
    former = meta.webhook_path
    with unit_of_work():
        account = db.session.get(Account, meta.id)
        living.replace_token(account, "a test")
        living.drop_former_token(account, "a test")

    assert client.post(former, data=BODY, headers=signed(BODY)).status_code == 404


def test_an_archived_account_still_takes_what_arrives(client, meta):
    with unit_of_work():
        living.archive(db.session.get(Account, meta.id), "a test")

    assert post(client, meta, BODY).status_code == 200
