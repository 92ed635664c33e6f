"""Templates by command, at a stand-in for Meta."""

import json

import pytest

from tests import factories
from webapp.message_templates.models import MessageTemplate
from webapp.settings import values
from webapp.unit_of_work import unit_of_work

BODY = {"type": "BODY", "text": "Hello, your visit is tomorrow. See you."}


@pytest.fixture
def account(app, stub):
    return factories.make_meta_account()


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["templates", *map(str, arguments)])


def told(app, *arguments):
    result = run(app, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_templates_are_synced_and_listed(app, account, stub):
    stub.book.add("visit")

    assert told(app, "sync", "--account", account.key)["synced"]

    (one,) = told(app, "list", "--account", account.key)
    assert (one["name"], one["status"]) == ("visit", "approved")
    assert "visit (en_US)  approved" in run(app, "list").output


def test_a_draft_is_submitted_and_deleted(app, account, stub):
    draft = {"category": "utility", "components": [BODY], "media": None}
    template_id = factories.save(
        MessageTemplate(
            account_id=account.id, provider="meta", waba_id=account.waba_id, name="visit",
            language="en_US", draft=draft,
        )
    ).id  # fmt: skip

    assert told(app, "submit", template_id)["status"] == "pending"
    assert stub.book.named("visit")
    assert told(app, "delete", template_id)["status"] == "deleted"
    assert not stub.book.named("visit")


def test_with_an_inbound_plan_the_commands_refuse(app, account, stub):
    with unit_of_work():
        values.put("plan", {"kind": "inbound"}, "test")

    result = run(app, "sync", "--account", account.key)

    assert result.exit_code == 2
    assert "inbound only" in result.output


def test_what_is_not_there_is_said(app):
    assert run(app, "submit", 999).exit_code == 2
    assert run(app, "sync", "--account", "NONE").exit_code == 2
