"""Moves recipients from state to state, and keeps in the same transaction what they add up to.

Whoever moves recipients does it here: `hold` locks them in the order of their ids, the caller
changes the entries, `save` writes what changed; the differences are counted at the end of the unit
of work. What one recipient counts as is told by `facts_of` alone, so that a recount must give the
same.
"""

import os
from collections import Counter, defaultdict
from datetime import datetime
from functools import partial

from sqlalchemy import func, select

from webapp.campaigns.models import CampaignCount, CampaignMinute, Recipient, RecipientState
from webapp.columns import utcnow
from webapp.database import among, insert_many, lock, update_many
from webapp.extensions import db
from webapp.unit_of_work import before_commit

RECIPIENTS = Recipient.__table__
COUNTS = CampaignCount.__table__
MINUTES = CampaignMinute.__table__
CHUNK = 500
SHARDS = 8  # so many processes count at the same moment without waiting for each other
COLUMNS = tuple(RECIPIENTS.c.keys())
TIMED = ("sent", "failed", "refused", "read", "replied")  # what is counted by the minute
EVER = {
    "ever:sent": "sent_at",
    "ever:delivered": "delivered_at",
    "ever:read": "read_at",
    "ever:replied": "replied_at",
    "ever:opted_out": "opted_out_at",
    "ever:interaction": "interaction_id",
}


class Entry:
    """One recipient's row while it is held: change its attributes, then `save` it."""

    __slots__ = (*COLUMNS, "_was")

    def __init__(self, row):
        for name, value in zip(COLUMNS, row, strict=True):
            setattr(self, name, value)
        self._was = row

    def move(self, state, at=None, reason=None, detail=None):
        """Into this state, for this reason; when it came there is told by `at`."""
        self.state, self.state_at = str(state), at or utcnow()
        self.reason, self.detail = reason, detail

    @property
    def changes(self):
        """{column: value} of what is other than it was."""
        return {
            name: value
            for name, was in zip(COLUMNS, self._was, strict=True)
            if (value := getattr(self, name)) != was
        }

    @property
    def was(self):
        """The row as it was held, for what is counted."""
        return dict(zip(COLUMNS, self._was, strict=True))


def hold_next(chosen):
    """Entries of a SELECT of whole rows, without those that somebody else holds."""
    return [Entry(row) for row in db.session.execute(lock(chosen, skip_locked=True))]


def hold(ids, *conditions):
    """Entries of these recipients that meet the conditions, locked until the unit ends.

    Always in the order of their ids: two drains, or a drain and a sender, may meet here.
    """
    ids = sorted(set(ids))
    entries = []
    for start in range(0, len(ids), CHUNK):
        chosen = among(RECIPIENTS.c.id, ids[start : start + CHUNK])
        found = select(RECIPIENTS).where(chosen, *conditions).order_by(RECIPIENTS.c.id)
        entries += map(Entry, db.session.execute(lock(found)))
    return entries


def save(entries):
    """Write what changed of the entries held; it is counted before the unit's commit, once however
    often this is called: of two units that count twice each may wait for the other."""
    counted = before_commit("ledger", _Counted)
    moved = [(entry, changes) for entry in entries if (changes := entry.changes)]
    for rows in _alike(moved).values():
        update_many(RECIPIENTS, ("id",), rows)
    for entry, changes in moved:
        counted.take(entry, changes)


class _Counted:
    """What one unit of work moved."""

    def __init__(self):
        self._deltas, self._minutes = Counter(), Counter()

    def take(self, entry, changes):
        was, key = entry.was, (entry.campaign_id, entry.variant_id or 0)
        old, new = facts_of(was), facts_of(was | changes)
        self._deltas.update({(*key, name): 1 for name in new - old})
        self._deltas.subtract({(*key, name): 1 for name in old - new})
        self._minutes.update(_minutes(entry, changes))

    def __call__(self):
        count(self._deltas)
        _count_minutes(self._minutes)


def facts_of(row):
    """The names under which one recipient is counted; `row` has its columns as a mapping."""
    state, reason = str(row["state"]), row["reason"]
    names = {state, *(name for name, at in EVER.items() if row[at] is not None)}
    if reason:
        names.add(f"why:{state}:{reason}"[:64])
    return names


def count(deltas):
    """Add `{(campaign id, variant id or 0, name): how many}` to what is counted."""
    shard = os.getpid() % SHARDS
    rows = [
        {"campaign_id": key[0], "variant_id": key[1], "name": key[2], "shard": shard, "count": more}
        for key, more in sorted(deltas.items())  # one order: no two writers wait for each other
        if more
    ]
    if rows:
        insert_many(COUNTS, rows, partial(_added, names=["count"]))


def _added(statement, names):
    """The INSERT that adds to these numbers where the row is already there."""
    table, new = statement.table, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + new[name] for name in names},
    )


def counts_of(campaign_id, by_variant=False):
    """{name: how many}, or {(variant id, name): how many}, of one campaign."""
    return counts_of_many([campaign_id], by_variant).get(campaign_id, Counter())


def counts_of_many(campaign_ids, by_variant=False):
    """{campaign id: the same}, in one query."""
    keys = (COUNTS.c.campaign_id, COUNTS.c.variant_id, COUNTS.c.name)
    rows = db.session.execute(
        select(*keys, func.sum(COUNTS.c.count))
        .where(COUNTS.c.campaign_id.in_(campaign_ids))
        .group_by(*keys)
    )
    found = defaultdict(Counter)
    for campaign_id, variant_id, name, many in rows:
        key = (variant_id, name) if by_variant else name
        found[campaign_id][key] += int(many)
    return found


def recount(campaign_id):
    """What the recipients themselves add up to, {(variant id, name): how many}: slow and sure."""
    found = Counter()
    rows = db.session.execute(select(RECIPIENTS).where(RECIPIENTS.c.campaign_id == campaign_id))
    for row in rows.mappings():
        found.update((row["variant_id"] or 0, name) for name in facts_of(row))
    return found


def _alike(moved):
    """{names of the columns that changed: [values by name]}: each is one statement."""
    groups = defaultdict(list)
    for entry, changes in moved:
        groups[tuple(changes)].append({"id": entry.id, **changes})
    return groups


def _minutes(entry, changes):
    found = Counter()
    failed_at = entry.state_at if changes.get("state") == RecipientState.FAILED else None
    for name, at in (
        ("sent", changes.get("sent_at")),
        ("failed", failed_at),
        ("refused", None if entry.sent_at else failed_at),
        ("read", changes.get("read_at")),
        ("replied", changes.get("replied_at")),
    ):
        if isinstance(at, datetime):
            found[entry.campaign_id, at.replace(second=0, microsecond=0), name] += 1
    return found


def _count_minutes(minutes):
    rows = defaultdict(lambda: dict.fromkeys(TIMED, 0))
    for (campaign_id, minute, name), many in minutes.items():
        rows[campaign_id, minute][name] += many
    if not rows:
        return
    shard = os.getpid() % SHARDS
    values = [
        {"campaign_id": key[0], "minute": key[1], "shard": shard, **some}
        for key, some in sorted(rows.items())
    ]
    insert_many(MINUTES, values, partial(_added, names=TIMED))
