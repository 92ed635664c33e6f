"""Teams have a name of their own and leave audit rows; people are in as many as they like."""

import pytest
from sqlalchemy import select

from webapp.extensions import db
from webapp.staff import teams
from webapp.staff.models import AuditEntry, Team
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def days(app, ana, admin):
    with unit_of_work():
        return teams.save("Days", [ana.id], by=admin).id


def test_a_team_is_added_changed_and_deleted(days, ana, ben, admin):
    with unit_of_work():
        teams.save(
            "Late  days", [ben.id, ana.id, ben.id], by=admin, team=db.session.get(Team, days)
        )
    team = db.session.get(Team, days)
    assert teams.facts(team) == {"name": "Late days", "members": [ana.id, ben.id]}

    with unit_of_work():
        teams.remove(db.session.get(Team, days), by=admin)
    assert db.session.get(Team, days) is None
    of_teams = select(AuditEntry.action).where(AuditEntry.subject == "teams")
    actions = db.session.scalars(of_teams.order_by(AuditEntry.id))
    assert actions.all() == ["added", "changed", "deleted"]


@pytest.mark.parametrize("name", ["", "  ", "days"])
def test_a_team_has_a_name_nobody_else_has(days, admin, name):
    with pytest.raises(ValueError, match="team"), unit_of_work():
        teams.save(name, [], by=admin)
