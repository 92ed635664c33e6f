"""A queue's targets have sensible values from the start; changing them leaves an audit row."""

import pytest
from sqlalchemy import select

from webapp.extensions import db
from webapp.queues import targets
from webapp.queues.models import Queue
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


def test_a_new_queue_wants_eight_of_ten_within_a_minute(queue):
    assert targets.facts(queue) == {
        "service_seconds": 60,
        "service_percent": 80,
        "most_waiting": 10,
        "longest_wait": 300,
    }


def test_changing_a_target_leaves_an_audit_row(queue, sara):
    with unit_of_work():
        targets.set_targets(db.session.get(Queue, queue.id), {"service_percent": 90}, by=sara)

    assert db.session.get(Queue, queue.id).service_percent == 90
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "changed targets"))
    assert (entry.before, entry.after) == ({"service_percent": 80}, {"service_percent": 90})


@pytest.mark.parametrize(
    "values", [{"service_percent": 101}, {"longest_wait": 0}, {"service_seconds": 90_000}, {"x": 1}]
)
def test_a_target_nobody_could_meet_is_refused(queue, sara, values):
    with pytest.raises(ValueError, match="target|service level"), unit_of_work():
        targets.set_targets(db.session.get(Queue, queue.id), values, by=sara)
