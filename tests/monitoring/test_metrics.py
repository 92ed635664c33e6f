"""`/metrics`: what it says, of all processes together, and to whom."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.factories import make_interaction, make_message, make_meta_account
from tests.support.arriving import DANA, body, said
from tests.webhooks.posting import post
from webapp import jobs, metrics
from webapp.extensions import redis_clients
from webapp.inbox import delivering
from webapp.inbox.models import MessageStatus
from webapp.monitoring import collecting
from webapp.webhooks import draining

TOKEN = "a-token-of-operators"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}
DURATIONS = re.compile(r"_(age|oldest|lag|wait|run|tick)(_|$)")


@pytest.fixture(autouse=True)
def fresh(app, monkeypatch):
    monkeypatch.setitem(app.config, "METRICS_TOKEN", TOKEN)
    metrics.flush()
    redis_clients.patient.delete(metrics.KEY, metrics.STATES)
    collecting.forget()


@pytest.fixture
def meta(app):
    return make_meta_account()


@pytest.fixture
def no_redis(app):
    """`with no_redis():` nobody answers where Redis was."""

    @contextmanager
    def away():
        redis_clients.init_app(SimpleNamespace(config={"REDIS_URL": "redis://127.0.0.1:1/0"}))
        yield
        redis_clients.init_app(app)

    yield away
    redis_clients.init_app(app)


def scraped(client):
    """(sample's name, its labels' values) → value"""
    collecting.forget()
    return read(client)


def read(client):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families(client)
        for sample in family.samples
    }


def families(client):
    metrics.flush()
    answer = client.get("/metrics", headers=KNOWN)
    assert answer.status_code == 200
    return list(text_string_to_metric_families(answer.get_data(as_text=True)))


def test_webhooks_are_counted_when_kept_and_timed_when_applied(client, meta):
    post(client, meta, body(said()))
    assert scraped(client)["parley_webhooks_unread", "meta"] == 1
    draining.drain(meta.id)
    found = scraped(client)
    assert found["parley_webhooks_total", "kept", "meta"] == 1
    assert found["parley_webhook_lag_seconds_count",] == 1
    assert ("parley_webhooks_unread", "meta") not in found


def test_a_webhook_with_a_wrong_signature_is_counted_as_refused(client, meta):
    post(client, meta, b"{}", headers={})
    assert scraped(client)["parley_webhooks_total", "refused", "meta"] == 1


def test_sends_are_counted_by_provider_and_outcome(client, cast, account):
    interaction = make_interaction(account, owner=cast.ana)
    make_message(interaction, status=MessageStatus.QUEUED)
    assert scraped(client)["parley_messages_to_send", "sandbox"] == 1
    delivering.drain(account.id)
    assert scraped(client)["parley_sends_total", "sent", "sandbox"] == 1


def test_customers_wait_by_queue(client, account, queue):
    make_interaction(account, state="waiting", queue=queue)
    found = scraped(client)
    assert found["parley_customers_waiting", queue.name] == 1
    assert 0 <= found["parley_customers_waiting_oldest_seconds", queue.name] < 60


def test_jobs_that_wait_are_counted_by_their_queue(client):
    jobs.hint_now("workers.inbound.drain", 1)
    found = scraped(client)
    assert found["parley_jobs_waiting", "inbound"] == 1
    assert 0 <= found["parley_jobs_oldest_seconds", "inbound"] < 60
    assert found["parley_jobs_waiting", "campaign"] == 0


def test_durations_fall_into_buckets(client):
    for seconds in (0.02, 0.02, 7):
        metrics.board_ticked(seconds)
    found = scraped(client)
    assert found["parley_board_tick_seconds_bucket", "0.01"] == 0
    assert found["parley_board_tick_seconds_bucket", "0.025"] == 2
    assert found["parley_board_tick_seconds_bucket", "+Inf"] == 3
    assert found["parley_board_tick_seconds_sum",] == pytest.approx(7.04)


def test_sockets_of_all_living_processes_add_up(client):
    metrics.state("parley_sockets", 3)
    other = orjson.dumps(["parley_sockets", "elsewhere:1"])
    redis_clients.patient.hset(metrics.STATES, other, orjson.dumps([4, 9e9]))
    gone = orjson.dumps(["parley_sockets", "elsewhere:2"])
    redis_clients.patient.hset(metrics.STATES, gone, orjson.dumps([5, 0]))
    assert scraped(client)["parley_sockets",] == 7


def test_what_was_counted_while_redis_was_away_is_handed_over_later(client, no_redis):
    metrics.count("parley_webhooks", provider="sandbox", outcome="kept")
    with no_redis():
        metrics.flush()
    assert scraped(client)["parley_webhooks_total", "kept", "sandbox"] == 1


def test_without_redis_the_database_s_figures_are_still_there(client, meta, no_redis):
    post(client, meta, body(said()))
    with no_redis():
        found = scraped(client)
    assert found["parley_redis_up",] == 0
    assert found["parley_webhooks_unread", "meta"] == 1


def test_counters_never_go_back_however_many_processes_answer_by_turns(client):
    metrics.count("parley_outgoing_webhooks", outcome="delivered")
    read(client)
    # Another process counts, and is asked; then this one again, within what it keeps.
    redis_clients.patient.hincrbyfloat(
        metrics.KEY, orjson.dumps(["parley_outgoing_webhooks", [["outcome", "delivered"]], ""]), 4
    )
    assert read(client)["parley_outgoing_webhooks_total", "delivered"] == 5


def test_what_the_database_says_is_asked_once_in_a_while_however_many_scrape(client, meta):
    read(client)
    post(client, meta, body(said()))
    assert ("parley_webhooks_unread", "meta") not in read(client)
    assert scraped(client)["parley_webhooks_unread", "meta"] == 1


def test_what_a_former_release_counted_by_other_labels_is_left_out(client):
    metrics.count("parley_sends", provider="meta", outcome="sent")
    other = orjson.dumps(["parley_sends", [["account", "5"]], ""])
    redis_clients.patient.hset(metrics.KEY, other, 3)
    found = scraped(client)
    assert [key for key in found if key[0] == "parley_sends_total"] == [
        ("parley_sends_total", "sent", "meta")
    ]


def test_all_that_operators_need_is_there_by_the_names_prometheus_wants(
    client, meta, cast, account
):
    post(client, meta, body(said()))
    make_message(make_interaction(account, owner=cast.ana), status=MessageStatus.QUEUED)
    make_interaction(account, state="waiting", queue=cast.queue)
    delivering.drain(account.id)
    draining.drain(meta.id)
    metrics.board_ticked(0.02)
    metrics.state("parley_sockets", 1)
    for name in ("parley_job_wait_seconds", "parley_job_run_seconds"):
        metrics.observe(name, 1, job_queue="inbound")
    collecting.forget()

    found = {family.name: family for family in families(client)}
    for name in (*metrics.COUNTERS, *metrics.HISTOGRAMS, *metrics.STATED):
        assert name in found
    for family in found.values():
        assert family.documentation and re.fullmatch(r"parley_[a-z_]+", family.name)
        assert family.name.endswith("_seconds") == bool(DURATIONS.search(family.name))
        labels = {(key, value) for one in family.samples for key, value in one.labels.items()}
        assert {key for key, _ in labels} <= {"provider", "outcome", "job_queue", "queue", "le"}
        if family.type == "counter":
            assert {one.name for one in family.samples} <= {f"{family.name}_total"}


def test_no_figure_names_a_customer_an_agent_or_an_account(client, meta, cast):
    talk = make_interaction(meta, owner=cast.ana)
    make_message(talk, status=MessageStatus.QUEUED)
    post(client, meta, body(said("My card number is secret", name="Dana Whitlock")))
    draining.drain(meta.id)
    metrics.flush()
    text = client.get("/metrics", headers=KNOWN).get_data(as_text=True)
    for personal in (talk.contact_phone, "Whitlock", "secret", cast.ana.name, meta.name, DANA):
        assert personal not in text


def test_only_who_has_the_token_may_scrape(client):
    assert client.get("/metrics").status_code == 404
    wrong = {"Authorization": "Bearer something-else"}
    assert client.get("/metrics", headers=wrong).status_code == 404
    assert client.get("/metrics", headers=KNOWN).status_code == 200


@pytest.mark.parametrize("said", [None, "Bearer ", "Bearer None"])
def test_without_a_token_it_is_closed_to_this_machine_too(app, client, monkeypatch, said):
    """Behind a proxy that says nothing of whom it asks for, everybody is this machine."""
    monkeypatch.setitem(app.config, "METRICS_TOKEN", None)
    headers = {"Authorization": said} if said else {}
    assert client.get("/metrics", headers=headers).status_code == 404
