"""What a campaign is likely to cost, and the price table it is told from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests import factories
from tests.campaigns.wizard import make_draft
from webapp.campaigns.settings import costs, rates
from webapp.campaigns.settings.models import MessageRate
from webapp.columns import utcnow
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

TABLE = """region,prefixes,category,price,currency,valid_from
US,1,utility,0.008,USD,2026-07-01
US,1,utility,0.009,USD,2099-01-01
Caribbean,1876,utility,0.04,USD,2026-07-01
Rest,,utility,0.02,USD,2026-07-01"""


@pytest.fixture
def draft(cast):
    return make_draft(factories.make_meta_account(), cast.sara, "Yuki", "Pedro", "Dana")


def paste(text, by):
    with unit_of_work():
        return rates.paste(rates.read(text), by)


def numbers(*phones):
    contacts = db.session.query(Contact).order_by(Contact.id).all()
    for contact, phone in zip(contacts, phones, strict=False):
        factories.change(contact, phone=phone)
    return contacts


def test_without_prices_there_is_no_estimate(draft):
    assert costs.estimate(draft) is None


def test_the_longest_prefix_tells_the_region(draft, cast):
    paste(TABLE, cast.admin)
    numbers("15550120001", "18765550001", "351912345678")
    found = costs.estimate(draft)
    assert {line.name: (line.many, line.each) for line in found.lines} == {
        "US": (1, Decimal("0.008")),
        "Caribbean": (1, Decimal("0.04")),
        "Rest": (1, Decimal("0.02")),
    }
    assert (found.total, found.currency) == (Decimal("0.068"), "USD")


def test_a_price_counts_from_its_day_on(draft, cast):
    paste(TABLE, cast.admin)
    later = datetime(2099, 6, 1, tzinfo=UTC)
    assert costs.estimate(draft, later).lines[0].each == Decimal("0.009")
    assert costs.estimate(draft).since == datetime(2026, 7, 1, tzinfo=UTC)


def talk(draft, contact, **columns):
    return factories.make_interaction(
        draft.account, contact, state="closed", closed_at=utcnow(), **columns
    )


def test_an_open_window_costs_what_the_table_says_of_it(draft, cast):
    paste(TABLE + "\nUS,1,utility_window,0,USD,2026-07-01", cast.admin)
    yuki, pedro, _ = numbers("15550120001", "15550120002", "15550120003")
    talk(draft, yuki)
    talk(draft, pedro, window_expires_at=utcnow() - timedelta(minutes=1))
    window = costs.estimate(draft).window
    assert (window.many, window.sum, window.is_free) == (1, Decimal("-0.008"), True)
    assert costs.estimate(draft).total == Decimal("0.016")


def test_without_a_row_for_it_an_open_window_costs_like_any_other(draft, cast):
    paste(TABLE, cast.admin)
    yuki, *_ = numbers("15550120001", "15550120002", "15550120003")
    talk(draft, yuki)
    assert costs.estimate(draft).window is None
    assert costs.estimate(draft).total == Decimal("0.024")


def test_what_has_no_price_is_told_and_not_guessed(draft, cast):
    paste("region,prefixes,category,price\nUS,1,utility,0.008", cast.admin)
    numbers("15550120001", "351912345678", "351912345679")
    found = costs.estimate(draft)
    assert (found.unpriced, found.total) == (2, Decimal("0.008"))


def test_a_pasted_list_replaces_the_price_of_the_same_day(cast):
    assert paste(TABLE, cast.admin) == 4
    assert paste(TABLE.replace("0.008", "0.0085"), cast.admin) == 4
    prices = [one.price for one in rates.everything() if one.region == "US"]
    assert Decimal("0.0085") in prices
    assert len(rates.everything()) == 4
    assert db.session.query(AuditEntry).filter_by(action="pasted").count() == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region,price\nUS,1", "The heading lacks category."),
        ("region,category,price\nUS,utility,dear", "Line 2: Write a price"),
        ("region,category,price\nUS,news,0.1", "Line 2: “news” is no category"),
        ("region,category,price", "at least one line"),
        ("provider,region,category,price\ntwilio,US,utility,1", "Line 2: “twilio” is no provider"),
    ],
)
def test_a_list_that_cannot_be_read_names_its_line(app, text, said):
    with pytest.raises(ValueError, match=said):
        rates.read(text)


def test_semicolons_and_decimal_commas_are_read(app):
    (row,) = rates.read("Region;Prefixes;Category;Price\nPortugal;351;Marketing;0,0523")
    assert (row["price"], row["prefixes"]) == (Decimal("0.0523"), ["351"])


@pytest.fixture
def admin(cast, sign_in):
    return sign_in(cast.admin)


ONE = {
    "provider": "meta",
    "region": "Portugal",
    "prefixes": "+351",
    "category": "marketing",
    "price": "0.0523",
    "currency": "usd",
    "valid_from": "2026-11-01",
}


def test_an_admin_adds_changes_and_deletes_a_price(admin):
    assert admin.post("/campaigns/rates/add", data=ONE).status_code == 303
    rate = db.session.query(MessageRate).one()
    assert (rate.prefixes, rate.currency) == (["351"], "USD")
    admin.post(f"/campaigns/rates/{rate.id}", data=ONE | {"price": "0.06"})
    entry = db.session.query(AuditEntry).filter_by(subject="message_rates", action="changed").one()
    assert (entry.before, entry.after) == ({"price": "0.0523"}, {"price": "0.06"})
    admin.post(f"/campaigns/rates/{rate.id}/delete")
    assert rates.everything() == []


def test_a_wrong_price_keeps_what_was_typed(admin):
    answer = admin.post("/campaigns/rates/add", data=ONE | {"price": "dear"})
    assert answer.status_code == 422
    assert 'value="dear"' in answer.text
    assert 'value="Portugal"' in answer.text


def test_the_same_price_twice_is_refused(admin):
    admin.post("/campaigns/rates/add", data=ONE)
    answer = admin.post("/campaigns/rates/add", data=ONE)
    assert answer.status_code == 422
    assert "from this day" in answer.text


def test_a_pasted_list_with_an_error_stays_on_the_page(admin):
    answer = admin.post("/campaigns/rates/paste", data={"rows": "region,price\nUS,1"})
    assert answer.status_code == 422
    assert "The heading lacks category." in answer.text
    assert "US,1" in answer.text


def test_rules_and_prices_stand_under_settings_in_the_menu(cast, sign_in):
    admin = sign_in(cast.admin)
    for path in ("/campaigns/rules", "/campaigns/rates/add"):
        page = admin.get(path).text
        assert 'href="/settings" aria-current="page"' in page
        assert 'href="/campaigns" aria-current="page"' not in page


def test_the_rules_of_all_campaigns_are_kept(admin):
    data = {
        "second_person_above": "",
        "marketing_most": "2",
        "marketing_days": "14",
        "headroom_percent": "20",
        "kaleyra_pace": "30",
    }
    assert admin.post("/campaigns/rules", data=data).status_code == 303
    page = admin.get("/campaigns/rules").text
    assert 'name="marketing_days" value="14"' in page
    refused = admin.post("/campaigns/rules", data=data | {"headroom_percent": "100"})
    assert refused.status_code == 422
    assert 'value="100"' in refused.text


def test_only_admins_see_rules_and_prices(cast, sign_in):
    assert sign_in(cast.sara).get("/campaigns/rules").status_code == 403
