"""A campaign once more, as a draft to be changed."""

from webapp.campaigns import activity, correlation
from webapp.campaigns.models import Campaign, CampaignVariant
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import person_id, record

COPIED = (
    "account_id", "audience", "start_mode", "end_at", "interval_id", "zone_mode", "time_zone",
    "pace", "spread_hours", "warm_up_count", "warm_up_minutes", "most_tries", "response_minutes",
    "reply_queue_id", "obeys_stop", "stop_rules", "start_at",
)  # fmt: skip
MESSAGE = ("position", "template_name", "language", "percent", "mapping", "media")
LONGEST_NAME = 120


def clone(campaign, by, now=None):
    """A new draft with the same audience, message and schedule; moments that are over fall away."""
    now = now or utcnow()
    twin = Campaign(
        name=f"{campaign.name[: LONGEST_NAME - 7]} (copy)",
        token=correlation.new_token(),
        cloned_from_id=campaign.id,
        created_by_id=person_id(by),
        updated_by_id=person_id(by),
        variants=[CampaignVariant(**_of(one, MESSAGE)) for one in campaign.variants],
        **_of(campaign, COPIED),
    )
    for name in ("start_at", "end_at"):
        at = getattr(twin, name)
        setattr(twin, name, at if at and at > now else None)
    db.session.add(twin)
    db.session.flush()
    record(by, "added", twin, after={"name": twin.name, "cloned_from_id": campaign.id})
    activity.note(twin, "made", f"Made as a copy of “{campaign.name}”", by, now)
    return twin


def _of(row, names):
    return {name: getattr(row, name) for name in names}
