"""Accounts listed, shown, checked, changed, moved, archived and restored by scripts."""

import json

import pytest

from tests import factories
from tests.factories import META_SECRET, make_interaction, make_meta_account
from webapp.accounts.models import Account
from webapp.extensions import db


@pytest.fixture
def meta(queue):
    return make_meta_account(queue, name="Harbour", key="HARB", phone="442079460958")


def fresh(account):
    db.session.rollback()
    return db.session.get(Account, account.id)


def test_the_list_names_those_in_use_and_those_archived_apart(answer_of, run, meta, account):
    assert [one["key"] for one in answer_of("accounts", "list")] == ["HARB", account.key]
    answer_of("accounts", "archive", "HARB")

    assert [one["key"] for one in answer_of("accounts", "list")] == [account.key]
    assert [one["key"] for one in answer_of("accounts", "list", "--archived")] == ["HARB"]
    assert "Harbour" in run("accounts", "list", "--archived").stdout


@pytest.mark.parametrize("key", ["HARB", "harb", None])
def test_one_is_shown_by_key_or_id_without_its_secrets(answer_of, run, meta, key):
    key = key or str(meta.id)
    shown = answer_of("accounts", "show", key)

    assert shown["webhook_url"].endswith(meta.webhook_path)
    assert shown["settings"]["waba_id"] == meta.waba_id
    assert shown["secrets"] == ["access_token", "app_secret"]
    for output in (json.dumps(shown), run("accounts", "show", key).output):
        assert META_SECRET not in output and "token-1" not in output


@pytest.mark.parametrize("verb", ["show", "check", "archive", "restore", "replace-token", "change"])
def test_an_account_that_is_not_there_is_named(run, verb):
    result = run("accounts", verb, "NOPE")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "no account NOPE" in result.stderr


def test_a_check_says_what_is_in_order_and_ends_by_it(run, account, monkeypatch, app):
    assert run("accounts", "check", account.key).exit_code == 0
    monkeypatch.setitem(app.config, "SANDBOX", False)
    result = run("accounts", "check", account.key)

    assert result.exit_code == 1
    assert "FAIL Sandbox: The sandbox is switched off." in result.stdout
    assert "SANDBOX=1" in result.stdout


def test_a_secret_is_replaced_with_the_former_one_beside_it_until_dropped(answer_of, run, meta):
    result = run("accounts", "change", "HARB", "--set", "app_secret=" + "f" * 32)
    assert result.exit_code == 0 and "f" * 32 not in result.output
    assert fresh(meta).credentials["app_secret_previous"] == META_SECRET

    answer_of("accounts", "drop-former", "HARB", "app_secret")

    assert "app_secret_previous" not in fresh(meta).credentials


def test_an_account_is_renamed_and_switched_off_with_everything_else_kept(answer_of, meta, queue):
    answer_of("accounts", "change", "HARB", "--name", "Port", "--off")

    changed = fresh(meta)
    assert (changed.name, changed.enabled, changed.waba_id) == ("Port", False, meta.waba_id)
    assert [step.queue_id for step in changed.steps] == [queue.id]


def test_whether_wrapping_up_needs_an_outcome_is_switched(answer_of, meta):
    assert answer_of("accounts", "change", meta.key, "--needs-outcome")["needs_outcome"]
    assert answer_of("accounts", "change", meta.key, "--name", "Care")["needs_outcome"]
    changed = answer_of("accounts", "change", meta.key, "--needs-no-outcome")
    assert not changed["needs_outcome"]


def test_a_replaced_address_is_answered_with_the_former_one(answer_of, meta):
    former = meta.webhook_path
    answer = answer_of("accounts", "replace-token", "HARB")

    assert answer["former_webhook_url"].endswith(former)
    assert answer["webhook_url"].endswith(fresh(meta).webhook_path)
    answer_of("accounts", "drop-former", "HARB", "address")
    assert fresh(meta).former_webhook_token is None


def test_a_number_moves_and_its_former_provider_is_dropped(answer_of, meta):
    answer = answer_of("accounts", "move", "HARB", "--provider", "sandbox")

    assert answer["webhook_path"].startswith("/webhooks/sandbox/")
    assert fresh(meta).former_provider == "meta"
    answer_of("accounts", "drop-former", "HARB", "provider")
    assert fresh(meta).former_credentials is None


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("move", "HARB", "--provider", "meta"), "another provider"),
        (("move", "HARB", "--provider", "sandbox", "--set", "colour=red"), "no such setting"),
        (("drop-former", "HARB", "colour"), "no secret colour"),
        (("change", "HARB", "--set", "waba_id=abc"), "digits only"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence_and_exit_code_2(run, meta, words, sentence):
    result = run("accounts", *words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr


def test_an_account_with_open_conversations_is_archived_only_when_told_to_close_them(
    run, answer_of, meta
):
    make_interaction(meta)
    result = run("accounts", "archive", "HARB")
    assert result.exit_code == 2 and "One conversation is open" in result.stderr

    assert answer_of("accounts", "archive", "HARB", "--close-open")["archived"] is True
    assert answer_of("accounts", "restore", "HARB")["archived"] is False


def test_conversations_are_routed_through_queues_one_after_the_other(answer_of, run, meta, queue):
    factories.make_queue("Second line")
    routed = answer_of("accounts", "route", meta.key, f"{queue.name}:90", "Second line")
    assert routed["queues"] == [f"{queue.name}:90", "Second line"]
    steps = [(step.position, step.timeout) for step in fresh(meta).steps]
    assert steps == [(1, 90), (2, None)]
    assert "at least 5 seconds" in run("accounts", "route", meta.key, f"{queue.name}:4").output
    assert "Nowhere" in run("accounts", "route", meta.key, "Nowhere:30").output
    assert answer_of("accounts", "show", meta.key)["queues"] == routed["queues"]
