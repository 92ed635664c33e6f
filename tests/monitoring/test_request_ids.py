"""One id leads from a request through its log lines to the jobs it asked for."""

import io
import json
import logging

import pytest

from tests.factories import make_interaction, make_message, make_meta_account
from tests.support.arriving import DANA, body, said
from tests.webhooks.posting import post
from webapp import jobs, logs
from webapp.extensions import redis_clients
from webapp.inbox import delivering
from webapp.inbox.models import MessageStatus
from webapp.webhooks import draining
from workers.__main__ import named

GIVEN = {"X-Request-ID": "0af7651916cd43dd"}


@pytest.fixture
def lines(app):
    """`lines()` are the log's lines so far, read; everything from debug on is written."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logs.handler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_request_s_id_is_taken_over_and_answered(client):
    assert client.get("/healthz", headers=GIVEN).headers["X-Request-ID"] == "0af7651916cd43dd"


@pytest.mark.parametrize("given", [None, "short", "with space in it", "x" * 65, 'quo"te-quo"te'])
def test_without_a_well_formed_one_each_request_gets_its_own(client, given):
    headers = {"X-Request-ID": given} if given else {}
    first, second = (client.get("/healthz", headers=headers) for _ in range(2))
    assert len(first.headers["X-Request-ID"]) == 16
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_webhooks_have_one_too(client, app):
    answer = post(client, make_meta_account(), body(said()))
    assert len(answer.headers["X-Request-ID"]) == 16


def test_lines_of_a_request_say_its_id_its_route_and_what_it_is_about(sign_in, cast, lines):
    interaction = make_interaction(cast.account, owner=cast.ana)
    sign_in(cast.ana).get(f"/inbox/{interaction.id}", headers=GIVEN)
    [line] = [one for one in lines() if one.get("request_id") == "0af7651916cd43dd"][-1:]
    assert line["id"] == interaction.id
    assert line["event"].startswith("GET /inbox/<int:id>: 200 in ")


def test_a_job_says_which_request_asked_for_it(app, client):
    with logs.about(request_id="0af7651916cd43dd"):
        jobs.hint_now("workers.inbound.drain", 7)
    queue = jobs.job_queue("workers.inbound.drain", redis_clients.patient)
    facts = named(queue.jobs[0])
    assert facts["request_id"] == "0af7651916cd43dd"
    assert (facts["job"], facts["shard"]) == ("workers.inbound.drain", 7)
    assert facts["job_id"]


def test_a_message_handed_over_is_told_by_its_ids(cast, lines):
    interaction = make_interaction(cast.account, owner=cast.ana)
    message = make_message(interaction, direction="out", status=MessageStatus.QUEUED)
    delivering.drain(cast.account.id)
    [line] = [one for one in lines() if one["event"] == "handed over: sent"]
    assert line["message_id"] == message.id and line["attempt_id"]


def test_no_line_of_a_conversation_holds_a_number_a_name_or_a_word(client, cast, lines):
    account = make_meta_account(cast.queue)
    told_us = body(said("My card number is secret", name="Dana Whitlock"))
    post(client, account, told_us)
    post(client, account, told_us, headers={"X-Hub-Signature-256": "sha256=wrong"})
    post(client, account, told_us[:-20])  # signed, and cut off on its way
    draining.drain(account.id)
    interaction = make_interaction(cast.account, owner=cast.ana)
    make_message(interaction, "An answer", direction="out", status=MessageStatus.QUEUED)
    delivering.drain(cast.account.id)
    told = json.dumps(lines())
    assert "handed over" in told
    for personal in (DANA, "Whitlock", "secret", "An answer", interaction.contact_phone):
        assert personal not in told


@pytest.mark.parametrize(
    "said_by_a_library",
    [
        "not on WhatsApp: 15550142233",
        "not on WhatsApp: +15550142233.",
        "url: /Messages.json?To=whatsapp%3A%2B15550142233&PageSize=50",
        "url: /contacts?wa_id=15550142233",
        'duplicate key\nDETAIL:  Key (name)=(Dana Whitlock) already exists.\n"x"',
        "[SQL: INSERT …]\n[parameters: ('Dana Whitlock', '15550142233')]",
    ],
)
def test_what_a_library_quotes_is_left_out(lines, said_by_a_library):
    logging.getLogger("webapp").error("failed: %s", said_by_a_library)
    [line] = [one for one in lines() if one["event"].startswith("failed: ")]
    assert "15550142233" not in line["event"] and "Whitlock" not in line["event"]


def test_an_error_of_the_database_quotes_no_row(cast, lines):
    with pytest.raises(Exception, match="UNIQUE|unique") as raised:
        make_interaction(cast.account, contact=make_interaction(cast.account).contact)
    try:
        raise raised.value
    except Exception:
        logging.getLogger("webapp").exception("a row was refused")
    [line] = [one for one in lines() if one["event"] == "a row was refused"]
    assert "Whitlock" not in line["exception"]
