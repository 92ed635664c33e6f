"""What is done to the ticked people, or to all that match what is on screen."""

from collections import defaultdict

from flask import flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.extensions import db
from webapp.staff import access, listing, people
from webapp.staff.models import Role, User
from webapp.staff.routes import bp
from webapp.tables import choosing
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]

NAMED = 5  # of those it was refused for; the rest are counted


@bp.post("/people/switch-off")
@access.needs(Role.ADMIN)
def switch_off():
    return _switch(False, "switched off", "was off already", "were off already")


@bp.post("/people/switch-on")
@access.needs(Role.ADMIN)
def switch_on():
    return _switch(True, "switched on", "was on already", "were on already")


def _switch(active, done, one_was, many_were):
    """Each person in a unit of their own: one who is refused holds nobody else up."""
    ids = _chosen()
    changed, refused = 0, defaultdict(list)
    for id in ids:
        try:
            with unit_of_work():
                person = db.session.get(User, id)
                changed += people.switch(person, active, by=db.session.get(User, current_user.id))
        except (people.LastAdmin, people.NoSeat, people.OwnSelf) as reason:
            refused[str(reason)].append(db.session.get(User, id).name)
    same = len(ids) - changed - sum(len(names) for names in refused.values())
    left = f" {same:,} {one_was if same == 1 else many_were}." if same else ""
    flash(_counted(changed, done) + left)
    for reason, names in refused.items():
        flash(f"Not {done}: {_named(names)}. {reason}", "error")
    return pages.see_other(_address())


def _chosen():
    """Fixed before the first is changed, or those that still match would move on meanwhile."""
    found = choosing.selected(listing.PEOPLE, listing.everybody(), request.form)
    ids = found.with_only_columns(User.id, maintain_column_froms=True)
    return db.session.scalars(ids.order_by(None).order_by(User.id)).all()


def _counted(count, done):
    if not count:
        return f"Nobody was {done}."
    return f"{count:,} {'person' if count == 1 else 'people'} {done}."


def _named(names):
    shown, more = names[:NAMED], len(names) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _address():
    query = request.form.get("query", "")
    return url_for("staff.index") + (f"?{query}" if query else "")
