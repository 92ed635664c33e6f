"""What somebody has written and not sent, per conversation, person and mode."""

from sqlalchemy import delete, select

from webapp.columns import utcnow
from webapp.database import insert
from webapp.extensions import db
from webapp.inbox.models import Draft

MODES = ("reply", "note")
KEPT = 20_000  # characters; more than WhatsApp takes, so that a long text can be cut down


def save(interaction, user, mode, text, reply_to=None):
    """The last word wins; an empty text removes the draft."""
    if not text.strip():
        return remove(interaction, user, mode)
    values = {"text": text[:KEPT], "reply_to": reply_to or None, "updated_at": utcnow()}
    key = {"interaction_id": interaction.id, "user_id": user.id, "mode": mode}
    statement = insert(Draft).values(**key, **values)
    return db.session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=values)
    )


def remove(interaction, user, mode):
    return db.session.execute(
        delete(Draft).where(
            Draft.interaction_id == interaction.id, Draft.user_id == user.id, Draft.mode == mode
        )
    )


def of(interaction, user):
    """Mode → draft."""
    found = select(Draft).where(Draft.interaction_id == interaction.id, Draft.user_id == user.id)
    return {draft.mode: draft for draft in db.session.scalars(found)}
