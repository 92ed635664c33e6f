"""The report of campaigns says what counting recipients one by one gives, in three zones and over
both changes of the clock."""

import random
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests.factories import make_account, make_campaign, make_recipient
from tests.reports.test_figures import MONTHS, ZONES, check
from webapp.campaigns import ledger
from webapp.campaigns.models import RecipientState
from webapp.unit_of_work import unit_of_work

ENDS = ("refused", "sent", "failed", "read", "replied")


@pytest.fixture(params=MONTHS)
def told(request, cast):
    """[(campaign, what happened, when)] of recipients of two campaigns, as the ledger was told."""
    draw, start = random.Random(request.param), MONTHS[request.param]
    campaigns = [make_campaign(make_account(), name) for name in ("Autumn slots", "Price list")]
    happened = []
    for n in range(80):
        campaign = campaigns[n % 2]
        row = make_recipient(campaign)
        at = start + timedelta(seconds=draw.uniform(0, 31 * 86_400))
        at = at.replace(minute=draw.choice((0, 29, 59)))
        with unit_of_work():
            [entry] = ledger.hold([row.id])
            for what in _happens(entry, draw.choice(ENDS), at, draw):
                happened.append((campaign, *what))
            ledger.save([entry])
    return SimpleNamespace(campaigns=campaigns, happened=happened, start=start)


def _happens(entry, end, at, draw):
    """Moves the recipient, and says what that was."""
    if end == "refused":
        entry.move(RecipientState.FAILED, at, "131026")
        return [("refused", at)]
    entry.sent_at, events = at, [("sent", at)]
    entry.move(RecipientState.SENT, at)
    if end != "sent":
        at += timedelta(minutes=draw.choice((0, 1, 600)))
        state = RecipientState.FAILED if end == "failed" else RecipientState.READ
        entry.move(state, at, "131026" if end == "failed" else None)
        events.append(("failed" if end == "failed" else "read", at))
    if end in ("read", "replied"):
        entry.read_at = entry.delivered_at = at
    if end == "replied":
        entry.replied_at = at + timedelta(hours=1)
        entry.move(RecipientState.REPLIED, entry.replied_at)
        events.append(("replied", entry.replied_at))
    return events


@pytest.mark.parametrize("zone", ZONES)
def test_campaigns(told, zone, sign_in, sara):
    first, last = ((told.start + timedelta(days=n)).date() for n in (2, 27))
    expected = {}
    for campaign in told.campaigns:
        sums = dict.fromkeys(("sent", "refused", "failed", "read", "replied"), 0)
        for whose, what, at in told.happened:
            if whose is campaign and first <= at.astimezone(ZoneInfo(zone)).date() <= last:
                sums[what] += 1
        attempts, failed = sums["sent"] + sums["refused"], sums["failed"] + sums["refused"]
        expected[campaign.name] = {
            "attempts": attempts,
            "sent": sums["sent"],
            "failed": failed,
            "read": sums["read"],
            "replied": sums["replied"],
            "failure_rate": 100 * failed / attempts,
            "read_rate": 100 * sums["read"] / sums["sent"],
            "reply_rate": 100 * sums["replied"] / sums["sent"],
        }
    asked = {"period": "own", "first": first.isoformat(), "last": last.isoformat(), "zone": zone}
    check(sign_in(sara), "campaigns", asked, expected)
