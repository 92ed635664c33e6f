"""An alarm fires in an open page, is acknowledged there, and ends by itself."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.factories import change, make_interaction, save
from webapp.alarms.models import Alarm, AlarmRule
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import InteractionState
from webapp.outgoing_webhooks.models import OutgoingWebhook

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def rule(live_server):
    columns = {"scope": "queue", "bound": 0, "minutes": 0, "critical": True}
    return save(AlarmRule(name="Nobody should wait", figure="waiting", **columns))


def test_it_fires_is_acknowledged_and_ends(open_as, live_server, rule):
    cast = live_server.cast
    sara, admin = open_as(cast.sara), open_as(cast.admin)
    admin.page.goto("/alarms")
    admin.connected()
    # Nobody answers: what waits is offered to no one.
    for person in (cast.ana, cast.ben):
        live_server.change(person, presence="offline")
    talk = make_interaction(live_server.account, queue=cast.queue)

    notice = sara.page.locator("[data-alarm]")
    expect(notice).to_contain_text("Support: waiting customers above 0", timeout=30_000)
    expect(admin.page.locator("#alarms .alarm")).to_contain_text("1 now.")
    expect(sara.page.locator("#alert")).to_contain_text("Support: waiting customers")

    sara.page.goto("/contacts")
    sara.connected()
    expect(notice).to_contain_text("Support: waiting customers above 0")
    expect(sara.page.locator("#alert")).to_be_empty()  # shown on every page, said once

    notice.get_by_role("button", name="Acknowledge").click()
    expect(notice).to_be_hidden()
    expect(admin.page.locator("#alarms")).to_contain_text("Sara Supervisor looks after it.")

    change(talk, state=InteractionState.CLOSED, closed_at=utcnow(), close_reason="agent")
    alarm = db.session.scalars(select(Alarm)).one()
    live_server.until(lambda: _calm(alarm.id))
    expect(admin.page.locator("#alarms")).to_be_hidden(timeout=30_000)


def test_who_hides_a_notice_works_in_peace_until_another_alarm(open_as, live_server, rule):
    cast = live_server.cast
    sara = open_as(cast.sara, "/contacts")
    for person in (cast.ana, cast.ben):
        live_server.change(person, presence="offline")
    make_interaction(live_server.account, queue=cast.queue)
    shelf = sara.page.locator("#alarm-notices")
    expect(shelf).to_contain_text("Support: waiting customers above 0", timeout=30_000)

    shelf.get_by_role("button", name="Hide until another alarm").click()
    expect(shelf).to_be_hidden()
    sara.page.reload()
    sara.connected()
    expect(shelf).to_contain_text("Support: waiting customers above 0")
    expect(shelf).to_be_hidden()

    columns = {"scope": "all", "bound": 0, "minutes": 0, "critical": True}
    save(AlarmRule(name="Nobody at all should wait", figure="waiting", **columns))
    expect(shelf).to_be_visible(timeout=30_000)
    expect(shelf).to_contain_text("and 1 more")


def _calm(alarm_id):
    """As if a minute had passed since it was last found so; true once it has ended."""
    alarm = db.session.get(Alarm, alarm_id)
    if alarm.ended_at is None:
        change(alarm, seen_at=utcnow() - timedelta(minutes=2))
    return alarm.ended_at


@pytest.mark.only("sqlite")  # the checker sees the same on either
def test_the_pages_have_no_known_barrier(barriers_of, live_server, rule):
    webhook = save(OutgoingWebhook(name="Pager", url="https://x.example", secret="s"))
    now = utcnow()
    facts = {"bound": 0, "value": 3, "worst": 4, "began_at": now, "seen_at": now, "fired_at": now}
    save(Alarm(rule_id=rule.id, name="Support", told_at=now, **facts))
    paths = ["/alarms", "/alarms/rules", "/alarms/rules/add", "/settings/mail"]
    paths.append(f"/settings/webhooks/{webhook.id}")
    assert barriers_of(live_server.cast.admin, *paths) == {}
