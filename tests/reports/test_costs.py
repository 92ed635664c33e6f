"""What messages cost is what pricing each delivered one by itself gives, whoever sent it.

Three zones, and the month of each change of the clock.
"""

import html
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests import factories
from tests.reports.test_figures import ZONES, in_the_csv, in_the_workbook
from webapp.campaigns.models import CampaignMinute, Recipient
from webapp.campaigns.settings.models import MessageRate
from webapp.columns import utcnow
from webapp.contacts.models import ContactTag
from webapp.extensions import db
from webapp.inbox.models import Direction, Message
from webapp.message_templates.models import MessageTemplate
from webapp.reports import costs
from webapp.reports.catalogue import REPORTS
from webapp.reports.choosing import Choice
from webapp.reports.spec import in_a_file
from webapp.settings.models import Tag

MONTHS = {
    "spring": datetime(2026, 3, 5, tzinfo=UTC),
    "autumn": datetime(2026, 10, 10, tzinfo=UTC),
}
PHONES = ("15550120001", "18765550001", "351912345678", "3519", None)
STATUSES = ("sent", "delivered", "read", "failed")
WORDS = (None, None, "marketing", "marketing_lite", "free", "service", "authentication")


@pytest.fixture(params=MONTHS, name="sent")
def a_month_of_messages(request, cast):
    return Sent(request.param, MONTHS[request.param], cast)


class Sent:
    """`messages`: all that was sent, in plain lists; `rates`: the price table."""

    def __init__(self, seed, start, cast):
        self.random = random.Random(seed)
        self.start, self.cast = start, cast
        self.account = factories.make_meta_account()
        self.other = factories.make_account()
        self.templates = [self._template(word) for word in ("marketing", "utility")]
        self.campaign = factories.make_campaign(self.account)
        self.contacts = [factories.make_contact(f"Contact {n}", p) for n, p in enumerate(PHONES)]
        factories.change(self.contacts[-1], phone=None)
        self.tag = factories.save(Tag(name="VIP", color="#123456"))
        factories.save(ContactTag(contact_id=self.contacts[0].id, tag_id=self.tag.id))
        self.rates = self._rates()
        self.heard = self._heard()
        self.messages = [self._in_a_conversation() for _ in range(120)]
        self.messages += [self._by_the_campaign(n) for n in range(60)]

    def moment(self):
        at = self.start + timedelta(seconds=self.random.uniform(0, 31 * 86_400))
        if self.random.random() < 0.4:
            at = at.replace(minute=self.random.choice((0, 59)), second=0, microsecond=0)
        return at

    def _template(self, category):
        return factories.save(
            MessageTemplate(
                account_id=self.account.id,
                provider="meta",
                waba_id="104",
                name=category,
                language="en",
                category=category,
            )
        )

    def _rates(self):
        middle = self.start + timedelta(days=14)
        long_ago = self.start - timedelta(days=90)
        rows = [
            ("US", ["1"], "marketing", "0.025", long_ago),
            ("US", ["1"], "marketing", "0.03", middle),
            ("US", ["1"], "utility", "0.004", long_ago),
            ("US", ["1"], "utility_window", "0.001", long_ago),
            ("Jamaica", ["1876"], "marketing", "0.074", long_ago),
            ("Elsewhere", [], "marketing", "0.06", long_ago),
            ("Elsewhere", [], "utility", "0.0077", middle),
            ("US", ["1"], "service", "0.002", middle),
        ]
        for region, prefixes, category, price, since in rows:
            factories.save(
                MessageRate(
                    provider="meta", region=region, prefixes=prefixes, category=category,
                    price=Decimal(price), currency="EUR", valid_from=since,
                )
            )  # fmt: skip
        return rows

    def _heard(self):
        """When the first contact wrote to the account."""
        talk = factories.make_interaction(self.account, self.contacts[0])
        found = [self.moment() for _ in range(8)]
        for at in found:
            factories.make_message(talk, written_at=at, received_at=at)
        factories.change(talk, state="closed", closed_at=self.start)
        return found

    def _in_a_conversation(self):
        one = self._drawn(self.random.choice((self.account, self.account, self.other)))
        template = self.random.choice((None, *self.templates))
        factories.save(
            Message(
                account_id=one.account.id, contact_id=one.contact.id, direction=Direction.OUT,
                kind="template", status=one.status, template_id=template and template.id,
                charged_as=one.word, author_id=self.cast.ana.id, written_at=one.at,
                received_at=one.at,
            )
        )  # fmt: skip
        one.campaign, one.category = None, template and template.category
        return one

    def _by_the_campaign(self, n):
        """Each to somebody of their own, or to one more of the same number."""
        one = self._drawn(self.account)
        one.contact = factories.make_contact(f"Reached {n}", one.contact.phone and f"1876444{n:04}")
        reached = one.status in ("delivered", "read")
        template = self.random.choice(self.templates)
        factories.save(
            Recipient(
                campaign_id=self.campaign.id, contact_id=one.contact.id, template_id=template.id,
                state=one.status, sent_at=one.at, charged_as=one.word,
                delivered_at=one.at + timedelta(hours=1) if reached else None,
            )
        )  # fmt: skip
        minute = one.at.replace(second=0, microsecond=0)
        row = db.session.get(CampaignMinute, (self.campaign.id, minute, 0))
        if row is None:
            factories.save(CampaignMinute(campaign_id=self.campaign.id, minute=minute, shard=0))
        one.campaign, one.category = self.campaign.name, template.category
        return one

    def _drawn(self, account):
        return SimpleNamespace(
            account=account,
            at=self.moment(),
            contact=self.random.choice(self.contacts),
            status=self.random.choice(STATUSES),
            word=self.random.choice(WORDS),
        )


def expected(sent, first, last, zone, only=lambda one: True):
    """{(account, campaign, market, category, price): how many}, one message after the other."""
    found = Counter()
    for one in sent.messages:
        day = one.at.astimezone(ZoneInfo(zone)).date()
        if one.status not in ("delivered", "read") or not first <= day <= last or not only(one):
            continue
        if one.category is None and one.word != "service":
            continue
        found[_line(sent, one)] += 1
    return found


def _line(sent, one):
    market, price, category = None, None, one.word or str(one.category)
    category = {"marketing_lite": "marketing"}.get(category, category)
    label = {
        "marketing": "Marketing", "utility": "Utility", "service": "Service",
        "free": "Free of charge", "authentication": "Authentication",
    }[category]  # fmt: skip
    number = one.contact.phone or ""
    valid = [rate for rate in sent.rates if rate[4] <= one.at]
    if one.account is sent.account:
        market = "Elsewhere"
        for prefix, region in (("1", "US"), ("1876", "Jamaica")):
            if number.startswith(prefix):
                market = region
        price = _price(valid, market, category)
        is_open = one.contact is sent.contacts[0] and any(
            timedelta(0) <= one.at - at < timedelta(hours=24) for at in sent.heard
        )
        if category == "utility" and is_open:
            label = "Utility, window open"
            price = _price(valid, market, "utility_window") or price
    if category == "free":
        price = Decimal(0)
    where = one.campaign or "In conversations"
    return one.account.name, where, market or "Other numbers", label, price


def _price(valid, market, category):
    found = [rate for rate in valid if rate[0] == market and rate[2] == category]
    return Decimal(max(found, key=lambda rate: rate[4])[3]) if found else None


@pytest.mark.parametrize("zone", ZONES)
def test_page_csv_and_workbook_price_each_message_as_by_hand(sent, zone, sign_in, sara):
    first, last = (sent.start + timedelta(days=n) for n in (3, 27))
    first, last = first.date(), last.date()
    asked = {"period": "own", "first": first.isoformat(), "last": last.isoformat(), "zone": zone}
    wanted = [
        {
            "account": account, "campaign": campaign, "market": market, "category": category,
            "messages": many, "price": price, "cost": None if price is None else many * price,
            "currency": _currency(account, price, sent),
        }
        for (account, campaign, market, category, price), many in expected(
            sent, first, last, zone
        ).items()
    ]  # fmt: skip
    columns = REPORTS["costs"].columns
    in_files = [[in_a_file(one.kind, row[one.name]) for one in columns] for row in wanted]
    browser = sign_in(sara)
    assert sorted(in_the_csv(browser, "costs", asked)) == sorted(
        [str(value) for value in row] for row in in_files
    )
    assert _sorted(in_the_workbook(browser, "costs", asked)) == _sorted(in_files)
    page = browser.get("/reports/costs", query_string=asked).get_data(as_text=True)
    total = sum(row["cost"] for row in wanted if row["currency"] == "EUR" and row["cost"])
    assert f'<span class="tile__value num">{total:,.2f}<small>EUR</small></span>' in page
    assert sum(row["messages"] for row in wanted) > 50


def test_the_overview_s_tile_is_the_sum_of_the_report_beside_the_one_before(sent, sign_in, sara):
    middle = sent.start + timedelta(days=14)
    asked = {"period": "own", "first": middle.date(), "last": (middle + timedelta(days=9)).date()}
    choice = Choice(asked["first"], asked["last"], "UTC")
    now, before = (
        sum(row["cost"] or 0 for row in costs.rows(one, None) if row["currency"] == "EUR")
        for one in (choice, choice.before)
    )
    browser = sign_in(sara)
    page = browser.get("/reports", query_string=asked | {"zone": "UTC"}).get_data(as_text=True)
    tile = browser.get(html.unescape(re.search(r'hx-get="(/reports/costs/tiles[^"]*)"', page)[1]))
    shown = tile.get_data(as_text=True)
    assert f'<span class="tile__value num">{now:,.2f}<small>EUR</small></span>' in shown
    assert f"{abs(100 * (now - before) / before):.0f}%" in shown


def test_the_overview_s_tile_says_where_there_is_nothing_to_price(sign_in, sara):
    tile = sign_in(sara).get("/reports/costs/tiles").get_data(as_text=True)
    assert "–</span>" in tile and "nothing delivered" in tile


def _sorted(lines):
    """A workbook knows no whole numbers."""
    return sorted(
        ([one if isinstance(one, str) else float(one) for one in line] for line in lines), key=str
    )


def _currency(account, price, sent):
    if price is None:
        return ""
    return "EUR" if account == sent.account.name else ""


@pytest.mark.parametrize("name", ["account", "campaign", "agent", "tag", "queue"])
def test_what_narrows_it(sent, cast, name):
    first, last = sent.start.date(), (sent.start + timedelta(days=31)).date()
    ids = {
        "account": sent.account.id, "campaign": sent.campaign.id, "agent": cast.ana.id,
        "tag": sent.tag.id, "queue": cast.queue.id,
    }  # fmt: skip
    only = {
        "account": lambda one: one.account is sent.account,
        "campaign": lambda one: one.campaign is not None,
        "agent": lambda one: one.campaign is None,
        "tag": lambda one: one.contact is sent.contacts[0],
        "queue": lambda one: False,
    }[name]
    choice = Choice(first, last, "UTC", **{name: ids[name]})
    found = Counter()
    for row in costs.rows(choice, utcnow()):
        key = ("account", "campaign", "market", "category", "price")
        found[tuple(row[one] for one in key)] += row["messages"]
    assert found == expected(sent, first, last, "UTC", only)
