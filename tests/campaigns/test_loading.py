"""Recipients made of an audience: exactly once each, as counted, wherever it was cut off."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select

from tests import factories
from tests.campaigns.test_audience import GREETING, MAPPING, NUMBERS, ONE, RULES, member
from tests.inbox.templates import make_template
from webapp import jobs
from webapp.campaigns import ledger
from webapp.campaigns.audience import loading, selection
from webapp.campaigns.messages import splitting
from webapp.campaigns.models import Campaign, CampaignEvent, CampaignVariant, Recipient
from webapp.campaigns.running import LOAD
from webapp.columns import BigId, utcnow
from webapp.contacts.models import CustomField
from webapp.extensions import db, redis_clients


@pytest.fixture
def account(app):
    return factories.make_meta_account()


@pytest.fixture
def people(account):
    return factories.make_list("Heating contracts")


def running(account, *lists, template=None, **columns):
    said = {"list_ids": [one.id for one in lists], **columns.pop("said", {})}
    made = factories.make_campaign(
        account, template=template, state="running", load_after_id=0, audience=said, **columns
    )
    if template:
        factories.change(made.variants[0], mapping=MAPPING)
    return made


def rows_of(campaign):
    rows = select(Recipient).where(Recipient.campaign_id == campaign.id)
    return db.session.scalars(rows.order_by(Recipient.id)).all()


def load(campaign):
    loading.load(campaign.id)
    return rows_of(campaign)


def test_everybody_who_gets_it_is_queued_with_message_language_and_zone(account, people):
    template = make_template(account=account)
    brazil = make_template(account=account, language="pt_BR", provider_id="tpl-2")
    member(people, first_name="Dana", phone="4915112345678")
    member(people, first_name="João", phone="5592987654321", language="pt_BR")
    member(people, first_name="Noor", time_zone="Asia/Dubai")
    campaign = running(account, people, template=template)

    rows = load(campaign)

    assert {row.state for row in rows} == {"queued"}
    assert {row.variant_id for row in rows} == {campaign.variants[0].id}
    assert [row.template_id for row in rows] == [template.id, brazil.id, template.id]
    assert [row.zone for row in rows] == ["Europe/Berlin", "America/Manaus", "Asia/Dubai"]
    assert db.session.get(Campaign, campaign.id).loaded_at is not None
    last = db.session.scalars(select(CampaignEvent.text)).all()[-1]
    assert last == "3 contacts loaded, 0 of them left out"


def test_what_rested_for_those_loaded_before_looks_again(account, people):
    member(people)
    tomorrow = utcnow() + timedelta(days=1)
    campaign = running(account, people, resting_reason="hours", resting_until=tomorrow)
    load(campaign)
    db.session.refresh(campaign)
    assert (campaign.resting_reason, campaign.resting_until) == (None, None)


def test_one_zone_for_all_is_everybodys(account, people):
    member(people, phone="4915112345678")
    campaign = running(account, people, zone_mode="fixed", time_zone="Europe/Lisbon")
    assert [row.zone for row in load(campaign)] == ["Europe/Lisbon"]


def test_a_number_of_nowhere_goes_by_the_campaigns_clock(account, people):
    member(people, phone="88212345678")
    campaign = running(account, people, time_zone="Europe/Lisbon")
    assert [row.zone for row in load(campaign)] == ["Europe/Lisbon"]


def test_whoever_is_left_out_has_a_row_that_says_why(account, people):
    other = factories.make_list("Installers")
    member(people, other)
    member(people, other, consent="out")
    member(people, unreachable_at=utcnow())

    rows = load(running(account, people, other))

    assert [(row.state, row.reason) for row in rows] == [
        ("queued", None),
        ("skipped", "duplicate"),
        ("skipped", "opted_out"),
        ("skipped", "opted_out"),
        ("skipped", "no_number"),
    ]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ONE, max_size=8), RULES, st.integers(1, 5))
def test_loading_makes_what_was_counted(account, some, rules, chunk):
    number = next(NUMBERS)
    lists = [factories.make_list(f"List {number}-{n}") for n in range(3)]
    template = make_template(f"loaded_{number}", components=GREETING, account=account)
    for one in some:
        columns = {name: value for name, value in one.items() if name != "lists"}
        member(*(lists[n] for n in one["lists"]), **columns)
    said = {"exclude_list_ids": [lists[2].id], **rules}
    campaign = running(account, *lists[:2], template=template, said=said)
    counted = selection.count(campaign)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "CHUNK", chunk)
        patch.setattr(loading, "CHUNK_ON_SQLITE", chunk)
        rows = load(campaign)

    found = Counter(row.reason for row in rows)
    assert found == +Counter({None: counted.going, **dict(counted.left_out)})
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


@pytest.fixture
def in_pieces(monkeypatch):
    monkeypatch.setattr(loading, "CHUNK", 2)
    monkeypatch.setattr(loading, "CHUNK_ON_SQLITE", 2)


def test_cut_off_between_chunks_it_goes_on_where_it_was(account, people, in_pieces):
    contacts = [member(people) for _ in range(7)]
    campaign = running(account, people)
    stops = iter([False, False, True])

    loading.load(campaign.id, lambda: next(stops))

    assert len(rows_of(campaign)) == 4
    assert db.session.get(Campaign, campaign.id).loaded_at is None
    assert loading.due() == [campaign.id]
    assert [row.contact_id for row in load(campaign)] == [one.id for one in contacts]
    assert loading.due() == []


def test_a_chunk_that_fails_leaves_nothing_of_itself(account, people, in_pieces, monkeypatch):
    for _ in range(4):
        member(people)
    campaign = running(account, people)
    monkeypatch.setattr(loading, "_count", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        loading.load(campaign.id)
    monkeypatch.undo()

    assert rows_of(campaign) == []
    assert len(load(campaign)) == 4
    assert ledger.recount(campaign.id) == +ledger.counts_of(campaign.id, by_variant=True)


def test_after_its_slice_it_asks_for_the_next_one(account, people):
    member(people)
    campaign = running(account, people)

    loading.load(campaign.id, seconds=-1)

    waiting = jobs.job_queue(LOAD, redis_clients.patient).jobs
    assert [job.args for job in waiting] == [[campaign.id]]
    assert rows_of(campaign) == []


def test_a_paused_campaign_loads_nobody(account, people):
    member(people)
    campaign = running(account, people)
    factories.change(campaign, state="paused")
    assert load(campaign) == []


def test_loaded_again_only_who_is_new_gets_a_row(account, people):
    first, second = member(people), member(people, consent="out")
    campaign = running(account, people)
    load(campaign)
    member(people)
    factories.change(second, consent="in")
    factories.change(campaign, loaded_at=None, load_after_id=0)

    rows = load(campaign)

    assert [row.state for row in rows] == ["queued", "skipped", "queued"]
    assert rows[0].contact_id == first.id


def test_a_condition_on_a_field_that_is_gone_pauses_it_and_says_so(account, people):
    member(people)
    field = factories.save(CustomField(name="contract_end", kind="date_time"))
    one = {"field": f"field-{field.id}", "op": "before", "value": "2027-03-01"}
    campaign = running(account, people, said={"conditions": [one]})
    factories.change(field, deleted_at=utcnow())

    assert load(campaign) == []

    kept = db.session.get(Campaign, campaign.id)
    assert (kept.state, kept.pause_cause) == ("paused", "rule")
    assert "was deleted" in kept.pause_reason


def test_shares_come_out_as_asked_and_stay_with_each_contact(account, people):
    contacts = list(range(1, 20_001))
    campaign = factories.make_campaign(account)
    for position, percent in enumerate((50, 30, 20)):
        factories.save(
            CampaignVariant(
                campaign_id=campaign.id,
                position=position,
                template_name=f"v{position}",
                language="en",
                percent=percent,
            )
        )
    db.session.refresh(campaign)

    found = Counter(splitting.variant_of(campaign, id).position for id in contacts)

    for position, percent in enumerate((50, 30, 20)):
        assert abs(found[position] - 200 * percent) < 300
    some = {id: splitting.variant_of(campaign, id).id for id in contacts[::1999]}
    for id, variant_id in some.items():
        asked = select(splitting.variant_id(campaign, literal(id, BigId)))
        assert db.session.scalar(asked) == variant_id
