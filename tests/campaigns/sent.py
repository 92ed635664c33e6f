"""A campaign's recipients as they stand after so many calls, and the receipts for them."""

from tests.factories import make_contact, make_recipient, save
from tests.support.arriving import ago, receipt
from webapp.campaigns import correlation, ledger
from webapp.campaigns.models import CampaignAttempt, Recipient, RecipientState
from webapp.extensions import db

WAMID = "wamid.campaign"
ACCEPTED = (RecipientState.SENT, RecipientState.DELIVERED, RecipientState.READ)


def make_sent(campaign, phone=None, state="sent", tries=1, provider_id=WAMID, **columns):
    """A recipient after so many attempts; `sent_at` and the attempts fit the state."""
    if state in ACCEPTED:
        columns.setdefault("sent_at", ago(minutes=5))
    contact = columns.pop("contact", None) or make_contact("Dana Whitlock", phone=phone)
    row = make_recipient(campaign, contact, state, tries=tries, provider_id=provider_id, **columns)
    outcome = {"retry": "refused", "unknown": "unknown", "sending": "sending"}.get(state, "sent")
    for number in range(1, tries + 1):
        last = number == tries
        save(
            CampaignAttempt(
                recipient_id=row.id,
                number=number,
                outcome=outcome if last else "refused",
                provider_id=provider_id if last else None,
            )
        )
    return row


def name_of(campaign, recipient, number=1):
    return correlation.id_of(campaign.token, recipient.id, number)


def told(campaign, row, status, number=1, id=WAMID, **more):
    """Meta's status for one attempt, with our correlation id."""
    named = {"correlation_id": name_of(campaign, row, number), "recipient": row.contact.phone}
    return receipt(id, status, **(named | more))


def now_of(recipient):
    db.session.expire_all()
    return db.session.get(Recipient, recipient.id)


def attempt_of(recipient, number=1):
    return db.session.get(CampaignAttempt, (recipient.id, number), populate_existing=True)


def balances(campaign):
    return ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)
