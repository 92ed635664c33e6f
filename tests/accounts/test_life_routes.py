"""Pages of an account's life: the address, the move, the archive."""

import pytest

from tests.factories import META_SECRET, make_interaction, make_message, make_meta_account
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.inbox.models import Direction, MessageStatus

TWILIO = {"provider": "twilio", "account_sid": "AC" + "0a1b" * 8, "auth_token": "6f" * 16}
VERBS = (
    "replace-token", "drop-former-token", "move", "drop-former-provider", "archive", "restore",
)  # fmt: skip


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


@pytest.fixture
def meta(queue):
    return make_meta_account(queue, name="Harbour", key="HARB")


def page_of(desk, path):
    return desk.get(path).get_data(as_text=True)


def fresh(account):
    db.session.rollback()
    return db.session.get(Account, account.id)


@pytest.mark.parametrize("verb", VERBS)
def test_only_admins_change_an_account_s_life(sign_in, sara, ana, client, meta, verb):
    path = f"/accounts/{meta.id}/{verb}"
    assert sign_in(sara).post(path).status_code == 403
    assert sign_in(ana).post(path).status_code == 403
    assert client.post(path).status_code == 302


@pytest.mark.parametrize("verb", VERBS)
def test_an_account_that_is_not_there_is_not_found(desk, verb):
    assert desk.post(f"/accounts/4711/{verb}").status_code == 404


def test_both_addresses_are_shown_until_the_former_one_is_dropped(desk, meta):
    former = meta.webhook_path
    answer = desk.post(f"/accounts/{meta.id}/replace-token")
    page = page_of(desk, answer.location)

    assert answer.status_code == 303
    assert former in page and fresh(meta).webhook_path in page
    assert "Not used since." in page
    assert "Replace the address" not in page

    desk.post(f"/accounts/{meta.id}/drop-former-token")
    page = page_of(desk, f"/accounts/{meta.id}")
    assert former not in page and "Replace the address" in page


def test_the_page_to_move_says_what_will_happen(desk, meta):
    talk = make_interaction(meta)
    make_message(talk, direction=Direction.OUT, status=MessageStatus.QUEUED)
    page = page_of(desk, f"/accounts/{meta.id}/move?provider=twilio")

    assert "1 message waiting to be sent will leave through Twilio" in page
    assert "receipts from Meta are accepted until you drop it" in page
    assert 'name="account_sid"' in page and 'name="waba_id"' not in page
    assert 'value="meta"' not in page


def test_a_number_moves_and_its_page_shows_where_it_came_from(desk, meta):
    answer = desk.post(f"/accounts/{meta.id}/move", data=TWILIO)
    page = page_of(desk, answer.location)

    moved = fresh(meta)
    assert moved.provider == "twilio"
    assert f"/webhooks/twilio/{moved.webhook_token}" in page
    assert "Moved from Meta" in page
    assert META_SECRET not in page and TWILIO["auth_token"] not in page

    desk.post(f"/accounts/{meta.id}/drop-former-provider")
    assert "Moved from Meta" not in page_of(desk, f"/accounts/{meta.id}")


def test_a_move_with_a_mistake_comes_back_with_the_sentence(desk, meta):
    answer = desk.post(f"/accounts/{meta.id}/move", data=TWILIO | {"account_sid": "AC1"})

    assert answer.status_code == 422
    assert "AC and 32" in answer.get_data(as_text=True)
    assert fresh(meta).provider == "meta"


def test_moving_to_nowhere_or_to_itself_is_not_found(desk, meta):
    for name in ("meta", "carrier"):
        assert desk.get(f"/accounts/{meta.id}/move?provider={name}").status_code == 404


def test_an_account_in_use_is_archived_with_its_open_conversations_only_when_ticked(desk, meta):
    make_interaction(meta)
    page = page_of(desk, f"/accounts/{meta.id}")
    assert "Archive Harbour?" in page and "Delete account" not in page
    assert "Close the one conversation that is open" in page

    page = desk.post(f"/accounts/{meta.id}/archive", follow_redirects=True).get_data(as_text=True)
    assert "One conversation is open" in page
    assert fresh(meta).archived_at is None

    page = desk.post(
        f"/accounts/{meta.id}/archive", data={"close_open": "y"}, follow_redirects=True
    ).get_data(as_text=True)
    assert "Restore account" in page and "Move to another provider" not in page
    assert "still arrives and is kept" in page


def test_archived_accounts_have_a_list_of_their_own(desk, meta):
    assert "Archived" not in page_of(desk, "/accounts")
    desk.post(f"/accounts/{meta.id}/archive")

    assert "Harbour" not in page_of(desk, "/accounts")
    assert "Harbour" in page_of(desk, "/accounts?show=archived")

    desk.post(f"/accounts/{meta.id}/restore")
    assert "Harbour" in page_of(desk, "/accounts")
    assert "No account is archived" in page_of(desk, "/accounts?show=archived")


def test_an_unused_account_is_deleted_not_archived(desk, meta):
    page = page_of(desk, f"/accounts/{meta.id}")
    assert "Delete account" in page and "Archive account" not in page

    answer = desk.post(f"/accounts/{meta.id}/delete", follow_redirects=True)
    assert "Account deleted." in answer.get_data(as_text=True)
