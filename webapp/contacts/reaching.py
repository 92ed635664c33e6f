"""Whether somebody can be reached on WhatsApp, as what was sent to them tells."""

from sqlalchemy import select, update

from webapp.columns import utcnow
from webapp.contacts.models import LISTED, Contact
from webapp.database import among, lock
from webapp.extensions import db
from webapp.unit_of_work import after_commit, pending, unit_of_work

# Meta's and so Kaleyra's (developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes:
# unable to deliver), Twilio's (twilio.com/docs/api/errors: channel could not find To; recipient
# invalid). Sinch gives one reason for this and for whoever Meta lets get no marketing just now.
NOT_ON_WHATSAPP = frozenset({"131026", "63003", "63024"})
KEY = "reached"
MISSED = Contact.unreachable_at.is_(None)
MISSING = Contact.unreachable_at.is_not(None)


def tell(news):
    """`{contact id: whether it reached them}`: written after this unit's commit, since contacts are
    locked before recipients and messages."""
    if not news:
        return
    told = pending(KEY)
    if told is None:
        told = _Told()
        after_commit(KEY, told)
    for contact_id, reached in news.items():
        told[contact_id] = reached or told.get(contact_id, False)


def wrote(contact):
    """They are on WhatsApp: a message of theirs arrived. The caller holds them."""
    if contact.unreachable_at is not None:
        contact.unreachable_at = None


class _Told(dict):
    def __call__(self):
        _write([one for one, reached in self.items() if reached], MISSING, None)
        _write([one for one, reached in self.items() if not reached], MISSED, utcnow())


def _write(ids, condition, at):
    """Nearly always there is nothing to change: then nothing is locked."""
    chosen = select(Contact.id).where(among(Contact.id, ids), condition, LISTED)
    if not ids or not db.session.scalars(chosen.limit(1)).all():
        return
    with unit_of_work():
        held = db.session.scalars(lock(chosen.order_by(Contact.id))).all()
        changed = update(Contact).where(among(Contact.id, held)).values(unreachable_at=at)
        db.session.execute(changed.execution_options(synchronize_session=False))
