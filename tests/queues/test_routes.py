import csv
import html
import io
import re

import pytest

from tests.factories import make_interaction, make_queue, make_user, save
from tests.queues.test_offering import change, later, offer, rings
from tests.support.queries import counted_queries
from webapp.alarms.models import AlarmRule
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues.models import Offer, Queue, QueueMember, Strategy
from webapp.staff.models import AuditEntry

PART = {"HX-Request": "true"}


@pytest.fixture
def desk(sign_in, sara):
    """A browser in which a supervisor is signed in."""
    return sign_in(sara)


def values(**changes):
    return {
        "name": "Orders",
        "strategy": "rr_memory",
        "timeout": "20",
        "weight": "8",
        "reply_target": "60",
        "description": "Delivery",
    } | changes


def members(queue):
    rows = db.session.query(QueueMember).filter_by(queue_id=queue.id)
    return [row.user_id for row in rows.order_by(QueueMember.position)]


def test_the_list_shows_members_and_who_waits(desk, account, queue):
    make_interaction(account, queue=queue, waiting_since=later(-300))
    page = desk.get("/queues").text

    assert "2 available" in page
    assert "5 m 0" in page


def test_a_queue_without_members_is_pointed_out(desk, cast):
    make_queue("Partner desk")

    assert "Partner desk has no members." in desk.get("/queues").text


def test_the_list_costs_the_same_for_few_and_for_many(desk, account, cast):
    def cost():
        with counted_queries() as queries:
            desk.get("/queues")
        return len(queries)

    few = cost()
    for n in range(12):
        new = make_queue(f"Queue {n}", [make_user(f"Person {n}")])
        make_interaction(account, queue=new)

    assert cost() == few


def test_a_queue_is_added_with_its_members_in_order(desk, ana, ben):
    answer = desk.post("/queues/add", data=values(member=[str(ben.id), str(ana.id)]))

    assert answer.status_code == 303
    queue = db.session.query(Queue).filter_by(name="Orders").one()
    assert members(queue) == [ben.id, ana.id]
    assert (queue.timeout, queue.weight, queue.reply_target) == (20, 8, 60)
    assert db.session.query(AuditEntry).one().action == "added"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Write a name."),
        ({"name": "support"}, "Another queue has this name already."),
        ({"timeout": "4"}, "from 5 to 600"),
        ({"timeout": "601"}, "from 5 to 600"),
        ({"strategy": "loudest"}, "Not a valid choice"),
        ({"weight": "x"}, "Not a valid integer"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(desk, queue, wrong, said):
    answer = desk.post("/queues/add", data=values(**wrong))

    assert answer.status_code == 422
    assert said in answer.text
    assert db.session.query(Queue).count() == 1


def test_changes_are_kept_with_an_audit_row(desk, queue, ana, ben):
    told = values(name="Support", strategy="beep_all", member=[str(ben.id)])
    desk.post(f"/queues/{queue.id}", data=told)

    db.session.expire_all()
    assert db.session.get(Queue, queue.id).strategy == Strategy.BEEP_ALL
    entry = db.session.query(AuditEntry).one()
    assert entry.before["members"] == [ana.id, ben.id]
    assert entry.after["members"] == [ben.id]


@pytest.mark.parametrize(
    ("button", "order"),
    [("up-{ben}", "ben ana"), ("down-{ana}", "ben ana"), ("up-{ana}", "ana ben"),
     ("remove-{ana}", "ben"), ("add", "ana ben otto")],
)  # fmt: skip
def test_members_move_on_the_page_and_nothing_is_saved_yet(
    desk, queue, ana, ben, otto, button, order
):
    people = {"ana": ana.id, "ben": ben.id, "otto": otto.id}
    told = values(member=[ana.id, ben.id], change=button.format(**people), newcomer=otto.id)
    page = desk.post(f"/queues/{queue.id}", data=told)

    assert page.status_code == 200
    shown = [part.split('"')[0] for part in page.text.split('name="member" value="')[1:]]
    assert shown == [str(people[name]) for name in order.split()]
    assert members(queue) == [ana.id, ben.id]
    assert 'value="Orders"' in page.text


def test_a_member_removed_while_it_rings_rings_no_more(desk, account, queue, ana, ben):
    make_interaction(account, queue=queue)
    offer(queue)
    desk.post(f"/queues/{queue.id}", data=values(name="Support", member=[str(ben.id)]))

    assert rings() == []


def test_the_page_says_who_is_next(desk, queue, ana, ben):
    change(queue, last_offered_id=ana.id)
    page = desk.get(f"/queues/{queue.id}").text

    line = page.split("Who is next")[1]
    assert line.index("Ben Agent") < line.index("Ana Agent")


def test_a_queue_that_an_account_leads_to_is_not_deleted(desk, queue):
    desk.post(f"/queues/{queue.id}/delete")

    assert db.session.get(Queue, queue.id) is not None
    assert "Northgate Care leads here." in desk.get(f"/queues/{queue.id}").text


def test_a_queue_that_conversations_went_through_is_not_deleted(desk, account, cast):
    other = make_queue("Orders")
    make_interaction(account, queue=other)
    desk.post(f"/queues/{other.id}/delete")

    assert db.session.get(Queue, other.id) is not None


def test_a_queue_that_an_alarm_watches_is_not_deleted(desk):
    other = make_queue("Orders")
    save(AlarmRule(name="Too many wait", figure="waiting", scope="queue", queue_id=other.id))
    desk.post(f"/queues/{other.id}/delete")

    assert db.session.get(Queue, other.id) is not None
    assert "The alarm Too many wait watches this queue." in desk.get(f"/queues/{other.id}").text


def test_a_queue_nobody_needs_is_deleted_with_its_members(desk, ana):
    other = make_queue("Orders", [ana])
    desk.post(f"/queues/{other.id}/delete")

    assert db.session.query(Queue).filter_by(name="Orders").count() == 0
    assert db.session.query(AuditEntry).one().action == "deleted"


def test_agents_do_not_set_up_queues(sign_in, ana, queue):
    desk = sign_in(ana)

    assert desk.get("/queues").status_code == 403
    assert desk.post("/queues/add", data=values()).status_code == 403
    assert desk.post(f"/queues/{queue.id}/delete").status_code == 403


def rung(account, queue):
    interaction = make_interaction(account, queue=queue, last_text="Is anyone there?")
    offer(queue)
    return interaction, db.session.query(Offer).filter_by(interaction_id=interaction.id).first()


def test_an_agent_sees_ones_own_offers_only(sign_in, account, queue, ana, ben):
    rung(account, queue)

    assert "Is anyone there?" in sign_in(ana).get("/offers", headers=PART).text
    assert "Is anyone there?" not in sign_in(ben).get("/offers", headers=PART).text


def test_accepting_leads_to_the_conversation(sign_in, account, queue, ana):
    interaction, ringing = rung(account, queue)
    answer = sign_in(ana).post(f"/offers/{ringing.id}/accept")

    assert (answer.status_code, answer.location) == (303, f"/inbox/{interaction.id}")
    assert db.session.get(Interaction, interaction.id).owner_id == ana.id


def test_who_comes_too_late_is_told_who_was_faster(sign_in, account, queue, ana, ben):
    change(queue, strategy=Strategy.BEEP_ALL)
    interaction, _ = rung(account, queue)
    ids = {row.user_id: row.id for row in db.session.query(Offer)}
    sign_in(ben).post(f"/offers/{ids[ben.id]}/accept")
    answer = sign_in(ana).post(f"/offers/{ids[ana.id]}/accept", headers=PART)

    assert answer.status_code == 409
    assert "Ben took this conversation" in answer.headers["HX-Trigger"]
    assert "Is anyone there?" not in answer.text
    assert db.session.get(Interaction, interaction.id).owner_id == ben.id


def test_a_full_agent_is_told_so_and_the_offer_stays(sign_in, account, queue, ana):
    interaction, ringing = rung(account, queue)
    change(ana, capacity=1)
    make_interaction(account, owner=ana)
    answer = sign_in(ana).post(f"/offers/{ringing.id}/accept", headers=PART)

    assert answer.status_code == 409
    assert "places are taken" in answer.headers["HX-Trigger"]
    assert "Is anyone there?" in answer.text
    assert db.session.get(Interaction, interaction.id).owner_id is None


def test_taking_what_a_colleague_has_is_refused_with_the_name(sign_in, account, queue, ana, ben):
    interaction = make_interaction(account, owner=ana, queue=queue, assigned_at=later(0))
    answer = sign_in(ben).post(f"/inbox/{interaction.id}/take", headers=PART)

    assert answer.status_code == 409
    assert "Ana took this conversation" in answer.text


def test_nobody_answers_anothers_offer(sign_in, account, queue, ben):
    _, ringing = rung(account, queue)
    desk = sign_in(ben)

    assert desk.post(f"/offers/{ringing.id}/accept").status_code == 404
    assert desk.post(f"/offers/{ringing.id}/pass").status_code == 404


def test_passing_stops_the_ringing(sign_in, account, queue, ana):
    _, ringing = rung(account, queue)
    answer = sign_in(ana).post(f"/offers/{ringing.id}/pass", headers=PART)

    assert "Is anyone there?" not in answer.text
    assert rings() == []


def test_a_member_takes_what_waits(sign_in, account, queue, ben):
    interaction = make_interaction(account, queue=queue)
    answer = sign_in(ben).post(f"/inbox/{interaction.id}/take")

    assert answer.status_code == 303
    assert db.session.get(Interaction, interaction.id).owner_id == ben.id


def test_an_outsider_does_not_even_learn_that_it_exists(sign_in, account, queue, otto):
    interaction = make_interaction(account, queue=queue)

    assert sign_in(otto).post(f"/inbox/{interaction.id}/take").status_code == 404


def shown(page):
    return re.findall(r'class="rowlink"[^>]*>([^<]+)<', page)


@pytest.fixture
def three(account, cast, ana, ben):
    """Support with two members and nobody waiting; Orders rings all; Night has no members."""
    orders = make_queue("Orders", [ben], weight=9, strategy=Strategy.BEEP_ALL)
    make_queue("Night", weight=4)
    make_interaction(account, queue=orders, waiting_since=later(-60))


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["Night", "Orders", "Support"]),
        ("-name", ["Support", "Orders", "Night"]),
        ("-weight", ["Orders", "Night", "Support"]),
        ("members", ["Night", "Orders", "Support"]),
        ("-waiting", ["Orders", "Night", "Support"]),
    ],
)
def test_the_list_is_sorted_by_what_stands_in_it(desk, three, sort, order):
    change(db.session.query(Queue).filter_by(name="Support").one(), weight=1)
    assert shown(desk.get(f"/queues?sort={sort}").text) == order


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("strategy=beep_all", ["Orders"]),
        ("strategy=loudest", []),
        ("members=none", ["Night"]),
        ("members=some", ["Orders", "Support"]),
        ("q=SUPP", ["Support"]),
        ("q=%25", []),
    ],
)
def test_the_list_is_searched_and_filtered_by_its_address(desk, three, question, found):
    assert shown(desk.get(f"/queues?{question}").text) == found


def test_queues_follow_each_other_by_key_whatever_they_are_sorted_by(desk, cast):
    for number in range(60):
        make_queue(f"Desk {number:02}", weight=number % 3)
    first = desk.get("/queues?sort=-weight").text
    following = re.search(r'href="(/queues\?[^"]*after=[^"]*)" aria-label="Next', first)[1]
    second = desk.get(html.unescape(following)).text

    assert len(shown(first)) == 50
    assert sorted(shown(first) + shown(second)) == sorted(
        ["Support"] + [f"Desk {number:02}" for number in range(60)]
    )


def test_the_live_part_asks_for_the_same_view_and_leaves_the_open_menus_alone(desk, three):
    part = desk.get("/queues?strategy=beep_all&sort=-name", headers=PART).text
    address = html.unescape(re.search(r'data-live="inbox" hx-get="([^"]+)"', part)[1])
    live = desk.get(address, headers=PART).text

    assert shown(live) == ["Orders"]
    assert 'id="chips-queues"' in part
    assert 'id="chips-queues"' not in live


def test_the_ticked_queues_are_downloaded_with_their_members_and_who_waits(desk, three):
    orders = db.session.query(Queue).filter_by(name="Orders").one()
    answer = desk.post("/queues/export", data={"id": [orders.id]}, buffered=True)
    lines = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))

    assert answer.headers["Content-Disposition"] == "attachment; filename=queues.csv"
    assert [line["Queue"] for line in lines] == ["Orders"]
    assert lines[0]["Members"] == "Ben Agent"
    assert (lines[0]["Weight"], lines[0]["Waiting"]) == ("9", "1")


def test_all_queues_that_match_are_downloaded(desk, three):
    answer = desk.post("/queues/export", data={"all": "1", "query": "members=some"}, buffered=True)

    assert "Support" in answer.text and "Orders" in answer.text
    assert "Night" not in answer.text


def test_a_supervisor_shows_another_column_of_queues(desk, three):
    assert "Reply target" not in desk.get("/queues", headers=PART).text
    desk.post("/tables/queues/columns", data={"column": ["name", "target"]})
    part = desk.get("/queues", headers=PART).text

    assert 'data-label="Reply target"' in part
    assert 'data-label="Weight"' not in part
