"""When a campaign would go out: an estimate from its zones, its hours and its pace."""

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.campaigns.audience import selection
from webapp.campaigns.models import StartMode, ZoneMode
from webapp.campaigns.sending import pacing
from webapp.campaigns.sending.hours import Hours
from webapp.campaigns.timing import zone_of
from webapp.columns import utcnow
from webapp.contacts import zones as number_zones
from webapp.contacts.models import Contact
from webapp.extensions import db

MINUTE = timedelta(minutes=1)
FINEST = 240  # steps an estimate takes for the sending itself
MOST_RESTS = 400  # openings of the hours it waits for
BARS = 12
APART = timedelta(minutes=30)  # what leaves after a longer rest is told of by itself


@dataclass(frozen=True, slots=True)
class Wave:
    """So many messages from one moment to another, without a rest between."""

    begins: datetime
    ends: datetime
    many: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`left` is who has not got it when the campaign ends, or for whom no hour ever opens."""

    many: int
    per_minute: float
    waves: list = field(default_factory=list)
    warm_up: Wave | None = None  # the rest after the first few; `many` is how many these are
    left: int = 0
    response: timedelta = timedelta()

    @property
    def begins(self):
        return self.waves[0].begins if self.waves else None

    @property
    def ends(self):
        return self.waves[-1].ends if self.waves else None

    @property
    def final_at(self):
        """Until when replies count."""
        return self.ends + self.response if self.waves else None

    @property
    def takes(self):
        return self.ends - self.begins if self.waves else timedelta()

    @property
    def told(self):
        """The waves that a longer rest parts, the warm-up's own left out."""
        waves = self.waves[1:] if self.warm_up and len(self.waves) > 1 else self.waves
        found = list(waves[:1])
        for wave in waves[1:]:
            if wave.begins - found[-1].ends < APART:
                found[-1] = Wave(found[-1].begins, wave.ends, found[-1].many + wave.many)
            else:
                found.append(wave)
        return found

    @property
    def bars(self):
        """How many leave in each of twelve equal parts of the time it takes."""
        if not self.waves:
            return []
        width = max(self.takes / BARS, timedelta(seconds=1))
        found = [0.0] * BARS
        for wave in self.waves:
            for place in range(BARS):
                begins = self.begins + width * place
                found[place] += wave.many * _overlap(wave, begins, begins + width)
        return found


def plan(campaign, by_zone, now=None):
    """`by_zone`: {IANA name: how many}, as `by_zone_of` counts them."""
    now = now or utcnow()
    many = sum(by_zone.values())
    per_minute = pace_of(campaign, many)
    response = timedelta(minutes=campaign.response_minutes)
    start = _start_of(campaign, now)
    if not many or per_minute <= 0 or start is None:
        return Plan(many, per_minute, response=response)
    sender = _Sender(campaign, by_zone, per_minute)
    sender.send(start)
    return Plan(many, per_minute, sender.waves, sender.warm_up, sender.left, response)


def by_zone_of(campaign):
    """{IANA name: how many get it}, each in their own zone, or all in the campaign's."""
    rows = selection.classified(campaign).subquery()
    own = func.coalesce(Contact.time_zone, number_zones.of_column(Contact.phone), zone_of(campaign))
    found = db.session.execute(
        select(own, func.count())
        .select_from(rows)
        .join(Contact, Contact.id == rows.c.contact_id)
        .where(rows.c.reason == selection.GOING)
        .group_by(own)
    )
    counts = Counter(dict(found.all()))
    if campaign.zone_mode == ZoneMode.FIXED:
        return Counter({zone_of(campaign): counts.total()}) if counts else counts
    return counts


def pace_of(campaign, many):
    """Messages a minute: what is asked for, never more than the account gives."""
    if campaign.account is None:
        return 0
    allowed = pacing.account_rate(campaign.account) * 60
    if campaign.spread_hours:
        return min(allowed, many / (campaign.spread_hours * 60))
    return min(allowed, campaign.pace or allowed)


def _start_of(campaign, now):
    if campaign.start_mode == StartMode.NOW:
        return now
    return max(campaign.start_at, now) if campaign.start_at else None


class _Sender:
    """Goes through the time step by step, as senders will: who closes first gets it first."""

    def __init__(self, campaign, by_zone, per_minute):
        self.waves, self.warm_up = [], None
        self._hours = Hours(campaign)
        self._to_go = Counter(by_zone)
        self._per_minute = per_minute
        self._ends_at = campaign.end_at
        self._warm_up = (campaign.warm_up_count, campaign.warm_up_minutes)
        minutes = self._to_go.total() / per_minute
        self._step = max(MINUTE / 4, MINUTE * math.ceil(minutes / FINEST))
        self._rests = 0

    @property
    def left(self):
        return round(self._to_go.total())

    def send(self, at):
        first, minutes = self._warm_up
        if first and first < self._to_go.total():
            at = self._until(at, self._to_go.total() - first)
            if at is None:
                return
            self.warm_up = Wave(at, at + MINUTE * minutes, first)
            at += MINUTE * minutes
        self._until(at, 0)

    def _until(self, at, rest):
        """Send until so many are left; when that is, or None where it never comes."""
        while self._to_go.total() > rest + 1e-6:
            if self._ends_at and at >= self._ends_at:
                return None
            waiting = [zone for zone, many in self._to_go.items() if many > 1e-6]
            open_now = self._hours.open_zones(waiting, at)
            if open_now:
                at = self._leave(open_now, at, self._to_go.total() - rest)
                continue
            self._rests += 1
            at = self._hours.opens_at(waiting, at)
            if at is None or self._rests > MOST_RESTS:
                return None
        return at

    def _leave(self, open_now, at, most):
        step = min(self._step, self._ends_at - at) if self._ends_at else self._step
        many = min(self._per_minute * (step / MINUTE), most)
        gone = 0
        for zone in open_now:
            part = min(self._to_go[zone], many - gone)
            self._to_go[zone] -= part
            gone += part
        ends = at + MINUTE * (gone / self._per_minute)
        self._note(at, ends, gone)
        return ends

    def _note(self, begins, ends, many):
        last = self.waves[-1] if self.waves else None
        if last and begins - last.ends < MINUTE:
            self.waves[-1] = Wave(last.begins, ends, last.many + many)
        else:
            self.waves.append(Wave(begins, ends, many))


def _overlap(wave, begins, ends):
    """Which part of a wave falls between these moments."""
    length = wave.ends - wave.begins
    if not length:
        return float(begins <= wave.begins < ends)
    shared = min(wave.ends, ends) - max(wave.begins, begins)
    return max(shared / length, 0)
