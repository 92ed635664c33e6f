"""How many an audience counts, as last counted: kept beside the page, never while it waits."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.exceptions import RedisError

from webapp.campaigns.audience import selection
from webapp.campaigns.wizard import drafting
from webapp.columns import utcnow
from webapp.extensions import redis_clients

log = logging.getLogger(__name__)

KEPT = 24 * 3600  # seconds; an older figure is shown until the next one is there


@dataclass(frozen=True, slots=True)
class Tally:
    """`left_out` is [(reason, many)]; `is_current` says that nothing was changed since."""

    members: int
    going: int
    left_out: list
    at: datetime
    is_current: bool = True

    @property
    def left_out_count(self):
        return sum(many for _, many in self.left_out)

    @property
    def share(self):
        return self.going / self.members if self.members else 0

    @property
    def most(self):
        """The largest reason: how long the others' bars are."""
        return max((many for _, many in self.left_out), default=0)

    def of(self, reason):
        return dict(self.left_out).get(reason, 0)


def known(campaign):
    """As last counted; None where nobody counted yet."""
    try:
        kept = redis_clients.hasty.get(_key(campaign))
    except RedisError as error:
        log.warning("tally not read: %s", error)
        return None
    if kept is None:
        return None
    found = json.loads(kept)
    return Tally(
        found["members"],
        found["going"],
        found["left_out"],
        datetime.fromtimestamp(found["at"], UTC),
        is_current=found["of"] == _version(campaign),
    )


def counted(campaign):
    """Counted now, and kept. ValueError where a condition names a field that is gone."""
    found = selection.count(campaign)
    tally = Tally(found.members, found.going, found.left_out, utcnow())
    kept = {
        "members": tally.members,
        "going": tally.going,
        "left_out": tally.left_out,
        "at": tally.at.timestamp(),
        "of": _version(campaign),
    }
    try:
        redis_clients.hasty.set(_key(campaign), json.dumps(kept), ex=KEPT)
    except RedisError as error:
        log.warning("tally not kept: %s", error)
    return tally


def latest(campaign):
    """As last counted if nothing was changed since, else counted now."""
    found = known(campaign)
    return found if found and found.is_current else counted(campaign)


def _key(campaign):
    return f"campaign:{campaign.id}:tally"


def _version(campaign):
    steps = (drafting.AUDIENCE, drafting.MESSAGE)
    return ".".join(drafting.version(campaign, step) for step in steps)
