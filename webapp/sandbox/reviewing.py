"""The pretend reviewer: looks at submitted templates for some seconds, then decides.

A name with "reject" in it is rejected, all others are approved. What is decided is posted to the
account's webhook, as a provider would.
"""

from datetime import timedelta

from flask import current_app
from sqlalchemy import select
from werkzeug.test import Client

from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.providers import sandbox as provider

LOOKS_FOR = timedelta(seconds=4)
BATCH = 50
REJECTED = "reject"


def due():
    """Templates that were looked at for long enough."""
    return db.session.scalars(
        select(MessageTemplate.id)
        .where(
            MessageTemplate.provider == provider.Sandbox.name,
            MessageTemplate.status == TemplateStatus.PENDING,
            MessageTemplate.deleted_at.is_(None),
            MessageTemplate.submitted_at <= utcnow() - LOOKS_FOR,
        )
        .order_by(MessageTemplate.id)
        .limit(BATCH)
    ).all()


def decide():
    """Post what was decided; what the server could not take is decided again."""
    for template_id in due():
        template = db.session.get(MessageTemplate, template_id)
        account = template.account
        secret, path = account.credentials["webhook_secret"], account.webhook_path
        bad = REJECTED in template.name
        body = provider.review_body(
            template.provider_id,
            template.name,
            template.language,
            "REJECTED" if bad else "APPROVED",
            reason="INVALID_FORMAT" if bad else "NONE",
        )
        db.session.rollback()
        Client(current_app.wsgi_app).post(
            path,
            base_url=current_app.config["PUBLIC_URL"],
            data=body,
            headers=provider.signed_headers(secret, body),
        )
