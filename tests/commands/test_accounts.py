"""`accounts add`: an account for scripts, by the same rules as in the page."""

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.extensions import db, vault

SECRET = "0123456789abcdef0123456789abcdef"
ADD = (
    "accounts", "add", "--provider", "meta", "--name", "Harbour", "--key", "harb",
    "--phone", "+44 20 7946 0958", "--set", "phone_number_id=1065403", "--set", "waba_id=1021844",
    "--set", "access_token=EAAG=with=equals", "--set", f"app_secret={SECRET}",
)  # fmt: skip


def test_it_answers_with_where_the_provider_delivers(answer_of, queue):
    answer = answer_of(*ADD, "--queue", "support", "--agent", "ana@example.com")

    account = db.session.get(Account, answer["id"])
    assert answer["webhook_path"] == account.webhook_path
    assert answer["webhook_url"] == f"http://localhost:5000{account.webhook_path}"
    assert answer["verify_token"] == account.credentials["verify_token"]
    assert account.credentials["access_token"] == "EAAG=with=equals"
    assert [step.queue_id for step in account.steps] == [queue.id]
    assert [agent.email for agent in account.agents] == ["ana@example.com"]


def test_words_for_people_hold_no_secret(run):
    result = run(*ADD)

    assert "Callback URL:" in result.stdout
    assert SECRET not in result.output


@pytest.mark.parametrize(
    "extra, words",
    [
        (("--key", "TOOLONG"), "One to five"),
        (("--phone", "+44 20"), "Too short"),
        (("--set", f"app_secret {SECRET}"), "NAME=VALUE"),
        (("--set", f"colour={SECRET}"), "no such setting"),
        (("--queue", "Nowhere"), "no queue Nowhere"),
        (("--agent", "nobody@example.com"), "nobody@example.com"),
        (("--provider", "pigeon"), "pigeon"),
        (("--session-anchor", "never"), "never"),
    ],
)
def test_bad_input_ends_with_a_sentence_on_stderr_and_exit_code_2(run, extra, words):
    result = run(*ADD, *extra)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr and SECRET not in result.stderr
    assert db.session.scalar(select(Account)) is None


def test_without_its_secret_it_can_be_added_disabled_only(run):
    bare = ADD[:-2]

    assert run(*bare).exit_code == 2
    assert run(*bare, "--disabled").exit_code == 0


def test_resealed_secrets_need_the_newest_key_only(app, answer_of, account):
    old, new = app.config["CREDENTIAL_KEYS"][0], Fernet.generate_key().decode()
    before = account.credentials
    try:
        use_keys(app, new, old)
        assert answer_of("accounts", "reseal") == {"resealed": 1, "unreadable": []}
        use_keys(app, new)
        db.session.expire_all()
        assert db.session.get(Account, account.id).credentials == before
    finally:
        use_keys(app, old)


def test_what_no_key_opens_is_named_when_sealing_anew(app, run, account):
    old = app.config["CREDENTIAL_KEYS"][0]
    try:
        use_keys(app, Fernet.generate_key().decode())
        result = run("accounts", "reseal")
    finally:
        use_keys(app, old)
    assert result.exit_code == 2
    assert account.name in result.stderr


def use_keys(app, *keys):
    app.config["CREDENTIAL_KEYS"] = list(keys)
    vault.init_app(app)
