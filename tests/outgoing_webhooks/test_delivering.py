"""Our own webhooks: signed, tried again with growing pauses, sent once more, public hosts only."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Response

from tests.factories import change, save
from webapp import jobs
from webapp.columns import utcnow
from webapp.extensions import db, redis_clients
from webapp.outgoing_webhooks import delivering
from webapp.outgoing_webhooks.models import OutgoingWebhook, WebhookDelivery
from webapp.unit_of_work import unit_of_work
from workers import clock

SECRET = "whs_secret"
FACTS = {"alarm_id": 7, "value": 61.0}


@pytest.fixture
def receiver():
    with HTTPServer(host="127.0.0.1") as server:
        yield server


@pytest.fixture
def inside(app, monkeypatch):
    monkeypatch.setitem(app.config, "ALLOW_PRIVATE_ADDRESSES", True)


def hook(url, **columns):
    return save(OutgoingWebhook(**({"name": "Pager", "url": url, "secret": SECRET} | columns)))


def posted(webhook, kind="alarm.fired"):
    with unit_of_work():
        delivery = delivering.post(webhook.id, kind, FACTS)
        return delivery.id if delivery else None


def delivered(id, now=None):
    delivering.deliver(id, now)
    db.session.expire_all()
    return db.session.get(WebhookDelivery, id)


def test_an_event_goes_out_with_a_signature_over_time_and_body(inside, receiver):
    receiver.expect_request("/in", method="POST").respond_with_data("thanks")
    one = delivered(posted(hook(receiver.url_for("/in"))))
    [(request, _)] = receiver.log
    fields = dict(part.split("=") for part in request.headers["Parley-Signature"].split(","))
    told = f"{fields['t']}.".encode() + request.data
    assert hmac.new(SECRET.encode(), told, hashlib.sha256).hexdigest() == fields["v1"]
    event = json.loads(request.data)
    assert (event["kind"], event["data"]) == ("alarm.fired", FACTS)
    assert request.headers["Parley-Event"] == event["id"] == one.event_id
    assert (one.status, one.error, one.next_attempt_at) == (200, None, None)
    assert one.delivered_at


def test_a_job_is_hinted_and_clock_finds_what_none_picked_up(inside, receiver):
    id = posted(hook(receiver.url_for("/in")))
    queue = jobs.job_queue(delivering.JOB, redis_clients.patient)
    assert [job.args[0] for job in queue.jobs] == [id]
    redis_clients.patient.flushdb()
    clock.outgoing()
    assert [job.args[0] for job in queue.jobs] == [id]


def test_what_is_not_taken_is_tried_again_with_growing_pauses_until_it_is_given_up(
    inside, receiver
):
    receiver.expect_request("/in").respond_with_handler(lambda request: Response(status=503))
    id, now = posted(hook(receiver.url_for("/in"))), utcnow()
    pauses = []
    while (one := delivered(id, now)).next_attempt_at:
        pauses.append(int((one.next_attempt_at - now).total_seconds()))
        now = one.next_attempt_at
    assert pauses == list(delivering.BACK_OFF)
    assert (one.status, one.error, one.delivered_at) == (503, "Answered 503", None)
    assert len(receiver.log) == len(pauses) + 1


def test_nothing_leaves_before_its_time_nor_twice(inside, receiver):
    receiver.expect_request("/in").respond_with_data("thanks")
    id = posted(hook(receiver.url_for("/in")))
    delivered(id, utcnow() - timedelta(minutes=1))
    assert receiver.log == []
    delivered(id)
    delivered(id)
    assert len(receiver.log) == 1


def test_an_address_that_is_gone_for_good_is_given_up_at_once(inside, receiver):
    receiver.expect_request("/in").respond_with_data("gone", status=410)
    one = delivered(posted(hook(receiver.url_for("/in"))))
    assert (one.next_attempt_at, one.error) == (None, "Answered 410")


def test_it_is_sent_once_more_with_the_same_event(inside, receiver):
    receiver.expect_request("/in").respond_with_data("thanks")
    first = delivered(posted(hook(receiver.url_for("/in"))))
    with unit_of_work():
        again = delivering.replay(db.session.get(WebhookDelivery, first.id)).id
    delivered(again)
    one, other = (request for request, _ in receiver.log)
    assert one.headers["Parley-Event"] == other.headers["Parley-Event"]
    assert one.data == other.data
    assert len(db.session.scalars(select(WebhookDelivery)).all()) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.7", "[::1]", "169.254.169.254"])
def test_addresses_inside_are_refused_and_not_tried_again(app, host):
    one = delivered(posted(hook(f"https://{host}:9/in")))
    assert "private network" in one.error
    assert one.next_attempt_at is None


def test_plain_http_is_refused(app):
    one = delivered(posted(hook("http://hooks.example.com/in")))
    assert (one.error, one.next_attempt_at) == (
        "The address does not begin with https://",
        None,
    )


def test_switched_off_nothing_is_kept_and_nothing_leaves(inside, receiver):
    webhook = hook(receiver.url_for("/in"))
    id = posted(webhook)
    change(webhook, enabled=False)
    assert delivered(id).error == "The webhook is switched off."
    assert posted(webhook) is None
    assert receiver.log == []


def test_deliveries_are_kept_for_a_month(app):
    id = posted(hook("https://hooks.example.com"))
    with unit_of_work():
        delivering.sweep(utcnow() + timedelta(days=29))
    assert db.session.get(WebhookDelivery, id)
    with unit_of_work():
        delivering.sweep(utcnow() + timedelta(days=31))
    db.session.expire_all()
    assert db.session.get(WebhookDelivery, id) is None


def test_an_address_that_does_not_answer_holds_up_no_other(inside, receiver):
    receiver.expect_request("/in").respond_with_data("thanks")
    slow, quick = hook(receiver.url_for("/slow")), hook(receiver.url_for("/in"), name="Desk")
    first, _, other = posted(slow), posted(slow), posted(quick)
    assert sorted(delivering.due()) == [first, other]


def test_a_long_backlog_of_one_address_holds_up_no_other(inside):
    away, quick = hook("https://away.example/in"), hook("https://desk.example/in", name="Desk")
    earlier = utcnow() - timedelta(hours=1)
    facts = {"kind": "test", "body": "{}", "next_attempt_at": earlier}
    backlog = [
        WebhookDelivery(webhook_id=away.id, event_id=f"event-{n}", **facts) for n in range(1_001)
    ]
    first = save(*backlog).id
    behind = posted(quick)
    assert sorted(delivering.due()) == [first, behind]


def test_once_it_answers_what_waits_for_it_goes_out_one_after_the_other(inside, receiver):
    receiver.expect_request("/in").respond_with_data("thanks")
    webhook = hook(receiver.url_for("/in"))
    first, second = posted(webhook), posted(webhook)
    redis_clients.patient.flushdb()
    delivered(first)
    queue = jobs.job_queue(delivering.JOB, redis_clients.patient)
    assert [job.args[0] for job in queue.jobs] == [second]


def test_after_a_failure_the_others_wait_for_clock(inside, receiver):
    receiver.expect_request("/in").respond_with_handler(lambda request: Response(status=503))
    webhook = hook(receiver.url_for("/in"))
    first, second = posted(webhook), posted(webhook)
    redis_clients.patient.flushdb()
    delivered(first)
    assert jobs.job_queue(delivering.JOB, redis_clients.patient).jobs == []
    assert delivering.due() == [second]
