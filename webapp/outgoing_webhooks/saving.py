"""Adds, changes and deletes addresses to post to; secrets are made here and shown once."""

import secrets

from sqlalchemy import select

from webapp.alarms.models import KEPT, AlarmRule
from webapp.extensions import db
from webapp.outgoing_webhooks.models import OutgoingWebhook, WebhookDelivery
from webapp.staff.models import differences, record

COLUMNS = ("name", "url", "enabled")
LATEST = 50


def new_secret():
    return f"whs_{secrets.token_urlsafe(32)}"


def all_webhooks():
    return db.session.scalars(select(OutgoingWebhook).order_by(OutgoingWebhook.name)).all()


def add(values, by):
    """The webhook; its secret is read from it once, to show it."""
    webhook = OutgoingWebhook(**{name: values[name] for name in COLUMNS}, secret=new_secret())
    db.session.add(webhook)
    db.session.flush()
    record(by, "added", webhook, after={name: values[name] for name in COLUMNS})
    return webhook


def change(webhook, values, by):
    before = {name: getattr(webhook, name) for name in COLUMNS}
    was, is_now = differences(before, {name: values[name] for name in COLUMNS})
    for name in is_now:
        setattr(webhook, name, values[name])
    if is_now:
        record(by, "changed", webhook, before=was, after=is_now)


def replace_secret(webhook, by):
    webhook.secret = new_secret()
    record(by, "changed", webhook, note="a new secret")
    return webhook.secret


def delete(webhook, by):
    """Gives back the names of the alarms that called it, and call none from now on."""
    rules = db.session.scalars(
        select(AlarmRule.name)
        .where(AlarmRule.webhook_id == webhook.id, KEPT)
        .order_by(AlarmRule.name)
    ).all()
    before = {name: getattr(webhook, name) for name in COLUMNS} | {"alarms": list(rules)}
    record(by, "deleted", webhook, before=before)
    db.session.delete(webhook)
    return rules


def has_name(name, but=None):
    found = db.session.scalar(select(OutgoingWebhook.id).where(OutgoingWebhook.name == name))
    return found is not None and (but is None or found != but.id)


def latest(webhook):
    """Its newest deliveries."""
    return db.session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id)
        .order_by(WebhookDelivery.id.desc())
        .limit(LATEST)
    ).all()
