"""What the list of campaigns shows: its columns, its filters, its counts."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import Integer, and_, case, exists, func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp import words
from webapp.accounts.models import Account
from webapp.campaigns import figures
from webapp.campaigns.ledger import counts_of_many
from webapp.campaigns.models import ENDED, Campaign, CampaignState, CampaignVariant
from webapp.campaigns.pages import speed, standing
from webapp.campaigns.pages.acts import offered
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.tables.spec import Column, Filter, Table

RUNNING, PLANNED, FINISHED = "running", "planned", "finished"
SEGMENTS = {
    RUNNING: (CampaignState.RUNNING, CampaignState.PAUSED),
    PLANNED: (CampaignState.DRAFT, CampaignState.SCHEDULED),
    FINISHED: ENDED,
}
SEGMENT_NAMES = {"": "All", RUNNING: "Running", PLANNED: "Planned", FINISHED: "Finished"}
AGES = {"1": "Today", "7": "In the last 7 days", "30": "In the last 30 days"}
# What goes on comes first, and of what is alike the newest.
RANK = case(
    {
        CampaignState.RUNNING: 5,
        CampaignState.PAUSED: 4,
        CampaignState.SCHEDULED: 3,
        CampaignState.DRAFT: 2,
    },
    value=Campaign.state,
    else_=1,
).cast(Integer)


def everything():
    return select(Campaign).options(
        joinedload(Campaign.account),
        joinedload(Campaign.interval),
        joinedload(Campaign.updated_by),
        selectinload(Campaign.variants),
    )


def counts():
    """How many stand in each segment, and all of them under an empty name."""
    rows = dict(
        db.session.execute(select(Campaign.state, func.count()).group_by(Campaign.state)).all()
    )
    found = {name: sum(rows.get(one, 0) for one in states) for name, states in SEGMENTS.items()}
    return {"": sum(rows.values()), **found}


@dataclass(frozen=True, slots=True)
class About:
    """What a page of campaigns shows beside their own rows."""

    figures: dict
    paces: dict
    now: datetime

    def figures_of(self, one):
        return self.figures[one.id]

    def standing_of(self, one):
        return standing.of(one, self.figures[one.id], self.paces.get(one.id), self.now)

    def instead_of_progress(self, one):
        return standing.instead_of_progress(one, self.figures[one.id])

    @staticmethod
    def verbs_of(one):
        return offered(one)

    @staticmethod
    def templates_of(one):
        return templates_of(one)

    @staticmethod
    def provider_of(one):
        return provider_of(one)


def about(campaigns):
    """The same number of queries, however many there are."""
    now = utcnow()
    running = [one.id for one in campaigns if one.state == CampaignState.RUNNING]
    return About(figures.of_many(campaigns), speed.now_of(running, now) if running else {}, now)


def templates_of(campaign):
    return ", ".join(one.template_name for one in campaign.variants)


def provider_of(campaign):
    provider = campaign.account and PROVIDERS.get(campaign.account.provider)
    return provider.label if provider else ""


def _found(text):
    template = exists().where(
        CampaignVariant.campaign_id == Campaign.id,
        CampaignVariant.template_name.icontains(text, autoescape=True),
    )
    return Campaign.name.icontains(text, autoescape=True) | template


def _segment(value):
    if value not in SEGMENTS:
        raise ValueError(value)
    return Campaign.state.in_(SEGMENTS[value])


def _started(value):
    """Today is the viewer's day."""
    if value not in AGES:
        raise ValueError(value)
    day = words.local_day(utcnow()) - timedelta(days=int(value) - 1)
    since = datetime.combine(day, time(), words.zone())
    return and_(Campaign.started_at.is_not(None), Campaign.started_at >= since)


def _accounts():
    used = select(Campaign.account_id).where(Campaign.account_id.is_not(None))
    rows = select(Account.id, Account.name).where(Account.id.in_(used)).order_by(Account.name)
    return [(str(id), name) for id, name in db.session.execute(rows)]


def exported():
    """The CSV's columns: also what the page draws. The figures of all are read at once."""
    counted = {id: figures.Figures(one) for id, one in counts_of_all().items()}

    def count(name, label):
        return Column(name, label, export=lambda one: getattr(counted.get(one.id, NONE), name))

    return (
        Column("name", "Campaign", export=lambda one: one.name),
        Column("template", "Template", export=templates_of),
        Column("state", "State", export=lambda one: one.state),
        Column("account", "Account", export=lambda one: one.account and one.account.name),
        count("total", "Audience"),
        count("left_out", "Left out"),
        count("sent", "Sent"),
        count("delivered", "Delivered"),
        count("read", "Read"),
        count("replied", "Replied"),
        count("failures", "Failed or unknown"),
        Column("started", "Started", export=lambda one: one.started_at),
        Column("finished", "Finished", export=lambda one: one.finished_at),
    )


def counts_of_all():
    return counts_of_many(db.session.scalars(select(Campaign.id)).all())


NONE = figures.Figures()
TABLE = Table(
    name="campaigns",
    key=Campaign.id,
    sort="-state",
    search=_found,
    filters=(
        Filter("show", "Show", _segment, segment=True),
        Filter(
            "account", "Account", lambda value: Campaign.account_id == int(value[:18]), _accounts
        ),
        Filter("started", "Started", _started, lambda: list(AGES.items())),
    ),
    columns=(
        Column("name", "Campaign", func.lower(Campaign.name), fixed=True),
        Column("state", "State", RANK),
        Column("progress", "Progress", None, classes="wide"),
        Column("funnel", "Audience to reply"),
        Column("replied", "Replied", classes="r num"),
        Column("account", "Account"),
        Column("created", "Created", Campaign.created_at, shown=False, classes="num muted nowrap"),
    ),
)
