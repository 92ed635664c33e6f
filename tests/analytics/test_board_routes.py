"""The board's pages: what they show, and to whom."""

from datetime import timedelta

import pytest

from tests import factories
from tests.analytics.pages import text_of
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.contacts.models import ContactTag
from webapp.settings.models import Tag
from webapp.staff import access


def test_the_board_shows_who_waits_and_who_is_there(sign_in, sara, waiting, computed):
    computed()
    page = text_of(sign_in(sara).get("/board"))

    assert "Dana Whitlock" in page
    assert 'class="is-bad"' in page  # nine minutes are more than five
    assert "Ana Agent" in page
    assert "Realtime" in page


@pytest.mark.parametrize("tab", ["overview", "conversations"])
def test_a_customer_without_a_name_is_a_number_one_can_read(sign_in, sara, account, computed, tab):
    contact = factories.make_contact("", phone="15550147720")
    factories.make_interaction(account, contact)
    computed()
    page = text_of(sign_in(sara).get(f"/board?tab={tab}&show=open"))

    assert ">+1 555 014 7720</a>" in page
    assert "+15550147720" not in page


def test_a_campaign_planned_for_another_day_says_which(sign_in, sara, account, computed):
    start_at = utcnow() + timedelta(days=2)
    planned = factories.make_campaign(account, name="Winter", state="scheduled", start_at=start_at)
    factories.change(planned, launched_at=utcnow())
    computed()

    assert f"starts {start_at:%a %H:%M}" in text_of(sign_in(sara).get("/board"))


def test_before_the_first_figures_the_page_says_so(sign_in, sara):
    page = text_of(sign_in(sara).get("/board"))

    assert "Waiting for figures" in page
    assert "Figures come within a second or two" in page


@pytest.mark.parametrize(
    "path", ["/board", "/board/now", "/board/behind/waiting", "/board/links", "/board/agents/1"]
)
def test_agents_may_not_look_at_the_board(sign_in, ana, path):
    assert sign_in(ana).get(path).status_code == 403
    assert not access.may_watch(ana, "board")


def test_the_page_costs_the_same_however_much_there_is(sign_in, sara, waiting, computed):
    browser = sign_in(sara)
    computed()
    with counted_queries() as few:
        browser.get("/board")
    for n in range(8):
        other = factories.make_queue(f"Queue {n}")
        factories.make_interaction(factories.make_account(), queue=other)
    computed()
    with counted_queries() as many:
        browser.get("/board")
    assert len(many) == len(few) <= 8


def test_filters_stay_in_the_address_and_narrow_everything(sign_in, sara, waiting, computed):
    other = factories.make_queue("Billing")
    factories.make_interaction(
        factories.make_account(), factories.make_contact("Omar Farouk"), queue=other
    )
    computed()
    browser = sign_in(sara)
    page = text_of(browser.get(f"/board?queue={other.id}&period=today"))

    assert "Omar Farouk" in page
    assert "Dana Whitlock" not in page
    assert f"/board/now?queue={other.id}&amp;period=today" in page


@pytest.mark.parametrize("address", ["queue=x", "queue=99999", "team=7", "period=ever&show=none"])
def test_an_address_that_says_nonsense_still_shows_a_board(sign_in, sara, computed, address):
    computed()
    text_of(sign_in(sara).get(f"/board?{address}"))


@pytest.mark.parametrize("digits", [30, 5000])
def test_an_agent_with_a_number_without_end_is_nobody(sign_in, sara, ana, computed, digits):
    computed()
    browser, number = sign_in(sara), "9" * digits
    text_of(browser.get(f"/board/behind/accepted?agent={number}"))
    answer = browser.post(f"/board/agents/{ana.id}/queues", data={"queue": number})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("tab", "told"),
    [
        ("queues", ("Support", "In turn", "Passed on, missed")),
        ("agents", ("Ana Agent", "Last activity", "/pause")),
        ("conversations", ("Dana Whitlock", "VIP", "/transfer", "From the customer:")),
        ("accounts", ("Sandbox", "none yet", "Failed")),
        ("campaigns", ("Autumn delivery", "Next window", "/stop")),
    ],
)
def test_each_table_has_its_page(sign_in, sara, account, waiting, computed, tab, told):
    factories.make_campaign(account, name="Autumn delivery", state="running")
    tag = factories.save(Tag(name="VIP"))
    factories.save(ContactTag(contact_id=waiting.contact_id, tag_id=tag.id))
    computed()
    browser = sign_in(sara)
    page = text_of(browser.get(f"/board?tab={tab}"))
    for words in told:
        assert words in page
    assert f"/board/now?tab={tab}" in page
    text_of(browser.get(f"/board/now?tab={tab}"))


@pytest.mark.parametrize("tab", ["queues", "agents", "conversations", "accounts", "campaigns"])
def test_a_table_without_rows_says_so(sign_in, sara, tab):
    text_of(sign_in(sara).get(f"/board?tab={tab}&show=unmanaged"))


def test_the_table_of_conversations_costs_the_same_however_many(
    sign_in, sara, account, queue, computed
):
    tag = factories.save(Tag(name="VIP"))

    def asked():
        computed()
        browser = sign_in(sara)
        browser.get("/board?tab=conversations")
        with counted_queries() as queries:
            browser.get("/board?tab=conversations")
        return len(queries)

    def write():
        talk = factories.make_interaction(account, factories.make_contact(), queue=queue)
        factories.save(ContactTag(contact_id=talk.contact_id, tag_id=tag.id))

    write()
    few = asked()
    for _ in range(5):
        write()
    assert asked() == few


def test_supervisors_and_admins_see_what_they_may_open(sign_in, sara, admin, computed):
    computed()
    assert "/accounts/" not in text_of(sign_in(sara).get("/board/now?tab=accounts"))
    assert "/accounts/" in text_of(sign_in(admin).get("/board/now?tab=accounts"))
