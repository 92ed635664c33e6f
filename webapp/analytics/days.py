"""One person's day as a time line: states, offers, conversations, and what they add up to."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.analytics import attendance, figures, periods
from webapp.analytics.epoch import moment_of, whole_seconds
from webapp.analytics.models import InteractionPhase, Phase
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues.models import Offer, OfferState
from webapp.staff import access
from webapp.staff.models import Presence
from webapp.words import phone

FILLS = {Presence.AVAILABLE: "ok", Presence.PAUSED: "warn", Presence.OFFLINE: "idle"}
OFFER_FILLS = {OfferState.ACCEPTED: "ok", OfferState.PASSED: "warn", OfferState.LAPSED: "bad"}
OFFER_WORDS = {
    OfferState.ACCEPTED: "Accepted",
    OfferState.PASSED: "Passed on",
    OfferState.LAPSED: "Missed",
}
STATE_NAMES = {
    Presence.AVAILABLE: "Available",
    Presence.PAUSED: "On a break",
    Presence.OFFLINE: "Offline",
}
MOST_LANES = 60  # conversations drawn; a file has all of them
ELSEWHERE = "In another queue"  # whom its leader alone may know


@dataclass
class Lane:
    """A row of the time line: coloured parts, in percent of the axis."""

    name: str
    note: str
    parts: list  # (left, width, fill, title)
    total: str | int
    interaction_id: int | None = None


@dataclass
class Entry:
    at: datetime
    kind: str  # state, offer
    tone: str
    icon: str
    text: str
    note: str = ""


class Day:
    """From the first to the last hour in which anything happened, at least eight of them.

    How long is the person's whole day; with whom, and the figures, are of what `by` may see.
    """

    def __init__(self, person, start, end, now, by):
        self.person = person
        self.start, self.until = start, min(end, now)
        ids = [person.id]
        self.states = attendance.stretches(ids, start, end, now)[person.id]
        self._held = attendance.held(ids, start, end, now)[person.id]
        self._busy = attendance.busy(ids, start, end, now)[person.id]
        self._phases = _phases(person, start, end)
        self.offers = _offers(person, start, end)
        self._seen = self._seen_by(by)
        where, led = {"agent": ids}, access.led_queues(by)
        if led is not None:
            where["queue"] = led
        counted = {}
        for facts in (figures.BEGUN, figures.ENDED, figures.REPLIED, figures.OFFERED):
            found = figures.count(facts, start, end, where=where)
            counted = figures.add(counted, found.get((), {}))
        self.sums = counted
        self.reply = figures.median(figures.spread("reply", start, end, where=where).get((), {}))
        self._begin, self._end = self._axis(start, end)

    def _seen_by(self, by):
        """The ids of those of the day's conversations that this leader may see."""
        ids = {talk.id for _, talk in self._phases} | {one.interaction_id for one in self.offers}
        if access.leads_all(by):
            return ids
        seen = access.visible_interactions(by)
        return set(db.session.scalars(select(Interaction.id).where(Interaction.id.in_(ids), seen)))

    def _whom(self, talk):
        if talk.id not in self._seen:
            return ELSEWHERE
        return talk.contact_name or talk.contact_phone

    def _where(self, talk, queue):
        return queue.name if queue and talk.id in self._seen else ""

    def _axis(self, start, end):
        there = [part for part in self.states if part.state != Presence.OFFLINE]
        moments = [second for part in (*there, *self._held) for second in (part.start, part.end)]
        first, last = whole_seconds(start), whole_seconds(end)
        begin = min(moments, default=first + 8 * 3600) // 3600 * 3600
        until = -(-max(moments, default=first + 18 * 3600) // 3600) * 3600
        until = min(max(until, begin + 8 * 3600), last)
        return max(first, min(begin, until - 8 * 3600)), until

    @property
    def hours(self):
        """[(percent of the axis, moment)] of the full hours, no more than fit."""
        every = 3600 if self._end - self._begin <= 12 * 3600 else 7200
        return [(self._place(at), moment_of(at)) for at in range(self._begin, self._end + 1, every)]

    def _place(self, second):
        return 100 * (second - self._begin) / (self._end - self._begin)

    def _part(self, start, end, fill, title, least=0.15):
        start, end = max(start, self._begin), min(end, self._end)
        left = self._place(start)
        return left, max(least, self._place(end) - left), fill, title

    @property
    def signed_in(self):
        return sum(part.seconds for part in self._there)

    @property
    def _there(self):
        return [part for part in self.states if part.state != Presence.OFFLINE]

    @property
    def from_until(self):
        """(first moment there, last moment there)"""
        there = self._there
        return (moment_of(there[0].start), moment_of(there[-1].end)) if there else None

    @property
    def breaks(self):
        return sum(part.seconds for part in self.states if part.state == Presence.PAUSED)

    @property
    def busy(self):
        """(occupancy in percent, how many at once on average)"""
        available, holding, places = self._busy
        return attendance.occupancy(available, holding), attendance.at_once(available, places)

    @property
    def lanes(self):
        return [self._state_lane(), self._offer_lane(), *self._talk_lanes[:MOST_LANES]]

    @property
    def hidden(self):
        """How many conversations are not among the lanes."""
        return max(0, len(self._talk_lanes) - MOST_LANES)

    def _state_lane(self):
        parts = [
            self._part(one.start, one.end, FILLS[one.state], _state_words(one))
            for one in self.states
            if one.end > self._begin and one.start < self._end
        ]
        return Lane("State", "", parts, self.signed_in)

    def _offer_lane(self):
        parts = [
            self._part(
                whole_seconds(one.ended_at), 0, OFFER_FILLS[one.state], OFFER_WORDS[one.state], 0.4
            )
            for one in self.offers
        ]
        return Lane("Offers", "", parts, len(self.offers))

    @cached_property
    def _talk_lanes(self):
        lanes = {}
        for phase, talk in self._phases:
            until = min(phase.to_at or self.until, self.until)
            start, end = whole_seconds(phase.from_at), whole_seconds(until)
            name = self._whom(talk)
            leads_to = talk.id if talk.id in self._seen else None
            lane = lanes.setdefault(
                talk.id, Lane(name, self._where(talk, talk.queue), [], 0, leads_to)
            )
            lane.parts.append(self._part(start, end, "in", name))
            lane.total += max(0, end - max(start, self._begin))
        return list(lanes.values())

    @property
    def log(self):
        """What they did and what was done with them, in order."""
        entries = [_state_entry(one) for one in self.states]
        entries += [self._offer_entry(one) for one in self.offers]
        return sorted(entries, key=lambda one: one.at)

    def _offer_entry(self, offer):
        rang = whole_seconds(offer.ended_at) - whole_seconds(offer.offered_at)
        words = f"{OFFER_WORDS[offer.state]} {phone(self._whom(offer.interaction))}"
        if queue := self._where(offer.interaction, offer.queue):
            words = f"{words} from {queue}"
        icon = {OfferState.ACCEPTED: "message-circle"}.get(offer.state, "x")
        fill, took = OFFER_FILLS[offer.state], f"rang {max(0, rang)} s"
        return Entry(offer.ended_at, "offer", fill, icon, words, took)

    @property
    def rows(self):
        """[(from, until, seconds, what, of whom or why, queue)] in order: the day as a table."""
        found = [
            (moment_of(one.start), moment_of(one.end), "State", _state_words(one), "")
            for one in self.states
        ]
        found += [
            (one.offered_at, one.ended_at, f"Offer: {OFFER_WORDS[one.state].lower()}",
             self._whom(one.interaction), self._where(one.interaction, one.queue))
            for one in self.offers
        ]  # fmt: skip
        found += [
            (max(phase.from_at, self.start), min(phase.to_at or self.until, self.until),
             "Conversation", self._whom(talk), self._where(talk, talk.queue))
            for phase, talk in self._phases
        ]  # fmt: skip
        return [
            (begin, end, whole_seconds(end) - whole_seconds(begin), *rest)
            for begin, end, *rest in sorted(found, key=lambda row: row[:2])
        ]

    @property
    def in_states(self):
        """[(name, tone, seconds, percent)] longest first."""
        sums, total = attendance.in_states(self.states), sum(one.seconds for one in self.states)
        rows = [
            (reason or STATE_NAMES[state], FILLS[state], seconds, figures.percent(seconds, total))
            for (state, reason), seconds in sums.items()
        ]
        return sorted(rows, key=lambda row: -row[2])


def of(person, day, zone, now, by):
    return Day(person, *periods.span(day, day, zone), now, by)


def _phases(person, start, end):
    """[(phase, conversation)] of what they held within the day."""
    rows = (
        select(InteractionPhase, Interaction)
        .join(Interaction, Interaction.id == InteractionPhase.interaction_id)
        .where(
            InteractionPhase.owner_id == person.id,
            InteractionPhase.phase == Phase.ASSIGNED,
            InteractionPhase.from_at < end,
            (InteractionPhase.to_at.is_(None)) | (InteractionPhase.to_at > start),
        )
        .options(joinedload(Interaction.queue))
        .order_by(InteractionPhase.from_at, InteractionPhase.id)
    )
    return db.session.execute(rows).all()


def _offers(person, start, end):
    rows = (
        select(Offer)
        .where(
            Offer.user_id == person.id,
            Offer.ended_at >= start,
            Offer.ended_at < end,
            Offer.state.in_(OFFER_FILLS),
        )
        .options(joinedload(Offer.interaction), joinedload(Offer.queue))
        .order_by(Offer.ended_at, Offer.id)
    )
    return db.session.scalars(rows).all()


def _state_words(part):
    name = STATE_NAMES[part.state]
    return f"{name}, {part.reason}" if part.reason else name


def _state_entry(part):
    icon = {Presence.AVAILABLE: "check", Presence.PAUSED: "coffee", Presence.OFFLINE: "log-out"}
    tone = {"idle": ""}.get(FILLS[part.state], FILLS[part.state])
    return Entry(moment_of(part.start), "state", tone, icon[part.state], _state_words(part))
