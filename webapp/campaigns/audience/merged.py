"""Two contacts turn out to be one person: what a campaign sent to one is not sent to the other."""

from sqlalchemy import select

from webapp.campaigns import ledger
from webapp.campaigns.models import WAITING, Recipient, RecipientState
from webapp.extensions import db

NOT_SENT = (*WAITING, RecipientState.FAILED, RecipientState.SKIPPED, RecipientState.CANCELLED)


def leave_out(kept_id, other_id):
    """Skip whoever still waits where the other one got it, or may have; before rows are moved.

    All rows of both are held until the unit ends, as whoever moves them goes on to do.
    """
    both = select(Recipient.id).where(Recipient.contact_id.in_((kept_id, other_id)))
    entries = ledger.hold(db.session.scalars(both))
    sent = {
        entry.campaign_id
        for entry in entries
        if entry.contact_id == other_id and entry.state not in NOT_SENT
    }
    for entry in entries:
        if entry.contact_id == kept_id and entry.campaign_id in sent and entry.state in WAITING:
            entry.move(RecipientState.SKIPPED, reason="duplicate")
            entry.retry_at = None
    ledger.save(entries)
