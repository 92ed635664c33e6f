"""The board as it was at any minute of the kept past, from the intervals alone."""

from datetime import timedelta

from sqlalchemy import func, or_, select

from webapp.accounts.models import Account
from webapp.analytics import (
    attendance,
    figures,
    minutes,
    periods,
    realtime,
    standing,
    unanswered,
)
from webapp.analytics.epoch import whole_seconds
from webapp.analytics.minutes import HOUR, MINUTE, Bucket
from webapp.analytics.models import Phase
from webapp.campaigns.ledger import MINUTES
from webapp.campaigns.models import Campaign
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue
from webapp.staff.models import Presence, User

MOST_LISTED = 50


def snapshot(moment, zone):
    """What `realtime.Board` would have computed then; queues, targets and members are today's.

    Nobody kept how accounts stood with their providers, nor when something left unanswered was
    dealt with: `left` is what still is.
    """
    phases, queues = attendance.phases_at(moment), standing.queues()
    day_began = periods.start_of_day(periods.today(moment, zone), zone)
    hour = _hour_before(moment)
    return {
        "at": moment.isoformat(),
        "zone": zone,
        "queues": queues,
        "members": standing.members(),
        "teams": standing.teams(),
        "accounts": _accounts(moment),
        "left": standing.left_unanswered(moment),
        "campaigns": campaigns(moment),
        "people": _people(moment),
        "places": _places(phases, _slow(phases, queues, moment)),
        "owners": _owners(phases),
        "recent": realtime.told(_sum(hour[-minutes.RECENT :])),
        "today": realtime.told(_sum(minutes.read(day_began, moment).values())),
        "last_done": list(figures.last_done(day_began, moment).items()),
        "hour": realtime.by_minute(hour),
    }


def waiting(moment, has_place):
    """[(conversation, its queue's name, since when)] of who waited then in a place that
    `has_place(queue, account)`, longest first."""
    phases = [
        row
        for row in attendance.phases_at(moment)
        if row.phase == Phase.WAITING and has_place(row.queue_id, row.account_id)
    ][:MOST_LISTED]
    ids = [row.interaction_id for row in phases]
    talks = {row.id: row for row in _all(Interaction, ids)}
    queues = {row.id: row.name for row in _all(Queue, {row.queue_id for row in phases})}
    return [
        (talks[row.interaction_id], queues.get(row.queue_id), row.from_at)
        for row in phases
        if row.interaction_id in talks
    ]


def campaigns(moment):
    """Those that had begun then and not ended, with what they had sent by then."""
    ended = or_(Campaign.finished_at.is_(None), Campaign.finished_at > moment)
    rows = select(Campaign).where(Campaign.started_at <= moment, ended).order_by(Campaign.id.desc())
    found = db.session.scalars(rows.limit(standing.MOST_CAMPAIGNS)).all()
    sums = _sent_by(moment, [one.id for one in found])
    nothing = {"sent": 0, "failed": 0, "replied": 0}
    return [
        {"id": one.id, "name": one.name, "account": one.account_id} | sums.get(one.id, nothing)
        for one in found
    ]


def _sent_by(moment, campaign_ids):
    names = ("sent", "failed", "replied")
    rows = (
        select(MINUTES.c.campaign_id, *(func.sum(MINUTES.c[name]) for name in names))
        .where(MINUTES.c.campaign_id.in_(campaign_ids), MINUTES.c.minute <= moment)
        .group_by(MINUTES.c.campaign_id)
    )
    found = db.session.execute(rows)
    return {id: dict(zip(names, map(int, sums), strict=True)) for id, *sums in found}


def _accounts(moment):
    rows = select(Account).where(
        Account.created_at <= moment,
        or_(Account.archived_at.is_(None), Account.archived_at > moment),
    )
    return [
        {
            "id": one.id,
            "name": one.name,
            "key": one.key,
            "provider": PROVIDERS[one.provider].label,
            "phone": one.phone,
            "tone": "off",
            "words": "",
            "last_event_at": None,
        }
        for one in db.session.scalars(rows.order_by(Account.name, Account.id))
    ]


def _slow(phases, queues, moment):
    """The ids of the conversations whose customers waited longer than their queue wants."""
    targets = {queue["id"]: queue["reply_target"] for queue in queues}
    since = unanswered.since_at(moment)
    return {
        row.interaction_id
        for row in phases
        if row.interaction_id in since
        and (moment - since[row.interaction_id]).total_seconds()
        > targets.get(row.queue_id, standing.DEFAULT_TARGET)
    }


def _all(model, ids):
    return db.session.scalars(select(model).where(model.id.in_(ids)))


def _hour_before(moment):
    """Sixty buckets: the minutes before this one, the last of them as far as it had come."""
    latest = moment.replace(second=0, microsecond=0)
    found = minutes.read(latest - HOUR + timedelta(minutes=1), moment)
    last = whole_seconds(latest)
    return [found.get(second) for second in range(last - 59 * MINUTE, last + 1, MINUTE)]


def _sum(buckets):
    total = Bucket()
    for bucket in buckets:
        if bucket is not None:
            total.add(bucket)
    return total


def _people(moment):
    rows = db.session.scalars(select(User).where(User.created_at <= moment).order_by(User.name))
    people = rows.all()
    states = attendance.states_at(moment, [one.id for one in people])
    return [_person(one, states.get(one.id), moment) for one in people]


def _person(person, state, moment):
    return {
        "id": person.id,
        "name": person.name,
        "presence": state.state if state else Presence.OFFLINE,
        "pause_reason": state.reason if state else None,
        "presence_at": (state.from_at if state else moment).isoformat(),
        "capacity": person.capacity,
        "role": person.role,
    }


def _places(phases, slow):
    places = {}
    for row in phases:
        nothing = {"open": 0, "waiting": 0, "unmanaged": 0, "slow": 0, "since": None}
        place = places.setdefault((row.queue_id, row.account_id), nothing)
        place["open"] += 1
        place["slow"] += row.interaction_id in slow
        if row.phase in (Phase.WAITING, Phase.UNMANAGED):
            place[row.phase] += 1
        if row.phase == Phase.WAITING:
            place["since"] = min(row.from_at.isoformat(), place["since"] or "9")
    return [[*key, facts] for key, facts in places.items()]


def _owners(phases):
    held = {}
    for row in phases:
        if row.owner_id:
            key = (row.queue_id, row.owner_id)
            held.setdefault(key, {"held": 0, "unread": 0})["held"] += 1
    return [[*key, facts] for key, facts in held.items()]
