"""A person ends a conversation, and says how it ended where the account asks for it."""

import uuid
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from webapp.columns import id_of, utcnow
from webapp.extensions import db
from webapp.inbox import closing, sending
from webapp.inbox.models import CloseReason, Interaction, InteractionState
from webapp.settings import dispositions
from webapp.settings.models import Disposition

MOST_OFTEN = 2  # what has a key of its own
LOOKED_AT = 200  # of the closings before, the latest
RECENT = timedelta(days=30)
ENDED = "This conversation had ended already, or a colleague just took it."


class Refused(ValueError):
    """Why it stays open, in words for the screen."""


class Choices(NamedTuple):
    """What a conversation may end with, and what this person's ended with most often."""

    columns: list  # the labels of each level, from the first on
    often: list
    needed: bool

    def __bool__(self):
        return bool(self.columns)


def choices(interaction, user):
    """What to choose from as this person wraps up this conversation."""
    offered = _offered(interaction)
    labels = dispositions.every(offered)
    if not labels:
        return Choices([], [], False)
    levels = range(1, dispositions.LEVELS + 1)
    columns = [[one for one in labels.values() if one.level == level] for level in levels]
    needed = interaction.account.needs_disposition
    return Choices([column for column in columns if column], _often(user, labels), needed)


def asked(form):
    """(id of the label or None, the note) that a form says; without script two fields name one."""
    ids = (id_of(value) for value in form.getlist("disposition"))
    return next((id for id in ids if id is not None), None), form.get("note", "")


def wrap_up(interaction, by, disposition_id=None, note=""):
    """End it, with a note for colleagues if there are words for one; raises Refused.

    Asked for a second time by the same person, as by a double click, it changes nothing.
    """
    if interaction.state == InteractionState.CLOSED:
        if by is not None and interaction.closed_by_id == by.id:
            return
        raise Refused(ENDED)
    chosen = _chosen(interaction, disposition_id)
    if note.strip():
        _note(interaction, by, note)
    if not closing.close(interaction, CloseReason.AGENT, by=by, outcome=chosen):
        raise Refused(ENDED)


def closings(since):
    """{id: how many conversations were closed with it since then}, of every label."""
    times = select(func.count()).where(
        Interaction.disposition_id == Disposition.id, Interaction.closed_at >= since
    )
    counted = select(Disposition.id, times.correlate(Disposition).scalar_subquery())
    return dict(db.session.execute(counted).all())


def _offered(interaction):
    return dispositions.offered(
        interaction.account_id, interaction.queue_id, interaction.contact_id
    )


def _chosen(interaction, disposition_id):
    offered = _offered(interaction)
    if disposition_id is None:
        if offered and interaction.account.needs_disposition:
            raise Refused(f"{interaction.account.name} needs an outcome: choose how it ended.")
        return None
    label = dispositions.every(offered).get(disposition_id)
    if label is None:
        raise Refused("This outcome is not offered here any more: choose another one.")
    if label.below:
        raise Refused(f"Choose one below “{label.name}”.")
    return label


def _note(interaction, by, note):
    try:
        sending.note(interaction, by, note, uuid.uuid4().hex)
    except ValueError as error:
        raise Refused(str(error)) from error


def _often(user, labels):
    """The labels this person's latest closings had most; a new colleague sees everybody's."""
    usable = {id: label for id, label in labels.items() if not label.below}
    mine = _latest(Interaction.owner_id == user.id)
    ids = [id for id in mine if id in usable] or [id for id in _latest() if id in usable]
    return [usable[id] for id in ids[:MOST_OFTEN]]


def _latest(*conditions):
    """Ids of labels among the latest closings, the most frequent first."""
    latest = (
        select(Interaction.disposition_id)
        .where(*conditions, Interaction.closed_at >= utcnow() - RECENT)
        .order_by(Interaction.closed_at.desc(), Interaction.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    chosen = latest.c.disposition_id
    counted = select(chosen).where(chosen.is_not(None)).group_by(chosen)
    return db.session.scalars(counted.order_by(func.count().desc(), chosen)).all()
