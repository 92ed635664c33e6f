"""What a campaign is likely to cost, from the price table that admins keep.

Prices are dated rows, never rules of our own: providers change them, and what was free one day is
billed the next. "utility_window" is a utility message inside an open service window; without a row
of its own it costs what any other does. Meta bills these since 1 October 2026.
developers.facebook.com/documentation/business-messaging/whatsapp/pricing
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, exists, func, literal, select

from webapp.campaigns.audience import selection
from webapp.campaigns.settings.models import MessageRate
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.message_templates.models import Category, MessageTemplate

WINDOW = "utility_window"
SERVICE = "service"  # what is no template: estimates of campaigns know none
CATEGORIES = {
    Category.MARKETING: "Marketing",
    Category.UTILITY: "Utility",
    Category.AUTHENTICATION: "Authentication",
    WINDOW: "Utility, window open",
    SERVICE: "Service",
}
ELSEWHERE = ""  # the region of numbers that no row's prefixes fit


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    many: int
    each: Decimal

    @property
    def sum(self):
        return self.many * self.each


@dataclass(frozen=True, slots=True)
class Window:
    """What those in an open window cost less, all of them together."""

    many: int
    sum: Decimal
    is_free: bool
    name: str = "Window open"

    @property
    def each(self):
        return self.sum / self.many


@dataclass(frozen=True, slots=True)
class Cost:
    """`window` takes off what those in an open window cost less; `unpriced` have no row."""

    lines: list = field(default_factory=list)
    window: Window | None = None
    unpriced: int = 0
    currency: str = ""
    since: datetime | None = None
    categories: tuple = ()

    @property
    def total(self):
        off = self.window.sum if self.window else Decimal(0)
        return sum((line.sum for line in self.lines), Decimal(0)) + off


def estimate(campaign, now=None):
    """The Cost if it went out now; None where there is no price for its account's provider."""
    now = now or utcnow()
    rates = in_force(campaign.account.provider, now) if campaign.account else []
    if not rates:
        return None
    prices = {(one.region, one.category): one.price for one in rates}
    names = defaultdict(int)
    saved, unpriced, seen = [], 0, set()
    for region, category, is_open, many in _counted(campaign, rates, now):
        seen.add(category)
        price = prices.get((region, category))
        if price is None:
            unpriced += many
            continue
        names[region, price] += many
        inside = prices.get((region, WINDOW))
        if is_open and category == Category.UTILITY and inside is not None:
            saved.append((many, inside - price, inside == 0))
    lines = [Line(region, many, price) for (region, price), many in names.items()]
    return Cost(
        sorted(lines, key=lambda line: -line.many),
        _window(saved),
        unpriced,
        rates[0].currency,
        max(one.valid_from for one in rates),
        tuple(sorted(seen)),
    )


def in_force(provider, now=None):
    """The latest row of each region and category that holds by now."""
    rows = select(MessageRate).where(
        MessageRate.provider == provider, MessageRate.valid_from <= (now or utcnow())
    )
    found = {}
    for one in db.session.scalars(rows.order_by(MessageRate.valid_from, MessageRate.id)):
        found[one.region, one.category] = one
    return list(found.values())


def _counted(campaign, rates, now):
    """(region, category, whether a window is open, how many) of those who get it."""
    rows = selection.classified(campaign, now=now).subquery()
    region = _region(rates)
    is_open = exists().where(
        Interaction.account_id == campaign.account_id,
        Interaction.contact_id == Contact.id,
        Interaction.window_expires_at > now,
    )
    statement = (
        select(region, MessageTemplate.category, is_open, func.count())
        .select_from(rows)
        .join(Contact, Contact.id == rows.c.contact_id)
        .join(MessageTemplate, MessageTemplate.id == rows.c.template_id)
        .where(rows.c.reason == selection.GOING)
        .group_by(region, MessageTemplate.category, is_open)
    )
    return db.session.execute(statement).all()


def _region(rates):
    """Which region a contact's number belongs to: the longest prefix counts."""
    known = {prefix: one.region for one in rates for prefix in one.prefixes}
    rest = next((one.region for one in rates if not one.prefixes), ELSEWHERE)
    whens = [
        (Contact.phone.startswith(prefix), literal(known[prefix]))
        for prefix in sorted(known, key=len, reverse=True)
    ]
    return case(*whens, else_=literal(rest)) if whens else literal(rest)


def _window(saved):
    many = sum(one for one, *_ in saved)
    if not many:
        return None
    off = sum((one * less for one, less, _ in saved), Decimal(0))
    return Window(many, off, all(is_free for *_, is_free in saved))
