"""`reporting`: one zone for board, reports and alarms; the sums of a period made anew."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from tests.factories import make_interaction, make_message
from webapp.analytics import figures, summed, summing
from webapp.analytics.models import MessageSum
from webapp.extensions import db
from webapp.settings import zone
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

DAY = datetime(2026, 3, 5, tzinfo=UTC)


def test_the_zone_is_told_and_changed_with_an_audit_row(answer_of):
    assert answer_of("reporting", "zone") == {"time_zone": "UTC"}
    assert answer_of("reporting", "zone", "Europe/Rome") == {"time_zone": "Europe/Rome"}

    db.session.rollback()
    assert zone.time_zone() == "Europe/Rome"
    assert db.session.scalar(select(AuditEntry.action)) == "changed"


def test_a_zone_that_is_none_is_refused(run):
    result = run("reporting", "zone", "Rome")
    assert result.exit_code == 2
    assert "Europe/Rome" in result.stderr


def test_a_period_is_summed_up_anew_from_the_rows(answer_of, cast):
    make_message(make_interaction(cast.account), received_at=DAY)
    summing.sweep()
    with unit_of_work():  # as nobody should
        db.session.execute(update(MessageSum).values(received=7))
    day = (DAY, DAY.replace(day=6))
    assert summed.count(figures.WRITTEN, *day)[()]["received"] == 7

    assert answer_of("reporting", "recount", "2026-03-05", "2026-03-05") == {"left": 0}
    db.session.rollback()
    assert summed.count(figures.WRITTEN, *day)[()]["received"] == 1


@pytest.mark.parametrize("days", [("2026-03-05", "yesterday"), ("2026-03-05", "2026-03-04")])
def test_days_that_are_none_are_refused(run, days):
    result = run("reporting", "recount", *days)
    assert result.exit_code == 2
    assert "2026-03-31" in result.stderr
