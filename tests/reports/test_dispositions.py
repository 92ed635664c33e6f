"""Outcomes on pages of reports: the card, the tabs, what is behind, who may see it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import make_disposition, make_interaction
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import wrapping_up
from webapp.inbox.models import Interaction
from webapp.reports import choosing, listings
from webapp.settings import dispositions
from webapp.settings.models import Disposition
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def browser(cast, sign_in):
    return sign_in(cast.sara)


@pytest.fixture
def closed(cast):
    """Three of Ana's: delivered late, without an outcome, and not Ana's but Ben's: on time."""
    make_disposition("Delivery", "Late", "On time")
    for owner, name in ((cast.ana, "Late"), (cast.ana, None), (cast.ben, "On time")):
        begun = utcnow() - timedelta(minutes=2)
        talk = make_interaction(cast.account, owner=owner, queue=cast.queue, started_at=begun)
        label = db.session.scalar(select(Disposition.id).where(Disposition.name == name))
        with unit_of_work():
            person = db.session.get(User, owner.id)
            wrapping_up.wrap_up(db.session.get(Interaction, talk.id), person, label)


def named(name):
    return db.session.scalar(select(Disposition.id).where(Disposition.name == name))


def test_the_first_page_fetches_a_card_of_outcomes(browser, closed):
    assert 'hx-get="/reports/dispositions/card"' in browser.get("/reports").text
    card = browser.get("/reports/dispositions/card").text
    assert "3 closed" in card and "Late 1, On time 1" in card
    assert "1 closed without an outcome." in card


def test_one_tab_leads_to_outcomes_by_queue_agent_and_account(browser, closed):
    page = browser.get("/reports/dispositions-by-agent").text
    assert page.count('aria-current="page">Outcomes<') == 1
    assert ">Outcomes by agent</a>" not in page
    assert "Ana Agent" in page and "Delivery › On time" in page
    late = named("Late")
    address = f"/reports/dispositions/{late}/conversations?agent="
    assert address in page


def test_what_is_behind_keeps_to_what_was_chosen(cast, browser, closed):
    def rows(which, **asked):
        page = browser.get(f"/reports/dispositions/{which}/conversations", query_string=asked)
        return page.text.count('class="rowlink"')

    assert rows(named("Delivery")) == 2
    assert rows(named("Delivery"), agent=cast.ben.id) == 1
    assert rows("none") == 1
    assert rows("none", agent=cast.ben.id) == 0
    for wrong in ("99", "some"):
        assert browser.get(f"/reports/dispositions/{wrong}/conversations").status_code == 404


def test_archived_outcomes_are_counted_still(browser, closed):
    with unit_of_work():
        dispositions.archive(db.session.get(Disposition, named("Delivery")), "test")
    page = browser.get("/reports/dispositions").text
    assert page.index("Delivery") < page.index("Late")


def test_a_filter_of_outcomes_is_offered_where_it_says_something(browser, closed):
    delivery = named("Delivery")
    page = browser.get(f"/reports/queues?disposition={delivery}").text
    assert "Outcome: <b>Delivery</b>" in page
    told = browser.get(f"/reports/states?disposition={delivery}").text
    assert "cannot be narrowed by outcome" in told


def test_every_conversation_has_its_levels_in_the_file(closed):
    listing = listings.LISTINGS["every-conversation"]
    choice = choosing.read({"period": "today", "zone": "UTC"}, utcnow())
    rows = [row for piece in listing.pieces(choice) for row in piece]
    found = [(row["outcome"], row["outcome_2"], row["outcome_3"]) for row in rows]
    late, on_time = ("Delivery", "Late", None), ("Delivery", "On time", None)
    assert found == [late, (None, None, None), on_time]


def test_agents_see_none_of_it(cast, sign_in, closed):
    ana = sign_in(cast.ana)
    for path in ("card", "none/conversations"):
        assert ana.get(f"/reports/dispositions/{path}").status_code == 403
