"""The board's dialogs: asked in place or on a page, done with an audit row, by whom it may be."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.analytics.pages import audited, text_of
from webapp.analytics.models import InteractionPhase
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues import members
from webapp.queues.models import Offer, OfferState
from webapp.settings.models import Disposition
from webapp.staff import access
from webapp.staff.models import AuditEntry, SignIn, User

IN_PLACE = {"HX-Request": "true"}
AGENT_ACTS = ("pause", "unpause", "sign-out", "queues")


@pytest.fixture
def talk(account, queue):
    contact = factories.make_contact("Dana Whitlock")
    return factories.make_interaction(account, contact, queue=queue)


@pytest.fixture
def planned(account):
    return factories.make_campaign(
        account, name="Winter", state="scheduled", start_at=utcnow() + timedelta(hours=3)
    )


def said(answer):
    assert answer.status_code == 204
    return json.loads(answer.headers["HX-Trigger"])["toast"]


@pytest.mark.parametrize("act", AGENT_ACTS)
def test_what_is_asked_of_an_agent_is_a_page_and_a_dialog(sign_in, sara, ana, act):
    browser, path = sign_in(sara), f"/board/agents/{ana.id}/{act}"
    page = text_of(browser.get(path))
    part = text_of(browser.get(path, headers=IN_PLACE))

    assert "<html" in page and "hx-post" not in page.split('class="ask"')[1]
    assert "<html" not in part and f'hx-post="{path}"' in part


@pytest.mark.parametrize("act", ["", "/assign", "/transfer", "/take", "/close"])
def test_what_is_asked_of_a_conversation_is_a_page_and_a_dialog(sign_in, sara, talk, act):
    browser, path = sign_in(sara), f"/board/conversations/{talk.id}{act}"
    assert "<html" in text_of(browser.get(path))
    part = text_of(browser.get(path, headers=IN_PLACE))
    assert "<html" not in part and "Dana Whitlock" in part


def test_done_in_place_the_dialog_closes_and_says_so(sign_in, sara, ana, talk):
    browser = sign_in(sara)
    paused = browser.post(f"/board/agents/{ana.id}/pause", data={}, headers=IN_PLACE)
    assert said(paused) == "Ana Agent is paused. Nobody rings them now."
    path = f"/board/conversations/{talk.id}/assign"
    assert "Choose who" in text_of(browser.post(path, headers=IN_PLACE), 422)
    given = browser.post(path, data={"user": ana.id}, headers=IN_PLACE)
    assert said(given) == "Ana Agent has this conversation now."
    assert audited() == ["paused", "assigned"]


@pytest.mark.parametrize("act", AGENT_ACTS)
def test_supervisors_do_not_manage_other_users(sign_in, sara, admin, act):
    """Product, roles: a user manages no other users; they lead agents."""
    other = factories.make_user("Sven", role="supervisor")
    browser = sign_in(sara)
    for person in (admin, other):
        path = f"/board/agents/{person.id}/{act}"
        assert browser.get(path).status_code == 403
        assert browser.post(path).status_code == 403
    assert audited() == []
    page = text_of(browser.get(f"/board/agents/{admin.id}"))
    assert "Only an admin may change" in page and "/pause" not in page


def test_admins_lead_everybody_and_supervisors_themselves(sign_in, sara, admin):
    assert sign_in(admin).post(f"/board/agents/{sara.id}/pause").status_code == 303
    assert sign_in(sara).post(f"/board/agents/{sara.id}/unpause").status_code == 303
    assert access.may_lead(admin, sara) and not access.may_lead(sara, admin)
    assert db.session.get(User, sara.id).presence == "available"


def test_a_conversation_moves_to_another_queue_and_rings_there(sign_in, sara, ana, otto, talk):
    former, other = talk.queue_id, factories.make_queue("Billing", [otto])
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{talk.id}/assign", data={"user": ana.id})
    answer = browser.post(
        f"/board/conversations/{talk.id}/transfer", data={"queue": other.id}, headers=IN_PLACE
    )
    assert said(answer) == "It waits in Billing now."
    row = db.session.get(Interaction, talk.id)
    assert (row.state, row.owner_id, row.queue_id) == (InteractionState.WAITING, None, other.id)
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "transferred"))
    assert entry.before == {"owner": ana.id, "queue": former}
    phases = select(InteractionPhase.phase, InteractionPhase.queue_id, InteractionPhase.outcome)
    found = db.session.execute(phases.order_by(InteractionPhase.id)).all()
    assert [tuple(one) for one in found][1:] == [
        ("assigned", former, "moved"),
        ("waiting", other.id, None),
    ]


def test_what_rang_in_the_former_queue_rings_no_more(sign_in, sara, ana, talk):
    offer = Offer(interaction_id=talk.id, queue_id=talk.queue_id, user_id=ana.id)
    offer.expires_at = utcnow() + timedelta(seconds=30)
    factories.save(offer)
    other = factories.make_queue("Billing")
    sign_in(sara).post(f"/board/conversations/{talk.id}/transfer", data={"queue": other.id})
    assert db.session.get(Offer, offer.id).state == OfferState.WITHDRAWN


def test_what_has_ended_moves_nowhere(sign_in, sara, account, queue):
    over = factories.make_interaction(account, queue=queue, state="closed", closed_at=utcnow())
    other = factories.make_queue("Billing")
    browser = sign_in(sara)
    for act in ("transfer", "close", "take"):
        path = f"/board/conversations/{over.id}/{act}"
        answer = browser.post(path, data={"queue": other.id}, headers=IN_PLACE)
        assert "has ended" in text_of(answer, 422)
    assert audited() == []


def test_a_planned_campaign_is_started_from_the_board(sign_in, sara, planned, monkeypatch):
    browser, path = sign_in(sara), f"/board/campaigns/{planned.id}/start"
    assert "Start “Winter” now?" in text_of(browser.get(path, headers=IN_PLACE))
    refused = text_of(browser.post(path, headers=IN_PLACE), 422)
    assert "field__error" in refused  # a sandbox account has no template to send
    assert audited() == []


def test_a_campaign_is_stopped_with_its_reason(sign_in, sara, planned):
    path = f"/board/campaigns/{planned.id}/stop"
    answer = sign_in(sara).post(path, data={"reason": "Wrong list"}, headers=IN_PLACE)
    assert said(answer) == "Winter is stopped for good."
    db.session.refresh(planned)
    assert (planned.state, planned.end_reason) == ("stopped", "By Sara Supervisor: Wrong list")


@pytest.mark.parametrize("path", ["/board/agents/{0}/pause", "/board/conversations/{1}/transfer"])
def test_agents_are_asked_nothing(sign_in, ana, ben, talk, path):
    address = path.format(ben.id, talk.id)
    assert sign_in(ana).get(address).status_code == 403
    assert sign_in(ana).post(address).status_code == 403


def test_a_leader_says_how_it_ended_when_closing_from_the_board(sign_in, sara, ana, talk, account):
    label = factories.make_disposition("Delivery", "Late")
    factories.change(account, needs_disposition=True)
    browser, path = sign_in(sara), f"/board/conversations/{talk.id}/close"
    assert "data-outcome" in text_of(browser.get(path, headers=IN_PLACE))
    refused = text_of(browser.post(path, data={"note": "Ring first"}, headers=IN_PLACE), 422)
    assert "needs an outcome: choose how it ended." in refused and "Ring first" in refused

    late = db.session.scalar(select(Disposition.id).where(Disposition.parent_id == label.id))
    # As a form without script says it: the hidden field, and the list.
    chosen = {"disposition": ["", str(late)]}
    assert said(browser.post(path, data=chosen, headers=IN_PLACE)) == "Conversation closed."
    entry = db.session.scalars(select(AuditEntry)).one()
    assert entry.after == {"state": "closed", "outcome": ["Delivery", "Late"]}


@pytest.mark.parametrize("act", ["pause", "unpause", "sign-out", "queues"])
def test_agents_may_not_lead_others(sign_in, ana, ben, act):
    assert sign_in(ana).post(f"/board/agents/{ben.id}/{act}").status_code == 403
    assert audited() == []


@pytest.mark.parametrize("act", ["assign", "take", "close"])
def test_agents_may_not_steer_conversations(sign_in, otto, waiting, act):
    assert sign_in(otto).post(f"/board/conversations/{waiting.id}/{act}").status_code == 403


def test_a_leader_pauses_wakes_and_signs_out_an_agent(sign_in, sara, ana):
    agent = sign_in(ana)
    browser = sign_in(sara)
    browser.post(f"/board/agents/{ana.id}/pause", data={"reason": "Training"})
    person = db.session.get(User, ana.id)
    assert (person.presence, person.pause_reason) == ("paused", "Training")
    assert "Training" in text_of(browser.get(f"/board/agents/{ana.id}"))

    browser.post(f"/board/agents/{ana.id}/unpause")
    assert db.session.get(User, ana.id).presence == "available"
    browser.post(f"/board/agents/{ana.id}/sign-out")
    assert db.session.get(User, ana.id).presence == "offline"
    assert agent.get("/").status_code == 302
    open_ones = select(SignIn).where(SignIn.user_id == ana.id, SignIn.ended_at.is_(None))
    assert db.session.scalars(open_ones).all() == []
    assert audited() == ["paused", "unpaused", "signed out"]


def test_a_leader_moves_an_agent_to_another_queue(sign_in, sara, ana, queue):
    other = factories.make_queue("Billing")
    sign_in(sara).post(f"/board/agents/{ana.id}/queues", data={"queue": [other.id, 4711]})

    assert members.queue_ids_of(ana.id) == [other.id]
    entry = db.session.scalar(select(AuditEntry))
    assert (entry.before, entry.after) == ({"queues": [queue.id]}, {"queues": [other.id]})


def test_a_leader_gives_a_conversation_to_an_agent(sign_in, sara, ana, waiting):
    answer = sign_in(sara).post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})

    assert answer.status_code == 303
    talk = db.session.get(Interaction, waiting.id)
    assert (talk.owner_id, talk.state) == (ana.id, InteractionState.ASSIGNED)
    assert audited() == ["assigned"]


def test_nobody_is_given_more_than_their_places(sign_in, sara, ana, account, waiting):
    factories.change(ana, capacity=1)
    factories.make_interaction(account, factories.make_contact("Omar"), owner=ana)
    page = sign_in(sara).post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})

    assert "All 1 places of Ana are taken" in text_of(page, 422)
    assert db.session.get(Interaction, waiting.id).owner_id is None


def test_assigning_to_nobody_says_what_to_do(sign_in, sara, waiting):
    page = sign_in(sara).post(f"/board/conversations/{waiting.id}/assign")
    assert "Choose who is to answer" in text_of(page, 422)


def test_a_leader_takes_and_closes_with_audit_rows(sign_in, sara, waiting):
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{waiting.id}/take")
    assert db.session.get(Interaction, waiting.id).owner_id == sara.id

    browser.post(f"/board/conversations/{waiting.id}/close")
    assert db.session.get(Interaction, waiting.id).state == InteractionState.CLOSED
    assert audited() == ["took", "closed"]
    again = sign_in(sara).post(f"/board/conversations/{waiting.id}/take")
    assert "has ended" in text_of(again, 422)


def test_the_page_of_an_agent_is_theirs_not_the_leaders(sign_in, sara, ana):
    page = text_of(sign_in(sara).get(f"/board/agents/{ana.id}"))
    assert '<h1 class="clip">Ana Agent</h1>' in page
    assert f"/board/agents/{ana.id}/pause" in page


def test_the_page_of_an_agent_counts_their_day_and_leads_behind_it(sign_in, sara, ana, waiting):
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{waiting.id}/assign", data={"user": ana.id})
    browser.post(f"/board/conversations/{waiting.id}/close")
    page = text_of(browser.get(f"/board/agents/{ana.id}"))
    address = f"/board/behind/closed?agent={ana.id}&amp;period=today"
    assert f'{address}">Closed</a></span><span class="tile__value num">1<' in page
    assert "Dana Whitlock" in text_of(browser.get(address.replace("&amp;", "&")))


def test_a_leader_pauses_and_resumes_a_campaign_from_the_board(sign_in, sara, account, computed):
    campaign = factories.make_campaign(account, name="Autumn delivery", state="running")
    factories.change(campaign, started_at=utcnow(), launched_at=utcnow(), loaded_at=utcnow())
    computed()
    browser = sign_in(sara)
    path = f"/board/campaigns/{campaign.id}"
    assert f'href="{path}/pause" data-dialog' in text_of(browser.get("/board"))

    assert browser.post(f"{path}/pause").headers["Location"] == "/board?tab=campaigns"
    computed()
    assert f'href="{path}/resume" data-dialog' in text_of(browser.get("/board"))
    assert audited() == ["paused"]
