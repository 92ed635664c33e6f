"""Many people switched off or on at once, each by the rules that hold for one."""

import pytest

from tests.factories import make_user
from webapp.extensions import db
from webapp.settings import plan, values
from webapp.staff.models import AuditEntry, Presence, Role, SignIn, User
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def desk(sign_in, admin):
    return sign_in(admin)


def switch(browser, to, *whom, **data):
    data = {"id": [person.id for person in whom]} | data
    return browser.post(f"/people/switch-{to}", data=data, follow_redirects=True).text


def active(person):
    db.session.expire_all()
    return db.session.get(User, person.id).active


def entries(person):
    rows = db.session.query(AuditEntry).filter_by(subject_id=person.id, action="changed")
    return [(row.before, row.after) for row in rows]


def allow_seats(seats):
    with unit_of_work():
        held = plan.Plan(kind=plan.Kind.BOTH, seats=seats, expires_at=None)
        values.put("plan", held.stored, by="test")
    return seats


def test_the_ticked_people_are_switched_off_and_the_answer_counts_them(desk, ana, ben, otto):
    page = switch(desk, "off", ana, ben)

    assert "2 people switched off." in page
    assert (active(ana), active(ben), active(otto)) == (False, False, True)
    assert entries(ana) == [({"active": True}, {"active": False})]
    assert entries(otto) == []


def test_whoever_is_switched_off_with_others_is_away_and_signed_out(desk, sign_in, ana, ben):
    theirs = sign_in(ana)
    switch(desk, "off", ana, ben)

    assert theirs.get("/").status_code == 302
    assert db.session.query(SignIn).filter_by(user_id=ana.id, ended_at=None).count() == 0
    assert db.session.get(User, ben.id).presence == Presence.OFFLINE


def test_those_who_were_off_already_are_counted_apart_and_leave_no_audit_row(desk, ana):
    gone = make_user("Gone", active=False)
    page = switch(desk, "off", ana, gone)

    assert "1 person switched off. 1 was off already." in page
    assert entries(gone) == []


def test_the_last_admin_is_refused_by_name_and_the_others_are_not_held_up(desk, admin, ana):
    page = switch(desk, "off", admin, ana)

    assert "1 person switched off." in page
    assert f"Not switched off: {admin.name}. This is the last active administrator." in page
    assert (active(admin), active(ana)) == (True, False)


def test_nobody_locks_themself_out_with_others(desk, admin):
    second = make_user("Second", Role.ADMIN)
    page = switch(desk, "off", admin, second)

    assert f"Not switched off: {admin.name}. That is you: switch yourself off" in page
    assert (active(admin), active(second)) == (True, False)


def test_seats_are_given_as_long_as_there_are_any(desk, cast):
    seats = allow_seats(plan.people_counted() + 1)
    one, two = (make_user(name, active=False) for name in ("First Out", "Later Out"))
    page = switch(desk, "on", one, two)

    assert "1 person switched on." in page
    assert f"Not switched on: Later Out. Your plan has {seats} seats" in page
    assert (active(one), active(two)) == (True, False)


def test_many_refused_ones_are_named_up_to_a_few(desk, cast):
    allow_seats(plan.people_counted())
    out = [make_user(f"Out {number}", active=False) for number in range(8)]

    assert "Out 0, Out 1, Out 2, Out 3, Out 4 and 3 more." in switch(desk, "on", *out)


def test_all_that_match_are_switched_beyond_one_page(desk, cast):
    crowd = [make_user(f"Crowd {number:03}") for number in range(60)]
    page = switch(desk, "off", all="1", query="q=Crowd&state=offline")
    assert "Nobody was switched off." in page

    page = switch(desk, "off", all="1", query="q=Crowd")
    assert "60 people switched off." in page
    assert not any(active(person) for person in crowd[:3])
    assert active(cast.ana)


def test_switching_them_on_again_goes_by_the_same_view(desk, ana, ben):
    switch(desk, "off", ana, ben)
    page = switch(desk, "on", all="1", query="state=off")

    assert "2 people switched on." in page
    assert active(ana) and active(ben)


def test_only_admins_switch_people(sign_in, sara, ana):
    browser = sign_in(sara)

    assert browser.post("/people/switch-off", data={"id": [ana.id]}).status_code == 403
    assert "switch-off" not in browser.get("/people").text
    assert active(ana)
