"""Notices: what a provider says of a number, an account or a template, once for each event."""

import hashlib

import orjson

from webapp.columns import utcnow
from webapp.database import insert
from webapp.extensions import db
from webapp.live import push
from webapp.providers.base import AccountUpdate, Severity, TemplateUpdate
from webapp.webhooks.models import AccountNotice

# Template states after which it can't be sent, and how the number of its readers falls.
_BAD_STATES = {"REJECTED", "PAUSED", "DISABLED", "FLAGGED", "LIMIT_EXCEEDED", "LOCKED"}
_TITLES = {
    "error": "WhatsApp reported an error",
    "history_declined": "The business app does not share its history",
    "account_restriction": "WhatsApp restricted this account",
    "account_violation": "WhatsApp says this account broke a rule",
    "account_deleted": "This WhatsApp account was deleted",
    "account_offboarded": "This number was disconnected from WhatsApp's platform",
    "account_reconnected": "This number is connected to WhatsApp's platform again",
    "disabled_update": "WhatsApp disables or reinstates this account",
    "partner_removed": "Our app was removed from this WhatsApp account",
    "account_alerts": "WhatsApp has an alert for this account",
    "account_review_update": "WhatsApp reviewed this account",
    "business_capability_update": "This account's sending limits changed",
    "phone_number_quality_update": "This number's quality or limit changed",
    "phone_number_name_update": "WhatsApp decided on this number's display name",
    "security": "A security setting of this number changed",
}


def note(account_id, key, *, kind, title, detail=None, severity="info", at=None, payload_id=None):
    """Leave a notice, unless one with this key is there; a key is a tuple of plain values."""
    seed = orjson.dumps([account_id, *key], option=orjson.OPT_SORT_KEYS, default=str)
    values = {
        "account_id": account_id,
        "event_key": hashlib.sha256(seed).hexdigest(),
        "kind": kind[:60],
        "severity": severity,
        "title": title[:255],
        "detail": detail,
        "at": at or utcnow(),
        "payload_id": payload_id,
    }
    statement = insert(AccountNotice.__table__).on_conflict_do_nothing(index_elements=["event_key"])
    made = db.session.scalar(statement.returning(AccountNotice.__table__.c.id), values)
    if made:
        push.changed(f"account:{account_id}")


def note_update(account, event, received_at=None, payload_id=None):
    """The notice of an AccountUpdate or a TemplateUpdate."""
    told = _of_template(event) if isinstance(event, TemplateUpdate) else _of_account(event)
    note(
        account.id,
        (type(event).__name__, told["kind"], event.raw, _moment(event, received_at)),
        at=event.at,
        payload_id=payload_id,
        **told,
    )


def _moment(event, received_at):
    """A repeat has the same moment. News that names none is one a day, however often repeated."""
    return event.at.date() if event.at == received_at else event.at


def _of_account(event: AccountUpdate):
    name = _TITLES.get(event.kind) or event.kind.replace("_", " ").capitalize()
    detail = event.detail
    words = [detail.get("reason"), detail.get("detail"), detail.get("action")]
    if event.kind not in ("error", "history_declined"):
        words = [f"{key}: {_flat(value)}" for key, value in detail.items() if value is not None]
    return {
        "kind": event.kind,
        "severity": event.severity,
        "title": name,
        "detail": "\n".join(str(word) for word in words if word),
    }


def _of_template(event: TemplateUpdate):
    change = {key: value for key, value in event.change.items() if value and key != "what"}
    what = event.change.get("what", "news")
    bad = change.get("status") in _BAD_STATES or change.get("quality") == "RED"
    state = f": {change['status'].lower().replace('_', ' ')}" if "status" in change else ""
    return {
        "kind": f"template_{what}",
        "severity": Severity.WARNING if bad else Severity.INFO,
        "title": f"Template “{event.name}” ({event.language}){state}",
        "detail": "\n".join(f"{key}: {_flat(value)}" for key, value in change.items()),
    }


def _flat(value):
    return value if isinstance(value, str) else orjson.dumps(value).decode()
