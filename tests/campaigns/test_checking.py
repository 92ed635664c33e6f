"""What has to be in order before a launch, told on the page and asked by the launch."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.campaigns.wizard import MAPPING, make_draft, saved
from tests.inbox.templates import make_template
from webapp.accounts.models import AccountDrain, AccountHealth
from webapp.campaigns import launching
from webapp.campaigns.messages import trial
from webapp.campaigns.models import Campaign, CampaignEvent
from webapp.campaigns.wizard import checking
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate, TemplateSync
from webapp.settings import plan
from webapp.settings.models import Setting
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def account(app):
    return factories.make_meta_account()


@pytest.fixture
def draft(account, cast):
    return make_draft(account, cast.sara)


def levels(campaign):
    return {one.sentence: one.level for one in checking.checks(campaign)}


def found(campaign, words):
    return next(one for one in checking.checks(campaign) if words in one.sentence)


def test_all_is_well_with_a_draft_that_could_go(draft, account):
    factories.change(
        db.session.get(AccountDrain, account.id), last_event_at=utcnow() - timedelta(seconds=2)
    )
    assert checking.blocking(draft) == []
    assert set(levels(draft).values()) == {"ok"}
    assert found(draft, "Account is connected").detail == "Northgate Care, Meta"
    assert found(draft, "Both variables have a value")
    assert found(draft, "2 contacts agreed or need no consent")
    assert found(draft, "2 messages built as a trial, none sent")


def test_a_template_tells_its_quality_and_the_age_of_what_is_known(draft, account):
    template = db.session.query(MessageTemplate).one()
    factories.change(template, quality="green")
    factories.save(
        TemplateSync(
            provider="meta",
            waba_id=account.waba_id,
            synced_at=utcnow() - timedelta(minutes=20, seconds=5),
        )
    )
    check = found(draft, "service_reminder is approved in its language")
    assert check.detail == "Quality high, last sync 20 m ago"


def test_a_language_that_lost_its_approval_is_worth_knowing(draft, account):
    make_template(
        "service_reminder", account=account, language="de", status="paused", provider_id="de"
    )
    check = found(draft, "approved in 1 of 2 languages")
    assert (check.level, check.detail.split(".")[0]) == ("warn", "Not in de")


def test_a_template_that_is_no_longer_approved_forbids_it(draft):
    factories.change(db.session.query(MessageTemplate).one(), status="paused")
    assert "Template service_reminder is no longer approved" in checking.blocking(draft)


def test_a_variable_without_a_source_forbids_it(draft):
    factories.change(draft.variants[0], mapping={"body 1": MAPPING["body 1"]})
    (check,) = [one for one in checking.checks(draft) if one.level == checking.FIX]
    assert (check.sentence, check.link) == (
        "Say what stands for {{2}} in service_reminder.",
        "message",
    )


def test_who_gets_a_text_instead_is_told(account, cast):
    draft = make_draft(account, cast.sara, "Yuki", "")
    assert found(draft, "variables have").detail == "1 get “there” instead of a first name"


def test_an_account_that_cannot_send_forbids_it(draft, account):
    factories.save(
        AccountHealth(account_id=account.id, stopped_at=utcnow(), stop_reason="Token refused")
    )
    assert "Northgate Care cannot send: Token refused" in checking.blocking(draft)


def test_an_account_that_was_switched_off_forbids_it(draft, account):
    factories.change(account, enabled=False)
    assert checking.blocking(draft) == ["Northgate Care is switched off for sending"]


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [
        (9, "warn", "The account token expires in"),
        (-1, "bad", "The account token has expired"),
        (1, "bad", "expires before everybody is written to"),
    ],
)
def test_a_token_is_looked_at_before_it_runs_out(draft, account, days, level, words):
    until = (utcnow() + timedelta(days=days)).isoformat()
    factories.save(AccountHealth(account_id=account.id, facts={"token_expires_at": until}))
    factories.change(draft, start_mode="at", start_at=utcnow() + timedelta(days=3))
    assert found(draft, words).level == level


def test_nobody_in_the_audience_forbids_it(draft):
    for contact in db.session.query(Contact):
        factories.change(contact, consent="out")
    assert "Nobody gets this campaign" in checking.blocking(draft)


def test_a_daily_limit_with_room_is_told(draft, account):
    factories.save(AccountHealth(account_id=account.id, facts={"messaging_limit": "TIER_250"}))
    assert found(draft, "Daily limit has room").detail.startswith("2 of 250 people")


def test_a_header_that_is_too_large_forbids_it(draft, account, cast):
    header = {"type": "HEADER", "format": "IMAGE"}
    body = {"type": "BODY", "text": "Cold days."}
    make_template("winter_offer", [header, body], account=account)
    media = {"key": "k", "mime_type": "image/jpeg", "filename": "winter-van.jpg"}
    only = {"template_name": "winter_offer", "language": "en", "percent": 100, "mapping": {}}
    large = media | {"size": int(5.4 * 1024 * 1024)}
    saved(draft, "message", cast.sara, variants=[only | {"media": large}])
    check = found(draft, "The header picture is 5.4 MB, WhatsApp allows 5 MB")
    assert (check.level, check.detail) == ("bad", "winter-van.jpg")


def test_a_message_that_cannot_be_built_forbids_it_and_names_for_whom(draft):
    longest = {"from": "text", "key": "", "text": "x" * 1020, "fallback": None}
    factories.change(draft.variants[0], mapping=MAPPING | {"body 2": longest})
    result = trial.run(draft)
    assert (result.many, result.name) == (0, "Yuki")
    assert "WhatsApp takes 1,024 characters" in result.problem
    assert checking.blocking(draft) == [result.problem]


def test_a_reply_queue_without_people_is_worth_knowing(draft):
    empty = factories.make_queue("Nobody here")
    factories.change(draft, reply_queue_id=empty.id)
    assert found(draft, "Nobody is in Nobody here").level == "warn"


def test_time_that_does_not_suffice_is_told(draft):
    factories.change(draft, pace=1, end_at=utcnow() + timedelta(seconds=80))
    assert found(draft, "not reached before it ends").level == "warn"


def test_a_start_that_has_passed_forbids_it(draft):
    factories.change(draft, start_mode="at", start_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert checking.blocking(draft) == ["Its start has passed. Choose a later one."]


def test_a_plan_that_is_inbound_only_forbids_it(draft):
    factories.save(Setting(name=plan.SETTING, value={"kind": "inbound"}))
    assert "inbound only" in checking.blocking(draft)[0]


def test_a_condition_whose_field_is_gone_forbids_it(draft, cast):
    gone = [{"field": "field-99", "op": "filled", "value": None}]
    saved(draft, "audience", cast.sara, audience=draft.audience | {"conditions": gone})
    assert "was deleted" in checking.blocking(draft)[0]


def test_the_launch_asks_the_same_and_refuses(draft, cast):
    factories.change(db.session.query(MessageTemplate).one(), status="paused")
    with pytest.raises(launching.Blocked) as refused, unit_of_work():
        launching.launch(db.session.get(Campaign, draft.id), cast.sara)
    assert "Template service_reminder is no longer approved" in refused.value.reasons


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


def test_the_last_page_shows_the_checks_and_where_they_are_mended(leader, draft):
    factories.change(draft.variants[0], mapping={})
    page = leader.get(f"/campaigns/{draft.id}/review").text
    assert "2 to fix" in page
    assert f'href="/campaigns/{draft.id}/message">Message' in page
    assert "Fix 2 things to launch" in page


def test_the_summary_names_lists_apart_and_says_days(leader, draft):
    lists = [factories.make_list(name).id for name in ("Porto, Braga", "Newsletter")]
    factories.change(draft, audience={"list_ids": lists})
    page = leader.get(f"/campaigns/{draft.id}/review").text
    assert "Newsletter<br>Porto, Braga" in page
    assert "counted for 2 days" in page


def test_launching_says_when_and_a_second_press_changes_nothing(leader, draft):
    factories.change(draft, start_mode="at", start_at=utcnow() + timedelta(days=2))
    assert "Launch at" in leader.get(f"/campaigns/{draft.id}/review").text
    first = leader.post(f"/campaigns/{draft.id}/launch")
    second = leader.post(f"/campaigns/{draft.id}/launch")
    assert first.location == second.location == f"/campaigns/{draft.id}"
    campaign = db.session.get(Campaign, draft.id)
    assert (campaign.state, campaign.launched_by.name) == ("scheduled", "Sara Supervisor")
    kinds = [one.kind for one in db.session.query(CampaignEvent)]
    assert kinds.count("launched") == 1


def test_a_refused_launch_says_all_that_is_wrong(leader, draft):
    factories.change(db.session.query(MessageTemplate).one(), status="paused")
    answer = leader.post(f"/campaigns/{draft.id}/launch")
    assert answer.status_code == 422
    assert "It was not launched." in answer.text
    assert "service_reminder is no longer approved" in answer.text
