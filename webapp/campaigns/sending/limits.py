"""To how many people a portfolio may write first in 24 hours.

Meta counts people to whom something went outside an open service window, over all numbers of a
portfolio, in a rolling day. A campaign reserves its people before it calls; what agents write
counts too, and is never refused here. The count is a number under a lock, kept by who comes in and
whose day is over: it costs the same for a hundred people and for a hundred thousand.

developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal, select, update

from webapp.accounts.access_points import provider_of
from webapp.accounts.models import Account, AccountHealth
from webapp.campaigns import ledger
from webapp.campaigns.models import WAITING, Campaign, CampaignState
from webapp.campaigns.sending.models import PortfolioCount, PortfolioReach
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.database import among, insert, lock
from webapp.extensions import db
from webapp.inbox.models import Interaction

DAY = timedelta(hours=24)
RECOUNTED_EVERY = timedelta(hours=1)  # people deleted meanwhile are forgotten then
REACHES = PortfolioReach.__table__


@dataclass(frozen=True, slots=True)
class Standing:
    """How a portfolio stands with its limit. `most` is None where no limit is known or there is
    none; `planned` are recipients of its other campaigns who have not been written to yet."""

    most: int | None
    used: int
    planned: int
    room_at: datetime | None  # where it is used up: when the next person's day is over

    @property
    def left(self):
        return None if self.most is None else max(0, self.most - self.used)


def reserve(account, contact_ids, now=None):
    """The ids of those a campaign may write to now; they count from now on.

    Exact among any number of senders: the portfolio is locked until the unit of work ends. First
    come those who cost nothing: in an open window, or written to in the last 24 hours.
    """
    now = now or utcnow()
    most = most_people(account)
    if most == math.inf:
        return set(contact_ids)
    free = _in_window(account, contact_ids, now)
    asked = [one for one in contact_ids if one not in free]
    if not asked:
        return free
    count = _locked(account.portfolio, now)
    known = _reached(account.portfolio, asked)
    new = [one for one in dict.fromkeys(asked) if one not in known]
    if most is not None:
        new = new[: max(0, int(most) - count.people)]
    _write(account.portfolio, [*known, *new], now, counted=True)
    count.people += len(new)
    return free | known | set(new)


def reached(message, now=None):
    """An agent's message has left, or may have: a template outside the window counts."""
    now = now or utcnow()
    if message.template_id is None or message.interaction.window_open(now):
        return
    if provider_of(message.account).can.campaigns:
        _write(message.account.portfolio, [message.contact_id], now, counted=False)


def most_people(account):
    """People in 24 hours; math.inf where there is no limit, None where none is known.

    A number that was not checked yet has the limit of its portfolio: the lowest that another of
    its numbers was told.
    """
    own = _told(account, db.session.get(AccountHealth, account.id))
    if own is not None or not account.waba_id:
        return own
    others = select(Account, AccountHealth).join(AccountHealth).where(_of_portfolio(account))
    told = [_told(*other) for other in db.session.execute(others)]
    return min((most for most in told if most is not None), default=None)


def _told(account, health):
    return provider_of(account).most_people((health and health.facts) or {})


def _of_portfolio(account):
    return Account.waba_id == account.waba_id if account.waba_id else Account.id == account.id


def standing(account, but=None, now=None):
    """The Standing of an account's portfolio; `but` is the campaign that asks about others."""
    now = now or utcnow()
    most = most_people(account)
    most = None if most in (None, math.inf) else int(most)
    used = _used(account.portfolio, now)
    full = most is not None and used >= most
    return Standing(
        most=most,
        used=used,
        planned=_planned(account, but),
        room_at=_room_at(account.portfolio, used - most, now) if full else None,
    )


def _in_window(account, contact_ids, now):
    open_now = select(Interaction.contact_id).where(
        Interaction.account_id == account.id,
        among(Interaction.contact_id, contact_ids),
        Interaction.window_expires_at > now,
    )
    return set(db.session.scalars(open_now))


def _locked(portfolio, now):
    """The portfolio's row, true as of now: whose day is over is gone, who is new is in it."""
    made = insert(PortfolioCount.__table__).values(portfolio=portfolio, people=0)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["portfolio"]))
    row = lock(select(PortfolioCount).where(PortfolioCount.portfolio == portfolio))
    count = db.session.scalar(row.execution_options(populate_existing=True))
    ours = REACHES.c.portfolio == portfolio
    over = delete(REACHES).where(ours, REACHES.c.at <= now - DAY).returning(REACHES.c.counted)
    count.people -= sum(db.session.scalars(over))
    came = update(REACHES).where(ours, ~REACHES.c.counted).values(counted=True)
    count.people += db.session.execute(came).rowcount
    if count.recounted_at is None or count.recounted_at < now - RECOUNTED_EVERY:
        count.people = db.session.scalar(select(func.count()).where(ours))
        count.recounted_at = now
    return count


def _reached(portfolio, contact_ids):
    known = select(REACHES.c.contact_id).where(
        REACHES.c.portfolio == portfolio, among(REACHES.c.contact_id, contact_ids)
    )
    return set(db.session.scalars(known))


def _write(portfolio, contact_ids, now, counted):
    if not contact_ids:
        return
    values = {"portfolio": portfolio, "contact_id": Contact.id, "at": now, "counted": counted}
    given = [
        one if one is Contact.id else literal(one, REACHES.c[name].type)
        for name, one in values.items()
    ]
    statement = insert(REACHES).from_select(
        [*values], select(*given).where(among(Contact.id, contact_ids))
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["portfolio", "contact_id"], set_={"at": statement.excluded.at}
        )
    )


def _used(portfolio, now):
    """The same without the lock, and without changing anything."""
    counted = db.session.get(PortfolioCount, portfolio)
    ours, over = REACHES.c.portfolio == portfolio, REACHES.c.at <= now - DAY
    gone = select(func.count()).where(ours, over, REACHES.c.counted)
    came = select(func.count()).where(ours, ~over, ~REACHES.c.counted)
    people = counted.people if counted else 0
    return people - db.session.scalar(gone) + db.session.scalar(came)


def _room_at(portfolio, over, now):
    """When so many have left that one more fits."""
    place = select(REACHES.c.at).where(REACHES.c.portfolio == portfolio, REACHES.c.at > now - DAY)
    at = db.session.scalar(place.order_by(REACHES.c.at).offset(over).limit(1))
    return at and at + DAY


def _planned(account, but):
    live = (CampaignState.RUNNING, CampaignState.PAUSED)
    ids = db.session.scalars(
        select(Campaign.id)
        .join(Account, Account.id == Campaign.account_id)
        .where(
            _of_portfolio(account),
            Campaign.state.in_(live),
            Campaign.id != (but.id if but else 0),
        )
    ).all()
    found = ledger.counts_of_many(ids).values() if ids else ()
    return sum(counts[state] for counts in found for state in WAITING)
