"""Every call of campaigns as a row: paged by key, streamed, and noted where it leaves the house."""

import csv
import io
import random
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from tests.factories import make_account, make_campaign, make_contact, make_recipient, save
from tests.reports.test_figures import MONTHS, ZONES
from webapp.campaigns.models import CampaignAttempt
from webapp.columns import utcnow
from webapp.contacts.models import ContactTag
from webapp.extensions import db
from webapp.message_templates.models import MessageTemplate
from webapp.reports import attempts, making
from webapp.reports.choosing import Choice
from webapp.reports.models import ReportFile
from webapp.settings.models import Tag
from webapp.staff.models import AuditEntry


@pytest.fixture
def campaign(cast):
    return make_campaign(make_account(provider="meta"), "Autumn slots")


def attempt(recipient, number=1, at=None, **columns):
    at = at or utcnow() - timedelta(minutes=10 - number)
    return save(CampaignAttempt(recipient_id=recipient.id, number=number, started_at=at, **columns))


def lines(browser, address="period=today"):
    answer = browser.get(f"/reports/attempts.csv?{address}", buffered=True)
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_each_says_how_it_ended_in_words_and_with_its_code(sign_in, cast, campaign):
    template = save(
        MessageTemplate(
            account_id=campaign.account_id,
            provider="meta",
            waba_id="104",
            name="slots",
            language="en",
            category="utility",
        )
    )
    dana = make_contact("Dana Whitlock", "15550142233")
    row = make_recipient(campaign, dana, tries=5, template_id=template.id)
    attempt(row, 1, outcome="refused", error_code="131056", error="(#131056) Pair rate limit hit")
    attempt(row, 2, outcome="unknown", error="The connection was cut.")
    attempt(row, 3, outcome="sent", error_code="131026", provider_id="wamid.3")
    attempt(row, 4, outcome="sent", provider_id="wamid.4")
    attempt(row, 5)
    found = lines(sign_in(cast.sara))
    first = found[0]
    assert (first["Campaign"], first["Contact"], first["WhatsApp number"], first["Template"]) == (
        "Autumn slots",
        "Dana Whitlock",
        "+15550142233",
        "slots",
    )
    assert [(one["Attempt"], one["Outcome"], one["Code"]) for one in found] == [
        ("1", "Refused", "131056"),
        ("2", "No answer", ""),
        ("3", "Sent, then failed", "131026"),
        ("4", "Sent", ""),
        ("5", "Being called", ""),
    ]
    assert found[1]["Reason"] == "The connection was cut."
    assert found[2]["Reason"] == "Not reachable on WhatsApp"


def test_the_page_shows_the_latest_first_and_leads_to_each_recipient(sign_in, cast, campaign):
    rows = [make_recipient(campaign, make_contact(f"Contact {n}")) for n in range(2)]
    for number, row in enumerate(rows, 1):
        attempt(row, 1, utcnow() - timedelta(minutes=5 - number), outcome="sent")
    page = sign_in(cast.sara).get("/reports/attempts?period=today").get_data(as_text=True)
    assert page.index("Contact 1") < page.index("Contact 0")
    assert f"/campaigns/{campaign.id}/recipients/{rows[0].id}" in page


@pytest.fixture
def many(campaign):
    """1,200 attempts, thirty at each moment."""
    start = datetime(2026, 11, 3, 9, tzinfo=UTC)
    recipients = [make_recipient(campaign) for _ in range(30)]
    db.session.execute(
        insert(CampaignAttempt),
        [
            {
                "recipient_id": one.id,
                "number": number,
                "outcome": "refused",
                "started_at": start + timedelta(seconds=number),
            }
            for one in recipients
            for number in range(40)
        ],
    )
    db.session.commit()
    return Choice(start.date(), start.date(), "UTC")


ADDRESS = "period=own&first=2026-11-03&last=2026-11-03&zone=UTC"


def test_pages_show_each_row_once_forwards_and_backwards(sign_in, cast, many):
    pages, cursor = [], ""
    while cursor is not None:
        rows, following, preceding = attempts.page_of(many, after=cursor)
        pages.append([(row["at"], row["recipient_id"]) for row in rows])
        cursor = following or None
    shown = [one for page in pages for one in page]
    assert len(shown) == len(set(shown)) == 1_200
    assert shown == sorted(shown, reverse=True)
    rows, *_ = attempts.page_of(many, before=preceding)
    assert [(row["at"], row["recipient_id"]) for row in rows] == pages[-2]


def test_the_next_page_keeps_period_and_filters(sign_in, cast, many, campaign):
    browser = sign_in(cast.sara)
    page = browser.get(f"/reports/attempts?{ADDRESS}&campaign={campaign.id}")
    address = re.search(r'href="([^"]*)" aria-label="Next page"', page.get_data(as_text=True))[1]
    assert f"campaign={campaign.id}" in address
    second = browser.get(address.replace("&amp;", "&")).get_data(as_text=True)
    assert second.count(">Refused<") == 50
    assert 'aria-label="Previous page"' in second


def test_the_csv_has_all_of_them_once_in_order_and_is_noted(sign_in, cast, many):
    found = lines(sign_in(cast.sara), ADDRESS)
    assert len(found) == 1_200
    whens = [line["When"] for line in found]
    assert whens == sorted(whens)
    noted = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).one()
    assert (noted.actor, noted.after["report"]) == (cast.sara.name, "attempts")


def test_the_workbook_is_made_in_the_background_with_progress(sign_in, cast, many):
    browser = sign_in(cast.sara)
    assert browser.get(f"/reports/attempts.xlsx?{ADDRESS}").status_code == 404
    form = {"listing": "attempts", "format": "xlsx", "period": "own", "zone": "UTC"}
    days = {"first": "2026-11-03", "last": "2026-11-03"}
    assert browser.post("/reports/files", data=form | days).status_code == 303
    file = db.session.scalars(select(ReportFile)).one()
    making.make(file.id)
    db.session.expire_all()
    file = db.session.get(ReportFile, file.id)
    assert (file.done_rows, file.total_rows, file.error) == (1_200, 1_200, None)


@pytest.mark.parametrize("name", ["account", "campaign", "tag"])
def test_what_narrows_it(cast, campaign, name):
    tag = save(Tag(name="VIP", color="#123456"))
    wanted = make_recipient(campaign, make_contact("Wanted"))
    save(ContactTag(contact_id=wanted.contact_id, tag_id=tag.id))
    attempt(wanted)
    attempt(make_recipient(make_campaign(make_account()), make_contact("Other")))
    ids = {"account": campaign.account_id, "campaign": campaign.id, "tag": tag.id}
    today = utcnow().date()
    choice = Choice(today - timedelta(days=1), today, "UTC", **{name: ids[name]})
    assert [row["contact"] for row in attempts.rows(choice, None)] == ["Wanted"]
    assert attempts.total(choice) == 1


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("month", MONTHS)
def test_days_are_the_zones_own_over_a_change_of_its_clock(campaign, zone, month):
    start, draw = MONTHS[month], random.Random(month)
    row, moments = make_recipient(campaign), []
    for number in range(300):
        at = start + timedelta(seconds=draw.uniform(0, 31 * 86_400))
        moments.append(at.replace(minute=draw.choice((0, 59)), second=0, microsecond=number))
    db.session.execute(
        insert(CampaignAttempt),
        [
            {"recipient_id": row.id, "number": number, "started_at": at, "outcome": "sent"}
            for number, at in enumerate(moments)
        ],
    )
    db.session.commit()
    first, last = (start + timedelta(days=2)).date(), (start + timedelta(days=27)).date()
    expected = sorted(at for at in moments if first <= at.astimezone(ZoneInfo(zone)).date() <= last)
    # In UTC: moments of an hour that comes twice are equal to none of another zone.
    found = [row["at"].astimezone(UTC) for row in attempts.rows(Choice(first, last, zone), None)]
    assert found == expected
    assert attempts.total(Choice(first, last, zone)) == len(expected)
