"""StatusUpdates of campaigns' messages: climbed in bulk, and never kept as rows of their own."""

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import delete, exists, select

from webapp.campaigns import activity, ledger
from webapp.campaigns.models import CampaignAttempt, Recipient, RecipientState
from webapp.campaigns.results import climbing, recognising
from webapp.campaigns.results.recognising import Heard
from webapp.columns import utcnow
from webapp.contacts import erasing_late, reaching
from webapp.database import among, update_many
from webapp.extensions import db
from webapp.inbox import climbing as bubbles
from webapp.inbox.models import Receipt

ATTEMPTS, RECEIPTS = CampaignAttempt.__table__, Receipt.__table__
CHUNK = 500
LOOK_AGAIN = timedelta(days=1)
SETTLE_BATCH = 500
SETTLED = ("outcome", "finished_at", "provider_id", "error_code", "error")  # of an attempt


def apply(account, arrived):
    """Climb what campaigns sent of `[(StatusUpdate, payload id, received_at)]`; the rest is given
    back, for conversations.

    A receipt that comes before its send was recorded is known by our correlation id: whoever
    records the send afterwards keeps what it said.
    """
    now = utcnow()
    heard = {Heard.of_event(one[0], now): one for one in arrived if not one[0].group}
    matched = recognising.match(account.id, heard)
    if not matched:
        return arrived
    _climb(matched.values())
    known = {id(heard[one]) for one in matched}
    return [one for one in arrived if id(one) not in known]


def settle(account_id, provider_ids):
    """After sends were recorded and committed: receipts that were kept because the provider gave
    only its own id and nobody knew it yet."""
    ids = []
    names = sorted(set(provider_ids))
    for start in range(0, len(names), CHUNK):
        ids += db.session.scalars(
            select(Receipt.id).where(
                Receipt.account_id == account_id,
                Receipt.message_id.is_(None),
                among(Receipt.provider_id, names[start : start + CHUNK]),
            )
        )
    settle_receipts(ids)


def settle_unmatched(limit=SETTLE_BATCH, now=None):
    """Clock's look at kept receipts whose recipient was recorded since; how many were settled."""
    recorded = exists().where(Recipient.provider_id == Receipt.provider_id)
    since = (now or utcnow()) - LOOK_AGAIN
    ids = db.session.scalars(
        select(Receipt.id)
        .where(Receipt.message_id.is_(None), Receipt.received_at > since, recorded)
        .order_by(Receipt.received_at)
        .limit(limit)
    ).all()
    return len(ids) - len(settle_receipts(ids))


def settle_receipts(ids):
    """Climb by these kept receipts, which go; gives back the ids that no campaign knows."""
    by_account = defaultdict(dict)
    for start in range(0, len(ids), CHUNK):
        chosen = RECEIPTS.c.id.in_(ids[start : start + CHUNK])
        for row in db.session.execute(select(RECEIPTS).where(chosen)):
            by_account[row.account_id][Heard.of_row(row)] = row.id
    settled = set()
    for account_id, heard in sorted(by_account.items()):
        matched = recognising.match(account_id, heard)
        _climb(matched.values())
        settled |= {heard[one] for one in matched}
    if settled:
        db.session.execute(delete(RECEIPTS).where(RECEIPTS.c.id.in_(settled)))
    return [one for one in ids if one not in settled]


def _climb(matches):
    """Recipients are held; attempts, their bubbles, and last what they add up to follow."""
    moved, attempts = {}, {}
    for one in matches:
        entry = one.entry
        if one.latest and entry.provider_id is None and not one.nameless:
            entry.provider_id = one.heard.provider_id
        if climbing.climb(entry, one.heard, one.latest):
            moved[entry.id] = one
        if one.attempt is not None:
            attempts.setdefault((entry.id, one.number), []).append(one)
    _settle_attempts(attempts)
    _climb_bubbles(matches)
    _tell_reached(matches)
    ledger.save({one.entry.id: one.entry for one in matches}.values())
    for campaign_id in {one.entry.campaign_id for one in moved.values()}:
        activity.announce(campaign_id)


def _settle_attempts(attempts):
    """An answer that was lost, or is on its way still: the receipt tells that the call went
    through. What then went wrong is kept with the attempt."""
    rows = [row for some in attempts.values() if (row := _settled(some))]
    if rows:
        update_many(ATTEMPTS, ("recipient_id", "number"), rows)


def _settled(matches):
    """The attempt's columns after these receipts, None where they are as before."""
    was = matches[0].attempt
    outcome, finished_at = was.outcome, was.finished_at
    provider_id, code, reason = was.provider_id, was.error_code, was.error
    for one in matches:
        if outcome in ("sending", "unknown"):
            outcome, finished_at, code, reason = "sent", one.heard.at, None, None
        if provider_id is None and not one.nameless:
            provider_id = one.heard.provider_id
        if one.heard.status == "failed" and code is None:
            code, reason = climbing.reason_of(one.heard.error)
    now = dict(zip(SETTLED, (outcome, finished_at, provider_id, code, reason), strict=True))
    if all(getattr(was, name) == value for name, value in now.items()):
        return None
    return {"recipient_id": was.recipient_id, "number": was.number, **now}


def _tell_reached(matches):
    news = {}
    for one in matches:
        entry = one.entry
        if one.heard.status in climbing.PROVES_DELIVERY:
            news[entry.contact_id] = True
        elif entry.state == RecipientState.FAILED and entry.reason in reaching.NOT_ON_WHATSAPP:
            news.setdefault(entry.contact_id, False)
    reaching.tell(news)


def _climb_bubbles(matches):
    """The message in a conversation follows its recipient."""
    shown = [
        (one.heard, bubbles.Match(one.entry.message_id, None, one.latest))
        for one in matches
        if one.entry.message_id
    ]
    if shown:
        bubbles.climb(shown)
    erasing_late.forget([one.entry.message_id for one in matches if one.nameless])
