"""The pages of WhatsApp accounts: what they show, who may not, what they change."""

import re

import pytest
from sqlalchemy import event, select

from tests.factories import META_SECRET, make_account, make_meta_account, make_queue, save
from webapp.accounts.models import Account, AccountDrain
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from webapp.webhooks.models import WebhookPayload

FORM = {
    "provider": "meta",
    "name": "Harbour Repairs",
    "key": "harb",
    "phone": "+44 20 7946 0958",
    "phone_number_id": "106540352555010",
    "waba_id": "102184470000000",
    "app_id": "",
    "access_token": "EAAG-secret-token-4f9c",
    "app_secret": "5e" * 16,
    "description": "",
    "contact_list_id": "",
    "queue_id": "",
    "session_anchor": "first",
    "enabled": "y",
}


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


def text_of(answer):
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["", "/add", "/1", "/payloads"])
def test_only_admins_may_open_the_pages_of_accounts(sign_in, sara, ana, client, path):
    assert sign_in(sara).get(f"/accounts{path}").status_code == 403
    assert sign_in(ana).get(f"/accounts{path}").status_code == 403
    assert client.get(f"/accounts{path}").status_code == 302


def test_the_list_shows_each_account_with_its_last_event(desk, account, queue):
    with unit_of_work():
        db.session.get(AccountDrain, account.id).last_event_at = utcnow()

    page = text_of(desk.get("/accounts"))

    assert "Northgate Care" in page
    assert "+1 555" in page
    assert queue.name in page
    assert " ago" in page


def test_the_list_asks_the_same_number_of_queries_for_one_account_and_for_many(desk, queue):
    def queries():
        seen = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        desk.get("/accounts")
        count = len(seen)
        seen.clear()
        return count

    before = queries()
    for _ in range(5):
        make_account(make_queue(f"Queue {_}"))
    assert queries() == before


def test_adding_an_account_leads_to_its_webhook_address(desk):
    answer = desk.post("/accounts/add", data=FORM)

    account = db.session.scalar(select(Account).where(Account.key == "HARB"))
    assert answer.status_code == 303
    page = text_of(desk.get(answer.location))
    assert account.webhook_path in page
    assert account.credentials["verify_token"] in page
    assert "message_template_status_update" in page


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(desk):
    answer = desk.post("/accounts/add", data=FORM | {"phone": "12"})

    assert answer.status_code == 422
    assert "Harbour Repairs" in text_of(answer)
    assert "1 field needs" in text_of(answer)


def test_every_mistake_of_a_form_is_named_at_once_and_the_first_has_the_focus(desk):
    page = text_of(desk.post("/accounts/add", data=FORM | {"key": "", "waba_id": "my-waba"}))

    assert "2 fields need" in page
    assert page.index("autofocus") < page.index('name="waba_id"')
    assert "digits only" in page


def test_the_number_is_written_as_its_country_writes_it_and_saved_as_it_was(desk, account):
    phone = account.phone
    page = text_of(desk.get(f"/accounts/{account.id}"))
    shown = re.search(r'name="phone"[^>]* value="([^"]+)"|value="([^"]+)"[^>]*name="phone"', page)
    shown = shown[1] or shown[2]
    form = FORM | {"phone": shown, "name": "Northgate Care"}

    assert shown.startswith("+1 555 ")
    assert desk.post(f"/accounts/{account.id}", data=form).status_code == 303
    db.session.refresh(account)
    assert account.phone == phone


def test_a_secret_never_comes_back_in_a_page(desk):
    desk.post("/accounts/add", data=FORM)
    account = db.session.scalar(select(Account).where(Account.key == "HARB"))

    pages = [
        desk.get(f"/accounts/{account.id}"),
        desk.get(f"/accounts/{account.id}?replace=app_secret"),
        desk.get(f"/accounts/{account.id}/secrets/access_token"),
        desk.post("/accounts/add", data=FORM | {"phone": "12"}),
        desk.post(f"/accounts/{account.id}", data=FORM | {"phone": "12"}),
    ]

    for page in pages:
        assert FORM["access_token"] not in text_of(page)
        assert FORM["app_secret"] not in text_of(page)
    assert "4f9c" in text_of(pages[0])
    assert "set " in text_of(pages[0]) and "Admin Adler" in text_of(pages[0])


def test_a_replaced_secret_says_that_the_former_one_is_valid_until_it_is_dropped(desk):
    account = make_meta_account()
    desk.post(f"/accounts/{account.id}", data=FORM | {"app_secret": "ab" * 16})
    page = text_of(desk.get(f"/accounts/{account.id}"))
    assert "The former one is still valid" in page
    # Not a button of the account's own form, where Enter in a field would press it.
    assert 'type="submit" form="drop-app_secret"' in page

    desk.post(f"/accounts/{account.id}/secrets/app_secret/drop-former")

    assert "still valid" not in text_of(desk.get(f"/accounts/{account.id}"))
    assert META_SECRET not in str(db.session.get(Account, account.id).credentials)


def test_an_account_switched_off_stays_in_the_list(desk, account):
    form = FORM | {"phone": f"+{account.phone}", "name": "Northgate Care"}
    form.pop("enabled")

    assert desk.post(f"/accounts/{account.id}", data=form).status_code == 303

    assert not db.session.get(Account, account.id).enabled
    assert "Northgate Care" in text_of(desk.get("/accounts"))


def test_another_provider_has_other_fields_and_keeps_what_was_typed(desk):
    page = text_of(desk.get("/accounts/add?provider=sandbox&name=Try"))

    assert 'value="Try"' in page
    assert "app_secret" not in page


def test_an_unknown_provider_or_secret_is_not_found(desk, account):
    assert desk.get("/accounts/add?provider=pigeon").status_code == 404
    assert desk.get(f"/accounts/{account.id}/secrets/colour").status_code == 404


def test_an_account_name_is_shown_as_text(desk):
    account = make_account(name="<script>alert(1)</script>")

    assert "<script>alert" not in text_of(desk.get(f"/accounts/{account.id}"))
    assert "&lt;script&gt;" in text_of(desk.get("/accounts"))


def test_an_account_that_received_something_is_not_deleted(desk, account):
    save(WebhookPayload(account_id=account.id, body=b"{}"))

    answer = desk.post(f"/accounts/{account.id}/delete", follow_redirects=True)

    assert "archive it instead" in text_of(answer)
    assert db.session.get(Account, account.id) is not None


def test_whether_wrapping_up_needs_an_outcome_is_set_on_the_page(desk):
    desk.post("/accounts/add?provider=meta", data=FORM | {"needs_disposition": "y"})
    number = FORM["phone_number_id"]
    account = db.session.scalars(select(Account).filter_by(phone_number_id=number)).one()
    assert account.needs_disposition
    page = text_of(desk.get(f"/accounts/{account.id}"))
    switch = page[page.index('id="needs_disposition"') - 40 :][:200]
    assert "checked" in switch
    desk.post(f"/accounts/{account.id}", data=FORM)
    assert not db.session.get(Account, account.id).needs_disposition
