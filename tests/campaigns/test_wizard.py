"""The wizard's pages: a draft kept as one goes, and nothing typed lost."""

import pytest
from sqlalchemy import select

from tests import factories
from tests.campaigns.wizard import AJAX, make_draft, people_in, saved
from webapp.campaigns.models import Campaign
from webapp.campaigns.wizard import drafting, stepping
from webapp.extensions import db
from webapp.settings import plan
from webapp.settings.models import Setting, Tag
from webapp.staff.models import AuditEntry


@pytest.fixture
def meta(app):
    return factories.make_meta_account()


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


@pytest.fixture
def draft(meta, cast):
    return make_draft(meta, cast.sara)


def typed(campaign, **changes):
    """What the audience's page posts."""
    values = {"name": campaign.name, "account_id": campaign.account_id, "consent_only": "yes"}
    return values | {"list_ids": campaign.audience["list_ids"]} | changes


def test_a_new_campaign_needs_a_name_and_keeps_the_account_that_was_chosen(leader, meta):
    answer = leader.post("/campaigns/new", data={"name": " ", "account_id": meta.id})
    assert answer.status_code == 422
    assert "Write a name." in answer.text
    assert f'value="{meta.id}" selected' in answer.text


def test_a_new_campaign_is_a_draft_from_its_first_moment(leader, meta, cast):
    answer = leader.post("/campaigns/new", data={"name": "Winter", "account_id": meta.id})
    campaign = db.session.scalar(select(Campaign))
    assert answer.location == f"/campaigns/{campaign.id}/audience"
    assert (campaign.state, campaign.created_by_id) == ("draft", cast.sara.id)
    assert campaign.audience["consent_only"]
    assert db.session.scalar(select(AuditEntry.action).filter_by(subject="campaigns")) == "added"


def test_only_accounts_that_carry_campaigns_may_be_chosen(leader, meta):
    account = factories.make_account(provider="twilio")
    page = leader.get("/campaigns/new").text
    assert f'value="{meta.id}"' in page
    assert f'value="{account.id}"' not in page
    answer = leader.post("/campaigns/new", data={"name": "Winter", "account_id": account.id})
    assert "Choose an account that can send campaigns." in answer.text


def test_agents_and_an_inbound_plan_see_no_wizard(leader, draft, cast, sign_in):
    assert sign_in(cast.ana).get(f"/campaigns/{draft.id}/audience").status_code == 403
    factories.save(Setting(name=plan.SETTING, value={"kind": "inbound"}))
    assert leader.get(f"/campaigns/{draft.id}/audience").status_code == 403


def test_autosave_keeps_what_is_right_and_says_when(leader, draft):
    answer = leader.post(
        f"/campaigns/{draft.id}/audience", data=typed(draft, name="Winter 2"), headers=AJAX
    )
    assert "Saved" in answer.text
    assert answer.headers["HX-Trigger-After-Swap"] == "campaign-saved"
    assert db.session.get(Campaign, draft.id).name == "Winter 2"


def test_saving_the_same_again_wakes_nothing_beside_the_form(leader, draft):
    data = typed(draft, name="Winter 2")
    leader.post(f"/campaigns/{draft.id}/audience", data=data, headers=AJAX)
    answer = leader.post(f"/campaigns/{draft.id}/audience", data=data, headers=AJAX)
    assert "HX-Trigger-After-Swap" not in answer.headers


def test_a_save_that_was_overtaken_on_its_way_changes_nothing(leader, draft):
    early = typed(draft, name="Wint", seen=drafting.version(draft, "audience"))
    address = f"/campaigns/{draft.id}/audience"
    leader.post(address, data=early | {"name": "Winter 2"}, headers=AJAX)
    leader.post(address, data=early, headers=AJAX)
    assert db.session.get(Campaign, draft.id).name == "Winter 2"


def test_autosave_says_what_is_wrong_and_changes_nothing(leader, draft):
    answer = leader.post(
        f"/campaigns/{draft.id}/audience", data=typed(draft, quiet_days="soon"), headers=AJAX
    )
    assert "Not saved: Write days as a number" in answer.text
    assert "quiet_days" not in db.session.get(Campaign, draft.id).audience


def test_a_refused_form_keeps_what_was_typed(leader, draft):
    data = typed(draft, name="Winter 2", quiet_days="soon")
    answer = leader.post(f"/campaigns/{draft.id}/audience", data=data)
    assert answer.status_code == 422
    assert 'value="Winter 2"' in answer.text
    assert 'value="soon"' in answer.text


def test_going_on_marks_the_step_and_leads_to_the_next(leader, draft):
    answer = leader.post(f"/campaigns/{draft.id}/audience", data=typed(draft))
    assert (answer.status_code, answer.location) == (303, f"/campaigns/{draft.id}/message")
    steps = stepping.steps(db.session.get(Campaign, draft.id))
    assert [one.is_done for one in steps] == [True, True, True, False]


def test_a_step_in_which_something_is_missing_is_saved_and_says_what(leader, draft):
    answer = leader.post(f"/campaigns/{draft.id}/audience", data=typed(draft, list_ids=[]))
    assert answer.status_code == 422
    assert "Choose whom to write to" in answer.text
    assert db.session.get(Campaign, draft.id).audience["list_ids"] == []


def test_the_address_of_a_draft_leads_to_its_first_unfinished_step(leader, draft):
    factories.change(draft, steps=["audience"])
    assert leader.get(f"/campaigns/{draft.id}").location == f"/campaigns/{draft.id}/message"


def test_a_launched_campaign_has_no_wizard_any_more(leader, draft):
    factories.change(draft, state="running")
    assert leader.get(f"/campaigns/{draft.id}/audience").location == f"/campaigns/{draft.id}"
    leader.post(f"/campaigns/{draft.id}/audience", data=typed(draft, name="Other"))
    assert db.session.get(Campaign, draft.id).name == draft.name


def test_whoever_comes_second_is_told_and_loses_nothing(leader, draft, cast):
    seen = drafting.version(draft, "audience")
    saved(draft, "audience", cast.admin, name="By the admin")
    data = typed(draft, name="By Sara", seen=seen)
    refused = leader.post(f"/campaigns/{draft.id}/audience", data=data)
    assert refused.status_code == 409
    assert "Admin Adler changed this step" in refused.text
    assert 'value="By Sara"' in refused.text
    assert db.session.get(Campaign, draft.id).name == "By the admin"

    leader.post(f"/campaigns/{draft.id}/audience", data=data | {"keep_mine": "yes"})
    assert db.session.get(Campaign, draft.id).name == "By Sara"


def test_an_open_page_is_told_of_somebody_elses_change(leader, draft, cast):
    seen = drafting.version(draft, "audience")
    address = f"/campaigns/{draft.id}/told/audience?seen={seen}"
    assert "changed this step" not in leader.get(address).text
    saved(draft, "audience", cast.admin, name="By the admin")
    assert "Admin Adler changed this step" in leader.get(address).text


def test_each_change_leaves_an_audit_row_with_before_and_after(draft, cast):
    saved(draft, "audience", cast.sara, name="Spring")
    entry = db.session.query(AuditEntry).filter_by(subject="campaigns", action="changed").one()
    assert (entry.before, entry.after) == ({"name": "Winter service check"}, {"name": "Spring"})
    assert not saved(draft, "audience", cast.sara, name="Spring")


def test_a_condition_is_added_and_taken_away_without_script(leader, draft):
    address = f"/campaigns/{draft.id}/audience"
    page = leader.post(address, data=typed(draft, change="add")).text
    assert "Field of condition 1" in page
    row = {"condition": ["0"], "condition-0-field": "company", "condition-0-op": "is"}
    page = leader.post(address, data=typed(draft, change="drop 0", **row)).text
    assert "Field of condition 1" not in page


def test_a_number_without_end_is_none(leader, draft):
    address, data = f"/campaigns/{draft.id}/audience", {"name": "Winter", "quiet_days": "9" * 5000}
    assert leader.post(address, data=data).status_code == 422
    assert leader.post(address, data=data | {"change": "drop " + "9" * 5000}).status_code == 200


def test_a_condition_is_kept_as_it_is_asked(leader, draft):
    row = {
        "condition": ["0"],
        "condition-0-field": "language",
        "condition-0-op": "one_of",
        "condition-0-names": "en, de",
    }
    leader.post(f"/campaigns/{draft.id}/audience", data=typed(draft, **row))
    kept = db.session.get(Campaign, draft.id).audience["conditions"]
    assert kept == [{"field": "language", "op": "one_of", "value": ["en", "de"]}]
    assert 'value="en, de"' in leader.get(f"/campaigns/{draft.id}/audience").text


def test_another_field_offers_its_own_ways_to_compare(leader, draft):
    row = {"condition": ["0"], "condition-0-field": "created", "condition-0-op": "one_of"}
    answer = leader.post(
        f"/campaigns/{draft.id}/audience", data=typed(draft, change="field 0", **row), headers=AJAX
    )
    assert "is before" in answer.text
    assert answer.headers["HX-Trigger-After-Swap"] == "rows-changed"


def test_a_condition_without_a_value_is_refused_beside_its_row(leader, draft):
    row = {"condition": ["0"], "condition-0-field": "company", "condition-0-op": "is"}
    answer = leader.post(f"/campaigns/{draft.id}/audience", data=typed(draft, **row))
    assert answer.status_code == 422
    assert "condition-0-error" in answer.text


def test_the_count_tells_who_gets_it_and_why_others_do_not(leader, draft):
    contact_list = db.session.get(factories.ContactList, draft.audience["list_ids"][0])
    people_in(contact_list, "Never asked", consent="none")
    text = leader.get(f"/campaigns/{draft.id}/count").text
    assert "2 <small>get the message" in text
    assert "No marketing consent" in text
    assert "Show the contact" in text
    assert "1 has no consent" in text
    listed = leader.get(f"/campaigns/{draft.id}/left-out?reason=no_consent").text
    assert "Never asked" in listed
    assert "Yuki" not in listed


def test_whoever_is_left_out_is_not_asked_for_by_a_field_that_is_gone(leader, draft, cast):
    gone = [{"field": "field-99", "op": "filled", "value": None}]
    factories.change(draft, audience=draft.audience | {"conditions": gone})
    answer = leader.get(f"/campaigns/{draft.id}/left-out", follow_redirects=True)
    assert answer.request.path == f"/campaigns/{draft.id}/audience"
    assert "A field of this condition was deleted" in answer.text


def test_a_page_shows_the_last_count_until_the_next_one(leader, draft):
    leader.get(f"/campaigns/{draft.id}/count")
    page = leader.get(f"/campaigns/{draft.id}/audience").text
    assert "2 <small>get the message" in page
    assert 'hx-trigger="campaign-saved' in page  # nothing changed: not counted again
    saved(draft, "audience", draft.created_by, name="Other")
    page = leader.get(f"/campaigns/{draft.id}/audience").text
    assert 'hx-trigger="load, campaign-saved' in page


def test_lists_tags_and_what_is_left_out_can_be_chosen(leader, draft):
    tag = factories.save(Tag(name="Complaint open"))
    data = typed(draft, tag_ids=[tag.id], exclude_tag_ids=[tag.id], once="campaign")
    leader.post(f"/campaigns/{draft.id}/audience", data=data)
    kept = db.session.get(Campaign, draft.id).audience
    assert (kept["tag_ids"], kept["exclude_tag_ids"]) == ([tag.id], [tag.id])
    assert (kept["once"], kept["skip_open"]) == ("campaign", False)
