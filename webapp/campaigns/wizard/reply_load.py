"""Whether the people who answer keep up with the replies a campaign brings: an estimate."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import extract, func, select

from webapp.campaigns import ledger
from webapp.campaigns.models import ENDED, Campaign
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.queues.models import QueueMember
from webapp.staff.models import Presence, User

LOOKED_BACK = timedelta(days=30)
CAMPAIGNS_READ = 20
FEWEST = 20  # people reached, or conversations, before their share or length means something
USUAL_SHARE = 0.1
USUAL_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Load:
    """`arrive` and `served`: conversations a minute; `wait`: minutes the last ones wait."""

    arrive: float
    served: float
    free_agents: int
    wait: float
    fitting_pace: int

    @property
    def is_too_much(self):
        return self.arrive > self.served


def of(campaign, per_minute, many, now=None):
    """The Load at this pace; None where no queue answers or nobody gets it."""
    if campaign.reply_queue_id is None or not many or per_minute <= 0:
        return None
    now = now or utcnow()
    share = _reply_share(campaign)
    people = _free(campaign.reply_queue_id)
    served = sum(places for _, places in people) / _minutes_each(campaign.reply_queue_id, now)
    together = min(per_minute, many)  # what goes out within seconds is not answered as fast
    arrive = together * share
    backlog = max(arrive - served, 0) * (many / together)
    wait = backlog / served if served else 0
    fitting = int(served / share) if share else int(per_minute)
    return Load(arrive, served, len(people), wait, max(fitting, 1) if served else 0)


def _reply_share(campaign):
    """Of those reached who answered, in this account's last campaigns."""
    rows = select(Campaign.id).where(
        Campaign.account_id == campaign.account_id, Campaign.state.in_(ENDED)
    )
    ids = db.session.scalars(rows.order_by(Campaign.id.desc()).limit(CAMPAIGNS_READ)).all()
    counts = ledger.counts_of_many(ids).values() if ids else ()
    reached = sum(one["ever:delivered"] for one in counts)
    replied = sum(one["ever:replied"] for one in counts)
    return replied / reached if reached >= FEWEST and replied else USUAL_SHARE


def _free(queue_id):
    """(id, places) of its members who are available now."""
    rows = select(User.id, User.capacity).join(QueueMember, QueueMember.user_id == User.id)
    mine = rows.where(
        QueueMember.queue_id == queue_id, User.active, User.presence == Presence.AVAILABLE
    )
    return [(id, capacity or 1) for id, capacity in db.session.execute(mine)]


def _minutes_each(queue_id, now):
    """How long one conversation takes from its acceptance to its end."""
    length = extract("epoch", Interaction.closed_at) - extract("epoch", Interaction.assigned_at)
    average, many = db.session.execute(
        select(func.avg(length), func.count()).where(
            Interaction.queue_id == queue_id,
            Interaction.closed_at >= now - LOOKED_BACK,
            Interaction.assigned_at.is_not(None),
        )
    ).one()
    return max(float(average) / 60, 1) if many >= FEWEST and average else USUAL_MINUTES
