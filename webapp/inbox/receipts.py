"""What became of a message: receipts are kept, matched to their message, and climb its status."""

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import aliased

from webapp.columns import utcnow
from webapp.contacts import erasing_late
from webapp.database import insert
from webapp.extensions import db
from webapp.inbox import climbing
from webapp.inbox.models import Attempt, Message, Receipt

RECEIPTS = Receipt.__table__
CHUNK = 500
# A receipt that still has no message after this long is for one sent by another system.
LOOK_AGAIN = timedelta(days=1)
SETTLE_BATCH = 500


def apply(account, arrived):
    """Keep `[(StatusUpdate, payload id, received_at)]` in bulk and climb what they are for.

    Returns the ids of receipts whose message is not known (yet): whoever keeps a receipt looks
    again after its commit, as whoever records a send does, or each may miss the other.
    """
    rows = {_key(row): row for row in (_row(account, *one) for one in arrived)}
    if not rows:
        return []
    ordered = [rows[key] for key in sorted(rows)]  # one fixed order: two drains may meet here
    db.session.execute(insert(RECEIPTS).on_conflict_do_nothing(index_elements=_UNIQUE), ordered)
    return settle_receipts(_unmatched_of(account, ordered))


def settle(message):
    """Look for receipts that came before their message was recorded."""
    attempts = db.session.execute(
        select(Attempt.correlation_id, Attempt.provider_id).where(Attempt.message_id == message.id)
    ).all()
    provider_ids = {row.provider_id for row in attempts} | {message.provider_id}
    settle_receipts(
        db.session.scalars(
            select(Receipt.id).where(
                Receipt.account_id == message.account_id,
                Receipt.message_id.is_(None),
                or_(
                    Receipt.correlation_id.in_([row.correlation_id for row in attempts]),
                    Receipt.provider_id.in_(provider_ids - {None}),
                ),
            )
        ).all()
    )
    db.session.refresh(message)


def settle_unmatched(limit=SETTLE_BATCH, now=None):
    """Clock's look at receipts whose message was recorded since; how many were settled."""
    now = now or utcnow()
    attempt, message = aliased(Attempt), aliased(Message)
    recorded = or_(
        exists().where(attempt.correlation_id == Receipt.correlation_id),
        exists().where(attempt.provider_id == Receipt.provider_id),
        exists().where(
            message.account_id == Receipt.account_id,
            message.provider_id == Receipt.provider_id,
        ),
    )
    ids = db.session.scalars(
        select(Receipt.id)
        .where(Receipt.message_id.is_(None), Receipt.received_at > now - LOOK_AGAIN, recorded)
        .order_by(Receipt.received_at)
        .limit(limit)
    ).all()
    return len(ids) - len(settle_receipts(ids)) if ids else 0


def settle_receipts(ids):
    """Match these receipts and climb their messages; gives back the ids that stay unmatched."""
    receipts = _load(ids)
    matches = _match(receipts)
    if matches:
        climbing.climb([(row, matches[row.id]) for row in receipts if row.id in matches])
        db.session.execute(
            update(RECEIPTS)
            .where(RECEIPTS.c.id == bindparam("receipt_id"))
            .values(message_id=bindparam("found_id")),
            [
                {"receipt_id": receipt_id, "found_id": match.message_id}
                for receipt_id, match in matches.items()
            ],
        )
        erasing_late.forget(sorted({match.message_id for match in matches.values()}))
    return [row.id for row in receipts if row.id not in matches]


_UNIQUE = ["account_id", "provider_id", "status", "recipient"]


def _key(row):
    return tuple(row[name] for name in _UNIQUE[1:])


def _row(account, event, payload_id, received_at):
    detail = {"billing": event.billing, "group": event.group}
    correlation_id = event.correlation_id or ""
    return {
        "account_id": account.id,
        "provider_id": event.message_id,
        "correlation_id": correlation_id if 0 < len(correlation_id) <= 512 else None,
        "status": str(event.status),
        "recipient": event.recipient[:200],
        "at": min(event.at, utcnow()),
        "error": asdict(event.error) if event.error else None,
        "detail": {name: value for name, value in detail.items() if value} or None,
        "received_at": received_at or utcnow(),
        "payload_id": payload_id,
    }


def _unmatched_of(account, rows):
    """Ids of these receipts that have no message, whether kept just now or before."""
    names = sorted({row["provider_id"] for row in rows if not _of_group(row)})
    ids = []
    for start in range(0, len(names), CHUNK):
        ids += db.session.scalars(
            select(Receipt.id).where(
                Receipt.account_id == account.id,
                Receipt.message_id.is_(None),
                Receipt.provider_id.in_(names[start : start + CHUNK]),
            )
        )
    return ids


def _of_group(row):
    return bool(row["detail"] and row["detail"].get("group"))


def _load(ids):
    rows = []
    for start in range(0, len(ids), CHUNK):
        rows += db.session.execute(
            select(RECEIPTS)
            .where(RECEIPTS.c.id.in_(ids[start : start + CHUNK]))
            .where(RECEIPTS.c.message_id.is_(None))
            .order_by(RECEIPTS.c.id)
        )
    return rows


def _match(receipts):
    """{receipt id: Match}: by our correlation id first, by the provider's id second."""
    by_correlation = _attempts(Attempt.correlation_id, [r.correlation_id for r in receipts])
    by_provider_id = _attempts(Attempt.provider_id, [r.provider_id for r in receipts])
    plain = _messages([r.provider_id for r in receipts])
    matches = {}
    for receipt in receipts:
        account_id = receipt.account_id
        match = (
            by_correlation.get((account_id, receipt.correlation_id))
            or by_provider_id.get((account_id, receipt.provider_id))
            or plain.get((account_id, receipt.provider_id))
        )
        if match:
            matches[receipt.id] = match
    return matches


def _attempts(column, values):
    values = sorted({value for value in values if value})
    later = aliased(Attempt)
    is_last = ~exists().where(
        and_(later.message_id == Attempt.message_id, later.number > Attempt.number)
    )
    found = {}
    for start in range(0, len(values), CHUNK):
        rows = db.session.execute(
            select(Message.account_id, column, Attempt.id, Attempt.message_id, is_last)
            .join(Message, Message.id == Attempt.message_id)
            .where(column.in_(values[start : start + CHUNK]))
        )
        for account_id, value, attempt_id, message_id, last in rows:
            found[account_id, value] = climbing.Match(message_id, attempt_id, bool(last))
    return found


def _messages(values):
    found = {}
    values = sorted(set(values))
    for start in range(0, len(values), CHUNK):
        rows = db.session.execute(
            select(Message.account_id, Message.provider_id, Message.id).where(
                Message.provider_id.in_(values[start : start + CHUNK]),
                Message.direction == "out",
            )
        )
        for account_id, provider_id, message_id in rows:
            found[account_id, provider_id] = climbing.Match(message_id, None, True)
    return found
