"""Whatever a leader does from the board can be read afterwards: who, what, with whom."""

import pytest
from sqlalchemy import select

from tests import factories
from webapp.alarms import judging
from webapp.alarms.models import Alarm, AlarmRule
from webapp.analytics import links, steering
from webapp.analytics.choosing import Choice
from webapp.campaigns import running
from webapp.campaigns.models import Campaign, CampaignState
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues import accepting
from webapp.staff import leading
from webapp.staff.models import AuditEntry, Presence, User
from webapp.unit_of_work import unit_of_work

AVAILABLE = {"presence": "available", "reason": None}
LUNCH = {"presence": "paused", "reason": "Lunch"}


@pytest.fixture
def desk(cast):
    """Ana is there and holds a conversation, Ben is at lunch; a campaign runs, an alarm is on."""
    cast.talk = factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)
    factories.change(cast.ben, presence=Presence.PAUSED, pause_reason="Lunch")
    cast.orders = factories.make_queue("Orders")
    cast.campaign = factories.make_campaign(cast.account, state=CampaignState.RUNNING)
    rule = factories.save(AlarmRule(name="Too many wait", figure="waiting", bound=5))
    now = utcnow()
    facts = {"bound": 5, "value": 9, "worst": 9, "began_at": now, "seen_at": now, "fired_at": now}
    cast.alarm = factories.save(Alarm(rule_id=rule.id, name="Support", **facts))
    return cast


def ana(desk):
    return db.session.get(User, desk.ana.id)


def talk(desk):
    return db.session.get(Interaction, desk.talk.id)


def in_orders(desk, by):
    leading.set_queues(ana(desk), [desk.orders.id], by)


DONE = [
    # verb, action, whom, before, after
    (lambda desk, by: leading.pause(ana(desk), "Lunch", by), "paused", "ana", AVAILABLE, LUNCH),
    (
        lambda desk, by: leading.unpause(db.session.get(User, desk.ben.id), by),
        "unpaused", "ben", LUNCH, AVAILABLE,
    ),
    (
        lambda desk, by: leading.sign_out(ana(desk), by),
        "signed out", "ana", AVAILABLE, {"presence": "offline", "reason": None},
    ),
    (in_orders, "moved", "ana", {"queues": ["queue"]}, {"queues": ["orders"]}),
    (
        lambda desk, by: accepting.give(talk(desk), db.session.get(User, desk.sara.id), by),
        "assigned", "talk", {"owner": "ana"}, {"owner": "sara"},
    ),
    (
        lambda desk, by: steering.take(talk(desk), by),
        "took", "talk", {"owner": "ana"}, {"owner": "sara"},
    ),
    (
        lambda desk, by: steering.close(talk(desk), by),
        "closed", "talk", {"owner": "ana"}, {"state": "closed"},
    ),
    (
        lambda desk, by: running.pause(db.session.get(Campaign, desk.campaign.id), by),
        "paused", "campaign", None, {"state": "paused"},
    ),
    (
        lambda desk, by: running.stop(db.session.get(Campaign, desk.campaign.id), by),
        "stopped", "campaign", None, {"state": "stopped"},
    ),
    (
        lambda desk, by: judging.acknowledge(db.session.get(Alarm, desk.alarm.id), by),
        "acknowledged", "alarm", None, {"alarm": "Support: waiting customers above 5"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "action", "whom", "before", "after"), DONE)
def test_each_verb_leaves_a_row_with_who_what_and_whom(desk, verb, action, whom, before, after):
    with unit_of_work():
        verb(desk, db.session.get(User, desk.sara.id))
    entry = db.session.scalars(select(AuditEntry)).one()
    subject = getattr(desk, whom)
    assert (entry.actor_id, entry.actor) == (desk.sara.id, "Sara Supervisor")
    assert (entry.action, entry.subject) == (action, type(subject).__tablename__)
    assert entry.subject_id == subject.id
    assert (entry.before, entry.after) == (named(desk, before), named(desk, after))


def named(desk, facts):
    """The facts with ids in place of the names of people and queues."""
    ids = {name: getattr(desk, name).id for name in ("ana", "sara", "queue", "orders")}
    if facts is None:
        return None
    return {
        key: [ids[one] for one in value] if isinstance(value, list) else ids.get(value, value)
        for key, value in facts.items()
    }


def test_a_board_link_is_told_when_it_is_made_and_when_it_is_revoked(desk):
    with unit_of_work():
        made, _ = links.make("Hall", Choice(), db.session.get(User, desk.sara.id))
    with unit_of_work():
        links.revoke(db.session.merge(made), db.session.get(User, desk.admin.id))
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(row.actor_id, row.action, row.subject_id) for row in rows] == [
        (desk.sara.id, "added", made.id),
        (desk.admin.id, "revoked", made.id),
    ]


def test_what_changes_nothing_leaves_no_row(desk):
    for _ in range(2):
        with unit_of_work():
            in_orders(desk, db.session.get(User, desk.sara.id))
    assert len(db.session.scalars(select(AuditEntry)).all()) == 1
