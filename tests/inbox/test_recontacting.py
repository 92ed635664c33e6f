"""Writing again to many at once: who goes, who is left out and why, and nobody twice."""

from datetime import timedelta

import pytest

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_message,
    make_meta_account,
)
from tests.inbox.templates import PLAIN, VISIT, make_template
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import recontacting
from webapp.inbox.models import Interaction, Message
from webapp.inbox.recontact_models import Recontact
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def north(queue):
    return make_meta_account(queue)


def left(north, owner, name="Dana Whitlock", **columns):
    past = utcnow() - timedelta(hours=2)
    contact = make_contact(name, first_name=name.split()[0] if name else "", **columns)
    talk = make_interaction(
        north,
        contact,
        owner=owner,
        state="closed",
        close_reason="timeout",
        closed_at=past,
        window_expires_at=past,
        session_expires_at=past,
        left_unanswered=True,
    )
    make_message(talk, "Is my parcel coming?", written_at=past)
    return talk


def asked(user, talks, template, **values):
    with unit_of_work():
        chosen = {str(template.account_id): {"template": template.id, "values": values}}
        return recontacting.ask(user, [talk.id for talk in talks], chosen)


def outcome(wish):
    db.session.expire_all()
    states, reasons = recontacting.counts(db.session.get(Recontact, wish.id))
    return dict(states), dict(reasons)


def test_everybody_chosen_gets_their_own_values_in_a_conversation_of_the_senders(north, sara, ana):
    talks = [left(north, ana, name) for name in ("Dana Whitlock", "Rui Costa")]
    wish = asked(sara, talks, make_template(account=north))
    recontacting.run(wish.id)

    assert outcome(wish) == ({"sent": 2}, {})
    texts = {m.text for m in db.session.query(Message).filter_by(direction="out")}
    assert texts == {"Hello Dana, are you there?", "Hello Rui, are you there?"}
    began = db.session.query(Interaction).filter_by(direction="out").all()
    assert {(one.owner_id, one.previous_id) for one in began} == {(sara.id, t.id) for t in talks}
    assert db.session.query(Interaction).filter_by(left_unanswered=True).count() == 0
    assert db.session.get(Recontact, wish.id).finished_at is not None


def test_who_is_left_out_is_counted_by_reason(north, sara, ana):
    gone_out = left(north, ana, consent="out", opted_out_at=utcnow())
    blocked = left(north, ana, blocked_at=utcnow())
    nameless = left(north, ana, name="")
    fine = left(north, ana, "Rui Costa")
    template = make_template(account=north, category="marketing")
    wish = asked(sara, [gone_out, blocked, nameless, fine], template)
    recontacting.run(wish.id)

    assert outcome(wish) == (
        {"sent": 1, "skipped": 3},
        {
            "Asked for no marketing.": 1,
            "This contact is blocked.": 1,
            "No value for “Value 1”.": 1,
        },
    )


def test_the_page_says_the_same_beforehand(north, sara, ana):
    left(north, ana, consent="out", opted_out_at=utcnow())
    left(north, ana, "Rui Costa")
    make_template(account=north, category="marketing")
    (part,) = recontacting.plan_for(sara, {})

    assert part.going == 1
    assert sorted(one.reason for one in part.candidates) == ["", "Asked for no marketing."]


def test_a_value_for_all_stands_where_a_contact_has_none(north, sara, ana):
    talk = left(north, ana)
    template = make_template("visit", VISIT, account=north, parameter_format="named")
    given = {"body day": "Tuesday", "header 1": "40655", "button 1": "x", "body first_name": "All"}
    wish = asked(sara, [talk], template, **given)
    recontacting.run(wish.id)

    message = db.session.query(Message).filter_by(direction="out").one()
    assert message.text == "Hello Dana, shall we come on Tuesday?"


def test_a_crash_in_the_middle_neither_loses_nor_doubles(north, sara, ana):
    talks = [left(north, ana, f"Name{n} X") for n in range(3)]
    wish = asked(sara, talks, make_template(account=north))
    recontacting._next(wish.id)

    assert recontacting.due() == [wish.id]
    recontacting.run(wish.id)
    recontacting.run(wish.id)

    assert outcome(wish)[0] == {"sent": 3}
    assert db.session.query(Message).filter_by(direction="out").count() == 3
    assert recontacting.due() == []


def test_a_template_paused_meanwhile_stops_the_rest(north, sara, ana):
    talks = [left(north, ana, f"Name{n} X") for n in range(2)]
    template = make_template(account=north)
    wish = asked(sara, talks, template)
    recontacting._next(wish.id)
    change(template, status="paused")
    recontacting.run(wish.id)

    states, reasons = outcome(wish)
    assert states == {"sent": 1, "skipped": 1}
    assert reasons == {"The template parcel_new_attempt is paused by WhatsApp.": 1}


def test_one_somebody_has_dealt_with_or_writes_in_is_left_out(north, sara, ana, ben):
    dealt, busy = left(north, ana, "Dana W"), left(north, ana, "Rui C")
    wish = asked(sara, [dealt, busy], make_template(account=north))
    change(dealt, left_unanswered=False)
    make_interaction(north, busy.contact, owner=ben)
    recontacting.run(wish.id)

    assert outcome(wish)[1] == {
        "Somebody has dealt with it meanwhile.": 1,
        "Ben Agent is already writing with Rui.": 1,
    }


def test_an_agent_fills_no_more_than_their_places(north, ana):
    change(ana, capacity=1)
    talks = [left(north, ana, f"Name{n} X") for n in range(2)]
    wish = asked(ana, talks, make_template(account=north))
    recontacting.run(wish.id)

    states, reasons = outcome(wish)
    assert states == {"sent": 1, "skipped": 1}
    assert "All 1 of your places are taken" in next(iter(reasons))


def test_agents_see_their_own_and_leaders_all(north, ana, ben, sara):
    mine, his = left(north, ana), left(north, ben)

    assert recontacting.left_unanswered(ana) == [mine]
    assert {row.id for row in recontacting.left_unanswered(sara)} == {mine.id, his.id}


def test_a_template_that_needs_a_file_for_each_is_not_offered_for_many(north, sara, ana):
    left(north, ana)
    make_template("look", [{"type": "HEADER", "format": "IMAGE"}, *PLAIN], account=north)
    (part,) = recontacting.plan_for(sara, {})

    assert (part.template, part.going) == (None, 0)
    assert part.candidates[0].reason == "Northgate Care has no template that could go to all."


def test_from_the_list_to_the_result(north, sign_in, sara, ana):
    talk, other = left(north, ana), left(north, ana, "Rui Costa")
    template = make_template(account=north)
    desk = sign_in(sara)
    assert 'href="/inbox/recontact"' in desk.get("/?show=all").get_data(as_text=True)
    page = desk.get("/inbox/recontact").get_data(as_text=True)
    assert "2 of 2 can be written to" in page

    answer = desk.post(
        "/inbox/recontact",
        data={"interaction": [talk.id], f"template-{north.id}": template.id},
    )
    wish = db.session.query(Recontact).one()
    assert answer.headers["Location"] == f"/inbox/recontact/{wish.id}"
    assert "0 of 1 handled" in desk.get(answer.headers["Location"]).get_data(as_text=True)
    recontacting.run(wish.id)
    assert "1 handed on to be sent" in desk.get(answer.headers["Location"]).get_data(as_text=True)
    assert db.session.get(Interaction, other.id).left_unanswered
    assert sign_in(ana).get(f"/inbox/recontact/{wish.id}").status_code == 404
