import pytest

from tests.factories import make_interaction, make_queue, make_user
from tests.queues.test_offering import change, offer, rings
from tests.support.queries import counted_queries
from webapp.extensions import db
from webapp.queues.models import QueueMember
from webapp.staff import signing_in
from webapp.staff.models import AuditEntry, Presence, Role, SignIn, User

NEW_PASSWORD = "a longer secret 42"


@pytest.fixture
def desk(sign_in, admin):
    """A browser in which an admin is signed in."""
    return sign_in(admin)


def values(person=None, **changes):
    told = {"name": "Nora New", "email": "nora@example.com", "role": "agent", "capacity": "6"}
    if person is not None:
        told = {
            "name": person.name,
            "email": person.email,
            "role": person.role,
            "capacity": str(person.capacity),
        }
    return told | {"active": "y"} | changes


def without(told, name):
    return {key: value for key, value in told.items() if key != name}


def queues_of(user):
    rows = db.session.query(QueueMember).filter_by(user_id=user.id)
    return [row.queue_id for row in rows]


def fresh(user):
    db.session.expire_all()
    return db.session.get(User, user.id)


def test_the_list_shows_who_serves_what_and_how_they_are(desk, account, ana, ben):
    change(ben, presence=Presence.PAUSED, pause_reason="Lunch")
    make_interaction(account, owner=ana)
    page = desk.get("/people").text

    assert "Ana Agent" in page
    assert "1 of 6" in page
    assert "Lunch" in page
    assert "Support" in page


@pytest.mark.parametrize(
    ("question", "found", "left_out"),
    [("q=BEN", "Ben Agent", "Ana Agent"), ("role=supervisor", "Sara", "Ben Agent")],
)
def test_the_list_is_searched_and_filtered(desk, cast, question, found, left_out):
    page = desk.get(f"/people?{question}", headers={"HX-Request": "true"}).text

    assert found in page
    assert left_out not in page


def test_a_percent_sign_is_searched_for_as_it_is(desk, cast):
    assert "Nobody found" in desk.get("/people?q=%25").text


def test_pages_follow_each_other_by_key(desk, cast):
    for n in range(60):
        make_user(f"Person {n:02}")
    first = desk.get("/people").text
    after = first.split("after=")[1].split('"')[0]
    second = desk.get(f"/people?after={after}").text

    assert "Person 10" in first
    assert "Person 10" not in second
    assert "Person 59" in second


def test_the_list_costs_the_same_for_few_and_for_many(desk, cast):
    def cost():
        with counted_queries() as queries:
            desk.get("/people")
        return len(queries)

    few = cost()
    for n in range(20):
        make_queue(f"Queue {n}", [make_user(f"Person {n}")])

    assert cost() == few


def test_a_person_is_added_with_queues_and_can_sign_in(desk, queue):
    told = values(password=NEW_PASSWORD, queues=[queue.id])
    answer = desk.post("/people/add", data=told)

    assert answer.status_code == 303
    nora = signing_in.check("nora@example.com", NEW_PASSWORD)
    assert queues_of(nora) == [queue.id]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short"}, "at least 10 characters"),
        ({"password": ""}, "at least 10 characters"),
        ({"email": "nora"}, "Write an address like"),
        ({"email": "ANA@example.com"}, "has this email already"),
        ({"name": " "}, "Write the person&#39;s name."),
        ({"capacity": "-1"}, "from 0 to 200"),
        ({"capacity": "many"}, "Not a valid integer"),
        ({"role": "king"}, "Not a valid choice"),
        ({"queues": ["4711"]}, None),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_kept(desk, cast, wrong, said):
    answer = desk.post("/people/add", data=values(password=NEW_PASSWORD) | wrong)

    assert answer.status_code == 422
    assert said is None or said in answer.text
    assert signing_in.find_person("nora@example.com") is None


def test_changes_are_kept_and_leave_an_audit_row_without_the_password(desk, ana, admin):
    desk.post(f"/people/{ana.id}", data=values(ana, capacity="3", password=NEW_PASSWORD))

    entry = db.session.query(AuditEntry).one()
    assert (entry.actor_id, entry.action, entry.subject_id) == (admin.id, "changed", ana.id)
    assert entry.before["capacity"] == 6
    assert entry.after["capacity"] == 3
    assert entry.note == "password replaced"
    assert NEW_PASSWORD not in f"{entry.before}{entry.after}{entry.note}"


def test_saving_without_a_change_leaves_no_audit_row(desk, ana, queue):
    desk.post(f"/people/{ana.id}", data=values(ana, queues=[queue.id]))

    assert db.session.query(AuditEntry).count() == 0


def test_an_empty_password_keeps_the_old_one(desk, ana):
    before = ana.password_hash
    desk.post(f"/people/{ana.id}", data=values(ana, password=""))

    assert fresh(ana).password_hash == before


def test_a_new_password_signs_the_person_out_everywhere(desk, sign_in, ana):
    anas = sign_in(ana)
    desk.post(f"/people/{ana.id}", data=values(ana, password=NEW_PASSWORD))

    assert anas.get("/presence").status_code == 302


def test_changing_ones_own_password_keeps_this_browser(desk, sign_in, admin):
    other = sign_in(admin)
    desk.post(f"/people/{admin.id}", data=values(admin, password=NEW_PASSWORD))

    assert desk.get("/presence").status_code == 200
    assert other.get("/presence").status_code == 302


def test_whoever_is_switched_off_is_away_at_once(desk, sign_in, account, queue, ana, ben):
    anas = sign_in(ana)
    make_interaction(account, queue=queue)
    offer(queue)
    assert rings() == [ana.id]
    desk.post(f"/people/{ana.id}", data=without(values(ana, queues=[queue.id]), "active"))

    assert anas.get("/presence").status_code == 302
    assert fresh(ana).presence == Presence.OFFLINE
    assert rings() == []


def test_leaving_a_queue_ends_what_it_rings(desk, account, queue, ana):
    make_interaction(account, queue=queue)
    offer(queue)
    desk.post(f"/people/{ana.id}", data=values(ana))

    assert queues_of(ana) == []
    assert rings() == []


@pytest.mark.parametrize("change_", [{"role": "agent"}, {"active": None}])
def test_the_last_admin_stays_one(desk, admin, change_):
    told = {key: value for key, value in values(admin, **change_).items() if value is not None}
    answer = desk.post(f"/people/{admin.id}", data=told)

    assert answer.status_code == 422
    assert "last active administrator" in answer.text
    assert (fresh(admin).role, fresh(admin).active) == (Role.ADMIN, True)


def test_with_another_admin_one_may_step_down(desk, admin):
    make_user("Second", Role.ADMIN)
    desk.post(f"/people/{admin.id}", data=values(admin, role="supervisor"))

    assert fresh(admin).role == Role.SUPERVISOR


def test_a_switched_off_admin_does_not_count_as_another(desk, admin):
    make_user("Second", Role.ADMIN, active=False)

    assert desk.post(f"/people/{admin.id}", data=values(admin, role="agent")).status_code == 422


def test_supervisors_look_but_do_not_touch(sign_in, sara, ana):
    desk = sign_in(sara)

    assert "Save changes" not in desk.get(f"/people/{ana.id}").text
    assert desk.post(f"/people/{ana.id}", data=values(ana)).status_code == 403
    assert desk.get("/people/add").status_code == 403


def test_agents_see_no_people_page(sign_in, ana):
    assert sign_in(ana).get("/people").status_code == 403


def test_where_a_person_is_signed_in_is_shown_and_ended(desk, sign_in, admin, ana):
    anas = sign_in(ana)
    page = desk.get(f"/people/{ana.id}").text
    assert "Signed in on" in page
    row = db.session.query(SignIn).filter_by(user_id=ana.id).one()
    desk.post(f"/people/{ana.id}/sign-ins/{row.id}/end")

    assert anas.get("/presence").status_code == 302
    assert db.session.query(AuditEntry).one().action == "signed out"


def test_nobody_but_admins_ends_others_sign_ins(sign_in, sara, ana):
    sign_in(ana)
    row = db.session.query(SignIn).filter_by(user_id=ana.id).one()

    answer = sign_in(sara).post(f"/people/{ana.id}/sign-ins/{row.id}/end")
    assert answer.status_code == 403


def test_a_sign_in_is_ended_on_its_own_persons_page_only(desk, sign_in, ana, ben):
    sign_in(ana)
    row = db.session.query(SignIn).filter_by(user_id=ana.id).one()

    assert desk.post(f"/people/{ben.id}/sign-ins/{row.id}/end").status_code == 404


def test_a_name_with_markup_is_shown_as_text(desk, cast):
    make_user("<script>alert(1)</script>")

    assert "<script>alert" not in desk.get("/people").text


def test_a_pause_is_chosen_with_its_reason(sign_in, ana):
    desk = sign_in(ana)
    desk.post("/presence", data={"presence": "paused", "reason": "Training"})

    assert (fresh(ana).presence, fresh(ana).pause_reason) == (Presence.PAUSED, "Training")


def test_an_unknown_presence_is_refused(sign_in, ana):
    assert sign_in(ana).post("/presence", data={"presence": "asleep"}).status_code == 400


def test_preferences_are_kept_for_the_person(sign_in, ana):
    desk = sign_in(ana)
    desk.post("/preferences", data={"theme": "dark", "sounds": "off"})
    desk.post("/preferences", data={"shortcuts": "off"})

    person = fresh(ana)
    assert (person.theme, person.sounds, person.shortcuts) == ("dark", False, False)
