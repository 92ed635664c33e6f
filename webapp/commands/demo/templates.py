"""Approved templates of the sandbox accounts: to re-open, to remind, to advertise."""

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate, TemplateStatus
from webapp.unit_of_work import unit_of_work

RECONTACT = "continue_conversation"


def _body(text, **examples):
    named = [{"param_name": name, "example": value} for name, value in examples.items()]
    return {"type": "BODY", "text": text, "example": {"body_text_named_params": named}}


_FOOTER = {"type": "FOOTER", "text": "Northgate Kettles"}
_LOOK = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "URL", "text": "Look at them", "url": "https://example.com/kettles"},
        {"type": "QUICK_REPLY", "text": "Stop offers"},
    ],
}
_YES_NO = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Yes, please"},
        {"type": "QUICK_REPLY", "text": "It is settled"},
    ],
}
TEMPLATES = (
    (
        RECONTACT,
        "en",
        "utility",
        [
            _body(
                "Hi {{first_name}}, we have an answer to your question. Shall we go on?",
                first_name="Amara",
            ),
            _FOOTER,
            _YES_NO,
        ],
    ),
    (
        RECONTACT,
        "es",
        "utility",
        [
            _body(
                "Hola {{first_name}}, tenemos una respuesta a su pregunta. ¿Seguimos?",
                first_name="Amara",
            ),
            _FOOTER,
        ],
    ),
    (
        "delivery_reminder",
        "en",
        "utility",
        [
            {"type": "HEADER", "format": "TEXT", "text": "Your delivery"},
            _body(
                "Hello {{first_name}}, your kettle arrives on {{day}} between 9 and 12 o'clock.",
                first_name="Amara",
                day="Friday",
            ),
            _FOOTER,
        ],
    ),
    (
        "spring_offer",
        "en",
        "marketing",
        [
            _body(
                "Hi {{first_name}}, all steel kettles are 20% off until Sunday.",
                first_name="Amara",
            ),
            _FOOTER,
            _LOOK,
        ],
    ),
    (
        "spring_offer_friendly",
        "en",
        "marketing",
        [
            _body(
                "Good morning {{first_name}}! Your kettle deserves a rest: 20% off until Sunday.",
                first_name="Amara",
            ),
            _FOOTER,
            _LOOK,
        ],
    ),
)


def add():
    """Sandbox accounts share their templates, so one of them stands for all."""
    now = utcnow()
    with unit_of_work():
        accounts = db.session.scalars(
            select(Account).where(Account.provider == "sandbox").order_by(Account.id)
        ).all()
        for account in accounts:
            account.recontact_template = RECONTACT
        for name, language, category, components in TEMPLATES:
            db.session.add(
                MessageTemplate(
                    account_id=accounts[0].id,
                    provider="sandbox",
                    waba_id="",
                    provider_id=f"sandbox.demo.{name}.{language}",
                    name=name,
                    language=language,
                    category=category,
                    status=TemplateStatus.APPROVED,
                    provider_status="APPROVED",
                    parameter_format="named",
                    components=components,
                    recontact=name == RECONTACT,
                    status_at=now.replace(microsecond=0),
                    submitted_at=now,
                )
            )
