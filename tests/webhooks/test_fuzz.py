"""Mutated webhooks of every provider through the real door, the worker and the pages after them."""

import logging
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from sqlalchemy import func, select

from tests.providers.casts import CASTS
from tests.support.arriving import messages
from tests.support.mutating import MUTATIONS, exactly, mutated, shares
from tests.webhooks.callers import make_caller, ring
from webapp.extensions import db
from webapp.inbox.models import Message
from webapp.webhooks import draining
from webapp.webhooks.models import WebhookPayload

AT_ONCE = 100  # webhooks between two good messages
PAYLOADS_LOOKED_AT = 5  # of those
GOOD = "This one is as good as any"


@pytest.fixture
def account(request, queue):
    return make_caller(request.param, queue)


@pytest.fixture
def name(account, request):
    return request.node.callspec.params["account"]


@pytest.mark.parametrize("account", CASTS, indirect=True)
def test_mutated_webhooks_never_stop_the_next_good_message(
    client, sign_in, admin, account, name, fuzz_cases, caplog
):
    cast, share = CASTS[name], shares(fuzz_cases.arriving, list(CASTS))[name]
    browser, calls = sign_in(admin), mutated_calls(name, share)
    assert len(calls) >= share
    looked = 0
    for start in range(0, len(calls), AT_ONCE):
        arrive(client, account, cast, calls[start : start + AT_ONCE], start)
        assert not [found for found in caplog.records if found.levelno >= logging.ERROR]
        looked = look_at_what_came(browser, looked)
    print(f"\n{len(calls):,} mutated webhooks of {name} arrived")


def mutated_calls(name, total):
    """The same ones on every run, file by file in turn."""
    cast, calls = CASTS[name], []
    for file, most in shares(total, cast.samples()).items():
        if most:
            calls += drawn_from(cast, cast.call(file), most, f"{name} {file} arrives")
    return calls


def drawn_from(cast, call, most, name):
    """Each names messages of its own: else all but the first would be nothing new."""
    ids = {
        getattr(event, "id", None) or getattr(event, "message_id", None)
        for event in cast.provider_at().parse(cast.request(call))
    } - {None}
    calls = []

    @exactly(most, name)
    @given(MUTATIONS)
    def draw(drawn):
        calls.append(mutated(renamed(call, ids, len(calls)), drawn))

    draw()
    return calls


def renamed(call, ids, number):
    body = call.body
    for id in ids:
        body = body.replace(id.encode(), f"{id}{number}".encode())
    return replace(call, body=body)


def arrive(client, account, cast, calls, number):
    """Each is processed, but those that name another account; the next good one gets through."""
    answers = Counter(ring(client, account, call).status_code for call in calls)
    assert set(answers) <= {200, 403}
    assert answers[200] > 2 * answers[403]
    text = f"{GOOD} {number}"
    (good,) = cast.batch([text])
    assert ring(client, account, good).status_code == 200
    draining.drain(account.id)
    db.session.expire_all()
    left = db.session.query(WebhookPayload).filter_by(processed_at=None).all()
    assert not left, [(payload.error, bytes(payload.body), payload.query) for payload in left]
    assert text in {message.text for message in messages()}


def look_at_what_came(browser, looked):
    """Nothing of it breaks a page for those who work with it; the last message looked at."""
    for page in ("/", "/accounts/payloads"):
        assert browser.get(page).status_code == 200
    came = select(Message.interaction_id).where(Message.id > looked).distinct()
    for id in db.session.scalars(came.where(Message.interaction_id.is_not(None))).all():
        for part in ("", "/contact"):
            assert browser.get(f"/inbox/{id}{part}").status_code == 200, id
    last = db.session.scalar(select(func.max(WebhookPayload.id)))
    for id in range(last - PAYLOADS_LOOKED_AT, last):
        assert browser.get(f"/accounts/payloads/{id}").status_code == 200, id
    newest = db.session.scalar(
        select(Message).where(Message.interaction_id.is_not(None)).order_by(Message.id.desc())
    )
    passport = f"/inbox/{newest.interaction_id}/messages/{newest.id}/passport"
    assert browser.get(passport).status_code == 200, newest.id
    return newest.id
