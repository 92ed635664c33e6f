"""How long WhatsApp tries to deliver a template: chosen in the editor, told to Meta."""

import pytest

from tests.factories import make_account, make_meta_account
from tests.message_templates.test_routes import AJAX, FILLED, make_draft, template
from webapp.message_templates import lifetimes, reviewing, submitting
from webapp.message_templates.composing import Content
from webapp.providers.meta.template_rules import RULES
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def meta(app, stub):
    return make_meta_account()


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


@pytest.mark.parametrize(
    ("category", "first", "last"),
    [
        ("authentication", "30 seconds", "30 days"),
        ("utility", "30 seconds", "30 days"),
        ("marketing", "12 hours", "30 days"),
    ],
)
def test_each_category_has_the_times_that_meta_allows_it(category, first, last):
    found = lifetimes.choices(RULES, Content(category=category))
    assert (found[0][1], found[-1][1]) == (first, last)
    for seconds, _ in found:
        assert lifetimes.fitting(Content(category=category, ttl=seconds), RULES) == seconds


def test_a_chosen_time_is_kept_and_told_to_meta_on_creation_and_on_change(leader, meta, cast, stub):
    draft = make_draft(meta)
    leader.post(f"/templates/{draft.id}/draft", data=FILLED | {"ttl": "3600"}, headers=AJAX)
    page = leader.get(f"/templates/{draft.id}").text
    assert '<option value="3600" selected>1 hour</option>' in page
    assert submitted(draft, cast, stub)["message_send_ttl_seconds"] == 3600

    stub.book.named("visit_reminder").status = "REJECTED"
    row = template(draft.id)
    with unit_of_work():
        row.status, row.provider_status = "rejected", "REJECTED"
    leader.post(f"/templates/{draft.id}/draft", data=FILLED | {"ttl": "60"}, headers=AJAX)
    assert submitted(draft, cast, stub)["message_send_ttl_seconds"] == 60


def submitted(draft, cast, stub):
    with unit_of_work():
        reviewing.submit(template(draft.id), cast.sara)
    submitting.carry_out(draft.id)
    assert not template(draft.id).problem
    return [one for one in stub.requests if one.method == "POST"][-1].json


def test_another_category_drops_a_time_it_does_not_allow(leader, meta):
    draft = make_draft(meta)
    url = f"/templates/{draft.id}/draft"
    leader.post(url, data=FILLED | {"ttl": "60"}, headers=AJAX)
    assert template(draft.id).draft["ttl"] == 60
    answer = leader.post(url, data=FILLED | {"ttl": "60", "category": "marketing"}, headers=AJAX)
    assert template(draft.id).draft["ttl"] is None
    assert 'value="60"' not in answer.text and "12 hours" in answer.text


def test_where_the_provider_has_no_such_setting_there_is_no_field(leader, app):
    kaleyra = make_account(provider="kaleyra", waba_id="1000")
    draft = make_draft(kaleyra)
    assert 'name="ttl"' not in leader.get(f"/templates/{draft.id}").text
    leader.post(f"/templates/{draft.id}/draft", data=FILLED | {"ttl": "60"}, headers=AJAX)
    assert template(draft.id).draft["ttl"] is None
