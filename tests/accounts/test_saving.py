"""The rules of an account, for the page and for scripts alike."""

import dataclasses

import pytest
from sqlalchemy import select

from tests.factories import make_account, make_interaction, make_queue
from webapp.accounts import saving, sealing
from webapp.accounts.models import Account, AccountDrain
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

META = {
    "phone_number_id": "106540352555010",
    "waba_id": "102184470000000",
    "app_id": "555",
    "access_token": "EAAG-a-long-access-token-4f9c",
    "app_secret": "0123456789abcdef0123456789abcdef",
}


def values(**changes):
    wanted = saving.Values(
        name="Northgate Care", key="NORTH", phone="+1 555 010 0150", provider_values=META
    )
    return dataclasses.replace(wanted, **changes)


def add(actor="a test", provider="meta", **changes):
    with unit_of_work():
        return saving.add(actor, provider, values(**changes))


def change(account, **changes):
    kept = {"provider_values": {**META, "access_token": "", "app_secret": ""}} | changes
    with unit_of_work():
        saving.change(db.session.get(Account, account.id), "a test", values(**kept))
    return db.session.get(Account, account.id)


def test_a_new_account_has_a_webhook_address_a_verify_token_and_a_drain_row(app):
    account = add()

    assert account.webhook_path.startswith("/webhooks/meta/")
    assert len(sealing.stored(account, "verify_token")) > 20
    assert db.session.get(AccountDrain, account.id) is not None
    assert account.phone == "15550100150"
    assert account.phone_number_id == META["phone_number_id"]


@pytest.mark.parametrize(
    "written", ["+1 555 010 0150", "0015550100150", "1 (555) 010-0150", "15550100150"]
)
def test_a_phone_number_is_kept_as_digits_however_it_is_written(app, written):
    assert add(phone=written).phone == "15550100150"


@pytest.mark.parametrize(
    "changes, name, words",
    [
        ({"name": "  "}, "name", "name"),
        ({"key": "TOOLONG"}, "key", "One to five"),
        ({"key": "A-1"}, "key", "One to five"),
        ({"phone": "hello"}, "phone", "country code"),
        ({"phone": "+1 555"}, "phone", "Too short for a number of +1"),
        ({"session_anchor": "sometimes"}, "session_anchor", "first or last"),
        ({"queue_id": 4711}, "queue_id", "no such queue"),
        ({"agent_ids": (4711,)}, "agent_ids", "not here"),
        ({"provider_values": {**META, "app_secret": ""}}, "app_secret", "App secret is missing"),
        ({"provider_values": {**META, "colour": "red"}}, "colour", "no such setting"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(app, changes, name, words):
    with pytest.raises(saving.Invalid) as refused:
        add(**changes)

    assert words in refused.value.errors[name]
    assert db.session.scalar(select(Account)) is None


def test_every_mistake_is_named_at_once(app):
    with pytest.raises(saving.Invalid) as refused:
        add(name="", key="?", phone="1")

    assert set(refused.value.errors) == {"name", "key", "phone"}


def test_a_key_and_a_number_belong_to_one_account(app):
    add()

    with pytest.raises(saving.Invalid) as refused:
        add(key="north")

    assert refused.value.errors["key"] == "Northgate Care has this key already."
    assert "This number belongs to Northgate Care already." in refused.value.errors["phone"]
    assert "phone_number_id" in refused.value.errors


def test_without_its_secret_an_account_is_saved_only_switched_off(app):
    account = add(enabled=False, provider_values={**META, "app_secret": ""})

    assert account.enabled is False
    with pytest.raises(saving.Invalid):
        change(account, enabled=True)


def test_an_empty_secret_keeps_the_stored_one(app):
    account = change(add(), name="Renamed")

    assert account.name == "Renamed"
    assert sealing.stored(account, "access_token") == META["access_token"]


def test_a_replaced_app_secret_leaves_the_former_one_valid_until_it_is_dropped(app):
    account = change(add(), provider_values={**META, "app_secret": "f" * 32})
    assert account.credentials["app_secret"] == "f" * 32
    assert account.credentials["app_secret_previous"] == META["app_secret"]

    with unit_of_work():
        saving.drop_former(db.session.get(Account, account.id), "a test", "app_secret")

    assert "app_secret_previous" not in db.session.get(Account, account.id).credentials


def test_who_set_a_secret_and_its_last_four_are_all_that_can_be_known(app, admin):
    known = sealing.known_of(add(actor=admin), "access_token")

    assert (known.last_four, known.set_by) == ("4f9c", admin.name)


def test_a_short_secret_shows_nothing_of_itself(app):
    account = add(provider_values={**META, "app_secret": "short"})

    assert sealing.known_of(account, "app_secret").last_four == ""


def test_each_change_leaves_an_audit_row_without_a_secret(app, admin):
    account = add(actor=admin)
    change(account, name="Renamed", provider_values={**META, "app_secret": "new-secret-" * 3})

    added, changed = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert (added.actor, added.action, added.subject_id) == (admin.name, "added", account.id)
    assert changed.before == {"name": "Northgate Care"}
    assert changed.after == {"name": "Renamed"}
    assert changed.note == "replaced: app_secret"
    everything = str([added.after, changed.before, changed.after, changed.note])
    assert META["access_token"] not in everything and "new-secret" not in everything


def test_saving_without_a_change_leaves_no_audit_row(app):
    account = add()
    change(account)

    assert db.session.query(AuditEntry).count() == 1


def test_the_queue_is_the_account_s_one_step(app):
    support, orders = make_queue("Support"), make_queue("Orders")
    account = add(queue_id=support.id)
    assert [step.queue_id for step in account.steps] == [support.id]

    account = change(account, queue_id=orders.id)
    assert [step.queue_id for step in account.steps] == [orders.id]

    account = change(account, queue_id=None)
    assert account.steps == []


def test_an_account_with_conversations_cannot_be_deleted(app):
    account = make_account()
    make_interaction(account)

    with pytest.raises(saving.Invalid), unit_of_work():
        saving.delete(db.session.get(Account, account.id), "a test")

    assert db.session.get(Account, account.id) is not None


def test_an_account_nobody_wrote_to_can_be_deleted(app):
    account = add(queue_id=make_queue().id)

    with unit_of_work():
        saving.delete(db.session.get(Account, account.id), "a test")

    assert db.session.get(Account, account.id) is None


def test_sandbox_accounts_need_the_sandbox(app, monkeypatch):
    monkeypatch.setitem(app.config, "SANDBOX", False)

    with pytest.raises(saving.Invalid) as refused:
        add(provider="sandbox", provider_values={})

    assert "provider" in refused.value.errors


def test_a_sandbox_account_gets_its_number_and_secret_made(app):
    account = add(provider="sandbox", provider_values={})

    assert account.phone_number_id
    assert account.credentials["webhook_secret"]
