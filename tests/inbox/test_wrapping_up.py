"""A person wraps a conversation up and says how it ended."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from tests.factories import change, make_disposition, make_interaction
from webapp.analytics.models import InteractionPhase
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing, wrapping_up
from webapp.inbox.models import CloseReason, Interaction, InteractionEvent, Message
from webapp.settings import dispositions
from webapp.settings.models import Disposition
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

HTMX = {"HX-Request": "true"}


@pytest.fixture
def delivery(app):
    """Delivery > (Question answered, Slot changed > By us)"""
    return make_disposition("Delivery", "Question answered", ("Slot changed", "By us"))


@pytest.fixture
def talk(account, queue, ana, delivery):
    return make_interaction(account, owner=ana, queue=queue)


@pytest.fixture
def agent(sign_in, ana):
    return sign_in(ana)


def named(name):
    return db.session.scalar(select(Disposition.id).where(Disposition.name == name))


def wrap_up(talk, by, *said):
    with unit_of_work():
        person = db.session.get(User, by.id)
        wrapping_up.wrap_up(db.session.get(Interaction, talk.id), person, *said)


def why_not(talk, by, *said):
    with pytest.raises(wrapping_up.Refused) as refused:
        wrap_up(talk, by, *said)
    assert db.session.get(Interaction, talk.id).state == "assigned"
    return str(refused.value)


def post(browser, talk, **data):
    return browser.post(f"/inbox/{talk.id}/close", data=data, headers=HTMX)


def test_the_conversation_and_its_last_phase_keep_how_it_ended(talk, ana):
    wrap_up(talk, ana, named("By us"))
    assert (talk.state, talk.close_reason, talk.closed_by_id) == ("closed", "agent", ana.id)
    assert talk.disposition_path == ["Delivery", "Slot changed", "By us"]
    assert talk.disposition_id == named("By us")
    (phase,) = db.session.scalars(select(InteractionPhase)).all()
    assert phase.disposition_id == talk.disposition_id
    event = db.session.scalars(select(InteractionEvent)).one()
    assert event.data == {"reason": "agent", "outcome": "By us"}


def test_another_name_or_none_changes_nothing_of_what_was_closed(talk, ana, delivery):
    wrap_up(talk, ana, named("By us"))
    with unit_of_work():
        label = db.session.get(Disposition, delivery.id)
        dispositions.change(label, "test", "Deliveries", "")
        dispositions.archive(label, "test")
    assert talk.disposition_path == ["Delivery", "Slot changed", "By us"]


def test_without_an_outcome_it_closes_too(talk, ana):
    wrap_up(talk, ana)
    assert (talk.state, talk.disposition_id, talk.disposition_path) == ("closed", None, None)


def test_an_account_may_need_one(talk, ana, account):
    change(account, needs_disposition=True)
    said = why_not(talk, ana, None, "A note")
    assert said == f"{account.name} needs an outcome: choose how it ended."
    assert db.session.query(Message).count() == 0
    wrap_up(talk, ana, named("By us"))
    assert talk.state == "closed"


def test_where_nothing_is_offered_none_is_needed(talk, ana, account, delivery):
    change(account, needs_disposition=True)
    with unit_of_work():
        dispositions.archive(db.session.get(Disposition, delivery.id), "test")
    wrap_up(talk, ana)
    assert talk.state == "closed"


def test_what_ends_by_itself_needs_none(talk, account):
    change(account, needs_disposition=True)
    change(talk, session_expires_at=utcnow() - timedelta(minutes=1))
    with unit_of_work():
        assert closing.sweep() == 1
    assert (talk.close_reason, talk.disposition_id) == (CloseReason.TIMEOUT, None)


def test_only_a_last_level_that_is_offered_here_is_taken(talk, ana, delivery, account):
    elsewhere = make_disposition("Invoice", account_id=account.id)
    assert why_not(talk, ana, delivery.id) == "Choose one below “Delivery”."
    assert why_not(talk, ana, named("Slot changed")) == "Choose one below “Slot changed”."
    with unit_of_work():
        dispositions.archive(db.session.get(Disposition, elsewhere.id), "test")
    assert "not offered here any more" in why_not(talk, ana, elsewhere.id)
    assert "not offered here any more" in why_not(talk, ana, 99)


def test_a_note_stays_with_the_conversation(talk, ana):
    wrap_up(talk, ana, None, "Moved to Thursday")
    note = db.session.scalars(select(Message)).one()
    assert (note.direction, note.text, note.author_id) == ("note", "Moved to Thursday", ana.id)
    assert note.interaction_id == talk.id


def test_a_second_click_changes_nothing_and_a_colleagues_is_refused(talk, ana, ben):
    wrap_up(talk, ana, named("By us"), "Once")
    wrap_up(talk, ana, named("Question answered"), "Twice")
    assert talk.disposition_id == named("By us")
    assert db.session.query(Message).count() == 1
    with pytest.raises(wrapping_up.Refused, match="had ended already"):
        wrap_up(talk, ben)


def test_what_this_person_chose_most_stands_first(talk, ana, ben, account):
    def closed(owner, name, times):
        for _ in range(times):
            make_interaction(
                account, owner=owner, state="closed", closed_at=utcnow(), disposition_id=named(name)
            )

    closed(ben, "By us", 3)
    often = wrapping_up.choices(talk, ana).often
    assert [label.name for label in often] == ["By us"]
    closed(ana, "By us", 1)
    closed(ana, "Question answered", 2)
    often = wrapping_up.choices(talk, ana).often
    assert [label.name for label in often] == ["Question answered", "By us"]


def test_closings_are_counted_from_a_moment_on(account, delivery):
    now, late = utcnow(), named("By us")
    for days in (1, 2, 40):
        closed_at = now - timedelta(days=days)
        make_interaction(account, state="closed", closed_at=closed_at, disposition_id=late)
    counted = wrapping_up.closings(now - timedelta(days=30))
    assert (counted[late], counted[named("Question answered")]) == (2, 0)


def test_the_dialog_shows_what_to_choose_from(agent, talk, account):
    page = agent.get(f"/inbox/{talk.id}").text
    assert "How did it end?" in page
    assert page.index("Delivery") < page.index("Slot changed") < page.index("By us")
    assert "needs an outcome" not in page
    change(account, needs_disposition=True)
    assert f"{account.name} needs an outcome" in agent.get(f"/inbox/{talk.id}").text


def test_a_customer_without_a_name_is_called_by_number_once(agent, talk):
    change(talk, contact_name="+15550147720", contact_phone="+15550147720")
    page = agent.get(f"/inbox/{talk.id}").get_data(as_text=True)

    assert "If +1 555 014 7720 writes again" in page
    assert '<span class="who__sub"><span>Northgate Care</span></span>' in page


def test_without_outcomes_the_dialog_only_asks_whether(agent, account, ana, queue):
    change(account, needs_disposition=True)
    page = agent.get(f"/inbox/{make_interaction(account, owner=ana, queue=queue).id}").text
    assert "Wrap up this conversation?" in page and "data-outcome" not in page
    assert "needs an outcome" not in page


def test_a_refusal_comes_back_with_what_was_chosen_and_written(agent, talk, delivery):
    answer = post(agent, talk, disposition=delivery.id, note="Ring first")
    assert answer.status_code == 422
    assert "Choose one below “Delivery”." in answer.text
    assert f'value="{delivery.id}"' in answer.text and "Ring first</textarea>" in answer.text


def test_wrapped_up_it_says_how_it_ended_everywhere(agent, talk, ana):
    answer = post(agent, talk, disposition=named("By us"))
    assert answer.status_code == 204
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast == "Conversation with Dana Whitlock wrapped up as By us"
    page = agent.get(f"/inbox/{talk.id}?show=done").text
    assert "Wrapped up as By us" in page  # the head
    assert "Wrapped up by you as By us" in page  # the thread
    assert "Delivery › Slot changed › By us" in page  # beside the contact
    row = page[page.index(f'id="row-{talk.id}"') :]
    assert ">By us</span>" in row
    assert 'title="Delivery › Slot changed › By us. Wrapped up' in row
    journey = agent.get(f"/contacts/{talk.contact_id}").text
    assert "Wrapped up as By us" in journey


def test_a_list_of_closed_ones_costs_no_query_for_each(agent, account, ana, talk):
    def asked():
        statements = []

        def note(*said):
            statements.append(said[2])

        event.listen(db.engine, "before_cursor_execute", note)
        agent.get("/?show=done")
        event.remove(db.engine, "before_cursor_execute", note)
        return len(statements)

    closed = {"state": "closed", "closed_at": utcnow(), "disposition_path": ["Delivery", "Late"]}
    make_interaction(account, owner=ana, close_reason="agent", **closed)
    asked()
    once = asked()
    for _ in range(5):
        make_interaction(account, owner=ana, close_reason="agent", **closed)
    assert asked() == once
