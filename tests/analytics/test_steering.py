"""The board's dialogs: asked in place or on a page, done with an audit row, by whom it may be."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webapp.analytics import realtime
from webapp.analytics.models import InteractionPhase
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import Offer, OfferState
from webapp.settings.models import Disposition
from webapp.staff import access
from webapp.staff.models import AuditEntry, User

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


def text_of(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def audited():
    return db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()


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


def test_the_service_level_is_told_by_how_the_waiting_ended(sign_in, sara, ana, queue, talk):
    factories.change(queue, service_seconds=60)
    browser = sign_in(sara)
    browser.post(f"/board/conversations/{talk.id}/assign", data={"user": ana.id})
    late = factories.make_interaction(
        talk.account,
        factories.make_contact("Omar Farouk"),
        queue=queue,
        waiting_since=utcnow() - timedelta(minutes=5),
    )
    browser.post(f"/board/conversations/{late.id}/assign", data={"user": ana.id})
    realtime.watch()
    realtime.Board().tick()
    db.session.rollback()

    page = text_of(browser.get("/board/behind/level?period=today"))
    assert "Omar Farouk" in page and "Dana Whitlock" not in page
    in_time = text_of(browser.get("/board/behind/accepted_in_time?period=today"))
    assert "Dana Whitlock" in in_time and "Omar Farouk" not in in_time
    assert "None" in text_of(browser.get("/board/behind/timed_out?period=today"))
    assert 'Late <span class="count count--plain">1<' in page


@pytest.mark.parametrize("figure", ["received", "sent", "failed", "unread", "left", "unmanaged"])
def test_behind_every_figure_stand_its_conversations(sign_in, sara, ana, account, queue, figure):
    contact = factories.make_contact("Dana Whitlock")
    states = {"left": "closed", "unmanaged": "unmanaged"}
    talk = factories.make_interaction(
        account,
        contact,
        queue=queue,
        unread=2,
        state=states.get(figure, "waiting"),
        left_unanswered=figure == "left",
    )
    directions = {"sent": ("out", "sent"), "failed": ("out", "failed")}
    direction, status = directions.get(figure, ("in", "received"))
    factories.make_message(talk, direction=direction, status=status)
    address = f"/board/behind/{figure}?period=today&account={account.id}"
    assert "Dana Whitlock" in text_of(sign_in(sara).get(address))
    other = factories.make_account()
    address = f"/board/behind/{figure}?period=today&account={other.id}"
    assert "Dana Whitlock" not in text_of(sign_in(sara).get(address))


def test_behind_an_agent_s_unread_stand_theirs_alone(sign_in, sara, ana, ben, account, queue):
    mine = factories.make_contact("Dana Whitlock")
    factories.make_interaction(account, mine, owner=ana, queue=queue, unread=1)
    other = factories.make_contact("Omar Farouk")
    factories.make_interaction(account, other, owner=ben, queue=queue, unread=1)
    page = text_of(sign_in(sara).get(f"/board/behind/unread?agent={ana.id}"))
    assert "Dana Whitlock" in page and "Omar Farouk" not in page


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
