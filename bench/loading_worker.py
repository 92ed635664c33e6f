"""Counting and loading as a worker does them; what it took goes to standard output."""

import json
import sys
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from bench.importing_worker import memory
from webapp import create_app
from webapp.campaigns import ledger
from webapp.campaigns.audience import loading, selection
from webapp.campaigns.models import Campaign, Recipient
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from workers import campaigns  # noqa: F401 - as much as a worker has in memory

CAMPAIGN = 2


def main():
    with create_app().app_context():
        Path("/proc/self/clear_refs").write_text("5")  # what the start took is over
        before = memory()
        result = measured()
        json.dump({**result, "before": before, "memory": memory()}, sys.stdout)


def measured():
    counts = [_timed(lambda: selection.count(campaign())) for _ in range(3)]
    counted = selection.count(campaign())
    sample = _timed(lambda: selection.sample(campaign(), 20))
    chunks = []
    loaded = _timed(lambda: load(chunks))
    found = rows()
    as_counted = found == +Counter({None: counted.going, **dict(counted.left_out)})
    with unit_of_work():
        held = campaign()
        held.loaded_at, held.load_after_id = None, 0
    again = _timed(lambda: load([]))
    kept = +ledger.counts_of(CAMPAIGN)
    return {
        "members": counted.members,
        "going": counted.going,
        "left_out": counted.left_out,
        "counts": counts,
        "sample": sample,
        "loaded": loaded,
        "longest": max(chunks),
        "again": again,
        "rows": found.total(),
        "as_counted": as_counted and rows() == found,
        "balances": kept["queued"] == found[None]
        and kept["skipped"] == found.total() - found[None],
    }


def campaign():
    db.session.expire_all()
    return db.session.get(Campaign, CAMPAIGN)


def load(chunks):
    """Slice after slice, as one job hints at the next."""
    while campaign().loaded_at is None:
        began = time.monotonic()
        stops = iter([False, True])
        loading.load(CAMPAIGN, lambda: next(stops))  # noqa: B023 - called before the next round
        chunks.append(time.monotonic() - began)


def rows():
    """{reason: how many recipients}"""
    many = select(Recipient.reason, func.count()).where(Recipient.campaign_id == CAMPAIGN)
    found = Counter(dict(db.session.execute(many.group_by(Recipient.reason)).all()))
    db.session.rollback()
    return found


def _timed(run):
    began = time.monotonic()
    run()
    db.session.rollback()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
