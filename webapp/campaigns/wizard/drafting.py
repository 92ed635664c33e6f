"""A campaign's draft: begun, and kept step by step as the wizard's pages say."""

import hashlib
import json
from datetime import datetime

from sqlalchemy import select

from webapp.campaigns import activity, approving, correlation
from webapp.campaigns.models import Campaign, CampaignState, CampaignVariant
from webapp.columns import utcnow
from webapp.database import lock
from webapp.extensions import db
from webapp.staff.models import differences, person_id, record

STEPS = AUDIENCE, MESSAGE, SCHEDULE, REVIEW = ("audience", "message", "schedule", "review")
COLUMNS = {
    AUDIENCE: ("name", "account_id", "audience"),
    SCHEDULE: (
        "start_mode", "start_at", "end_at", "interval_id", "zone_mode", "time_zone", "pace",
        "spread_hours", "warm_up_count", "warm_up_minutes", "most_tries", "response_minutes",
        "reply_queue_id", "obeys_stop", "stop_rules",
    ),
}  # fmt: skip
VARIANT = ("template_name", "language", "percent", "mapping", "media")
AT_FIRST = {"once": "first", "consent_only": True, "skip_open": True}
STOP_AT_FIRST = {"failed_percent": 5, "failed_of": 200, "quality_low": True}
APPROVED_OF = (AUDIENCE, MESSAGE)  # what a second person agreed to


class Refused(ValueError):
    """Why a draft was not kept, in words for the screen."""


class Overtaken(Refused):
    """Somebody else changed this step after the page was opened."""

    def __init__(self, campaign):
        self.by, self.at = campaign.updated_by, campaign.updated_at
        super().__init__(
            f"{self.by.name} changed this step after you opened it. Save again to keep what "
            "stands here, or load the page again to see theirs."
        )


def begin(name, account_id, by):
    """A new draft with the usual schedule; the account may be chosen later.

    `by` is a User, or the name of a command.
    """
    campaign = Campaign(
        name=name,
        account_id=account_id,
        token=correlation.new_token(),
        audience=dict(AT_FIRST),
        stop_rules=dict(STOP_AT_FIRST),
        created_by_id=person_id(by),
        updated_by_id=person_id(by),
    )
    db.session.add(campaign)
    db.session.flush()
    record(by, "added", campaign, after={"name": name, "account_id": account_id})
    activity.note(campaign, "made", "Made as a draft", by)
    return campaign


def save(campaign, step, wanted, by, seen=None, strict=False):
    """Keep one step, with an audit row of what changed; says whether anything did.

    `wanted` is what `facts` tells of that step. `seen` is the version the page was opened with:
    a step that somebody else changed since raises Overtaken. What a second person agreed to is
    open again once audience or message change. With `strict` one's own save that comes after a
    later one of the same page changes nothing.
    """
    _hold(campaign)
    before = facts(campaign, step)
    if wanted == before:
        return False
    if seen and seen != version(campaign, step):
        if campaign.updated_by_id not in (None, by.id):
            raise Overtaken(campaign)
        if strict:
            return False
    _apply(campaign, step, wanted)
    if step in APPROVED_OF:
        approving.reopen(campaign, by)
    _touch(campaign, by)
    db.session.flush()
    old, new = differences(_plain(before), _plain(wanted))
    record(by, "changed", campaign, before=old, after=new)
    activity.announce(campaign.id)
    return True


def go_on(campaign, step):
    """Somebody was through with this step: it may have its check mark."""
    if step not in campaign.steps:
        campaign.steps = [*campaign.steps, step]


def facts(campaign, step):
    """What one step holds, as a form has it."""
    if step == MESSAGE:
        rows = [{name: getattr(one, name) for name in VARIANT} for one in campaign.variants]
        return {"variants": rows}
    return {name: getattr(campaign, name) for name in COLUMNS[step]}


def version(campaign, step):
    """A word that is another one as soon as the step holds something else."""
    text = json.dumps(_plain(facts(campaign, step)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_draft(campaign):
    return campaign.state == CampaignState.DRAFT


def _hold(campaign):
    db.session.scalar(lock(select(Campaign.id).where(Campaign.id == campaign.id)))
    db.session.refresh(campaign)
    if not is_draft(campaign):
        raise Refused("This campaign was launched. Its parts can no longer be changed.")


def _apply(campaign, step, wanted):
    if step != MESSAGE:
        for name in COLUMNS[step]:
            setattr(campaign, name, wanted[name])
        return
    kept = list(campaign.variants)
    for position, one in enumerate(wanted["variants"]):
        variant = kept[position] if position < len(kept) else CampaignVariant(position=position)
        for name in VARIANT:
            setattr(variant, name, one[name])
        if position >= len(kept):
            campaign.variants.append(variant)
    for variant in kept[len(wanted["variants"]) :]:
        campaign.variants.remove(variant)


def _touch(campaign, by):
    campaign.updated_by_id, campaign.updated_at = person_id(by), utcnow()


def _plain(value):
    """Times as text, as an audit row and a version hold them."""
    return {
        name: one.isoformat() if isinstance(one, datetime) else one for name, one in value.items()
    }
