"""`interactions list` and `show`."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.factories import (
    change,
    make_account,
    make_contact,
    make_disposition,
    make_interaction,
    make_message,
    make_meta_account,
)
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.inbox.models import InteractionState, Message


@pytest.fixture
def conversation(cast, account):
    interaction = make_interaction(account, make_contact("Dana Whitlock"), owner=cast.ana)
    make_message(interaction, "Hello", provider_id="wamid.1")
    make_message(interaction, "Good morning", direction="out", provider_id="wamid.2")
    return interaction


def test_the_list_has_all_of_them_the_newest_first(answer_of, account):
    ids = [make_interaction(account).id for _ in range(3)]

    assert [row["id"] for row in answer_of("interactions", "list")] == ids[::-1]
    assert len(answer_of("interactions", "list", "--limit", "2")) == 2


def test_the_list_can_be_narrowed_to_a_state_or_an_account(answer_of, account, conversation):
    other = make_interaction(make_account(key="OTHER"))

    assert [row["id"] for row in answer_of("interactions", "list", "--account", "other")] == [
        other.id
    ]
    waiting = answer_of("interactions", "list", "--state", "waiting")
    assert [row["id"] for row in waiting] == [other.id]


def test_one_conversation_is_shown_with_its_messages(answer_of, account, conversation):
    answer = answer_of("interactions", "show", str(conversation.id))

    assert answer["contact"]["name"] == "Dana Whitlock"
    assert answer["account"] == account.key
    assert (answer["state"], answer["owner"]) == (InteractionState.ASSIGNED, "ana@example.com")
    assert answer["close_reason"] is None
    assert answer["window_expires_at"] and answer["session_expires_at"]
    assert answer["messages"] == [
        {
            "direction": "in",
            "kind": "text",
            "text": "Hello",
            "status": "received",
            "provider_id": "wamid.1",
            "error": None,
        },
        {
            "direction": "out",
            "kind": "text",
            "text": "Good morning",
            "status": "sent",
            "provider_id": "wamid.2",
            "error": None,
        },
    ]


def test_people_get_words(run, conversation):
    shown = run("interactions", "show", str(conversation.id)).stdout

    assert "Dana Whitlock" in shown and "Good morning" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "4711"),
        ("show", "99999999999999999999"),
        ("show", "first"),
        ("list", "--state", "lost"),
        ("list", "--account", "NOPE"),
        ("list", "--limit", "0"),
    ],
)
def test_bad_input_ends_with_exit_code_2_and_no_traceback(run, arguments):
    result = run("interactions", *arguments)

    assert result.exit_code == 2
    assert result.stderr and "Traceback" not in result.stderr
    assert result.stdout == ""


def test_the_list_asks_as_many_queries_for_one_as_for_many(run, account):
    def queries():
        seen = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        run("interactions", "list", "--json")
        event.remove(db.engine, "before_cursor_execute", listener)
        return len(seen)

    make_interaction(account)
    before = queries()
    for _ in range(10):
        make_interaction(account)
    assert queries() == before


def test_a_database_that_was_never_migrated_is_said_in_one_sentence(tmp_path):
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "flask", "--app", "app", "interactions", "list"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "db upgrade" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_template_is_sent_after_the_window_closed_too(answer_of, cast, stub):
    talk = make_interaction(
        make_meta_account(cast.queue), make_contact(phone="15550123409"), owner=cast.ana
    )
    change(talk, window_expires_at=utcnow() - timedelta(hours=1))
    told = answer_of(
        "interactions", "send-template", str(talk.id), "delivery_slot", "--language", "en",
        "--value", "Dana", "--value", "Friday, 9:00",
    )  # fmt: skip
    delivering.drain(talk.account_id)
    (sent,) = stub.sent
    assert (sent["type"], sent["template"]["name"]) == ("template", "delivery_slot")
    values = sent["template"]["components"][0]["parameters"]
    assert [value["text"] for value in values] == ["Dana", "Friday, 9:00"]
    db.session.expire_all()
    message = db.session.get(Message, told["id"])
    assert (message.status, message.text) == ("sent", "delivery_slot · Dana · Friday, 9:00")


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        (("999", "slot", "--language", "en"), "there is no conversation 999"),
        (("{id}", " ", "--language", "en"), "A template has a name and a language."),
        (("{id}", "slot", "--language", "en", "--value", " "), "no empty value"),
    ),
)
def test_a_template_that_cannot_go_is_refused_in_words(run, conversation, arguments, said):
    arguments = [part.format(id=conversation.id) for part in arguments]
    result = run("interactions", "send-template", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert db.session.query(Message).filter_by(kind="template").count() == 0


def test_a_conversation_is_wrapped_up_with_an_outcome(run, answer_of, cast):
    talk = make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    make_disposition("Delivery", "Late")
    change(cast.account, needs_disposition=True)
    refused = run("interactions", "close", str(talk.id))
    assert refused.exit_code == 2 and "needs an outcome" in refused.stderr

    labels = answer_of("dispositions", "list")
    late = next(str(one["id"]) for one in labels if one["path"] == ["Delivery", "Late"])
    said = ("--outcome", late, "--note", "Ring first", "--by", cast.ana.email)
    answer = answer_of("interactions", "close", str(talk.id), *said)
    assert (answer["state"], answer["outcome"]) == ("closed", ["Delivery", "Late"])
    assert answer_of("interactions", "show", str(talk.id))["messages"][0]["text"] == "Ring first"
    assert "had ended already" in run("interactions", "close", str(talk.id)).stderr
