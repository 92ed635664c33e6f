"""A TV shows figures to whoever has its address, nothing of customers, until it is revoked."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webapp.alarms.models import Alarm, AlarmRule
from webapp.analytics import links, realtime
from webapp.analytics.choosing import Choice
from webapp.analytics.models import BoardLink
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def computed(cast, account, queue):
    contact = factories.make_contact("Dana Whitlock")
    factories.make_interaction(account, contact, queue=queue, last_text="My card number is")
    realtime.watch()
    realtime.Board().tick()
    db.session.rollback()


def address_from(page):
    found = re.search(
        r'id="tv-address">http://[^/]+(/board/tv/[^<]+)<', page.get_data(as_text=True)
    )
    return found.group(1)


def test_the_address_works_signed_out_and_dies_when_revoked(sign_in, client, sara, computed):
    leader = sign_in(sara)
    path = address_from(leader.post("/board/links", data={"name": "Second floor"}))
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/now").status_code == 200

    link = db.session.scalar(select(BoardLink))
    assert link.seen_at is not None
    leader.post(f"/board/links/{link.id}/revoke")
    assert client.get(path).status_code == client.get(f"{path}/now").status_code == 404
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["added", "revoked"]


def test_it_shows_figures_and_nothing_of_people(sign_in, client, sara, computed):
    path = address_from(sign_in(sara).post("/board/links", data={"name": "Second floor"}))
    page = client.get(path).get_data(as_text=True)

    assert "Support" in page
    assert "Second floor" in page
    for private in ("Dana", "card number", "Ana Agent", "Northgate Care", "/inbox"):
        assert private not in page


def test_a_long_wait_is_told_in_minutes_and_fits(sign_in, client, sara, account, queue):
    long_ago = utcnow() - timedelta(minutes=21, seconds=30)
    factories.make_interaction(account, queue=queue, waiting_since=long_ago)
    realtime.watch()
    realtime.Board().tick()
    db.session.rollback()
    leader = sign_in(sara)
    path = address_from(leader.post("/board/links", data={"name": "Second floor"}))
    minutes = '<span class="tile__value num">21<small>m</small>'

    assert f"{minutes}</span>" in client.get(path).get_data(as_text=True)
    assert f"{minutes} 3" in leader.get("/board").get_data(as_text=True)


def test_the_secret_is_kept_as_a_hash_alone(app, sara):
    with unit_of_work():
        link, secret = links.make("Second floor", Choice(), sara)
    assert secret not in str(vars(link))
    assert links.find(secret).id == link.id
    assert links.find("another") is None


def test_an_address_ends_when_it_should(app, sara):
    with unit_of_work():
        _, secret = links.make("Trade fair", Choice(), sara, days=1)
    assert links.find(secret) is not None
    assert links.find(secret, utcnow() + timedelta(days=2)) is None
    assert links.working(sara, utcnow() + timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": " "}, "Say where it hangs"),
        ({"name": "Desk", "days": "999999999"}, "Choose how long"),
    ],
)
def test_what_cannot_be_makes_nothing(sign_in, sara, form, words):
    page = sign_in(sara).post("/board/links", data=form)
    assert page.status_code == 422
    assert words in page.get_data(as_text=True)
    assert db.session.scalar(select(BoardLink)) is None


def test_eight_queues_at_a_time_by_turns(sign_in, client, sara, cast, time_machine):
    for n in range(9):
        factories.make_queue(f"Queue {n}")
    path = address_from(sign_in(sara).post("/board/links", data={"name": "Hall"}))
    seen = set()
    for turn in range(2):
        time_machine.move_to(1_800_000_000 + 15 * turn, tick=False)
        realtime.watch()
        realtime.Board().tick()
        rows = re.findall(r'<tr id="queue-(\d+)"', client.get(path).get_data(as_text=True))
        assert len(rows) <= 8
        seen.update(rows)
    assert len(seen) == 10


def test_an_alarm_hangs_there_too(sign_in, client, sara, computed):
    now = utcnow()
    rule = factories.save(AlarmRule(name="Too many wait", figure="waiting", bound=5))
    moments = {"began_at": now, "seen_at": now, "fired_at": now}
    factories.save(Alarm(rule_id=rule.id, bound=5, value=9, worst=9, **moments))
    path = address_from(sign_in(sara).post("/board/links", data={"name": "Second floor"}))

    page = client.get(path).get_data(as_text=True)
    assert 'class="alarm alarm--warn" role="alert"' in page
    assert "waiting" in page
    assert "<form" not in page


@pytest.mark.parametrize("change", [{"active": False}, {"role": "agent"}])
def test_an_address_ends_with_what_its_maker_may_see(sign_in, client, sara, computed, change):
    path = address_from(sign_in(sara).post("/board/links", data={"name": "Second floor"}))
    assert client.get(path).status_code == 200
    factories.change(sara, **change)
    assert client.get(path).status_code == client.get(f"{path}/now").status_code == 404
