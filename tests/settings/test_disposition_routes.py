"""The settings' page of outcomes."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import change, make_account, make_interaction, make_list
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.settings.models import Disposition

PAGE = "/settings/dispositions"


@pytest.fixture
def browser(cast, sign_in):
    return sign_in(cast.admin)


def add(browser, name, **more):
    answer = browser.post(f"{PAGE}/add", data={"name": name, **more})
    assert answer.status_code == 303, answer.text
    return db.session.scalar(select(Disposition.id).where(Disposition.name == name))


def test_admins_alone_arrange_outcomes(cast, sign_in, browser):
    id = add(browser, "Delivery")
    sara = sign_in(cast.sara)
    for path in ("", "/add", f"/{id}", f"/{id}/archive"):
        assert sara.get(PAGE + path).status_code == 403
    assert sara.post(f"{PAGE}/{id}/up").status_code == 403
    assert 'href="/settings/dispositions" aria-current="page"' in browser.get(PAGE).text


def test_outcomes_are_added_below_each_other_and_for_one_place(cast, browser):
    delivery = add(browser, "Delivery", description="By van")
    add(browser, "Late", parent=delivery)
    add(browser, "Invoice", place=f"account-{cast.account.id}")
    add(browser, "Return", place=f"queue-{cast.queue.id}")
    add(browser, "Restocked", place=f"list-{make_list('Shops').id}")
    page = browser.get(PAGE).text
    assert page.index("Delivery") < page.index("Late") < page.index("Invoice")
    assert f"{cast.account.name} only" in page and "Support only" in page
    assert "Shops only" in page and "For one list" in browser.get(f"{PAGE}/add").text
    assert 'title="By van"' in page


def test_what_cannot_be_is_said_beside_what_was_written(browser):
    add(browser, "Delivery")
    answer = browser.post(f"{PAGE}/add", data={"name": "delivery", "description": "Twice"})
    assert answer.status_code == 422
    assert "here already" in answer.text and 'value="Twice"' in answer.text


def test_a_name_is_changed(browser):
    id = add(browser, "Delivery")
    assert 'value="Delivery"' in browser.get(f"{PAGE}/{id}").text
    browser.post(f"{PAGE}/{id}", data={"name": "Deliveries", "description": ""})
    assert "Deliveries" in browser.get(PAGE).text


def test_a_dialog_goes_on_to_the_page_once_it_is_done(browser):
    answer = browser.post(f"{PAGE}/add", data={"name": "Sold"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, PAGE)
    shown = browser.get(f"{PAGE}/add", headers={"HX-Request": "true"}).text
    assert "<html" not in shown and 'hx-target="#board-dialog"' in shown


def test_what_goes_with_it_is_said_before_it_is_archived(cast, browser):
    delivery = add(browser, "Delivery")
    late = add(browser, "Late", parent=delivery)
    now = utcnow()
    for days in (1, 2, 60):
        make_interaction(
            cast.account, state="closed", closed_at=now - timedelta(days=days), disposition_id=late
        )
    asked = browser.get(f"{PAGE}/{delivery}/archive").text
    assert "1 outcome below it would be archived too: Late." in asked
    assert "2 conversations were closed with them in 30 days." in asked

    page = browser.get(PAGE).text
    assert page.count('<span class="push num tiny muted">2</span>') == 2  # with what is below

    browser.post(f"{PAGE}/{delivery}/archive")
    assert "Late" not in browser.get(PAGE).text
    assert "Late" in browser.get(f"{PAGE}?show=archived").text
    browser.post(f"{PAGE}/{delivery}/restore")
    assert "Late" in browser.get(PAGE).text


def test_what_cannot_be_restored_says_why(browser):
    delivery = add(browser, "Delivery")
    late = add(browser, "Late", parent=delivery)
    browser.post(f"{PAGE}/{delivery}/archive")
    page = browser.post(f"{PAGE}/{late}/restore", follow_redirects=True).text
    assert "restore that one first" in page


def test_outcomes_move_up_and_down(browser):
    add(browser, "Delivery")
    id = add(browser, "Return")
    page = browser.post(f"{PAGE}/{id}/up", follow_redirects=True).text
    assert page.index("Return") < page.index("Delivery")
    page = browser.post(f"{PAGE}/{id}/down", follow_redirects=True).text
    assert page.index("Return") > page.index("Delivery")


def test_archived_accounts_are_not_offered(browser):
    archived = change(make_account(), name="Former number", archived_at=utcnow())
    assert archived.name not in browser.get(f"{PAGE}/add").text
