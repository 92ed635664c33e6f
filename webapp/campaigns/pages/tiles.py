"""What all campaigns together did today and in the last days: the tiles above their list."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import case, func, select

from webapp import words
from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account
from webapp.campaigns import figures
from webapp.campaigns.ledger import MINUTES, TIMED, counts_of_many
from webapp.campaigns.models import LIVE, Campaign
from webapp.campaigns.sending import limits
from webapp.columns import utcnow
from webapp.extensions import db

WEEK, DAYS = 7, 14


@dataclass(frozen=True, slots=True)
class Tiles:
    """By day, the last one is today: {"sent": [14 numbers], …}."""

    days: dict
    senders: int  # campaigns that sent today
    to_go: int
    fullest: object  # a Fullest, or None where no limit is known

    def today(self, name):
        return self.days[name][-1]

    def week(self, name):
        return sum(self.days[name][-WEEK:])

    @property
    def reply_share(self):
        return figures.share(self.week("replied"), self.week("read"))

    @property
    def failure_share(self):
        """Of those sent; what is refused at once was never sent."""
        return figures.share(self.week("failed"), max(self.week("sent"), self.week("failed")))

    @property
    def reply_shares(self):
        return self._by_day("replied", self.days["read"])

    @property
    def failure_shares(self):
        tried = map(max, self.days["sent"], self.days["failed"])
        return self._by_day("failed", tried)

    def _by_day(self, name, wholes):
        return [
            figures.share(part, whole) or 0
            for part, whole in zip(self.days[name], wholes, strict=True)
        ]


def current():
    """What all campaigns together did; days are those of the viewer's zone."""
    days_begin = midnights()
    of_day = case(
        *((MINUTES.c.minute < after, day) for day, after in enumerate(days_begin[1:])),
        else_=DAYS - 1,
    )
    rows = db.session.execute(
        select(of_day.label("day"), *(func.sum(MINUTES.c[name]) for name in TIMED))
        .where(MINUTES.c.minute >= days_begin[0])
        .group_by("day")
    )
    days = {name: [0] * DAYS for name in TIMED}
    for day, *sums in rows:
        for name, many in zip(TIMED, sums, strict=True):
            days[name][day] = int(many)
    senders = select(func.count(MINUTES.c.campaign_id.distinct())).where(
        MINUTES.c.minute >= days_begin[-1], MINUTES.c.sent > 0
    )
    return Tiles(days, db.session.scalar(senders), _to_go(), fullest())


@dataclass(frozen=True, slots=True)
class Fullest:
    """The portfolio that has used most of its limit, named by one of its accounts."""

    name: str
    used: int
    most: int

    @property
    def share(self):
        return figures.share(self.used, self.most)


def fullest():
    """Of the limits of people in 24 hours; None where no account has one that is known."""
    active = select(Account).where(Account.enabled, Account.archived_at.is_(None))
    portfolios = {}
    for account in db.session.scalars(active.order_by(Account.id)):
        if provider_of(account).can.campaigns:
            portfolios.setdefault(account.portfolio, account)
    stand = ((account.name, limits.standing(account)) for account in portfolios.values())
    known = [Fullest(name, one.used, one.most) for name, one in stand if one.most]
    return max(known, key=lambda one: one.share, default=None)


def midnights():
    """Of the last 14 days."""
    today = words.local_day(utcnow())
    days = (today - timedelta(days=ago) for ago in reversed(range(DAYS)))
    return [datetime.combine(day, time(), words.zone()) for day in days]


def _to_go():
    ids = db.session.scalars(select(Campaign.id).where(Campaign.state.in_(LIVE))).all()
    return sum(figures.Figures(one).to_go for one in counts_of_many(ids).values())
