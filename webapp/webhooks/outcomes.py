"""What became of each event that a stored webhook tells."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.campaigns.results import recognising
from webapp.extensions import db
from webapp.inbox.models import Message, Receipt
from webapp.providers.base import (
    AccountUpdate,
    Echo,
    IdentityChange,
    InboundMessage,
    NameChange,
    PreferenceChange,
    StatusUpdate,
    TemplateUpdate,
    Unsupported,
)
from webapp.webhooks.addressing import Addresses
from webapp.webhooks.payloads import Readers, tellings

MOST = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """`good` is None where nothing had to happen; a message leads to its conversation."""

    what: str
    became: str
    good: bool | None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    shown: list[Outcome]
    left_out: int
    fault: str | None = None


def of(payload):
    """Reads it again, which changes nothing, and looks for what it left behind."""
    account = db.session.get(Account, payload.account_id)
    try:
        told = list(tellings(payload, Readers(account), Addresses(account)))
    except Exception as error:  # a body nobody can read is what this page is for
        return Outcomes([], 0, type(error).__name__)
    left = _Left(told[:MOST])
    done = payload.processed_at is not None
    return Outcomes([_outcome(one, left, done) for one in told[:MOST]], max(0, len(told) - MOST))


class _Left:
    """Messages, receipts and campaigns of these events, each kind read once."""

    def __init__(self, told):
        placed = [(one.account.id, one.event) for one in told if one.account]
        self.messages = self._messages(
            [(id, event.id) for id, event in placed if isinstance(event, InboundMessage | Echo)]
        )
        told = [(id, event) for id, event in placed if isinstance(event, StatusUpdate)]
        self.receipts = self._receipts([(id, event.message_id) for id, event in told])
        self.campaigns = recognising.campaign_names(told)

    def _messages(self, names):
        rows = _named(select(Message), Message, names)
        return {(row.account_id, row.provider_id): row for row in rows}

    def _receipts(self, names):
        both = select(Receipt, Message).outerjoin(Message, Message.id == Receipt.message_id)
        return {
            (receipt.account_id, receipt.provider_id, receipt.status): (receipt, message)
            for receipt, message in _named(both, Receipt, names)
        }


def _named(statement, model, names):
    """The rows of one table with these provider ids, at these accounts."""
    if not names:
        return []
    accounts, ids = ({name[place] for name in names} for place in (0, 1))
    found = statement.where(model.account_id.in_(accounts), model.provider_id.in_(ids))
    result = db.session.execute(found)
    return result.scalars() if len(result.keys()) == 1 else result


def _outcome(told, left, done):
    what = _what(told.event)
    if isinstance(told.event, Unsupported) or told.account is None:
        harmless = told.remark is None
        reason = told.event.reason if isinstance(told.event, Unsupported) else told.remark
        return Outcome(what, reason, None if harmless else False)
    match told.event:
        case InboundMessage() | Echo():
            message = left.messages.get((told.account.id, told.event.id))
            return _found(what, message, "Stored as a message", done, message)
        case StatusUpdate() if id(told.event) in left.campaigns:
            name = left.campaigns[id(told.event)]
            return Outcome(what, f"Counted in the campaign “{name}”", True)
        case StatusUpdate():
            name = told.account.id, told.event.message_id, str(told.event.status)
            receipt, message = left.receipts.get(name, (None, None))
            became = "Matched to its message" if message else "Kept: its message is not known here"
            return _found(what, receipt, became, done, message)
    became = "Applied" if done else "Not applied yet"
    return Outcome(what, became, True if done else None)


def _found(what, row, became, done, message):
    if row is not None:
        return Outcome(what, became, True, message)
    return Outcome(what, "Left nothing behind" if done else "Not applied yet", None)


def _what(event):
    match event:
        case InboundMessage():
            return f"Message, {_words(event.kind)}"
        case Echo():
            return f"Message of our own from elsewhere, {_words(event.kind)}"
        case StatusUpdate():
            return f"Receipt: {event.status}"
        case TemplateUpdate():
            return f"News of the template {event.name}"
        case AccountUpdate():
            return f"News of the account: {_words(event.kind)}"
        case IdentityChange():
            return "A customer's number or id changed"
        case NameChange():
            return "A customer's name"
        case PreferenceChange():
            return f"A customer's wish: {event.value} marketing"
    return "Kept and not acted on"


def _words(kind):
    return str(kind).replace("_", " ")
