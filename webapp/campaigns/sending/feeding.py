"""One campaign as a slice sends it: its hours, its words, and whose turn is next."""

import time

from sqlalchemy import func, select

from webapp.campaigns import ledger
from webapp.campaigns.audience import selection
from webapp.campaigns.ledger import RECIPIENTS
from webapp.campaigns.messages import header_files
from webapp.campaigns.messages.wording import Wording, languages_of
from webapp.campaigns.models import RecipientState
from webapp.campaigns.sending.hours import END_OF_TIME, Hours
from webapp.extensions import db
from webapp.providers import PROVIDERS

A_GOOD_MANY = 64  # free places that are worth a claim at once
CLAIM_EVERY = 0.2  # seconds between claims of fewer than that
ZONES_EVERY = 1  # seconds at least between two looks for zones with somebody in them
ROW = RECIPIENTS.c


class Feed:
    """Read once per slice, free of the session; what may change meanwhile is asked of `looking`."""

    def __init__(self, campaign):
        self.id, self.account_id, self.token = campaign.id, campaign.account_id, campaign.token
        self.provider_name = campaign.account.provider
        self.provider = PROVIDERS[self.provider_name].label
        self.most_tries = campaign.most_tries
        known = languages_of(campaign)
        self._wordings = {
            (variant.id, template.id): Wording(variant, template)
            for variant in campaign.variants
            if variant.id in known
            for template in known[variant.id].templates
        }
        self._audience = selection.audience_of(campaign)
        self._hours = Hours(campaign)
        self._queued = ROW.campaign_id == self.id, _is(RecipientState.QUEUED)
        self._retried = ROW.campaign_id == self.id, _is(RecipientState.RETRY)
        self.dry = False  # whether it was nobody's turn when last asked
        self._files = {}  # by the key of what is stored
        self._claimed_at = self._wait_until = float("-inf")
        self._zones = {}  # zone → the last id whose turn it was
        self._zones_at = float("-inf")

    def is_time(self, free):
        """Whether a claim is worth it now: of many, or of few only a few times a second."""
        now = time.monotonic()
        rather = free >= A_GOOD_MANY or now - self._claimed_at >= CLAIM_EVERY
        return free > 0 and rather and now >= self._wait_until

    def wait(self, seconds):
        self._wait_until = time.monotonic() + seconds

    def has_words_for(self, entry):
        return (entry.variant_id, entry.template_id) in self._wordings

    def command(self, entry, person, to):
        """The message to this Recipient; ValueError where a value is missing."""
        wording = self._wordings[entry.variant_id, entry.template_id]
        file = self._files[wording.media["key"]] if wording.header_kind else None
        return wording.command(person, to, file)

    def left_out(self, contact_ids, now):
        """{contact id: why} of those whom its audience would leave out by now."""
        return selection.left_out_by_now(self._audience, self.account_id, contact_ids, now)

    def take_headers(self, account):
        """(whether all files its messages begin with are at hand, whether some are to be handed
        over)"""
        found = {one["key"]: header_files.at_hand(account, one) for one in self.headers}
        self._files = {key: file for key, (file, _) in found.items()}
        return all(self._files.values()), any(due for _, due in found.values())

    @property
    def headers(self):
        """What the files are that its messages begin with."""
        return [one.media for one in self._wordings.values() if one.header_kind]

    def next(self, most, now):
        """Up to so many held entries whose turn it is: due retries first, then by zone and id."""
        self._claimed_at = time.monotonic()
        entries = self._next_retries(most, now)
        for zone in self._open_zones(now):
            if len(entries) >= most:
                break
            entries += self._next_of(zone, most - len(entries))
        return entries

    def rest(self, now):
        """(reason, until) where people wait but it is nobody's turn; None where it may be."""
        zones = {*self._waiting_zones(), *self._zones_of_due_retries(now)}
        if self._hours.open_zones(zones, now):
            return None
        later = select(func.min(ROW.retry_at)).where(*self._retried, ROW.retry_at > now)
        reasons = [("retry", at) for at in [db.session.scalar(later)] if at]
        if zones:
            reasons.append(("hours", self._hours.opens_at(zones, now)))
        return min(reasons, key=lambda one: one[1] or END_OF_TIME, default=None)

    def _next_retries(self, most, now):
        zones = self._hours.open_zones(self._zones_of_due_retries(now), now)
        if not zones:
            return []
        due = select(RECIPIENTS).where(*self._retried, ROW.retry_at <= now, ROW.zone.in_(zones))
        return ledger.hold_next(due.order_by(ROW.retry_at).limit(most))

    def _zones_of_due_retries(self, now):
        due = select(ROW.zone).where(*self._retried, ROW.retry_at <= now)
        return db.session.scalars(due.distinct()).all()

    def _open_zones(self, now):
        if not self._zones and time.monotonic() - self._zones_at > ZONES_EVERY:
            self._zones_at = time.monotonic()
            self._zones = dict.fromkeys(self._waiting_zones(), 0)
        return self._hours.open_zones(self._zones, now)

    def _next_of(self, zone, most):
        """From where it was left: rows that have gone from the index need not be passed again."""
        after = self._zones[zone]
        ahead = select(RECIPIENTS).where(*self._queued, ROW.zone == zone, ROW.id > after)
        entries = ledger.hold_next(ahead.order_by(ROW.id).limit(most))
        if entries:
            self._zones[zone] = entries[-1].id
        else:
            del self._zones[zone]  # the next look finds whoever came back, or was somebody else's
        return entries

    def _waiting_zones(self):
        """Zones with somebody in them, each found by one step along the index."""
        first = select(func.min(ROW.zone).label("zone")).where(*self._queued)
        found = first.cte("zones", recursive=True)
        following = select(func.min(ROW.zone)).where(*self._queued, ROW.zone > found.c.zone)
        step = select(following.scalar_subquery()).where(found.c.zone.is_not(None))
        zones = found.union_all(step)
        return db.session.scalars(select(zones.c.zone).where(zones.c.zone.is_not(None))).all()


def _is(state):
    return ROW.state == state
