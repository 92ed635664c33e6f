"""Reports of one agent alone, of who gave what to whom, and of what cannot be narrowed."""

import csv
import io
from datetime import timedelta

import pytest

from tests.factories import make_campaign, make_interaction, make_message, save
from webapp.campaigns.models import CampaignMinute
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues import accepting
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def handed_over(cast):
    """Ana takes a conversation that waited a minute, then Sara gives it to Ben; another waits."""
    asked = utcnow() - timedelta(minutes=1)
    talk = make_interaction(cast.account, queue=cast.queue, waiting_since=asked)
    make_message(talk)
    make_message(make_interaction(cast.account, queue=cast.queue))
    with unit_of_work():
        accepting.take(db.session.get(Interaction, talk.id), cast.ana)
    with unit_of_work():
        accepting.give(db.session.get(Interaction, talk.id), cast.ben, by=cast.sara)
    return talk


def lines(browser, name, address=""):
    answer = browser.get(f"/reports/{name}.csv?period=today&{address}", buffered=True)
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_of_one_agent_stands_what_became_of_the_conversations_they_held(sign_in, cast, handed_over):
    browser = sign_in(cast.sara)
    [day] = lines(browser, "conversations", f"agent={cast.ana.id}")
    assert (day["Begun"], day["Accepted"]) == ("1", "1")
    assert float(day["Wait (seconds)"]) >= 60
    [messages] = lines(browser, "messages", f"agent={cast.ana.id}")
    assert messages["Received"] == "1"


def test_an_agent_s_own_row_says_the_same_alone_and_beside_the_others(sign_in, cast, handed_over):
    browser = sign_in(cast.sara)
    [beside] = [line for line in lines(browser, "agents") if line["Agent"] == cast.ana.name]
    [alone] = lines(browser, "agents", f"agent={cast.ana.id}")
    assert alone == beside
    assert alone["Conversations"] == "1"


def test_transfers_say_who_gave_to_whom(sign_in, cast, handed_over):
    [line] = lines(sign_in(cast.sara), "transfers")
    assert list(line.values()) == [cast.ana.name, cast.ben.name, cast.queue.name, "1"]


def test_a_report_says_what_it_cannot_be_narrowed_by(sign_in, cast):
    browser = sign_in(cast.sara)
    address = f"queue={cast.queue.id}"
    told = browser.get(f"/reports/opt-outs?{address}").get_data(as_text=True)
    assert "cannot be narrowed by queue" in told
    assert "cannot be narrowed" not in browser.get(f"/reports/queues?{address}").get_data(
        as_text=True
    )


def test_what_was_sent_and_failed_afterwards_is_one_attempt(sign_in, cast):
    campaign = make_campaign(cast.account)
    counted = {"sent": 10, "failed": 3, "refused": 2}
    save(CampaignMinute(campaign_id=campaign.id, minute=utcnow(), shard=0, **counted))
    [line] = lines(sign_in(cast.sara), "campaigns")
    assert (line["Attempts"], line["Sent"], line["Failed"]) == ("12", "10", "3")
    assert line["Failed of attempts (%)"] == "25.0"
