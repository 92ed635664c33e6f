"""The report of costs: delivered messages at the prices that admins keep. An estimate.

Where the provider's receipts say what a message is charged as, that counts; elsewhere the category
its template has now. A message has the price that held on the day it was sent.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.campaigns.settings import costs as prices
from webapp.campaigns.settings.models import MessageRate
from webapp.extensions import db
from webapp.message_templates.models import Category
from webapp.providers.charging import FREE
from webapp.reports import charges, names
from webapp.reports.spec import Column, Kind, Report

# What Meta charges like one of the categories that a price table has.
LIKE = {
    "marketing_lite": Category.MARKETING,
    "authentication_international": Category.AUTHENTICATION,
}
LABELS = {**prices.CATEGORIES, FREE: "Free of charge", None: "Template deleted"}
IN_CONVERSATIONS = "In conversations"
ELSEWHERE = "Other numbers"
FEWEST_DIGITS = 1  # of a number, where no price asks for more


class PriceList:
    """The prices of one provider as they held at one moment."""

    def __init__(self, rates):
        self._prices = {(rate.region, rate.category): (rate.price, rate.currency) for rate in rates}
        self._regions = {prefix: rate.region for rate in rates for prefix in rate.prefixes}
        self._rest = next((rate.region for rate in rates if not rate.prefixes), None)
        self._nothing = (Decimal(0), rates[0].currency if rates else "")

    def market_of(self, head):
        """By the longest prefix, as `costs.estimate` has it; None where no price fits."""
        for length in range(len(head or ""), 0, -1):
            if head[:length] in self._regions:
                return self._regions[head[:length]]
        return self._rest

    def price_of(self, market, category, in_window):
        """(price, currency), None and empty where there is none. An open window without a price of
        its own changes nothing."""
        if category == FREE:
            return self._nothing
        inside = self._prices.get((market, prices.WINDOW)) if in_window else None
        return inside or self._prices.get((market, category), (None, ""))


def rows(choice, _now):
    """A row for each account, campaign, market, category and price; the dearest first."""
    lists, rates = _lists(choice), _rates()
    digits = max((len(one) for rate in rates for one in rate.prefixes), default=FEWEST_DIGITS)
    asks_for_window = any(rate.category == prices.WINDOW for rate in rates)
    counted = charges.count(choice, lists, digits, asks_for_window)
    providers = dict(db.session.execute(select(Account.id, Account.provider)).all())
    moments = [choice.span[0], *lists]
    held = {}
    found = Counter()
    for charge, many in counted.items():
        provider = providers.get(charge.account, "")
        if (provider, charge.list) not in held:
            rates_then = prices.in_force(provider, moments[charge.list])
            held[provider, charge.list] = PriceList(rates_then)
        found[_priced(charge, held[provider, charge.list])] += many
    return _sorted(_named(found))


class _Line(NamedTuple):
    account: int | None
    campaign: int | None
    market: str
    category: str | None
    price: Decimal | None
    currency: str


def _priced(charge, price_list):
    word = charge.word and str(charge.word).removeprefix("group_")
    category = LIKE.get(word, word)
    market = price_list.market_of(charge.head)
    price, currency = price_list.price_of(market, category, charge.in_window)
    if charge.in_window and category != FREE:
        category = prices.WINDOW
    return _Line(charge.account, charge.campaign, market or ELSEWHERE, category, price, currency)


def _lists(choice):
    """The moments within the choice from which other prices hold."""
    start, end = choice.span
    days = select(MessageRate.valid_from).distinct().order_by(MessageRate.valid_from)
    return db.session.scalars(
        days.where(MessageRate.valid_from > start, MessageRate.valid_from < end)
    ).all()


def _rates():
    return db.session.scalars(select(MessageRate)).all()


def _named(found):
    accounts = names.of("account", {line.account for line in found})
    campaigns = names.of("campaign", {line.campaign for line in found})
    campaigns[None] = IN_CONVERSATIONS
    for line, many in found.items():
        yield {
            "account": accounts[line.account],
            "campaign": campaigns[line.campaign],
            "market": line.market,
            "category": LABELS.get(line.category, line.category),
            "messages": many,
            "price": line.price,
            "cost": None if line.price is None else many * line.price,
            "currency": line.currency,
        }


def _sorted(found):
    words = ("account", "campaign", "market", "category")
    return sorted(
        found,
        key=lambda row: (
            -(row["cost"] or 0),
            -row["messages"],
            *(row[name] for name in words),
            row["price"] or 0,
        ),
    )


def totals(choice):
    """({currency: cost}, how many messages that may cost something were delivered)"""
    found = rows(choice, None)
    return _totals(found), sum(row["messages"] for row in found)


class Summary:
    """What the page says above the rows: sums by currency, and by each of four names."""

    def __init__(self, found):
        self.totals = _totals(found)
        self.messages = sum(row["messages"] for row in found)
        self.free = sum(row["messages"] for row in found if row["category"] == LABELS[FREE])
        self.unpriced = sum(row["messages"] for row in found if row["price"] is None)
        self._rows = found

    def parts(self):
        """(title, [(name, {currency: cost}, messages, of them without a price, percent of the
        dearest)])"""
        titles = ("Category", "Market", "Account", "Campaign")
        return [(title, self._part(title.lower())) for title in titles]

    def _part(self, name):
        costs, many, unpriced = defaultdict(Counter), Counter(), Counter()
        for row in self._rows:
            many[row[name]] += row["messages"]
            if row["cost"] is None:
                unpriced[row[name]] += row["messages"]
            else:
                costs[row[name]][row["currency"]] += row["cost"]
        sums = {one: sum(costs[one].values()) for one in many}
        most = max(sums.values()) or 1
        made = [
            (one, dict(costs[one]), many[one], unpriced[one], float(100 * sums[one] / most))
            for one in many
        ]
        return sorted(made, key=lambda one: (-sums[one[0]], -one[2], one[0]))


def _totals(found):
    """{currency: cost}"""
    sums = Counter()
    for row in found:
        if row["cost"] is not None and row["currency"]:
            sums[row["currency"]] += row["cost"]
    return dict(sorted(sums.items()))


REPORT = Report(
    "costs",
    "Costs",
    "Delivered templates, by the day they were sent, at the prices of your table: an estimate.",
    (
        Column("account", "Account", Kind.TEXT),
        Column("campaign", "Campaign", Kind.TEXT),
        Column("market", "Market", Kind.TEXT),
        Column("category", "Category", Kind.TEXT),
        Column("messages", "Messages"),
        Column("price", "Price of one", Kind.PRICE),
        Column("cost", "Cost, estimated", Kind.MONEY),
        Column("currency", "Currency", Kind.TEXT),
    ),
    rows,
    "Nothing that costs something was delivered in this period.",
)
