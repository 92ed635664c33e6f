"""How fast a campaign may go: its account's throughput, its own pace, and what slows both.

The account's bucket is shared by all its campaigns and by all processes, and holds less than the
provider takes: what is left is for people's answers. A campaign with a pace has one of its own
beside it. While Redis is away nothing is given: what several processes would guess each for itself
may add up to more than the provider takes, and no message gets worse by a minute's wait.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from redis.exceptions import RedisError

from webapp.accounts.access_points import provider_of
from webapp.accounts.models import AccountHealth
from webapp.campaigns import ledger
from webapp.campaigns.models import RecipientState
from webapp.campaigns.sending import bucket
from webapp.campaigns.settings.rules import rules
from webapp.columns import utcnow
from webapp.extensions import db

log = logging.getLogger(__name__)

AWAY = 1.0  # seconds until Redis is asked again
# After a hint without a time: developers.kaleyra.io wants a second at least, Meta names none.
PAUSE, LONGEST_PAUSE = 1, 86_400


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens a second by the name of the bucket they come from."""

    rates: dict[str, float]

    @property
    def per_second(self):
        return min(self.rates.values())


@dataclass(frozen=True, slots=True)
class Grant:
    tokens: int
    wait: float  # seconds until it is worth asking again, where there are none


def pace_of(campaign, now=None):
    """The Pace a campaign has at this moment; read anew wherever its state is."""
    now = now or utcnow()
    rates = {_account(campaign.account_id): account_rate(campaign.account)}
    own = _own_rate(campaign, now)
    return Pace(rates if own is None else {**rates, f"campaign:{campaign.id}": own})


def take(pace, most, now=None):
    """A Grant of up to `most` messages that may begin now, never more than a quarter of a second's
    worth and at least one; `now` in seconds, None: as Redis has it."""
    if most < 1 or pace.per_second <= 0:
        return Grant(0, AWAY)
    try:
        return Grant(*bucket.take(pace.rates, most, now))
    except RedisError as error:
        log.warning("no pace without Redis: %s", type(error).__name__)
        return Grant(0, AWAY)


def heed(account_id, error, now=None):
    """A ProviderError that concerns the whole account slows it down for all who send through it;
    how many seconds nothing goes, or None. It recovers by itself, step by step."""
    if not error.account_wide or error.auth:
        return None
    pause = min(max(error.retry_after or PAUSE, PAUSE), LONGEST_PAUSE)
    try:
        bucket.slow(_account(account_id), pause, now)
    except RedisError as problem:
        log.warning("a provider's hint is lost: %s", type(problem).__name__)
    return pause


def account_rate(account):
    """Messages a second for campaigns, agents' share left out."""
    health = db.session.get(AccountHealth, account.id)
    decided = rules()
    carries = provider_of(account).throughput((health and health.facts) or {})
    return (carries or decided.kaleyra_pace) * (100 - decided.headroom_percent) / 100


def slowed(account_id, now=None):
    """What part of its rate an account gives after its provider's hints, up to 1."""
    try:
        return bucket.factor(_account(account_id), now)
    except RedisError:
        return 1.0


def _own_rate(campaign, now):
    """Messages a second; None where only the account's count."""
    rates = [campaign.pace / 60] if campaign.pace else []
    if campaign.spread_hours:
        rates.append(_spread_rate(campaign))
    if campaign.slowed_to is not None and (campaign.slowed_until or now) >= now:
        rates.append(campaign.slowed_to / 60)
    return min(rates, default=None)


def _spread_rate(campaign):
    """Everybody evenly over its hours; whoever comes later goes at what that makes then."""
    counts = ledger.counts_of(campaign.id)
    everybody = sum(counts[state] for state in RecipientState) - counts[RecipientState.SKIPPED]
    return max(everybody, 1) / timedelta(hours=campaign.spread_hours).total_seconds()


def _account(account_id):
    return f"account:{account_id}"
