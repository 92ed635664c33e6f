"""Everything known of one message: moments, attempts, receipts, ids, and the raw behind them."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.inbox.models import Attempt, Direction, Message, MessageStatus, Receipt
from webapp.providers import PROVIDERS
from webapp.webhooks import showing
from webapp.webhooks.masking import mask, secrets_of
from webapp.webhooks.models import WebhookPayload

MOST_RECEIPTS = 100
MOST_WEBHOOKS = 10
GOOD, BAD, PLAIN = "ok", "bad", ""

OUTCOMES = {
    "sent": (GOOD, "Accepted by {provider}"),
    "refused": (BAD, "Refused by {provider}"),
    "unknown": (BAD, "No answer from {provider}"),
}
STATUSES = {
    "sent": "Sent",
    "delivered": "Delivered",
    "read": "Read",
    "played": "Played",
    "failed": "Failed",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, in words; `at` by our clock, `their_at` by the provider's."""

    words: str
    at: datetime | None
    tone: str = PLAIN
    detail: str = ""
    their_at: datetime | None = None

    @property
    def late(self):
        """How long it took to come here; None where that says nothing."""
        return self.at - self.their_at if self.at and self.their_at else None


@dataclass(frozen=True, slots=True)
class Id:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Raw:
    """A webhook or a call; without parts it is no longer kept."""

    title: str
    parts: list[showing.Part]
    payload_id: int | None = None


@dataclass(frozen=True, slots=True)
class Passport:
    message: Message
    provider: str
    steps: list[Step]
    ids: list[Id]
    raws: list[Raw]
    left_out: int = 0  # webhooks whose raw is not shown

    @property
    def text(self):
        """All of it as plain text, to be handed on."""
        lines = [f"{id.label}: {id.value}" for id in self.ids]
        lines += [_line(step) for step in self.steps]
        for raw in self.raws:
            lines += ["", raw.title, *(part.text for part in raw.parts)]
        return "\n".join(lines)


def of(message):
    """The passport of a message; what it shows holds no secret of any account."""
    account = message.account
    label = PROVIDERS[account.provider].label if account.provider in PROVIDERS else ""
    attempts = _all(Attempt, Attempt.number, message)
    receipts = _all(Receipt, Receipt.received_at, message)[:MOST_RECEIPTS]
    wanted = _payload_ids(message, receipts)
    payloads = _payloads(wanted[:MOST_WEBHOOKS])
    secrets = _secrets(account, payloads)
    raws = [*_webhooks(wanted[:MOST_WEBHOOKS], payloads, secrets), *_calls(attempts, secrets)]
    steps = [*_beginning(message), *_tries(attempts, label), *map(_told, receipts)]
    steps.sort(key=lambda step: step.at)
    ids = _ids(message, attempts)
    return Passport(message, label, steps, ids, raws, max(0, len(wanted) - MOST_WEBHOOKS))


def _all(model, order, message):
    found = select(model).where(model.message_id == message.id).order_by(order, model.id)
    return db.session.scalars(found).all()


def _payload_ids(message, receipts):
    named = [message.payload_id, *(receipt.payload_id for receipt in receipts)]
    return [id for id in dict.fromkeys(named) if id is not None]


def _payloads(ids):
    found = select(WebhookPayload).where(WebhookPayload.id.in_(ids))
    return {payload.id: payload for payload in db.session.scalars(found)} if ids else {}


def _secrets(account, payloads):
    """Of the webhooks' accounts too: numbers of one app share an address."""
    others = {payload.account_id for payload in payloads.values()} - {account.id}
    accounts = [account, *(db.session.get(Account, id) for id in sorted(others))]
    return [secret for one in accounts for secret in secrets_of(one)]


def _webhooks(ids, payloads, secrets):
    for id in ids:
        if id in payloads:
            yield Raw(f"Webhook no. {id}", showing.parts_of(payloads[id], secrets), id)
        else:
            yield Raw(f"Webhook no. {id}", [])


def _calls(attempts, secrets):
    for attempt in attempts:
        for exchange in attempt.exchanges or ():
            path = urlsplit(exchange["url"]).path
            title = f"Attempt {attempt.number}: {exchange['method']} {mask(path, secrets)}"
            status = exchange["status"]
            answered = f"Answer, HTTP {status}" if status else "No answer came"
            said = showing.part("Asked", showing.laid_out(exchange["body"]), secrets)
            heard = showing.part(answered, showing.laid_out(exchange["answer"]), secrets)
            yield Raw(title, [said, heard])


def _beginning(message):
    if message.direction != Direction.IN:
        by = message.author.name if message.author else "Parley"
        yield Step(f"Written by {by}", message.received_at, GOOD)
        return
    yield Step("Received here", message.received_at, GOOD, their_at=message.written_at)
    yield Step("Processed", message.processed_at, GOOD)


def _tries(attempts, label):
    for attempt in attempts:
        yield Step(f"Given to {label}, attempt {attempt.number}", attempt.started_at)
        if attempt.finished_at or attempt.outcome in OUTCOMES:
            tone, words = OUTCOMES.get(attempt.outcome, (PLAIN, "Ended"))
            yield Step(
                words.format(provider=label),
                attempt.finished_at or attempt.started_at,
                tone,
                _fault(attempt.error, attempt.error_code) or _took(attempt),
            )


def _took(attempt):
    if not attempt.finished_at:
        return ""
    milliseconds = round((attempt.finished_at - attempt.started_at).total_seconds() * 1000)
    return f"after {milliseconds:,} ms"


def _told(receipt):
    error = receipt.error or {}
    reason = error.get("reason") or error.get("title") or error.get("detail")
    return Step(
        f"{STATUSES.get(receipt.status, receipt.status.capitalize())}, told by webhook",
        receipt.received_at,
        BAD if receipt.status == MessageStatus.FAILED else GOOD,
        _fault(reason, error.get("code")),
        receipt.at,
    )


def _fault(reason, code):
    return f"{reason} ({code})" if reason and code else reason or code or ""


def _ids(message, attempts):
    named = [Id("Id here", str(message.id)), Id("Id there", message.provider_id or "")]
    for attempt in attempts:
        named.append(Id(f"Given along, attempt {attempt.number}", attempt.correlation_id))
        if attempt.provider_id and attempt.provider_id != message.provider_id:
            named.append(Id(f"Id there, attempt {attempt.number}", attempt.provider_id))
    return [id for id in named if id.value]


def _line(step):
    at = step.at.isoformat(timespec="milliseconds")
    theirs = f" (their clock {step.their_at.isoformat()})" if step.their_at else ""
    return f"{at} {step.words}{theirs}{': ' + step.detail if step.detail else ''}"
