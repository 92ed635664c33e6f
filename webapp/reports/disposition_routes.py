"""Behind the reports of outcomes: the conversations, and the card on the first page."""

from flask import abort, render_template
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.columns import id_of
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.reports import dispositions
from webapp.reports.catalogue import REPORTS
from webapp.reports.routes import asked, bp, page
from webapp.settings import dispositions as labels
from webapp.staff import access

__all__ = ["bp"]

MOST = 200
NONE = "none"  # in an address: those that ended with no outcome


@bp.get("/dispositions/<which>/conversations")
@access.needs(*access.LEADERS)
def disposition_conversations(which):
    id = None if which == NONE else id_of(which)
    label = labels.every(labels.tree(archived=True)).get(id)
    if label is None and which != NONE:
        abort(404)
    choice, _ = asked()
    ids = dispositions.behind(id, choice)
    found = (
        select(Interaction)
        .where(Interaction.id.in_(ids), access.visible_interactions(current_user))
        .options(*map(joinedload, (Interaction.account, Interaction.queue, Interaction.owner)))
        .order_by(Interaction.closed_at.desc(), Interaction.id.desc())
    )
    return page(
        "reports/conversations.html",
        choice,
        REPORTS["dispositions"],
        title=dispositions.BETWEEN.join(label.path) if label else dispositions.WITHOUT,
        talks=db.session.scalars(found.limit(MOST)).all(),
        most=MOST,
    )


@bp.get("/dispositions/card")
@access.needs(*access.LEADERS)
def disposition_card():
    """Fetched by the first page once it is there: what it counts is not in that page's figures."""
    choice, _ = asked()
    closed, without, parts = dispositions.most_frequent(choice)
    return render_template(
        "reports/_outcomes.html", choice=choice, closed=closed, without=without, parts=parts
    )
