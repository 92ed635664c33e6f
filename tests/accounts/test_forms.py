"""Account forms: only the chosen provider's fields, each with its rules in words."""

import re

import pytest
from sqlalchemy import select

from tests.accounts.conftest import PIGEON
from tests.factories import make_meta_account
from webapp.accounts import guiding, saving
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.unit_of_work import unit_of_work

NUMBER = {"name": "Harbour", "key": "HARB", "phone": "+44 20 7946 0958"}
GOOD = {
    "meta": {
        "phone_number_id": "106540352555010",
        "waba_id": "102184470000000",
        "access_token": "EAAG-token",
        "app_secret": "5e" * 16,
    },
    "twilio": {"account_sid": "AC" + "0a1b" * 8, "auth_token": "6f" * 16},
    "sinch": {
        "region": "eu",
        "project_id": "c36f3d3d-1523-4edd-ae42-000000000001",
        "app_id": "01HQ0000000000000000000APP",
        "key_id": "a-key-id",
        "key_secret": "a-key-secret",
        "webhook_secret": "long-and-random-secret",
    },
    "kaleyra": {
        "region": "in",
        "sid": "HXAP00000000IN",
        "api_key": "A0000-a-key",
        "waba_id": "100000000000002",
        "api_version": "v1",
    },
}
BAD = [
    ("meta", "waba_id", "10218-447", "digits only"),
    ("twilio", "account_sid", "SK" + "0a1b" * 8, "AC and 32"),
    ("twilio", "account_sid", "AC123", "AC and 32"),
    ("sinch", "project_id", "c36f3d3d", "36 signs"),
    ("sinch", "app_id", "c36f3d3d-1523", "without hyphens"),
    ("sinch", "region", "mars", "One of: "),
    ("kaleyra", "region", "", "Region is missing"),
    ("kaleyra", "sid", "https://kaleyra", "SID"),
    ("kaleyra", "waba_id", "my waba", "digits"),
]


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


def text_of(answer):
    return answer.get_data(as_text=True)


def add(name, **changes):
    values = saving.Values(**NUMBER, provider_values={**GOOD[name], **changes})
    with unit_of_work():
        return saving.add("a test", name, values)


@pytest.mark.parametrize("name", GOOD)
def test_the_form_shows_the_chosen_provider_s_fields_and_no_other_s(desk, name):
    page = text_of(desk.get(f"/accounts/add?provider={name}"))
    shown = set(re.findall(r'<(?:input|select)[^>]* name="([a-z_]+)"', page))
    own = {field.name for field in PROVIDERS[name].form_fields if not field.generated}
    every = {field.name for one in PROVIDERS.values() for field in one.form_fields}

    assert shown & every == own
    assert [one.label for one in saving.providers_offered() if one.label not in page] == []


@pytest.mark.parametrize("name", GOOD)
def test_an_account_is_added_and_its_page_says_what_to_enter_where(desk, name):
    form = {**NUMBER, **GOOD[name], "provider": name, "session_anchor": "first", "enabled": "y"}
    answer = desk.post("/accounts/add", data=form)
    assert answer.status_code == 303

    account = db.session.scalar(select(Account).where(Account.key == "HARB"))
    page = text_of(desk.get(answer.location))
    address = f"http://localhost:5000{account.webhook_path}{PROVIDERS[name].webhook_suffix}"
    assert f'value="{address}"'.replace("&", "&amp;") in page
    assert f"What to do at {PROVIDERS[name].label}" in page
    assert page.count("<li>") >= len(PROVIDERS[name].guide)
    for field in PROVIDERS[name].form_fields:
        if field.secret and field.name in GOOD[name]:
            assert GOOD[name][field.name] not in page


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("secret", [True, False], ids=["secret", "setting"])
def test_what_a_provider_needs_is_missed_by_name_and_the_account_may_wait_switched_off(
    app, name, secret
):
    needed = next(
        field
        for field in PROVIDERS[name].form_fields
        if field.required and field.secret == secret and not field.generated
    )
    with pytest.raises(saving.Invalid) as refused:
        add(name, **{needed.name: " "})
    assert list(refused.value.errors) == [needed.name]
    assert f"{needed.label} is missing" in refused.value.errors[needed.name]

    values = saving.Values(**NUMBER, provider_values={}, enabled=False)
    with unit_of_work():
        assert saving.add("a test", name, values).id


@pytest.mark.parametrize("name, field, value, words", BAD)
def test_an_id_of_the_wrong_shape_is_refused_with_what_it_looks_like(
    app, name, field, value, words
):
    with pytest.raises(saving.Invalid) as refused:
        add(name, **{field: value})

    assert words in refused.value.errors[field]
    assert db.session.scalar(select(Account)) is None


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "x" * 256])
def test_a_setting_that_no_provider_means_is_refused(app, pigeon, value):
    values = saving.Values(**NUMBER, provider_values={**PIGEON, "ring": value})

    with pytest.raises(saving.Invalid) as refused, unit_of_work():
        saving.add("a test", "pigeon", values)
    assert "ring" in refused.value.errors


def test_an_id_kept_as_a_column_is_not_longer_than_the_column(app, pigeon):
    values = saving.Values(**NUMBER, provider_values={**PIGEON, "app_id": "x" * 65})

    with pytest.raises(saving.Invalid) as refused, unit_of_work():
        saving.add("a test", "pigeon", values)
    assert refused.value.errors["app_id"] == "At most 64 characters."


def test_choosing_another_provider_keeps_what_was_typed_into_the_shared_fields(desk, queue):
    typed = {
        **NUMBER,
        "description": "At the pier",
        "queue_id": queue.id,
        "session_anchor": "last",
        "enabled": "y",
    }
    page = text_of(desk.get("/accounts/add", query_string={"provider": "twilio", **typed}))

    for value in (*NUMBER.values(), "At the pier"):
        assert value in page
    assert f'<option selected value="{queue.id}">' in page
    assert re.search(r'<input checked[^>]*value="last"', page)
    assert re.search(r'<input checked[^>]*name="enabled"', page)
    assert "field__error" not in page


def test_no_secret_travels_in_the_address_when_the_provider_is_chosen(desk):
    page = text_of(desk.get("/accounts/add?provider=twilio"))
    sent = set(re.search(r'hx-params="([a-z_,]+)"', page)[1].split(","))

    assert not sent & {f.name for one in PROVIDERS.values() for f in one.form_fields if f.secret}


def test_a_region_is_chosen_from_a_list_and_none_is_preset(desk):
    page = text_of(desk.get("/accounts/add?provider=sinch"))

    assert '<option value="">Choose…</option>' in page
    assert '<option value="br">' in page


def test_a_chosen_region_stands_in_the_form(desk):
    account = add("sinch")
    page = text_of(desk.get(f"/accounts/{account.id}"))

    assert '<option selected value="eu">' in page
    assert "Choose…" not in page


def test_a_guide_is_filled_in_and_shown_as_text(app, pigeon):
    with unit_of_work():
        account = saving.add("a test", "pigeon", saving.Values(**NUMBER, provider_values=PIGEON))
    first, second = guiding.steps(account)

    address = f"http://localhost:5000/webhooks/pigeon/{account.webhook_token}#twice"
    assert first == f"Open the <b>loft</b> &amp; paste <code>{address}</code>."
    assert second == "The words {these} &lt;stay&gt;."


@pytest.mark.parametrize("name", GOOD)
def test_every_guide_names_the_address_and_the_connection_test(app, name):
    steps = " ".join(guiding.steps(add(name)))

    assert f"/webhooks/{name}/" in steps
    assert "Test connection" in steps
    assert "{webhook_url}" not in steps and "{{" not in steps and "**" not in steps


def test_a_meta_guide_tells_the_verify_token(app):
    account = make_meta_account()

    assert "<code>RIGHT</code>" in " ".join(guiding.steps(account))
