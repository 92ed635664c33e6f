"""How fast a campaign goes: by the minute so far, now, and until when at this pace."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.campaigns.ledger import MINUTES
from webapp.campaigns.models import CampaignEvent
from webapp.extensions import db
from webapp.settings import intervals

MINUTE = timedelta(minutes=1)
SHOWN = timedelta(hours=24)
MOST_POINTS = 90
LOOKED_BACK = 5  # minutes, for the pace now
SHORTEST = timedelta(seconds=5)  # by which a pace can be told
BEGINNINGS = ("launched", "started", "resumed", "extended")  # in its activity
MOST_OPENINGS = 400  # of a campaign's hours that an estimate goes through


@dataclass(frozen=True, slots=True)
class Speed:
    """`points` are messages a minute, evenly spaced from `begins` to `ends`."""

    points: tuple = ()
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def middle(self):
        return self.begins + (self.ends - self.begins) / 2

    @property
    def slowest(self):
        return round(min(self.points))

    @property
    def fastest(self):
        return round(max(self.points))


def of(campaign, now):
    """The last 24 hours in which it sent; the minute that is not over yet is left out."""
    sent = _sent_by_minute(campaign, now)
    if not sent:
        return Speed()
    begins, ends = min(sent), max(sent)
    many = int((ends - begins) / MINUTE) + 1
    width = math.ceil(many / MOST_POINTS)
    every = [sent.get(begins + MINUTE * n, 0) for n in range(many)]
    pieces = [every[start : start + width] for start in range(0, many, width)]
    return Speed(tuple(sum(piece) / len(piece) for piece in pieces), begins, ends)


def now_of(campaign_ids, now):
    """{campaign id: messages a minute}: by the last minute if it sent from its begin to its end,
    else by all it sent lately, from when it began to now."""
    sent, this = _lately(campaign_ids, now), _minute(now)
    pace = {
        campaign_id: minutes[this - MINUTE]
        for campaign_id, minutes in sent.items()
        if minutes.keys() >= {this - MINUTE, this - MINUTE * 2}
    }
    young = sent.keys() - pace.keys()
    begun = _begun(young, this - MINUTE * LOOKED_BACK) if young else {}
    for campaign_id in young:
        pace[campaign_id] = _pace_of(sent[campaign_id], begun.get(campaign_id), now)
    return pace


def _lately(campaign_ids, now):
    """{campaign id: {minute: sent}}"""
    rows = db.session.execute(
        select(MINUTES.c.campaign_id, MINUTES.c.minute, func.sum(MINUTES.c.sent))
        .where(
            MINUTES.c.campaign_id.in_(campaign_ids),
            MINUTES.c.minute >= _minute(now) - MINUTE * LOOKED_BACK,
            MINUTES.c.sent > 0,
        )
        .group_by(MINUTES.c.campaign_id, MINUTES.c.minute)
    )
    found = defaultdict(dict)
    for campaign_id, minute, many in rows:
        found[campaign_id][minute] = int(many)
    return found


def _begun(campaign_ids, since):
    """{campaign id: when it was last let go}"""
    rows = db.session.execute(
        select(CampaignEvent.campaign_id, func.max(CampaignEvent.at))
        .where(
            CampaignEvent.campaign_id.in_(campaign_ids),
            CampaignEvent.kind.in_(BEGINNINGS),
            CampaignEvent.at >= since,
        )
        .group_by(CampaignEvent.campaign_id)
    )
    return dict(rows.all())


def _pace_of(minutes, begun, now):
    since = max(min(minutes), begun or now - SHOWN)
    sent = sum(many for minute, many in minutes.items() if minute >= _minute(since))
    return round(sent * (MINUTE / max(now - since, SHORTEST)))


def _minute(at):
    return at.replace(second=0, microsecond=0)


def done_at(to_go, pace, interval, now):
    """When the last one leaves, hours of sending kept; None where that cannot be told."""
    if not pace or not to_go:
        return None
    left, at = MINUTE * (to_go / pace), now
    if not intervals.is_open(interval, at):
        at = intervals.next_opening(interval, at)
    for _ in range(MOST_OPENINGS):
        if at is None:
            return None
        closes = intervals.next_closing(interval, at)
        if closes is None or at + left <= closes:
            return at + left
        left -= closes - at
        at = intervals.next_opening(interval, closes)
    return None


def _sent_by_minute(campaign, now):
    latest = select(func.max(MINUTES.c.minute)).where(MINUTES.c.campaign_id == campaign.id)
    last = db.session.scalar(latest.where(MINUTES.c.sent > 0))
    if last is None:
        return {}
    rows = db.session.execute(
        select(MINUTES.c.minute, func.sum(MINUTES.c.sent))
        .where(MINUTES.c.campaign_id == campaign.id, MINUTES.c.minute > last - SHOWN)
        .where(MINUTES.c.sent > 0)
        .group_by(MINUTES.c.minute)
    )
    sent = {minute: int(many) for minute, many in rows}
    return {at: many for at, many in sent.items() if at < _minute(now)} or sent
