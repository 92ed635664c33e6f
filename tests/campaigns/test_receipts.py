"""Receipts climb recipients in bulk, each for its own attempt, whichever of call and receipt
came first."""

import itertools

import pytest
from sqlalchemy import func, select

from tests.campaigns.sent import WAMID, attempt_of, balances, make_sent, now_of, told
from tests.factories import change as change_row
from tests.factories import make_campaign, make_contact, make_interaction, make_meta_account
from tests.support.arriving import ago, arrive, receipt
from tests.support.queries import counted_queries
from webapp.campaigns import correlation, ledger
from webapp.campaigns.results import receipts
from webapp.extensions import db
from webapp.inbox.models import Message, Receipt
from webapp.live import push
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import outcomes


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


@pytest.fixture
def campaign(meta):
    return make_campaign(meta)


@pytest.fixture
def sent(campaign):
    return make_sent(campaign)


def kept():
    return db.session.scalar(select(func.count()).select_from(Receipt))


@pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "read"])))
def test_in_any_order_a_recipient_only_climbs(meta, campaign, sent, order):
    for status in order:
        arrive(meta, told(campaign, sent, status))
    assert now_of(sent).state == "read"
    assert balances(campaign)


def test_one_body_may_hold_them_all_and_none_is_kept(meta, campaign, sent):
    statuses = ("read", "sent", "delivered", "delivered")
    arrive(meta, *(told(campaign, sent, status) for status in statuses))
    assert now_of(sent).state == "read"
    assert kept() == 0
    counts = ledger.counts_of(campaign.id)
    assert (counts["ever:sent"], counts["ever:delivered"], counts["ever:read"]) == (1, 1, 1)


def test_what_is_read_was_delivered(meta, campaign, sent):
    first, second = ago(minutes=3), ago(minutes=2)
    arrive(meta, told(campaign, sent, "read", at=second))
    arrive(meta, told(campaign, sent, "delivered", at=first))
    row = now_of(sent)
    assert (row.state, row.read_at, row.delivered_at) == ("read", second, first)


@pytest.mark.parametrize("order", [("delivered", "read"), ("read", "delivered")])
def test_what_the_provider_charges_it_as_is_kept(meta, campaign, sent, order):
    pricing = {"category": "marketing", "type": "regular"}
    for status in order:
        more = {"pricing": pricing} if status == "delivered" else {}
        arrive(meta, told(campaign, sent, status, **more))
    assert now_of(sent).charged_as == "marketing"


def test_a_receipt_kept_before_its_send_was_recorded_tells_the_charge_too(meta, campaign):
    pricing = {"category": "utility", "type": "free_customer_service"}
    arrive(meta, receipt("wamid.early", "delivered", pricing=pricing))
    row = make_sent(campaign, provider_id="wamid.early")
    with unit_of_work():
        receipts.settle(meta.id, ["wamid.early"])
    assert now_of(row).charged_as == "free"


def test_a_failure_says_why_in_the_providers_meaning(meta, campaign, sent):
    arrive(meta, told(campaign, sent, "failed", code=131026))
    row = now_of(sent)
    assert (row.state, row.reason, row.detail) == ("failed", "131026", "Not reachable on WhatsApp")
    assert ledger.counts_of(campaign.id)["why:failed:131026"] == 1
    assert attempt_of(sent).error_code == "131026"


def test_whoever_is_not_on_whatsapp_is_marked_until_something_reaches_them(meta, campaign, sent):
    arrive(meta, told(campaign, sent, "failed", code=131026))
    assert now_of(sent).contact.unreachable_at is not None
    arrive(meta, told(campaign, sent, "delivered"))
    assert now_of(sent).contact.unreachable_at is None


def test_another_failure_says_nothing_of_the_number(meta, campaign, sent):
    arrive(meta, told(campaign, sent, "failed", code=131049))
    assert now_of(sent).contact.unreachable_at is None


def test_a_failure_after_delivery_changes_nothing(meta, campaign, sent):
    arrive(meta, told(campaign, sent, "delivered"))
    arrive(meta, told(campaign, sent, "failed", code=131026))
    assert now_of(sent).state == "delivered"


def test_proof_of_delivery_overrules_a_failure(meta, campaign, sent):
    arrive(meta, told(campaign, sent, "failed", code=131026))
    arrive(meta, told(campaign, sent, "sent"))
    assert now_of(sent).state == "failed"
    arrive(meta, told(campaign, sent, "delivered"))
    row = now_of(sent)
    assert (row.state, row.reason, row.detail) == ("delivered", None, None)
    assert balances(campaign)


@pytest.mark.parametrize("state", ["sending", "unknown"])
@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
def test_a_receipt_before_the_answer_settles_the_recipient(meta, campaign, state, status):
    row = make_sent(campaign, state=state, provider_id=None)
    arrive(meta, told(campaign, row, status, code=131026 if status == "failed" else None))
    settled = now_of(row)
    assert (settled.state, settled.provider_id) == (status, WAMID)
    assert settled.sent_at is not None
    assert (attempt_of(row).outcome, attempt_of(row).provider_id) == ("sent", WAMID)


@pytest.mark.parametrize("status", ["sent", "failed"])
def test_a_late_receipt_of_an_earlier_attempt_spoils_nothing(meta, campaign, status):
    row = make_sent(campaign, tries=2)
    arrive(meta, told(campaign, row, status, number=1, id="wamid.first"))
    later = now_of(row)
    assert (later.state, later.provider_id) == ("sent", WAMID)


def test_what_was_delivered_after_the_backup_is_not_sent_again(meta, campaign):
    waits = {"state": "queued", "tries": 0, "provider_id": None}
    row, other = (make_sent(campaign, phone, **waits) for phone in ("15550142001", "15550142002"))
    arrive(meta, told(campaign, row, "delivered"))
    arrive(meta, told(campaign, other, "delivered", recipient="15550142001"))  # its id came again
    assert (now_of(row).state, now_of(other).state) == ("delivered", "queued")
    assert balances(campaign)


def test_that_it_was_delivered_counts_from_any_attempt(meta, campaign):
    row = make_sent(campaign, tries=2, state="failed", reason="131026")
    arrive(meta, told(campaign, row, "delivered", number=1, id="wamid.first"))
    assert (now_of(row).state, now_of(row).provider_id) == ("delivered", WAMID)


@pytest.mark.parametrize("status", ["sent", "failed"])
def test_what_waits_for_its_retry_goes_on_waiting(meta, campaign, status):
    row = make_sent(campaign, state="retry", provider_id=None, retry_at=ago(minutes=-1))
    arrive(meta, told(campaign, row, status))
    assert now_of(row).state == "retry"
    assert now_of(row).retry_at is not None


def test_only_proof_of_delivery_takes_a_recipient_from_its_retry(meta, campaign):
    row = make_sent(campaign, state="retry", provider_id=None, retry_at=ago(minutes=-1))
    arrive(meta, told(campaign, row, "delivered"))
    assert (now_of(row).state, now_of(row).retry_at) == ("delivered", None)


@pytest.mark.parametrize("state", ["replied", "no_response"])
def test_what_the_customer_did_stands_above_what_their_phone_tells(meta, campaign, state):
    row = make_sent(campaign, state=state, sent_at=ago(minutes=9), delivered_at=ago(minutes=8))
    at = ago(minutes=1)
    arrive(meta, told(campaign, row, "read", at=at))
    assert (now_of(row).state, now_of(row).read_at) == (state, at)
    assert balances(campaign)


def test_without_our_id_the_providers_own_is_enough(meta, campaign, sent):
    arrive(meta, receipt(WAMID, "delivered", recipient=sent.contact.phone))
    assert now_of(sent).state == "delivered"
    assert kept() == 0


def test_an_ended_attempt_is_known_by_its_own_provider_id(meta, campaign):
    row = make_sent(campaign, state="failed", reason="131049")
    change_row(attempt_of(row), error_code="131049")
    change_row(now_of(row), provider_id="wamid.second", tries=2, state="sent", reason=None)
    arrive(meta, receipt(WAMID, "delivered", recipient=row.contact.phone))
    assert (now_of(row).state, now_of(row).provider_id) == ("delivered", "wamid.second")


def test_a_receipt_kept_before_its_send_was_known_settles_it_afterwards(meta, campaign):
    row = make_sent(campaign, state="sending", provider_id=None)
    arrive(meta, receipt(WAMID, "delivered", recipient=row.contact.phone))
    assert (now_of(row).state, kept()) == ("sending", 1)
    change_row(now_of(row), state="sent", provider_id=WAMID, sent_at=ago(seconds=1))

    with unit_of_work():
        receipts.settle(meta.id, [WAMID])

    assert (now_of(row).state, kept()) == ("delivered", 0)


def test_clock_looks_again_for_kept_receipts(meta, campaign):
    row = make_sent(campaign, state="sending", provider_id=None)
    arrive(meta, receipt(WAMID, "delivered", recipient=row.contact.phone))
    change_row(now_of(row), state="sent", provider_id=WAMID, sent_at=ago(seconds=1))

    with unit_of_work():
        assert receipts.settle_unmatched() == 1
    with unit_of_work():
        assert receipts.settle_unmatched() == 0

    assert now_of(row).state == "delivered"


def test_a_former_life_of_the_installation_is_not_believed(meta, campaign, sent):
    stranger = correlation.id_of(correlation.new_token(), sent.id, 1)
    arrive(meta, told(campaign, sent, "delivered", id="wamid.old", correlation_id=stranger))
    arrive(meta, told(campaign, sent, "delivered", id="wamid.old", recipient="15559998877"))
    assert now_of(sent).state == "sent"
    assert kept() == 2  # the old way: those for two people


def test_another_account_does_not_speak_for_it(meta, campaign, sent, queue):
    other = make_meta_account(queue, key="OTHER", phone="15550100999", phone_number_id="77")
    arrive(other, told(campaign, sent, "delivered"), number_id="77")
    assert now_of(sent).state == "sent"


def test_a_spelling_of_the_number_that_whatsapp_mixes_up_is_the_same_person(meta, campaign):
    row = make_sent(campaign, phone="5511987654321", state="unknown", provider_id=None)
    change_row(row.contact.identities[0], match_key="tel:551187654321")
    arrive(meta, told(campaign, row, "delivered", recipient="551187654321"))
    assert now_of(row).state == "delivered"


def test_of_an_erased_person_nothing_is_learnt_again(meta, campaign):
    row = make_sent(campaign, state="sending", provider_id=None)
    with unit_of_work():
        db.session.delete(row.contact.identities[0])
    arrive(meta, told(campaign, row, "delivered"))
    assert (now_of(row).state, now_of(row).provider_id) == ("delivered", None)
    assert attempt_of(row).provider_id is None


def test_the_bubble_climbs_with_its_recipient(meta, campaign, ana, queue):
    contact = make_contact()
    talk = make_interaction(meta, contact, owner=ana, queue=queue)
    row = make_sent(campaign, contact=contact)
    with unit_of_work():
        bubble = Message(
            account_id=meta.id, contact_id=contact.id, interaction_id=talk.id, direction="out",
            kind="template", status="sent", provider_id=WAMID, campaign_id=campaign.id,
            written_at=ago(minutes=5),
        )  # fmt: skip
        db.session.add(bubble)
    change_row(row, message_id=bubble.id)

    arrive(meta, told(campaign, row, "failed", code=131049))

    message = db.session.get(Message, bubble.id)
    assert (message.status, message.error_code) == ("failed", "131049")


def test_receipts_of_many_recipients_cost_as_many_statements_as_of_a_few(meta, campaign):
    def statements(count):
        rows = [make_sent(campaign, provider_id=f"wamid.{n}.{count}") for n in range(count)]
        values = [
            told(campaign, row, status, id=row.provider_id)
            for row in rows
            for status in ("sent", "delivered", "read")
        ]
        with counted_queries() as queries:
            arrive(meta, *values)
        assert all(now_of(row).state == "read" for row in rows)
        return len(queries)

    assert statements(3) == statements(30)


def test_the_campaigns_page_looks_again_after_the_commit(meta, campaign, sent):
    arrive(meta, told(campaign, sent, "delivered"))
    arrive(meta, told(campaign, sent, "delivered"))
    room = f"campaign:{campaign.id}"
    assert push.current_seq([room])[room] == 1


def test_a_conversations_receipt_costs_the_campaigns_nothing(meta, campaign, sent):
    with counted_queries() as queries:
        arrive(meta, receipt("wamid.talk", "sent", correlation_id="parley-0123456789abcdef"))
    assert not [one for one in queries if "recipients" in one]
    assert kept() == 1


def test_the_webhook_shows_what_its_receipt_did(meta, campaign, sent):
    payload = arrive(meta, told(campaign, sent, "delivered"))
    shown = outcomes.of(payload).shown
    assert [(one.became, one.good) for one in shown] == [
        ("Counted in the campaign “Autumn delivery slots”", True)
    ]
