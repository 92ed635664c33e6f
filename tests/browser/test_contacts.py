"""A contact is edited, its own fields filled, and STOP obeyed, in a real browser."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests.factories import make_contact, make_interaction, make_list, save
from webapp.contacts.models import Contact, ContactListMember, CustomField
from webapp.extensions import db

pytestmark = pytest.mark.slow


@pytest.fixture
def dana(live_server):
    contact = make_contact("Dana Whitlock", first_name="Dana", last_name="Whitlock")
    orders = make_list("Open orders")
    save(
        CustomField(name="order_no", contact_list_id=orders.id),
        CustomField(name="Preferred day", kind="select", choices=["Wednesday", "Thursday"]),
        ContactListMember(contact_list_id=orders.id, contact_id=contact.id),
    )
    return contact


def test_an_agent_edits_a_contact_and_opts_it_out_without_losing_what_is_typed(
    open_as, live_server, dana
):
    ana = open_as(live_server.cast.ana, at=f"/contacts/{dana.id}")
    ana.expected.append("422")
    page = ana.page
    page.get_by_label("Company").fill("Whitlock Sites")
    page.get_by_label("order_no").fill("40718")
    page.get_by_label("Preferred day").select_option("Thursday")

    page.get_by_role("button", name="Opt out", exact=True).click()
    dialog = page.get_by_role("dialog", name="Opt out of marketing?")
    dialog.get_by_role("button", name="Opt out").click()
    expect(dialog.get_by_role("alert")).to_have_text("Write how they said it: it is the proof.")
    dialog.get_by_label("How did they ask?").fill("Asked on the phone")
    dialog.get_by_role("button", name="Opt out").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#contact-aside")).to_contain_text("Asked on the phone")
    expect(page.locator("#contact-tags")).to_contain_text("Opted out")

    expect(page.get_by_label("Company")).to_have_value("Whitlock Sites")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Changes saved.")).to_be_visible()
    expect(page.get_by_label("order_no")).to_have_value("40718")
    db.session.rollback()
    found = db.session.scalars(select(Contact)).one()
    assert (found.company, found.consent) == ("Whitlock Sites", "out")
    assert sorted(found.fields.values()) == ["40718", "Thursday"]


def test_a_customer_who_writes_stop_is_opted_out_before_the_agents_eyes(open_as, live_server, dana):
    interaction = make_interaction(live_server.account, dana, owner=live_server.cast.ana)
    page = open_as(live_server.cast.ana, at=f"/inbox/{interaction.id}").page
    live_server.customer_writes("STOP", phone=dana.phone)
    expect(page.get_by_text("Asked to stop marketing: “STOP”")).to_be_visible()
    expect(page.locator("#contact-pane")).to_contain_text("Opted out of marketing")
