"""The table of recipients: by state and reason, its CSV, each one's tries, doubts settled."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.inbox.templates import make_template
from webapp.campaigns import correlation, ledger
from webapp.campaigns.models import CampaignAttempt, Recipient
from webapp.campaigns.results import retrying
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.staff.models import AuditEntry


@pytest.fixture
def campaign(cast):
    template = make_template(account=cast.account, provider="sandbox", waba_id="")
    return factories.make_campaign(
        cast.account, template=template, state="running", loaded_at=utcnow(), started_at=utcnow()
    )


@pytest.fixture
def leader(cast, sign_in):
    return sign_in(cast.sara)


@pytest.fixture
def names(leader, campaign):
    """The names the table shows for a view."""

    def shown(**query):
        page = leader.get(
            f"/campaigns/{campaign.id}/recipients",
            query_string=query,
            headers={"HX-Request": "true"},
        )
        return re.findall(r'class="rowlink" href="[^"]+">([^<]+)', page.text)

    return shown


def make(campaign, name, state, **columns):
    return factories.make_recipient(campaign, factories.make_contact(name), state, **columns)


def rows_of(answer):
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    return [dict(zip(header, row, strict=True)) for row in rows]


def state_of(recipient):
    kept = db.session.get(Recipient, recipient.id, populate_existing=True)
    return kept.state, kept.reason


def test_recipients_are_found_by_state_reason_name_and_number(campaign, names):
    hanna = make(campaign, "Hanna Virtanen", "failed", reason="131026")
    make(campaign, "Pedro Salgado", "failed", reason="missing_value")
    make(campaign, "Grace Nwosu", "replied")

    assert names() == ["Hanna Virtanen", "Pedro Salgado", "Grace Nwosu"]
    assert names(state="failed") == ["Hanna Virtanen", "Pedro Salgado"]
    assert names(state="failed", reason="131026") == ["Hanna Virtanen"]
    assert names(q="nwosu") == ["Grace Nwosu"]
    assert names(q=f"+{hanna.contact.phone}") == ["Hanna Virtanen"]


def test_the_page_begins_with_those_that_failed(leader, campaign):
    make(campaign, "Grace Nwosu", "replied")
    make(campaign, "Hanna Virtanen", "failed", reason="131026")
    page = leader.get(f"/campaigns/{campaign.id}").text
    assert "Hanna Virtanen" in page and "Grace Nwosu" not in page
    assert "Not reachable on WhatsApp" in page


def test_an_address_of_the_table_is_a_whole_page(leader, campaign):
    make(campaign, "Grace Nwosu", "replied")
    page = leader.get(f"/campaigns/{campaign.id}/recipients?state=replied").text
    assert "Grace Nwosu" in page and "Sending speed" in page


def test_pages_follow_each_other_by_key(campaign, names, leader):
    for number in range(30):
        make(campaign, f"Person {number:02}", "queued")
    first = leader.get(f"/campaigns/{campaign.id}/recipients", headers={"HX-Request": "true"}).text
    after = re.search(r"after=([\w-]+)", first)[1]
    assert names(after=after) == [f"Person {number}" for number in range(25, 30)]


def test_the_numbers_of_those_that_failed_are_exported_with_an_audit_row(leader, campaign, cast):
    make(campaign, "Grace Nwosu", "replied")
    hanna = make(campaign, "Hanna Virtanen", "failed", reason="131026")

    answer = leader.get(f"/campaigns/{campaign.id}/recipients.csv?state=failed", buffered=True)

    (row,) = rows_of(answer)
    assert row["Contact"] == "Hanna Virtanen"
    assert row["Number"].endswith(hanna.contact.phone)
    assert (row["Reason"], row["Code"]) == ("Not reachable on WhatsApp", "131026")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).one()
    assert (entry.actor_id, entry.after["state"]) == (cast.sara.id, "failed")


def test_all_recipients_are_exported_with_their_state_in_words(leader, campaign):
    for number in range(3):
        make(campaign, f"Person {number}", "skipped", reason="opted_out")
    rows = rows_of(leader.get(f"/campaigns/{campaign.id}/recipients.csv", buffered=True))
    assert [row["Status"] for row in rows] == ["Left out"] * 3
    assert {row["Reason"] for row in rows} == {"Opted out"}


def test_each_try_is_shown_with_the_id_it_carried(leader, campaign):
    one = make(campaign, "Ivo Marić", "sent", tries=2, sent_at=utcnow())
    began = utcnow() - timedelta(minutes=3)
    factories.save(
        CampaignAttempt(
            recipient_id=one.id, number=1, started_at=began, outcome="refused",
            error_code="131000", error="Something went wrong at WhatsApp",
        ),
        CampaignAttempt(recipient_id=one.id, number=2, outcome="sent", provider_id="wamid.9"),
    )  # fmt: skip

    page = leader.get(f"/campaigns/{campaign.id}/recipients/{one.id}").text

    assert "Try 1: the provider refused it" in page
    assert "Something went wrong at WhatsApp (131000)" in page
    assert "Try 2: the provider took it" in page and "wamid.9" in page
    assert correlation.id_of(campaign.token, one.id, 2) in page


def test_a_recipient_of_another_campaign_is_not_here(leader, campaign, cast):
    other = factories.make_campaign(cast.account, "Another")
    one = make(other, "Ivo Marić", "sent")
    assert leader.get(f"/campaigns/{campaign.id}/recipients/{one.id}").status_code == 404


@pytest.mark.parametrize(
    ("outcome", "state"), [("sent", ("sent", None)), ("failed", ("failed", "by_hand"))]
)
def test_a_doubt_is_settled_by_who_knows_and_nothing_is_sent(leader, campaign, outcome, state):
    ticked, other = (make(campaign, name, "unknown", tries=1) for name in ("Ivo", "Hanna"))

    data = {"id": str(ticked.id), "outcome": outcome}
    assert leader.post(f"/campaigns/{campaign.id}/settle", data=data).status_code == 303

    assert (state_of(ticked), state_of(other)) == (state, ("unknown", None))
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_whoever_settles_one_doubt_sees_the_others_next(leader, campaign):
    one, other = (make(campaign, name, "unknown", tries=1) for name in ("Ivo", "Hanna"))
    address = f"/campaigns/{campaign.id}/settle"
    left = leader.post(address, data={"id": one.id, "outcome": "sent"})
    assert left.location == f"/campaigns/{campaign.id}/recipients?state=unknown#recipients"
    done = leader.post(address, data={"id": other.id, "outcome": "sent"})
    assert done.location == f"/campaigns/{campaign.id}"


def test_all_doubts_are_settled_at_once(leader, campaign):
    rows = [make(campaign, f"Person {n}", "unknown", tries=1) for n in range(3)]
    sent = make(campaign, "Grace Nwosu", "sent")
    data = {"all": "1", "query": "state=unknown", "outcome": "failed"}
    leader.post(f"/campaigns/{campaign.id}/settle", data=data)
    assert {state_of(row) for row in rows} == {("failed", "by_hand")}
    assert state_of(sent) == ("sent", None)


def test_what_a_receipt_settled_meanwhile_is_said(leader, campaign):
    one = make(campaign, "Ivo", "delivered")
    leader.post(f"/campaigns/{campaign.id}/settle", data={"id": one.id, "outcome": "failed"})
    assert state_of(one) == ("delivered", None)
    assert "A receipt has settled this meanwhile." in leader.get("/campaigns").text


def test_who_may_be_reached_now_is_queued_again_and_the_others_are_not(leader, campaign):
    busy = make(campaign, "Ivo", "failed", reason="131000")
    gone = make(campaign, "Hanna", "failed", reason="131026")
    leader.post(f"/campaigns/{campaign.id}/retry")
    retrying.run(campaign.id)  # as the job does
    assert state_of(busy) == ("queued", None)
    assert state_of(gone) == ("failed", "131026")


def test_a_name_nobody_has_tries_nobody_again(leader, campaign):
    one = make(campaign, "Ivo", "failed", reason="131000", tries=4)
    leader.post(f"/campaigns/{campaign.id}/retry", data={"id": "everybody"})
    assert state_of(one) == ("failed", "131000")
