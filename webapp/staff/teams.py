"""Teams: people whose figures are looked at together."""

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.staff.models import Team, TeamMember, record


def save(name, user_ids, by, team=None):
    """A new team, or one under another name or with other people; ValueError says what is wrong."""
    name = " ".join(name.split())
    if not name:
        raise ValueError("Give the team a name.")
    if _has_name(name, but=team):
        raise ValueError("Another team has this name already.")
    before = facts(team) if team else None
    team = team or Team()
    team.name = name
    team.members = [TeamMember(user_id=user_id) for user_id in dict.fromkeys(user_ids)]
    db.session.add(team)
    db.session.flush()
    record(by, "changed" if before else "added", team, before=before, after=facts(team))
    return team


def remove(team, by):
    record(by, "deleted", team, before=facts(team))
    db.session.delete(team)
    db.session.flush()


def facts(team):
    return {"name": team.name, "members": sorted(member.user_id for member in team.members)}


def _has_name(name, but):
    found = select(Team.id).where(func.lower(Team.name) == name.lower())
    if but is not None:
        found = found.where(Team.id != but.id)
    return db.session.scalar(found) is not None
