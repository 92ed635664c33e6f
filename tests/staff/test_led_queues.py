"""A supervisor who leads some queues sees and steers nothing of the others, wherever it stands."""

import csv
import io
import re

import pytest
from sqlalchemy import select

from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_message,
    make_queue,
    make_user,
    save,
)
from webapp.alarms.models import Alarm, AlarmRule
from webapp.analytics import board, choosing, looking, past, realtime
from webapp.analytics.models import BoardLink
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing
from webapp.inbox.models import CloseReason, Interaction
from webapp.queues import accepting, members, transferring
from webapp.queues.models import Offer, OfferState, Queue
from webapp.reports import making
from webapp.reports.models import ReportFile
from webapp.settings.zone import time_zone
from webapp.staff import access, assigning
from webapp.staff.models import AuditEntry, Presence, Role, SignIn, User
from webapp.unit_of_work import unit_of_work

OURS, THEIRS = "Dana Whitlock", "Amara Okoye"
PAGES = (
    "/inbox/list?show=all",
    "/inbox/list?show=queues",
    "/queues",
    "/board",
    "/board?tab=queues",
    "/board?tab=agents",
    "/board?tab=conversations",
    "/board?tab=conversations&show=open",
    "/board/now",
    "/board/behind/waiting",
    "/board/behind/open",
    "/board/behind/begun?period=today",
    "/board/past",
    "/board/links",
    "/alarms",
    "/alarms/open",
    "/reports?period=today",
    "/reports/queues?period=today",
    "/reports/agents?period=today",
    "/reports/states?period=today",
)


@pytest.fixture
def orders(cast):
    """Otto's queue, in which Amara waits; Sara leads Support alone, where Dana does."""
    queue = make_queue("Orders", [cast.otto])
    for name, where in ((OURS, cast.queue), (THEIRS, queue)):
        talk = make_interaction(cast.account, make_contact(name), queue=where)
        make_message(talk, f"{name} asks")
    lead(cast.sara, [cast.queue.id])
    return queue


def lead(person, queue_ids, by="test"):
    with unit_of_work():
        return assigning.assign(db.session.get(User, person.id), queue_ids, by)


def talk_of(name):
    return db.session.scalars(
        select(Interaction).where(Interaction.contact_name.contains(name))
    ).one()


def computed():
    realtime.watch()
    realtime.Board().tick()
    db.session.rollback()


def text_of(answer, status=200):
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def make_alarm(queue):
    rule = save(AlarmRule(name="Too many", figure="waiting", scope="queue", bound=1))
    now = utcnow()
    return save(
        Alarm(
            rule_id=rule.id, subject=f"queue:{queue.id}", name=queue.name, bound=1, value=5,
            worst=5, began_at=now, seen_at=now, fired_at=now, told_at=now,
        )
    )  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_what_stands_on_a_page_is_of_the_queues_they_lead(sign_in, cast, orders, path):
    make_alarm(orders)
    computed()
    page = text_of(sign_in(cast.sara).get(path))
    for theirs in ("Orders", THEIRS, "Amara", "Otto"):
        assert theirs not in page
    assert "Orders" in text_of(sign_in(cast.admin).get(path)) or "Amara" in text_of(
        sign_in(cast.admin).get(path)
    )


def test_without_an_assignment_a_supervisor_sees_all(sign_in, cast, orders):
    lead(cast.sara, None)
    computed()
    page = text_of(sign_in(cast.sara).get("/board?tab=conversations&show=open"))
    assert "Dana" in page and "Amara" in page
    assert access.led_queues(cast.sara) is None


def test_what_they_answer_themselves_stays_theirs_in_the_inbox(sign_in, cast, orders):
    talk = talk_of("Amara")
    change(talk, owner_id=cast.sara.id, state="assigned")
    computed()
    assert "Amara" in text_of(sign_in(cast.sara).get("/inbox/list?show=mine"))
    # The board is made once for all who lead the same queues.
    assert "Amara" not in text_of(sign_in(cast.sara).get("/board?tab=conversations&show=open"))


def test_counts_and_sums_of_the_board_are_of_their_queues(cast, orders):
    make_interaction(cast.account, make_contact("Nobody's"), state="unmanaged")
    snapshot = board_at_now()
    led = choosing.DEFAULT._replace(led=(cast.queue.id,))
    view, all_of_it = (board.View(snapshot, choice) for choice in (led, choosing.DEFAULT))
    assert (view.counts["waiting"], all_of_it.counts["waiting"]) == (1, 2)
    assert (view.counts["unmanaged"], all_of_it.counts["unmanaged"]) == (0, 1)
    assert [row.name for row in view.queues] == ["Support"]
    assert {agent.name for agent in view.agents} == {"Ana Agent", "Ben Agent"}
    assert (view.account_rows[0].open, all_of_it.account_rows[0].open) == (1, 3)
    assert view.names["queue"] == [(cast.queue.id, "Support")]
    assert "led" not in led.address()


def board_at_now():
    return past.snapshot(utcnow(), time_zone())


def test_who_leads_the_same_gets_the_same_bytes_and_who_leads_other_queues_others(
    sign_in, cast, orders
):
    sam, olga = (make_user(name, Role.SUPERVISOR) for name in ("Sam", "Olga"))
    lead(sam, [cast.queue.id])
    lead(olga, [orders.id])
    computed()
    tags = [sign_in(one).get("/board/now").headers["ETag"] for one in (cast.sara, sam, olga)]
    assert tags[0] == tags[1] != tags[2]


def test_a_board_that_was_let_in_ends_soon_after_the_assignment_changes(sign_in, cast, orders):
    browsers = [sign_in(cast.sara), sign_in(cast.admin)]
    for browser in browsers:
        browser.get("/board/now")
    ids = db.session.scalars(select(SignIn.id)).all()
    before = access.queues_led_by(ids)
    assert set(before.values()) == {None, (cast.queue.id,)}
    for id, led in before.items():
        looking.admit(f"cookie {id}", "", id, ("key",), led)
    lead(cast.sara, [orders.id])
    looking.renew(set(ids), access.queues_led_by(ids))
    let_in = [id for id in ids if (f"cookie {id}", "") in looking._admitted]
    assert [before[id] for id in let_in] == [None]


@pytest.mark.parametrize("act", ["", "/assign", "/transfer", "/take", "/close"])
def test_a_conversation_of_another_queue_cannot_be_steered(sign_in, cast, orders, act):
    theirs, ours = (f"/board/conversations/{talk_of(name).id}{act}" for name in ("Amara", "Dana"))
    browser = sign_in(cast.sara)
    assert browser.get(theirs).status_code == 404
    assert browser.get(ours).status_code == 200
    if act:
        assert browser.post(theirs, data={"user": cast.ana.id}).status_code == 404
    assert talk_of("Amara").owner_id is None


def test_nor_taken_opened_or_listened_to(sign_in, cast, orders):
    theirs, browser = talk_of("Amara"), sign_in(cast.sara)
    assert browser.get(f"/inbox/{theirs.id}").status_code == 404
    assert browser.post(f"/inbox/{theirs.id}/take").status_code == 404
    passport = f"/inbox/{theirs.id}/messages/{theirs.last_message_id}/passport"
    assert browser.get(passport).status_code == 404
    assert sign_in(cast.admin).get(passport).status_code == 200
    assert not access.may_watch(cast.sara, f"interaction:{theirs.id}")
    assert not access.may_watch(cast.sara, f"queue:{orders.id}")
    assert access.may_watch(cast.sara, f"queue:{cast.queue.id}")


@pytest.mark.parametrize("path", ["", "/pause", "/queues", "/day", "/day.csv"])
def test_people_who_serve_other_queues_alone_are_not_theirs_to_look_at(sign_in, cast, orders, path):
    browser = sign_in(cast.sara)
    assert browser.get(f"/board/agents/{cast.otto.id}{path}").status_code == 404
    assert browser.get(f"/board/agents/{cast.ana.id}{path}").status_code == 200


@pytest.mark.parametrize("act", ["pause", "unpause", "sign-out", "queues"])
def test_nor_to_steer(sign_in, cast, orders, act):
    assert sign_in(cast.sara).post(f"/board/agents/{cast.otto.id}/{act}").status_code == 404
    assert db.session.get(User, cast.otto.id).presence == Presence.AVAILABLE


def test_a_conversation_is_given_to_those_alone_whom_they_lead(sign_in, cast, orders):
    browser, path = sign_in(cast.sara), f"/board/conversations/{talk_of('Dana').id}/assign"
    assert "Otto" not in text_of(browser.get(path))
    assert browser.post(path, data={"user": cast.otto.id}).status_code == 404
    browser.post(path, data={"user": cast.ben.id})
    assert talk_of("Dana").owner_id == cast.ben.id


def test_an_agent_s_queues_that_others_lead_stay_as_they_are(sign_in, cast, orders):
    with unit_of_work():
        members.set_queues(db.session.get(User, cast.ana.id), [cast.queue.id, orders.id])
    browser, path = sign_in(cast.sara), f"/board/agents/{cast.ana.id}/queues"
    assert "Orders" not in text_of(browser.get(path))
    browser.post(path, data={})
    assert members.queue_ids_of(cast.ana.id) == [orders.id]
    assert browser.post(f"/board/agents/{cast.ben.id}/queues", data={"queue": orders.id})
    assert members.queue_ids_of(cast.ben.id) == []


def test_a_queue_of_others_has_no_page_and_one_they_add_is_theirs(sign_in, cast, orders):
    browser = sign_in(cast.sara)
    for path in (f"/queues/{orders.id}", f"/queues/{orders.id}/delete"):
        assert browser.post(path).status_code == 404
    form = {"name": "Returns", "strategy": "rr_memory", "timeout": 30, "weight": 0}
    added = browser.post("/queues/add", data=form | {"reply_target": 120})
    assert added.status_code == 303
    assert text_of(browser.get(added.location)).count("Returns")
    assert len(access.led_queues(cast.sara)) == 2


def test_an_alarm_on_another_queue_cannot_be_acknowledged_and_one_on_all_is_seen(
    sign_in, cast, orders
):
    alarm, browser = make_alarm(orders), sign_in(cast.sara)
    assert browser.post(f"/alarms/{alarm.id}/acknowledge").status_code == 404
    change(alarm, subject="", name="")
    change(db.session.get(AlarmRule, alarm.rule_id), scope="all")
    assert "All queues" in text_of(browser.get("/alarms/open"))


def lines(answer):
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_who_left_their_queue_keeps_a_row_for_what_they_did_there(sign_in, cast, orders):
    with unit_of_work():
        talk = db.session.get(Interaction, talk_of("Dana").id)
        accepting.give(talk, cast.ana, by=cast.admin)
        members.set_queues(db.session.get(User, cast.ana.id), [orders.id])
    browser = sign_in(cast.sara)
    told = lines(browser.get("/reports/agents.csv?period=today", buffered=True))
    [row] = [one for one in told if one["Agent"] == "Ana Agent"]
    assert (row["Conversations"], row["Signed in (seconds)"]) == ("1", "")
    assert "Ana Agent" in text_of(browser.get("/reports?period=today"))
    assert "Ana Agent" in text_of(browser.get(f"/reports/agents?period=today&agent={cast.ana.id}"))


@pytest.mark.parametrize("narrowed", ["", "&queue={orders}"])
def test_reports_count_their_queues_alone_whatever_the_address_says(
    sign_in, cast, orders, narrowed
):
    address = f"?period=today{narrowed.format(orders=orders.id)}"
    counted = {}
    for person in (cast.sara, cast.admin):
        browser = sign_in(person)
        [talks] = lines(browser.get(f"/reports/conversations.csv{address}", buffered=True))
        [messages] = lines(browser.get(f"/reports/messages.csv{address}", buffered=True))
        counted[person.role] = (talks["Begun"], messages["Received"])
    if narrowed:
        assert counted == {"supervisor": ("0", "0"), "admin": ("1", "1")}
    else:
        assert counted == {"supervisor": ("1", "1"), "admin": ("2", "2")}


@pytest.mark.parametrize("listing", ["every-conversation", "every-message"])
def test_files_hold_what_their_owner_leads_when_they_are_made(sign_in, cast, orders, listing):
    lead(cast.sara, None)
    browser = sign_in(cast.sara)
    browser.post("/reports/files", data={"listing": listing, "format": "csv", "period": "today"})
    lead(cast.sara, [cast.queue.id])
    file = db.session.scalars(select(ReportFile)).one()
    making.make(file.id)
    found = lines(browser.get(f"/reports/files/{file.id}", buffered=True))
    assert [line["Contact"] for line in found] == [OURS]


def test_a_tv_shows_no_more_than_whoever_made_its_address_sees(sign_in, client, cast, orders):
    computed()
    browser = sign_in(cast.sara)
    page = text_of(browser.post("/board/links", data={"name": "Second floor", "queue": ""}))
    path = page.split('id="tv-address">http://localhost')[1].split("<")[0]
    assert "Support" in text_of(client.get(path))
    assert "Orders" not in text_of(client.get(path))
    lead(cast.sara, [orders.id])
    assert "Orders" in text_of(client.get(path))


def test_links_of_others_are_neither_listed_nor_revoked(sign_in, cast, orders):
    sign_in(cast.admin).post("/board/links", data={"name": "Foyer"})
    link, browser = db.session.scalars(select(BoardLink)).one(), sign_in(cast.sara)
    assert "Foyer" not in text_of(browser.get("/board/links"))
    assert browser.post(f"/board/links/{link.id}/revoke").status_code == 404


def form_of(person, **changes):
    told = {"name": person.name, "email": person.email, "role": person.role, "capacity": 6}
    return told | {"active": "y", "leads_all": "all"} | changes


def test_an_admin_chooses_the_queues_on_the_person_s_page(sign_in, cast, orders):
    browser, path = sign_in(cast.admin), f"/people/{cast.sara.id}"
    browser.post(path, data=form_of(cast.sara, leads_all="some", led=[orders.id]))
    assert access.led_queues(db.session.get(User, cast.sara.id)) == (orders.id,)
    page = text_of(browser.get(path))
    assert re.search(f'<input checked[^>]* name="led"[^>]* value="{orders.id}"', page)
    noted = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (noted.before, noted.after) == ({"leads": [cast.queue.id]}, {"leads": [orders.id]})


def test_only_these_and_none_is_refused(sign_in, cast, orders):
    answer = sign_in(cast.admin).post(
        f"/people/{cast.sara.id}", data=form_of(cast.sara, leads_all="some")
    )
    assert "Choose at least one queue, or all of them." in text_of(answer, 422)


def test_a_queue_that_is_deleted_widens_nobody_s_view(cast):
    queue = make_queue("Short-lived")
    lead(cast.sara, [queue.id])
    with unit_of_work():
        db.session.delete(db.session.get(Queue, queue.id))
    assert access.led_queues(db.session.get(User, cast.sara.id)) == ()


def test_an_admin_leads_all_whatever_was_chosen_before(cast, orders):
    change(cast.sara, role=Role.ADMIN)
    assert access.led_queues(cast.sara) is None


@pytest.fixture
def both(cast, orders):
    """Ana serves Orders as well, and has accepted and closed Amara's conversation there."""
    with unit_of_work():
        members.set_queues(db.session.get(User, cast.ana.id), [cast.queue.id, orders.id])
    theirs = talk_of("Amara")
    with unit_of_work():
        offer = Offer(interaction_id=theirs.id, queue_id=orders.id, user_id=cast.ana.id)
        offer.offered_at = offer.ended_at = utcnow()
        offer.expires_at, offer.state = utcnow(), OfferState.ACCEPTED
        db.session.add(offer)
        talk = db.session.get(Interaction, theirs.id)
        accepting.give(talk, cast.ana, by=cast.admin)
        closing.close(talk, CloseReason.AGENT, by=cast.ana)
    return theirs


@pytest.mark.parametrize("path", ["day", "day.csv"])
def test_an_agent_s_day_names_nobody_of_queues_they_do_not_lead(sign_in, cast, both, path):
    path = f"/board/agents/{cast.ana.id}/{path}"
    page = text_of(sign_in(cast.sara).get(path))
    assert "Amara" not in page and "Orders" not in page
    assert "In another queue" in page
    assert "Amara" in text_of(sign_in(cast.admin).get(path))


def test_an_agent_s_figures_of_the_day_are_of_the_queues_they_lead(sign_in, cast, both):
    path = f"/board/agents/{cast.ana.id}"
    for person, closed in ((cast.sara, 0), (cast.admin, 1)):
        page = text_of(sign_in(person).get(path))
        assert re.search(rf'id="tile-closed"(?:(?!id="tile-).)*tile__value num">{closed}<', page)


def test_an_agent_s_figures_on_the_board_are_of_the_queues_they_lead(cast, both):
    snapshot = board_at_now()
    led = choosing.DEFAULT._replace(led=(cast.queue.id,))
    for choice, closed in ((led, 0), (choosing.DEFAULT, 1)):
        [ana] = [one for one in board.View(snapshot, choice).agents if one.id == cast.ana.id]
        assert (ana.count("closed"), ana.count("offers_accepted")) == (closed, closed)


@pytest.mark.parametrize("act", ["assign", "transfer", "take", "close"])
def test_who_serves_a_queue_without_leading_it_steers_nothing_there(sign_in, cast, orders, act):
    """As its agent they see what waits there and what colleagues have, no more."""
    with unit_of_work():
        members.set_queues(db.session.get(User, cast.sara.id), [orders.id])
    theirs = talk_of("Amara")
    with unit_of_work():
        accepting.give(db.session.get(Interaction, theirs.id), cast.otto, by=cast.admin)
    browser, data = sign_in(cast.sara), {"user": cast.sara.id, "queue": cast.queue.id}
    path = f"/board/conversations/{theirs.id}/{act}"
    assert browser.get(path).status_code == browser.post(path, data=data).status_code == 404
    browser.post(f"/inbox/{theirs.id}/take")
    found = talk_of("Amara")
    assert (found.owner_id, found.queue_id, found.state) == (cast.otto.id, orders.id, "assigned")


def test_what_a_figure_counts_stands_behind_it_wherever_it_went_before(sign_in, cast, orders):
    """Amara was accepted in Orders and waits in Support now: no acceptance of Support's."""
    theirs = talk_of("Amara")
    with unit_of_work():
        talk = db.session.get(Interaction, theirs.id)
        accepting.give(talk, cast.otto, by=cast.admin)
        transferring.to_queue(talk, db.session.get(Queue, cast.queue.id), cast.admin)
    computed()
    page = text_of(sign_in(cast.sara).get("/board/behind/accepted?period=today"))
    assert "Amara" not in page
    assert "Amara" in text_of(sign_in(cast.sara).get("/board/behind/waiting"))


def test_a_team_that_is_gone_shows_nothing_and_not_all(cast, orders):
    view = board.View(board_at_now(), choosing.DEFAULT._replace(team=404))
    assert (view.counts["waiting"], view.queues, view.agents) == (0, [], [])


def test_a_file_made_before_the_assignment_was_narrowed_is_not_handed_out(sign_in, cast, orders):
    ours, theirs = cast.queue.id, orders.id
    lead(cast.sara, None)
    browser = sign_in(cast.sara)
    told = {"listing": "every-conversation", "format": "csv", "period": "today"}
    browser.post("/reports/files", data=told)
    file = db.session.scalars(select(ReportFile)).one()
    making.make(file.id)
    assert browser.get(f"/reports/files/{file.id}").status_code == 200
    lead(cast.sara, [ours])
    assert "other queues" in text_of(browser.get(f"/reports/files/{file.id}"), 403)
    assert f'href="/reports/files/{file.id}"' not in text_of(browser.get("/reports/files"))
    lead(cast.sara, [ours, theirs])
    assert browser.get(f"/reports/files/{file.id}").status_code == 403
    lead(cast.sara, None)
    assert browser.get(f"/reports/files/{file.id}").status_code == 200
