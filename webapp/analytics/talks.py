"""The conversations behind a figure, and those the board lists: read when they are shown."""

from datetime import timedelta

from sqlalchemy import and_, select, true
from sqlalchemy.orm import joinedload

from webapp.analytics import figures, periods
from webapp.analytics.minutes import RECENT
from webapp.analytics.standing import is_slow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox.models import Interaction, InteractionState
from webapp.queues.models import Offer, OfferState, Queue, QueueMember
from webapp.staff import access
from webapp.staff.models import TeamMember

MOST_LISTED = {"overview": 30, "conversations": 100}
MOST_BEHIND = 200
MINUTES = {"recent": RECENT, "hour": 60}
OPEN = Interaction.state != InteractionState.CLOSED

# What a figure is called, and which facts of `figures` it counts.
BEHIND = {
    "accepted": ("Accepted", figures.ENDED),
    "accepted_in_time": ("Accepted within the target", figures.ENDED),
    "accepted_late": ("Accepted after the target", figures.ENDED),
    "timed_out": ("Timed out", figures.ENDED),
    "abandoned": ("Abandoned", figures.ENDED),
    "abandoned_waiting": ("Abandoned while waiting", figures.ENDED),
    "closed": ("Closed", figures.ENDED),
    "expired": ("Ended by themselves", figures.ENDED),
    "handled": ("Handled", figures.ENDED),
    "begun": ("Begun", figures.BEGUN),
    "replied": ("First replies", figures.REPLIED),
    "replied_in_time": ("First replies within the target", figures.REPLIED),
    "offers_accepted": ("Offers accepted", figures.OFFERED),
    "passed": ("Offers passed on", figures.OFFERED),
    "missed": ("Offers missed", figures.OFFERED),
    "received": ("Received messages", figures.WRITTEN),
    "sent": ("Sent messages", figures.WRITTEN),
    "failed": ("Failed messages", figures.WRITTEN),
}
FAILED_HOUR = "failed_hour"  # the tile's, whatever period is chosen
# What the service level is made of: in time, of all of them.
LEVEL = {
    "accepted_in_time": "In time",
    "accepted_late": "Late",
    "timed_out": "Timed out",
    "abandoned_waiting": "Abandoned",
}
STANDING = {
    "waiting": "Waiting now",
    "slow": "Slow replies",
    "open": "Open conversations",
    "unmanaged": "Unmanaged",
    "left": "Left unanswered",
    "unread": "With unread messages",
}


def listed(choice, queues, user, now):
    """The conversations of the tab that is chosen, those first who wait longest."""
    rows = _standing(choice.show, queues, now)
    rows = rows.where(_chosen(choice), access.visible_interactions(user))
    if choice.tab == "conversations":
        rows = rows.options(joinedload(Interaction.contact).selectinload(Contact.tags))
    return db.session.scalars(rows.limit(MOST_LISTED[choice.tab])).unique().all()


def ringing(talks):
    """{conversation: the offer that rings for it}"""
    found = (
        select(Offer)
        .where(
            Offer.interaction_id.in_([talk.id for talk in talks]), Offer.state == OfferState.OPEN
        )
        .options(joinedload(Offer.user))
        .order_by(Offer.id)
    )
    return {offer.interaction_id: offer for offer in db.session.scalars(found)}


def behind(figure, choice, queues, user, now, zone, agent=None):
    """The conversations one figure counts, newest first; KeyError where there is none such."""
    if figure in STANDING:
        rows = _standing(figure, queues, now).where(_chosen(choice, agent))
    else:
        name = _counted(figure)
        _, facts = BEHIND[name]
        where = _of_agent(choice, agent) if agent else _where(choice, facts)
        start, end = span(period_of(figure, choice), now, zone)
        ids = figures.rows_behind(facts, name, start, end, where)
        rows = select(Interaction).where(Interaction.id.in_(ids)).order_by(Interaction.id.desc())
    rows = rows.where(_led(choice), access.visible_interactions(user)).options(*WITH)
    return db.session.scalars(rows.limit(MOST_BEHIND)).unique().all()


def is_known(figure):
    return figure in STANDING or _counted(figure) in BEHIND


def title(figure):
    return STANDING[figure] if figure in STANDING else BEHIND[_counted(figure)][0]


def parts_of_level(sums):
    """{figure: (words, how many)} of what the service level is made of."""
    late = sums.get("accepted", 0) - sums.get("accepted_in_time", 0)
    counts = {**sums, "accepted_late": late}
    return {figure: (words, counts.get(figure, 0)) for figure, words in LEVEL.items()}


def narrowed(figure, choice, agent=None):
    """{what: id or None} the figure is narrowed to: an agent's are theirs in all queues, and
    messages are told apart by account alone."""
    if agent:
        return {"people": agent}
    if figure not in STANDING and BEHIND[_counted(figure)][1] is figures.WRITTEN:
        return {"accounts": choice.account}
    return {"queues": choice.queue, "accounts": choice.account, "teams": choice.team}


def period_of(figure, choice):
    return "hour" if figure == FAILED_HOUR else choice.period


def _counted(figure):
    return "failed" if figure == FAILED_HOUR else figure


def span(period, now, zone):
    """From when until when a period counts, as the board's figures do."""
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if period in MINUTES:
        return end - timedelta(minutes=MINUTES[period]), end
    return periods.start_of_day(periods.today(now, zone), zone), end


WITH = (
    joinedload(Interaction.queue),
    joinedload(Interaction.owner),
    joinedload(Interaction.account),
)


def _standing(which, queues, now):
    found = select(Interaction).options(*WITH)
    if which == "left":
        left = found.where(Interaction.left_unanswered)
        return left.order_by(Interaction.closed_at, Interaction.id)
    found = found.where(OPEN, Interaction.session_expires_at > now)
    if which == "waiting":
        waiting = found.where(Interaction.state == InteractionState.WAITING)
        return waiting.order_by(Interaction.waiting_since, Interaction.id)
    if which == "slow":
        slow = found.where(is_slow(now, queues))
        return slow.order_by(Interaction.unanswered_since, Interaction.id)
    if which == "unmanaged":
        found = found.where(Interaction.state == InteractionState.UNMANAGED)
    if which == "unread":
        found = found.where(Interaction.unread > 0)
    return found.order_by(Interaction.last_message_at.desc(), Interaction.id.desc())


def _chosen(choice, agent=None):
    """What the address narrows to, as a condition; an agent's are theirs in all queues."""
    conditions = [_led(choice)]
    if agent:
        return and_(Interaction.owner_id == agent, *conditions)
    if choice.queue:
        conditions.append(Interaction.queue_id == choice.queue)
    if choice.account:
        conditions.append(Interaction.account_id == choice.account)
    if choice.team:
        conditions.append(Interaction.queue_id.in_(_queues_of(choice.team)))
    return and_(true(), *conditions)


def _led(choice):
    return true() if choice.led is None else Interaction.queue_id.in_(choice.led)


def _where(choice, facts):
    """The same for facts, as far as the board tells these apart: messages by account alone."""
    if facts is figures.WRITTEN:
        return {"account": [choice.account]} if choice.account else {}
    where = {"account": [choice.account]} if choice.account else {}
    of_these = []
    if choice.queue:
        of_these.append(Queue.id == choice.queue)
    if choice.team:
        of_these.append(Queue.id.in_(_queues_of(choice.team)))
    if choice.led is not None:
        of_these.append(Queue.id.in_(choice.led))
    if of_these:
        where["queue"] = select(Queue.id).where(*of_these)
    return where


def _of_agent(choice, agent):
    led = {} if choice.led is None else {"queue": choice.led}
    return {"agent": [agent]} | led


def _queues_of(team_id):
    members = select(TeamMember.user_id).where(TeamMember.team_id == team_id)
    return select(QueueMember.queue_id).where(QueueMember.user_id.in_(members))
