from datetime import timedelta

import pytest

from tests.factories import make_account, make_contact, make_meta_account, save
from tests.inbox.templates import make_template
from webapp.columns import utcnow
from webapp.message_templates import choosing
from webapp.settings.models import Setting


@pytest.fixture
def north(app):
    return make_meta_account()


def names(account, contact=None):
    return [template.name for template in choosing.usable(account, contact)]


def test_recontact_comes_first_then_the_customers_language_then_the_last_used(north):
    make_template("b_never", account=north)
    make_template("c_used", account=north, last_used_at=utcnow())
    make_template("d_earlier", account=north, last_used_at=utcnow() - timedelta(days=1))
    make_template("e_portuguese", account=north, language="pt_BR")
    make_template("f_recontact", account=north, recontact=True)

    portuguese = make_contact(language="pt")
    assert names(north) == ["f_recontact", "c_used", "d_earlier", "b_never", "e_portuguese"]
    assert names(north, portuguese)[:2] == ["f_recontact", "e_portuguese"]


@pytest.mark.parametrize(
    "columns",
    (
        {"status": "paused"},
        {"status": "pending"},
        {"status": "unknown"},
        {"waba_id": "another"},
        {"provider": "kaleyra"},
        {"deleted_at": utcnow()},
    ),
)
def test_what_is_not_approved_for_this_account_is_not_offered(north, columns):
    make_template(account=north, **columns)

    assert names(north) == []


def test_on_the_inbound_plan_nothing_is_offered_and_it_says_why(north):
    make_template(account=north)
    save(Setting(name="plan", value={"kind": "inbound"}))

    assert names(north) == []
    assert choosing.why_none(north) == "Your plan is inbound only. Templates cannot be sent."


def test_a_provider_without_templates_says_so(app):
    twilio = make_account(provider="twilio")

    assert "have no approved templates" in choosing.why_none(twilio)


def test_a_search_finds_names_and_words(north):
    make_template("parcel_new_attempt", account=north)
    make_template("receipt", [{"type": "BODY", "text": "Thank you"}], account=north)
    found = choosing.usable(north)

    assert [t.name for t in choosing.find(found, "new attempt")] == ["parcel_new_attempt"]
    assert [t.name for t in choosing.find(found, "THANK")] == ["receipt"]


def test_one_is_found_by_its_name_and_language_in_either_spelling(north):
    made = make_template("slot", account=north, language="en_US", status="paused")

    assert choosing.named(north, " slot ", "en-US").id == made.id
    assert choosing.named(north, "slot", "en") is None
