"""A campaign at Meta's number with its template, for tests of how it is run and sent."""

import io

from flask import current_app
from sqlalchemy import select

from tests import factories
from tests.inbox.templates import make_template
from webapp import media_store
from webapp.campaigns import ledger
from webapp.campaigns.models import Campaign, CampaignAttempt, Recipient
from webapp.campaigns.sending import slices
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates import choosing

GREETING = [{"type": "BODY", "text": "Your delivery comes tomorrow."}]


def make_sendable(account=None, **columns):
    """A draft that could be launched at once."""
    account = account or factories.make_meta_account()
    template = make_template("delivery_slot", GREETING, account=account)
    return factories.make_campaign(account, template=template, **columns)


def make_running(people=0, **columns):
    """A campaign that is loaded and sends to so many."""
    now = utcnow()
    campaign = make_sendable(state="running", started_at=now, loaded_at=now, **columns)
    for _ in range(people):
        add_recipient(campaign)
    return campaign


def add_recipient(campaign, contact=None, **columns):
    columns = {"zone": "UTC", "template_id": template_of(campaign).id, **columns}
    return factories.make_recipient(campaign, contact, **columns)


def begin_with_picture(campaign, name="van.png"):
    """A file that stands above its message."""
    picture = [{"type": "HEADER", "format": "IMAGE"}, *GREETING]
    factories.change(template_of(campaign), components=picture)
    media_store.put(name, io.BytesIO(b"PNG"))
    media = {"key": name, "mime_type": "image/png", "filename": name, "size": 3}
    factories.change(campaign.variants[0], media=media)


def template_of(campaign):
    variant = campaign.variants[0]
    return choosing.named(campaign.account, variant.template_name, variant.language)


def send():
    """One slice, until it is nobody's turn."""
    slices.Slice(current_app._get_current_object()).run()
    db.session.rollback()


def states_of(campaign):
    chosen = select(Recipient.state).where(Recipient.campaign_id == campaign.id)
    return list(db.session.scalars(chosen.order_by(Recipient.id)))


def row_of(recipient):
    return db.session.get(Recipient, recipient.id, populate_existing=True)


def fresh(campaign):
    return db.session.get(Campaign, campaign.id, populate_existing=True)


def attempts_of(recipient):
    rows = select(CampaignAttempt).where(CampaignAttempt.recipient_id == recipient.id)
    return db.session.scalars(rows.order_by(CampaignAttempt.number)).all()


def is_balanced(campaign):
    return ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)
