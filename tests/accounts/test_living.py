"""An account's address replaced, its number moved, the account archived and restored."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.accounts.conftest import PIGEON
from tests.factories import (
    META_NUMBER_ID,
    META_SECRET,
    change,
    make_interaction,
    make_message,
    make_meta_account,
    save,
)
from tests.webhooks.posting import sample, signed
from webapp.accounts import access_points, living, saving, sealing
from webapp.accounts.models import Account, AccountDrain, AccountHealth
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import looking_up, sending
from webapp.inbox.models import (
    Attempt,
    CloseReason,
    Direction,
    Interaction,
    InteractionState,
    MessageStatus,
)
from webapp.routing import flow
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import draining

RECEIVED_ID = "wamid.HBgLMTU1NTAxNDIyMzMVAgARGBJBQjY0NDVCNkREQTgxNjJFNkUA"  # of the sample


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


def do(verb, account, *arguments, actor="a test", **options):
    with unit_of_work():
        verb(db.session.get(Account, account.id), actor, *arguments, **options)
    return db.session.get(Account, account.id)


def move(account, given=PIGEON, provider="pigeon", **options):
    return do(living.move, account, provider, given, **options)


def audits():
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()


def test_a_replaced_address_is_new_and_the_former_one_stays_valid(meta):
    before = meta.webhook_token
    after = do(living.replace_token, meta)

    assert after.webhook_token != before
    assert len(after.webhook_token) >= 32
    assert after.former_webhook_token == before
    assert after.webhook_token_at is not None


def test_an_address_is_not_replaced_again_while_the_former_one_is_valid(meta):
    first = do(living.replace_token, meta).webhook_token

    with pytest.raises(saving.Invalid, match="drop it"):
        do(living.replace_token, meta)
    assert db.session.get(Account, meta.id).webhook_token == first


def test_a_dropped_address_makes_room_for_the_next(meta):
    do(living.replace_token, meta)
    assert do(living.drop_former_token, meta).former_webhook_token is None
    assert do(living.replace_token, meta).former_webhook_token


def test_dropping_what_is_not_there_leaves_no_audit_row(meta):
    do(living.drop_former_token, meta)
    do(living.drop_former_provider, meta)
    do(living.restore, meta)

    assert audits() == []


def test_a_moved_number_keeps_its_conversations_and_remembers_where_it_was(meta, pigeon):
    talk = make_interaction(meta)
    token = meta.webhook_token
    moved = move(meta)

    assert moved.provider == "pigeon"
    assert access_points.settings_of(moved)["loft"] == "L12"
    assert sealing.stored(moved, "auth_token") == PIGEON["auth_token"]
    assert (moved.phone_number_id, moved.waba_id) == (None, None)
    assert "app_secret" not in moved.credentials
    assert moved.former_provider == "meta"
    assert moved.former_credentials["app_secret"] == META_SECRET
    assert moved.former_credentials["phone_number_id"] == META_NUMBER_ID
    assert moved.webhook_token == token
    assert db.session.get(Interaction, talk.id).account_id == moved.id


def test_moving_leaves_one_audit_row_without_a_secret(meta, pigeon, admin):
    move(meta, actor=admin)

    [row] = audits()
    assert (row.action, row.actor) == ("moved", admin.name)
    assert (row.before["provider"], row.after["provider"]) == ("meta", "pigeon")
    assert PIGEON["auth_token"] not in str([row.before, row.after])


def test_what_is_queued_leaves_through_the_new_provider_without_the_wait_of_the_former(
    meta, pigeon
):
    talk = make_interaction(meta)
    message = make_message(
        talk, direction=Direction.OUT, status=MessageStatus.QUEUED, retry_at=utcnow()
    )
    change(db.session.get(AccountDrain, meta.id), paused_until=utcnow(), problem="Too fast")
    save(AccountHealth(account_id=meta.id, well=False, stopped_at=utcnow(), rejected_count=3))
    move(meta)

    db.session.refresh(message)
    assert (message.status, message.retry_at) == (MessageStatus.QUEUED, None)
    drain, health = (db.session.get(kind, meta.id) for kind in (AccountDrain, AccountHealth))
    assert (drain.paused_until, drain.problem) == (None, None)
    assert (health.well, health.stopped_at, health.rejected_count) == (None, None, 0)


def test_the_new_provider_is_not_asked_about_what_left_through_the_former_one(meta, pigeon):
    talk = make_interaction(meta)
    called_at = utcnow() - timedelta(minutes=30)
    message = make_message(
        talk,
        direction=Direction.OUT,
        status=MessageStatus.UNKNOWN,
        provider_id=None,
        status_at=called_at,
        look_up_at=called_at,
    )
    save(Attempt(message_id=message.id, number=1, correlation_id="parley-1", started_at=called_at))
    move(meta)
    looking_up.settle_unknown(meta.id)

    db.session.refresh(message)
    assert message.status == MessageStatus.UNKNOWN


@pytest.mark.parametrize(
    "given, provider, name, words",
    [
        ({**PIGEON, "loft": "12"}, "pigeon", "loft", "A loft is L and digits."),
        ({**PIGEON, "auth_token": ""}, "pigeon", "auth_token", "Whistle is missing"),
        ({**PIGEON, "region": ""}, "pigeon", "region", "Region is missing"),
        ({**PIGEON, "region": "moon"}, "pigeon", "region", "One of: eu, us."),
        ({**PIGEON, "colour": "red"}, "pigeon", "colour", "no such setting"),
        ({}, "meta", "provider", "another provider"),
        ({}, "carrier", "provider", "another provider"),
    ],
)
def test_a_move_that_cannot_work_changes_nothing(meta, pigeon, given, provider, name, words):
    with pytest.raises(saving.Invalid) as refused:
        move(meta, given, provider)

    assert words in refused.value.errors[name]
    db.session.expire_all()
    stays = db.session.get(Account, meta.id)
    assert (stays.provider, stays.former_provider) == ("meta", None)
    assert stays.credentials["app_secret"] == META_SECRET


def test_an_account_that_is_off_moves_without_its_secret(meta, pigeon):
    change(meta, enabled=False)

    assert move(meta, {**PIGEON, "auth_token": ""}).provider == "pigeon"


def test_moving_back_finds_the_former_settings_again(meta, pigeon):
    move(meta)
    back = do(living.move, meta, "meta", {})

    assert back.phone_number_id == META_NUMBER_ID
    assert back.credentials["app_secret"] == META_SECRET
    assert back.credentials["verify_token"] == "RIGHT"
    assert (back.former_provider, back.former_credentials["loft"]) == ("pigeon", "L12")


def test_a_dropped_provider_is_forgotten_with_its_secrets(meta, pigeon):
    move(meta)
    dropped = do(living.drop_former_provider, meta)

    assert (dropped.former_provider, dropped.former_credentials) == (None, None)
    assert audits()[-1].note == "former provider meta dropped"


def test_an_archived_account_is_off_and_out_of_the_list(meta, desk_page):
    change(meta, name="Harbour")
    assert "Harbour" in desk_page("/accounts")
    archived = do(living.archive, meta)

    assert archived.archived_at and not archived.enabled
    assert "Harbour" not in desk_page("/accounts")
    assert "Harbour" in desk_page("/accounts?show=archived")


def test_open_conversations_hold_the_archiving_up_unless_they_are_closed_with_it(meta, ana):
    talk = make_interaction(meta, owner=ana)
    with pytest.raises(saving.Invalid) as refused:
        do(living.archive, meta)
    assert "One conversation is open" in refused.value.errors["close_open"]
    assert db.session.get(Account, meta.id).archived_at is None

    do(living.archive, meta, actor=ana, close_open=True)

    db.session.refresh(talk)
    assert (talk.state, talk.close_reason) == (InteractionState.CLOSED, CloseReason.ARCHIVED)
    assert talk.closed_by_id == ana.id
    assert audits()[-1].note == "1 open conversations closed"


def test_what_customers_write_to_an_archived_account_is_kept_and_rings_nobody(meta):
    do(living.archive, meta)
    talk = make_interaction(meta, state=InteractionState.NEW)
    with unit_of_work():
        flow.advance(db.session.get(Interaction, talk.id))

    db.session.refresh(talk)
    assert (talk.state, talk.queue_id) == (InteractionState.UNMANAGED, None)
    assert sending.may_send(talk).code == "account_disabled"


def test_an_archived_account_can_neither_be_switched_on_nor_moved(meta, pigeon):
    do(living.archive, meta)
    values = saving.Values(name="N", key="N", phone=f"+{meta.phone}")

    with pytest.raises(saving.Invalid) as refused:
        do(saving.change, meta, values)
    assert "Restore" in refused.value.errors["enabled"]
    with pytest.raises(saving.Invalid, match="Restore"):
        move(meta)


def test_a_restored_account_is_back_and_off(meta):
    do(living.archive, meta)
    restored = do(living.restore, meta)

    assert (restored.archived_at, restored.enabled) == (None, False)
    assert [row.action for row in audits()] == ["archived", "restored"]


def test_the_number_of_an_archived_account_stays_taken_and_the_way_out_is_said(meta, pigeon):
    do(living.archive, meta)
    values = saving.Values(name="B", key="B", phone=f"+{meta.phone}", provider_values=PIGEON)

    with pytest.raises(saving.Invalid) as refused, unit_of_work():
        saving.add("a test", "pigeon", values)

    sentence = refused.value.errors["phone"]
    assert "belongs to Northgate Care, which is archived" in sentence
    assert "Restore that account and move it" in sentence


@pytest.fixture
def desk_page(sign_in, admin):
    browser = sign_in(admin)
    return lambda path: browser.get(path).get_data(as_text=True)


def test_a_late_receipt_of_the_former_provider_still_finds_its_message(client, meta):
    talk = make_interaction(meta)
    message = make_message(talk, direction=Direction.OUT, provider_id=RECEIVED_ID)
    kaleyra = {"region": "in", "sid": "HXAP00000000IN", "api_key": "A0000", "waba_id": "1000"}
    move(meta, kaleyra, "kaleyra")
    body = sample("status_delivered.json")

    address = f"/webhooks/meta/{meta.webhook_token}"
    answer = client.post(address, data=body, headers=signed(body))
    draining.drain(meta.id)

    assert answer.status_code == 200
    db.session.refresh(message)
    assert message.status == MessageStatus.DELIVERED


def test_what_the_former_provider_says_is_refused_once_it_is_dropped(client, meta):
    move(meta, {}, "sandbox")
    do(living.drop_former_provider, meta)
    body = sample("message_text.json")

    answer = client.post(f"/webhooks/meta/{meta.webhook_token}", data=body, headers=signed(body))

    assert answer.status_code == 404
