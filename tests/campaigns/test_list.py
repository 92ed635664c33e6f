"""The list of campaigns: its states in words, segments, search, tiles, CSV and its cost."""

import csv
import io
import re
from datetime import timedelta

import pytest

from tests import factories
from tests.support.queries import counted_queries
from webapp.accounts.models import Account, AccountHealth
from webapp.campaigns.models import CampaignMinute
from webapp.campaigns.sending import limits
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.settings import values
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


@pytest.fixture
def make(cast):
    """A campaign in a state, with so many recipients of each kind."""

    def made(name="Autumn delivery slots", state="running", recipients=(), **columns):
        campaign = factories.make_campaign(cast.account, name, state=state, **columns)
        for one in recipients:
            factories.make_recipient(campaign, state=one)
        return campaign

    return made


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_a_row_says_how_far_it_came_and_who_answered(leader, make):
    now = utcnow()
    campaign = make(loaded_at=now)
    factories.make_recipient(campaign, state="queued")
    factories.make_recipient(campaign, state="skipped", reason="opted_out")
    for _ in range(2):
        factories.make_recipient(campaign, state="read", sent_at=now, delivered_at=now, read_at=now)
    factories.make_recipient(
        campaign, state="replied", sent_at=now, delivered_at=now, read_at=now, replied_at=now
    )

    page = leader.get("/campaigns")

    assert "3 of 4 75%" in text_of(page)
    assert "33.3%" in page.text
    assert "Audience 5, sent 3, delivered 3, read 3, replied 1" in page.text


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"state": "draft"}, ["Draft", "Audience missing"]),
        (
            {"state": "scheduled", "start_at": timedelta(hours=2)},
            ["Scheduled", "Starts", "Loaded when it starts"],
        ),
        ({"state": "running"}, ["Loading"]),
        (
            {"state": "running", "resting_reason": "hours", "resting_until": timedelta(hours=2)},
            ["Outside hours", "Goes on"],
        ),
        (
            {
                "state": "paused",
                "pause_cause": "template",
                "pause_reason": "Template paused",
                "resume_at": timedelta(hours=2),
            },
            ["Paused", "Template paused, goes on"],
        ),
        (
            {
                "state": "stopped",
                "end_reason": "By Priya Raman: too many blocks",
            },
            ["Stopped", "By Priya Raman: too many blocks"],
        ),
        (
            {"state": "done", "started_at": timedelta(minutes=-130), "finished_at": timedelta()},
            ["Done", "2 h 10 m"],
        ),
        (
            {"state": "failed", "end_reason": "The account is gone"},
            ["Failed", "The account is gone"],
        ),
    ],
)
def test_each_state_is_said_in_words(leader, make, columns, words):
    now = utcnow()
    make(**{k: now + v if isinstance(v, timedelta) else v for k, v in columns.items()})
    shown = text_of(leader.get("/campaigns"))
    for one in words:
        assert one in shown


def test_a_running_one_says_when_it_is_done(leader, make):
    campaign = make(loaded_at=utcnow(), recipients=["queued"] * 6)
    last = utcnow().replace(second=0, microsecond=0) - timedelta(minutes=1)
    factories.save(CampaignMinute(campaign_id=campaign.id, minute=last, shard=0, sent=2))
    assert "Done about " in leader.get("/campaigns").text


def test_segments_search_and_filters_narrow_the_list(leader, make, cast):
    other = factories.make_account(name="Field service")
    make("Autumn delivery slots")
    make("Winter check", state="scheduled")
    factories.make_campaign(other, "October reminders", state="done", started_at=utcnow())

    def names(**query):
        page = leader.get("/campaigns", query_string=query)
        return re.findall(r'class="rowlink" href="[^"]+">([^<]+)', page.text)

    assert names() == ["Autumn delivery slots", "Winter check", "October reminders"]
    assert names(show="planned") == ["Winter check"]
    assert names(q="OCTOBER") == ["October reminders"]
    assert names(account=str(other.id)) == ["October reminders"]
    assert names(started="1") == ["October reminders"]
    assert names(show="nonsense") == []


def test_what_comes_next_is_counted_and_found_by_key(leader, make):
    for number in range(55):
        make(f"Campaign {number:02}", state="done")
    first = leader.get("/campaigns")
    after = re.search(r"after=[\w-]+", first.text)[0]
    assert first.text.count('class="rowlink"') == 50
    assert leader.get(f"/campaigns?{after}").text.count('class="rowlink"') == 5
    assert 'Finished <span class="count count--plain">55</span>' in first.text


def test_more_campaigns_ask_no_more_queries(leader, make):
    def cost():
        with counted_queries() as queries:
            leader.get("/campaigns")
        return len(queries)

    make(loaded_at=utcnow())
    few = cost()
    for number in range(8):
        make(f"Campaign {number}", loaded_at=utcnow(), recipients=["queued"])
    assert cost() == few


def test_the_tiles_add_up_all_campaigns(leader, make):
    campaign = make(loaded_at=utcnow(), recipients=["queued"] * 3)
    minute = utcnow().replace(second=0, microsecond=0)
    factories.save(
        CampaignMinute(
            campaign_id=campaign.id, minute=minute, shard=0, sent=40, failed=1, read=20, replied=5
        ),
        CampaignMinute(
            campaign_id=campaign.id, minute=minute - timedelta(days=2), shard=1, sent=60, failed=1
        ),
        CampaignMinute(
            campaign_id=campaign.id, minute=minute - timedelta(days=30), shard=1, sent=900
        ),
    )

    shown = text_of(leader.get("/campaigns/tiles"))

    assert "Sent today 40 by 1 campaign, 3 still to go" in shown
    assert "Replied, 7 days 25.0 % of readers" in shown
    assert "Failed, 7 days 2.0 % 1 today" in shown


def test_the_list_is_saved_as_csv_with_its_figures(leader, make):
    make(recipients=["queued", "skipped"])
    make("Another", state="done")
    answer = leader.post("/campaigns/export", data={"all": "1", "query": "q=autumn"}, buffered=True)
    header, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert dict(zip(header, row, strict=True))["Audience"] == "2"
    assert row[0] == "Autumn delivery slots"


def test_agents_and_an_inbound_plan_are_refused(cast, sign_in, make):
    campaign = make()
    agent = sign_in(cast.ana)
    for path in ("/campaigns", "/campaigns/tiles", f"/campaigns/{campaign.id}"):
        assert agent.get(path).status_code == 403
    with unit_of_work():
        values.put("plan", {"kind": "inbound"}, "test")
    assert sign_in(cast.sara).get("/campaigns").status_code == 403


def test_leaders_alone_watch_campaigns(cast):
    for room in ("campaigns", "campaign:1"):
        assert access.may_watch(cast.sara, room) and not access.may_watch(cast.ana, room)


def test_the_fullest_daily_limit_is_named(leader, cast):
    for name, limit in (("Northgate", "TIER_1K"), ("Field service", "TIER_250")):
        facts = {"key": name[:5], "waba_id": f"waba-{name}", "phone": f"1555{len(name):07}"}
        account = factories.make_meta_account(name=name, **facts, phone_number_id=name)
        factories.save(AccountHealth(account_id=account.id, facts={"messaging_limit": limit}))
    ids = [factories.make_contact(f"Person {n}").id for n in range(50)]
    with unit_of_work():
        limits.reserve(db.session.get(Account, account.id), ids)

    shown = text_of(leader.get("/campaigns/tiles"))

    assert "Fullest daily limit 20 % Field service, 50 of 250 people" in shown
