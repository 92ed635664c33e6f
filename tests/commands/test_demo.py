"""Demo data: one of each kind of conversation, once, told with the real verbs."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from webapp.analytics.models import AgentInterval
from webapp.campaigns import ledger
from webapp.campaigns.models import Campaign, CampaignState, Recipient
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.inbox.models import Draft, Interaction, InteractionState, Message
from webapp.queues.models import Offer
from webapp.sandbox.models import SandboxReceipt
from webapp.staff.models import User
from webapp.webhooks.models import WebhookPayload


@pytest.fixture
def sign_ins(answer_of):
    return answer_of("demo")["sign_ins"]


def values(column):
    return set(db.session.scalars(select(column).distinct()))


def test_the_demo_has_people_who_can_sign_in_and_is_loaded_once(sign_ins, answer_of, client):
    assert [(one["email"], one["role"]) for one in sign_ins] == [
        ("admin@example.com", "admin"),
        ("sara@example.com", "supervisor"),
        ("ana@example.com", "agent"),
        ("ben@example.com", "agent"),
    ]
    assert client.post("/sign-in", data=sign_ins[0]).status_code == 303
    assert "Henrik Dahl" in client.get("/").get_data(as_text=True)
    before = db.session.query(Message).count()

    assert answer_of("demo")["sign_ins"] == sign_ins

    assert db.session.query(Message).count() == before
    assert db.session.query(User).count() == 4


def test_the_first_conversation_of_the_demos_agent_shows_what_there_is(sign_ins, client):
    client.post("/sign-in", data=sign_ins[2])
    page = client.get("/").get_data(as_text=True)
    first = re.search(r'class="conv[^>]*href="([^"]+)"', page)[1]

    thread = client.get(first.replace("&amp;", "&")).get_data(as_text=True)

    assert "Dana Whitlock" in thread
    for part in ('class="media"', 'class="quote', "msg--note", "tick--read", "left to reply"):
        assert part in thread
    assert "Other conversations" in thread


def test_the_demo_has_every_kind_of_conversation_and_leaves_no_work(sign_ins):
    states = {InteractionState.WAITING, InteractionState.ASSIGNED, InteractionState.CLOSED}
    assert values(Interaction.state) == states
    assert {"agent", "timeout"} <= values(Interaction.close_reason)
    assert {"read", "delivered", "failed", "unknown", "received"} <= values(Message.status)
    assert {"text", "image", "reaction"} <= values(Message.kind)
    assert {"in", "out", "note"} <= values(Message.direction)
    assert values(Media.state) == {"ready"}
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 1
    assert db.session.scalar(select(func.max(func.length(Message.text)))) > 600
    assert db.session.scalar(select(Interaction.id).where(Interaction.left_unanswered))
    assert db.session.scalar(select(func.max(Message.written_at))) <= utcnow()
    unread = select(WebhookPayload.id).where(WebhookPayload.processed_at.is_(None))
    assert not db.session.scalar(unread.limit(1))
    assert not db.session.scalar(select(SandboxReceipt.id).limit(1))
    open_ends = select(func.min(Interaction.session_expires_at)).where(
        Interaction.state != InteractionState.CLOSED
    )
    assert db.session.scalar(open_ends) > utcnow() + timedelta(hours=1)


def test_a_database_with_people_is_left_alone(answer_of, ana):
    before = db.session.query(User).count()

    assert answer_of("demo")["sign_ins"] == []

    assert db.session.query(User).count() == before
    assert db.session.query(Message).count() == 0


def test_without_the_sandbox_there_are_no_well_known_passwords(app, answer_of, monkeypatch):
    monkeypatch.setitem(app.config, "SANDBOX", False)

    assert answer_of("demo")["sign_ins"] == []
    assert db.session.query(User).count() == 0


def test_behind_everybody_who_replied_stands_a_conversation(sign_ins, client):
    replied = db.session.scalars(select(Recipient).where(Recipient.state == "replied")).all()
    assert len(replied) > 100
    talks = {one.id: one for one in db.session.scalars(select(Interaction))}
    for one in replied:
        talk = talks[one.interaction_id]
        assert (talk.contact_id, talk.campaign_id) == (one.contact_id, one.campaign_id)
        assert (talk.state, talk.unanswered_since) == ("closed", None)
        assert one.sent_at < talk.started_at < talk.assigned_at <= talk.closed_at <= utcnow()
    said = select(Message.direction).where(Message.interaction_id == talk.id).order_by(Message.id)
    assert db.session.scalars(said).all() == ["out", "in", "out"]
    assert db.session.get(Message, one.message_id).campaign_id == one.campaign_id
    client.post("/sign-in", data=sign_ins[1])
    page = client.get(f"/inbox/{talk.id}").get_data(as_text=True)
    assert "As it reads now" not in page and talk.contact_name in page


def test_the_demo_has_campaigns_in_every_state_whose_ledgers_balance(sign_ins, client):
    assert values(Campaign.state) == set(CampaignState)
    for campaign in db.session.scalars(select(Campaign)):
        assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)
    waiting = select(Recipient).where(Recipient.state == "queued")
    assert all(one.template_id and one.variant_id for one in db.session.scalars(waiting))
    client.post("/sign-in", data=sign_ins[1])
    page = client.get("/campaigns").get_data(as_text=True)
    for word in ("Sending", "Outside hours", "Done about", "By Sara Lindqvist: too many blocks"):
        assert word in page


def test_the_demos_messages_have_a_price(sign_ins, client):
    client.post("/sign-in", data=sign_ins[1])
    page = client.get("/reports/costs").get_data(as_text=True)

    assert "Delivered templates" in page and "USD" in page
    assert "no price" not in page


def test_the_demos_agents_have_been_at_work(sign_ins, client):
    break_began = select(AgentInterval.from_at).where(AgentInterval.reason == "Break")
    day = db.session.scalar(break_began).date()
    ana = db.session.scalar(select(User.id).where(User.email == "ana@example.com"))
    client.post("/sign-in", data=sign_ins[1])
    page = client.get(f"/board/agents/{ana}/day?day={day}").get_data(as_text=True)

    assert "Nothing is known" not in page and "On a break, Break" in page
    assert values(Offer.state) == {"accepted"}
