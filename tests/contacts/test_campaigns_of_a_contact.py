"""What campaigns sent a person is merged, disclosed, shown and forgotten with the rest of them."""

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from tests.campaigns.sent import attempt_of, balances, make_sent, now_of
from tests.factories import change, make_campaign, make_contact, make_interaction, save
from tests.inbox.templates import make_template
from tests.support.arriving import ago
from webapp import media_store
from webapp.campaigns.messages.models import CampaignTest
from webapp.campaigns.models import CampaignVariant
from webapp.campaigns.results import bubbles
from webapp.contacts import disclosing, erasing, journey, merging, unmerging
from webapp.contacts.models import Contact, ContactMerge
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def campaign(account):
    return make_campaign(account)


def merge(kept, other):
    with unit_of_work():
        both = (db.session.get(Contact, one.id) for one in (kept, other))
        return merging.merge(*both, {}, "test").id


def erase(contact, by):
    with unit_of_work():
        request_id = erasing.erase(db.session.get(Contact, contact.id), by, "Asked").id
    assert erasing.go_on(request_id)


def test_a_merge_moves_what_campaigns_sent_and_undoing_it_moves_it_back(campaign):
    kept, other = make_contact("Dana"), make_contact("D. W.")
    row = make_sent(campaign, contact=other)
    merge_id = merge(kept, other)
    assert now_of(row).contact_id == kept.id
    with unit_of_work():
        unmerging.undo(db.session.get(ContactMerge, merge_id), "test")
    assert now_of(row).contact_id == other.id


def test_of_one_campaign_that_both_are_in_each_keeps_their_own(campaign):
    kept, other = make_contact("Dana"), make_contact("D. W.")
    rows = [make_sent(campaign, contact=kept), make_sent(campaign, contact=other, state="queued")]
    merge(kept, other)
    assert [now_of(row).contact_id for row in rows] == [kept.id, other.id]


@pytest.mark.parametrize(
    ("other_is", "kept_is"),
    [("sent", "skipped"), ("unknown", "skipped"), ("failed", "queued"), ("queued", "queued")],
)
def test_whoever_got_it_as_somebody_else_does_not_get_it_again(campaign, other_is, kept_is):
    kept, other = make_contact("Dana"), make_contact("D. W.")
    waits = make_sent(campaign, contact=kept, state="queued", tries=0)
    make_sent(campaign, contact=other, state=other_is)
    merge(kept, other)
    assert now_of(waits).state == kept_is
    assert balances(campaign)


def test_erasing_leaves_the_counts_and_no_trace(campaign, admin):
    contact = make_contact("Dana Quillfeather", "15550142233")
    failed = make_sent(campaign, contact=contact, state="failed", detail="15550142233 is odd")
    waits = make_sent(make_campaign(campaign.account), contact=contact, state="queued")
    save(CampaignTest(campaign_id=campaign.id, number="15550142233"))
    save(CampaignTest(campaign_id=campaign.id, number="15550100000", as_contact_id=contact.id))

    erase(contact, admin)

    assert (now_of(failed).state, now_of(failed).provider_id, now_of(failed).detail) == (
        "failed", None, None,
    )  # fmt: skip
    assert attempt_of(failed).provider_id is None
    assert (now_of(waits).state, now_of(waits).reason) == ("skipped", "erased")
    assert db.session.scalars(select(CampaignTest)).all() == []
    assert balances(campaign)


def test_erasing_one_recipient_leaves_the_file_all_others_were_sent(account, admin, ana):
    header = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hello"}]
    template = make_template("winter", header, account=account, provider="sandbox", waba_id="")
    campaign = make_campaign(account, template=template)
    media_store.put("campaign-van-1.jpg", io.BytesIO(b"van"))
    variant = db.session.get(CampaignVariant, campaign.variants[0].id)
    change(variant, media={"key": "campaign-van-1.jpg", "mime_type": "image/jpeg"})
    contact = make_contact("Dana")
    make_interaction(account, contact, owner=ana)
    row = make_sent(campaign, contact=contact, template_id=template.id)
    with unit_of_work():
        assert bubbles.join(account.id, [row.id]) == 1

    erase(contact, admin)

    assert db.session.scalar(select(Media.storage_key)) is None
    assert media_store.open("campaign-van-1.jpg").read() == b"van"


def test_the_copy_of_a_persons_data_tells_what_campaigns_sent(campaign):
    row = make_sent(campaign)
    file = io.BytesIO()
    counts = disclosing.write(row.contact_id, file)
    with zipfile.ZipFile(file) as book:
        told = json.loads(book.read("data.json"))["campaigns"]
    assert counts["campaigns"] == 1
    assert (told[0]["campaign"], told[0]["state"]) == ("Autumn delivery slots", "sent")


def test_the_journey_tells_of_campaigns_once_and_of_none_that_never_left(campaign, ana, account):
    contact = make_contact("Dana")
    make_interaction(account, contact, owner=ana)
    row = make_sent(campaign, contact=contact, sent_at=ago(hours=1))
    make_sent(make_campaign(account), contact=contact, state="queued")
    with unit_of_work():
        bubbles.join(account.id, [row.id])
    steps = journey.of(contact, ana, journey.CONVERSATIONS).steps
    assert [step.kind for step in steps] == ["conversation", "campaign"]


def test_the_contacts_page_names_the_campaign(campaign, sara, sign_in):
    row = make_sent(campaign, state="read", read_at=ago(minutes=1))
    page = sign_in(sara).get(f"/contacts/{row.contact_id}").get_data(as_text=True)
    assert "Autumn delivery slots</a>, a campaign, and read it" in page
