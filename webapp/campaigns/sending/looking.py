"""How every campaign that runs stands at this moment: what a sender asks four times a second."""

import logging
import time
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import joinedload, selectinload

from webapp import system
from webapp.accounts.models import AccountDrain, AccountHealth
from webapp.campaigns import readiness
from webapp.campaigns.models import Campaign, CampaignState
from webapp.campaigns.sending import pacing
from webapp.campaigns.settings import rules
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.settings import plan
from webapp.settings.models import Setting

log = logging.getLogger(__name__)

EVERY = 0.25  # seconds; a pause has to bite within one
BEGINS_WITHIN = 0.8  # seconds after it was begun a look lets calls leave


@dataclass(frozen=True, slots=True)
class Look:
    """`at` is monotonic, from before anything was read. What a look allows leaves within moments of
    it or not at all: since then a pause may have come."""

    at: float
    hindrance: readiness.Hindrance | None = None
    slow: tuple | None = None  # ("slow", until): the provider asked the whole account to wait
    pace: pacing.Pace | None = None
    warms_up: bool = False
    loading: bool = False
    rests: bool = False  # as its row says

    @property
    def is_old(self):
        return time.monotonic() - self.at > EVERY * 2

    @property
    def lets_begin(self):
        """Whether a call may leave at this moment."""
        return self.hindrance is None and time.monotonic() - self.at <= BEGINS_WITHIN


def look(now=None):
    """{campaign id: Look} of those that run and are not at their end, whether or not clock has
    ended them; nothing while sending is held."""
    at, now = time.monotonic(), now or utcnow()
    if system.sending_held():
        return {}
    at_end = Campaign.end_at <= now
    running = select(Campaign).where(
        Campaign.state == CampaignState.RUNNING, or_(Campaign.end_at.is_(None), ~at_end)
    )
    whole = running.options(joinedload(Campaign.account), selectinload(Campaign.variants))
    found = db.session.scalars(whole.order_by(Campaign.id)).unique().all()
    drains, *_kept = _read_together({one.account_id for one in found})
    looks = {one.id: _looked_at(one, drains.get(one.account_id), now, at) for one in found}
    return {id: look for id, look in looks.items() if look}


def _read_together(account_ids):
    """The drains by account, and rows that are asked for one by one afterwards: the session has
    them at hand while somebody holds them."""
    drains = select(AccountDrain).where(AccountDrain.account_id.in_(account_ids))
    health = select(AccountHealth).where(AccountHealth.account_id.in_(account_ids))
    decided = select(Setting).where(Setting.name.in_((rules.NAME, plan.SETTING)))
    return (
        {one.account_id: one for one in db.session.scalars(drains)},
        db.session.scalars(health).all(),
        db.session.scalars(decided).all(),
    )


def _looked_at(campaign, drain, now, at):
    """None where it cannot be told: that one is not sent, and holds up no other."""
    try:
        return _of(campaign, drain, now, at)
    except DBAPIError:
        raise
    except Exception:
        log.exception("how campaign %s stands cannot be told", campaign.id)
        return None


def _of(campaign, drain, now, at):
    hindrance = readiness.hindrance_of(campaign, now)
    if hindrance:
        return Look(at, hindrance)
    return Look(
        at,
        slow=_slow(drain, now),
        pace=pacing.pace_of(campaign, now),
        warms_up=bool(campaign.warm_up_count) and campaign.warmed_up_at is None,
        loading=campaign.loaded_at is None,
        rests=campaign.resting_reason is not None,
    )


def _slow(drain, now):
    until = drain and drain.paused_until
    return ("slow", until) if until and until > now else None
