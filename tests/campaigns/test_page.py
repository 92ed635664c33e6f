"""A campaign's page: its figures as they move, what can be done with it, and what it asks."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.campaigns.sending import make_sendable, row_of
from tests.inbox.templates import make_template
from tests.support.queries import counted_queries
from webapp.campaigns import activity
from webapp.campaigns.models import Campaign, CampaignMinute
from webapp.campaigns.results import retrying
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    """What was some hours ago was today."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def template(cast):
    return make_template(account=cast.account, provider="sandbox", waba_id="")


@pytest.fixture
def make(cast, template):
    def made(state="running", **columns):
        columns = {"loaded_at": utcnow(), "started_at": utcnow(), **columns}
        return factories.make_campaign(cast.account, template=template, state=state, **columns)

    return made


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def again(campaign):
    return db.session.get(Campaign, campaign.id, populate_existing=True)


@pytest.mark.parametrize(
    "code", ["131000", "132015", "131042"], ids=["busy", "template", "account"]
)
def test_whoever_may_get_it_once_it_is_mended_can_be_tried_again(leader, code):
    campaign = make_sendable(state="done", started_at=utcnow(), finished_at=utcnow())
    one = factories.make_recipient(campaign, state="failed", reason=code)
    page = leader.get(f"/campaigns/{campaign.id}").text
    assert page.count(f'action="/campaigns/{campaign.id}/retry"') == 2  # in its menu as well
    leader.post(f"/campaigns/{campaign.id}/retry")
    retrying.run(campaign.id)
    assert (row_of(one).state, again(campaign).state) == ("queued", "running")


def test_the_page_shows_funnel_speed_ledger_and_activity(leader, make, cast):
    campaign = make(pace=70)
    now = utcnow()
    factories.make_recipient(campaign, state="queued")
    factories.make_recipient(campaign, state="skipped", reason="opted_out")
    factories.make_recipient(campaign, state="delivered", sent_at=now, delivered_at=now)
    for ago in (1, 2):  # a pace is told by a minute that was sent in from its begin to its end
        minute = now.replace(second=0, microsecond=0) - timedelta(minutes=ago)
        factories.save(CampaignMinute(campaign_id=campaign.id, minute=minute, shard=0, sent=70))
    with unit_of_work():
        activity.note(again(campaign), "started", "Sending started", cast.sara)

    shown = text_of(leader.get(f"/campaigns/{campaign.id}"))

    assert "1 of 2 sent" in shown
    assert "70 a minute of 70 you set" in shown
    assert "1 left out" in shown and "Opted out 1" in shown
    assert "100.0% of sent" in shown
    assert "dashed line is the limit you set" in shown
    assert "Sending started by Sara Supervisor" in shown
    assert "Audience 3" in shown


def test_what_moves_is_fetched_again_in_one_answer(leader, make):
    campaign = make()
    factories.make_recipient(campaign, state="read", sent_at=utcnow())
    answer = leader.get(f"/campaigns/{campaign.id}/now", headers={"HX-Request": "true"}).text
    for part in ("head", "banner", "run", "failures", "ledger", "activity"):
        assert f'id="campaign-{part}"' in answer
    assert "1 of 1 sent" in answer


def test_before_it_is_loaded_it_shows_no_empty_funnel(leader, make):
    campaign = make("scheduled", loaded_at=None, started_at=None, start_at=utcnow())
    page = leader.get(f"/campaigns/{campaign.id}")
    assert "Loaded when it starts" in text_of(page)
    assert "funnel__step" not in page.text


def test_it_says_that_it_waits_for_conversations(leader, make):
    campaign = make("running", resting_reason="talk", resting_until=utcnow())
    text = text_of(leader.get(f"/campaigns/{campaign.id}"))
    assert "Waiting for conversations to end" in text
    assert "The others got it; they get it afterwards" in text


def test_while_it_loads_nobody_is_said_to_be_passed_over(leader, make):
    campaign = make(loaded_at=None)
    shown = text_of(leader.get(f"/campaigns/{campaign.id}"))
    assert "Nobody yet Its contacts are being loaded." in shown


def test_its_percent_counts_those_who_failed_as_done(leader, make):
    campaign = make()
    factories.make_recipient(campaign, state="failed", reason="131026")
    factories.make_recipient(campaign, state="read", sent_at=utcnow())
    shown = text_of(leader.get(f"/campaigns/{campaign.id}"))
    assert "1 of 2 sent" in shown and "2 done, 100%" in shown


def test_the_reason_of_a_pause_is_said_once(leader, make):
    columns = {"pause_cause": "rule", "pause_reason": "6.2% failed.", "paused_at": utcnow()}
    campaign = make("paused", **columns)
    shown = text_of(leader.get(f"/campaigns/{campaign.id}"))
    assert shown.count("6.2% failed.") == 1
    assert "Paused today at 12:00" in shown


def test_the_segment_a_page_chose_itself_is_no_filter_to_clear(leader, make):
    campaign = make()
    factories.make_recipient(campaign, state="failed", reason="131026")
    page = f"/campaigns/{campaign.id}/recipients?state=failed"
    assert "Clear filters" not in text_of(leader.get(page))
    assert "Clear filters" in text_of(leader.get(f"{page}&reason=131026"))


def test_more_recipients_ask_no_more_queries(leader, make):
    campaign = make()

    def cost(path):
        with counted_queries() as queries:
            assert leader.get(path).status_code == 200
        return len(queries)

    paths = [f"/campaigns/{campaign.id}", f"/campaigns/{campaign.id}/now"]
    factories.make_recipient(campaign, state="failed", reason="131026")
    few = [cost(path) for path in paths]
    for _ in range(8):
        factories.make_recipient(campaign, state="failed", reason="131047")
    assert [cost(path) for path in paths] == few


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("start", "scheduled", "running"),
        ("pause", "running", "paused"),
        ("resume", "paused", "running"),
        ("stop", "running", "stopped"),
        ("extend", "done", "running"),
    ],
)
def test_a_button_does_its_verb_with_an_audit_row(leader, make, cast, verb, before, after):
    campaign = make(before, pause_cause="person" if before == "paused" else None)

    answer = leader.post(f"/campaigns/{campaign.id}/{verb}", data={"reason": "too many blocks"})

    assert answer.status_code == 303
    assert again(campaign).state == after
    (row,) = db.session.scalars(select(AuditEntry).where(AuditEntry.subject == "campaigns"))
    assert (row.actor_id, row.subject_id) == (cast.sara.id, campaign.id)


def test_a_stop_says_who_and_why_in_the_list(leader, make):
    campaign = make()
    leader.post(f"/campaigns/{campaign.id}/stop", data={"reason": "too many blocks"})
    assert "By Sara Supervisor: too many blocks" in leader.get("/campaigns").text


def test_a_verb_that_comes_too_late_says_how_it_stands(leader, make):
    campaign = make("done")
    answer = leader.post(
        f"/campaigns/{campaign.id}/pause", data={"next": "/campaigns?show=running"}
    )
    assert answer.location == "/campaigns?show=running"
    assert "is done" in leader.get("/campaigns").text


@pytest.mark.parametrize("digits", [30, 5000])
def test_a_recipient_with_a_number_without_end_is_nobody(leader, make, digits):
    campaign = make(state="done")
    factories.make_recipient(campaign, state="failed", reason="131000")
    leader.post(f"/campaigns/{campaign.id}/retry", data={"id": "9" * digits})
    assert again(campaign).state == "done"


def test_a_copy_is_a_draft_of_its_own(leader, make):
    campaign = make("done")
    answer = leader.post(f"/campaigns/{campaign.id}/clone")
    copy = db.session.scalars(select(Campaign).where(Campaign.id != campaign.id)).one()
    assert (copy.state, copy.cloned_from_id) == ("draft", campaign.id)
    assert answer.location == f"/campaigns/{copy.id}"


def test_stopping_asks_first_also_without_a_script(leader, make):
    campaign = make()
    assert (
        'id="ask-stop" aria-labelledby="ask-stop-title" open'
        not in leader.get(f"/campaigns/{campaign.id}").text
    )
    asked = leader.get(f"/campaigns/{campaign.id}?ask=stop").text
    assert 'id="ask-stop" aria-labelledby="ask-stop-title" open' in asked


def test_a_planned_one_is_started_at_once_after_asking(leader, make):
    campaign = make("scheduled", start_at=utcnow() + timedelta(hours=3))
    page = leader.get(f"/campaigns/{campaign.id}").text
    assert 'data-open-dialog="ask-start"' in page
    assert 'id="ask-start" aria-labelledby="ask-start-title" open' not in page
    asked = leader.get(f"/campaigns/{campaign.id}?ask=start").text
    assert 'id="ask-start" aria-labelledby="ask-start-title" open' in asked
    assert "ask-start" not in leader.get(f"/campaigns/{make('running').id}").text


@pytest.mark.parametrize(
    ("columns", "words", "choices"),
    [
        (
            {"pause_cause": "late_start", "start_at": timedelta(hours=-3), "started_at": None},
            "It did not start today",
            ["Start now", "Stop it"],
        ),
        (
            {"pause_cause": "late_start", "next_load_at": timedelta(), "started_at": timedelta(-3)},
            "It did not look for new contacts today",
            ["Write to them now", "Stop it"],
        ),
        (
            {"pause_cause": "restored"},
            "The database was restored from a backup.",
            ["Go on anyway", "Stop it"],
        ),
        (
            {"pause_cause": "approval", "pause_reason": "It would reach 60,000 contacts by now."},
            "A second person has to agree. It would reach 60,000 contacts by now.",
            ["Agree and go on", "Stop it"],
        ),
        (
            {"pause_cause": "rule", "pause_reason": "6.2% failed, the bound is 5%."},
            "A stop rule paused it. 6.2% failed, the bound is 5%.",
            ["Resume", "Stop it"],
        ),
        (
            {"pause_cause": "account", "pause_reason": "The token was refused."},
            "Its account cannot send. The token was refused.",
            [],
        ),
        (
            {"pause_cause": "template", "pause_reason": "WhatsApp paused it."},
            "Its template cannot be sent. WhatsApp paused it.",
            ["Look at the template"],
        ),
    ],
)
def test_what_waits_for_a_person_is_asked_in_a_banner(leader, make, columns, words, choices):
    now = utcnow()
    given = {k: now + v if isinstance(v, timedelta) else v for k, v in columns.items()}
    campaign = make("paused", **given)

    page = leader.get(f"/campaigns/{campaign.id}").text

    banner = page[page.index('id="campaign-banner"') : page.index('id="campaign-run"')]
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", banner))
    assert words in plain
    for choice in choices:
        assert choice in plain
    assert banner.count("btn") // 2 >= len(choices) > 0 or not choices


def test_what_the_banner_asks_no_other_button_asks(leader, make):
    page = leader.get(f"/campaigns/{make('paused', pause_cause='rule').id}").text
    assert page.count("/resume") == 1
    page = leader.get(f"/campaigns/{make('paused', pause_cause='person').id}").text
    assert page.count("/resume") == 1


def test_only_admins_are_led_to_the_account_that_cannot_send(leader, make, cast, sign_in):
    address = f"/campaigns/{make('paused', pause_cause='account').id}"
    assert "Open the account" not in leader.get(address).text
    assert f"/accounts/{cast.account.id}" in sign_in(cast.admin).get(address).text


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"pause_cause": "person", "pause_reason": "By Sara"}, "By Sara."),
        ({"pause_cause": "person"}, "Somebody paused it."),
        (
            {"pause_cause": "queue", "pause_reason": "14 people wait in Service"},
            "14 people wait in Service, goes on by itself when fewer wait.",
        ),
        (
            {"pause_cause": "template", "resume_at": NOON + timedelta(hours=3)},
            "Paused today at 12:00, goes on today at 15:00.",
        ),
    ],
)
def test_a_paused_one_says_who_or_what_it_waits_for(leader, make, columns, line):
    campaign = make("paused", paused_at=NOON, **columns)
    assert line in text_of(leader.get(f"/campaigns/{campaign.id}"))


def test_one_that_never_began_promises_no_contacts(leader, make):
    failed = make("failed", started_at=None, loaded_at=None, finished_at=NOON)
    assert "never loaded" in text_of(leader.get(f"/campaigns/{failed.id}"))
    waits = make("scheduled", started_at=None, loaded_at=None, start_at=NOON + timedelta(hours=1))
    assert "loaded when it starts" in text_of(leader.get(f"/campaigns/{waits.id}"))


def test_names_with_commas_stand_apart(leader, make):
    lists = [factories.make_list(name) for name in ("Porto, Braga", "Newsletter")]
    campaign = make(audience={"list_ids": [one.id for one in lists]})
    assert "Newsletter<br>Porto, Braga" in leader.get(f"/campaigns/{campaign.id}").text


def test_two_messages_are_compared_with_their_intervals(leader, make):
    campaign = make()
    factories.save(
        factories.CampaignVariant(
            campaign_id=campaign.id, position=1, template_name="friendly", language="en", percent=50
        )
    )
    shown = text_of(leader.get(f"/campaigns/{campaign.id}"))
    assert "where the true share lies 95 times in 100" in shown
    assert "No clear winner yet" in shown


def test_agents_see_nothing_and_change_nothing(cast, sign_in, make):
    campaign = make()
    agent = sign_in(cast.ana)
    for path in ("", "/now", "/speed", "/recipients", "/recipients.csv"):
        assert agent.get(f"/campaigns/{campaign.id}{path}").status_code == 403
    for verb in ("start", "pause", "resume", "stop", "extend", "clone", "retry", "settle"):
        assert agent.post(f"/campaigns/{campaign.id}/{verb}").status_code == 403
    assert again(campaign).state == "running"
