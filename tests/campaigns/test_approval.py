"""A second person's word: who gives it, when it is needed, and when it is void."""

import threading

import pytest

from tests import factories
from tests.campaigns.wizard import make_draft, people_in, saved
from webapp.alerting import raising
from webapp.campaigns import approving, launching, ledger
from webapp.campaigns.audience import loading
from webapp.campaigns.models import Campaign, CampaignEvent
from webapp.campaigns.settings import rules
from webapp.campaigns.wizard import checking, drafting
from webapp.columns import utcnow
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work


@pytest.fixture
def draft(cast):
    """Two contacts, where one needs no second person."""
    with unit_of_work():
        rules.change(rules.Rules(second_person_above=1), cast.admin)
    return make_draft(factories.make_meta_account(), cast.sara)


def act(verb, draft, *arguments):
    with unit_of_work():
        getattr(approving, verb)(db.session.get(Campaign, draft.id), *arguments)


def asked(draft, by):
    act("ask", draft, 2, by)
    return db.session.get(Campaign, draft.id)


def test_up_to_the_bound_one_person_suffices(draft, cast):
    assert not approving.needed(1)
    assert approving.needed(2)
    with unit_of_work():
        rules.change(rules.Rules(second_person_above=None), cast.admin)
    assert not approving.needed(1_000_000)


def test_without_a_second_person_it_is_not_launched(draft, cast):
    assert checking.blocking(draft, cast.sara) == [
        "More than 1 contacts: a second person must agree."
    ]
    asked(draft, cast.sara)
    act("approve", draft, cast.admin)
    assert checking.blocking(draft, cast.sara) == []


def test_nobody_reaches_more_than_the_bound_by_way_of_new_contacts(draft, cast):
    running = factories.change(draft, state="running", started_at=utcnow())
    with pytest.raises(ValueError, match="reach 2 contacts"):
        launching.extend(running, cast.sara)
    agreed = {"approved_at": utcnow(), "approved_by_id": cast.admin.id, "approval_people": 2}
    factories.change(draft, **agreed)
    with unit_of_work():
        launching.extend(db.session.get(Campaign, draft.id), cast.sara)
    assert draft.loaded_at is None


@pytest.fixture
def grown(draft, cast):
    """Launched to few by Sara; by the time it loads there are two."""
    columns = {"state": "running", "started_at": utcnow(), "load_after_id": 0}
    grown = factories.change(draft, launched_by_id=cast.sara.id, **columns)
    loading.load(grown.id)
    return db.session.get(Campaign, grown.id, populate_existing=True)


def test_whose_lists_grew_until_it_loads_asks_before_anybody_is_added(grown):
    assert (grown.state, grown.pause_cause) == ("paused", "approval")
    assert "reach 2 contacts by now: above 1 a second person must agree" in grown.pause_reason
    assert ledger.recount(grown.id) == {}


def test_whoever_got_a_daily_one_on_earlier_days_counts_too(draft, cast):
    with unit_of_work():
        rules.change(rules.Rules(second_person_above=2), cast.admin)
    daily = factories.change(draft, state="running", start_mode="daily", start_at=utcnow())
    loading.load(daily.id)
    assert daily.loaded_at is not None
    (list_id,) = daily.audience["list_ids"]
    people_in(db.session.get(ContactList, list_id), "Noor")
    factories.change(daily, loaded_at=None)

    loading.load(daily.id)

    assert daily.pause_cause == "approval"


@pytest.fixture
def daily(draft, cast):
    """Agreed to for ten, and loaded."""
    people_in(listed(draft), *"ABCDEFGH")
    act("ask", draft, 10, cast.sara)
    act("approve", draft, cast.admin)
    columns = {"state": "running", "start_mode": "daily", "start_at": utcnow()}
    daily = factories.change(draft, launched_by_id=cast.sara.id, **columns)
    loading.load(daily.id)
    assert daily.loaded_at is not None
    return daily


def listed(campaign):
    (list_id,) = campaign.audience["list_ids"]
    return db.session.get(ContactList, list_id)


def next_day(daily, *names):
    people_in(listed(daily), *names)
    factories.change(daily, loaded_at=None, load_after_id=0)
    loading.load(daily.id)
    return db.session.get(Campaign, daily.id, populate_existing=True)


def test_a_daily_one_grows_by_a_tenth_without_another_word(daily):
    grown = next_day(daily, "I")
    assert (grown.state, grown.loaded_at is not None) == ("running", True)


def test_a_daily_one_that_grows_by_more_asks_again(daily, cast):
    grown = next_day(daily, "I", "J")
    assert (grown.pause_cause, grown.approved_at) == ("approval", None)
    assert grown.pause_reason == (
        "It would reach 12 contacts by now, more than the 10 a second person agreed to."
    )
    assert sum(ledger.recount(grown.id).values()) == 10

    with pytest.raises(ValueError, match="second person has to agree"):
        launching.resume(grown, cast.sara)
    db.session.rollback()
    with unit_of_work():
        launching.resume(db.session.get(Campaign, grown.id), cast.admin)
    loading.load(grown.id)
    assert (grown.approval_people, grown.loaded_at is not None) == (12, True)
    assert next_day(grown, "K").state == "running"


def test_a_draft_whose_lists_grow_once_it_is_agreed_to_asks_again(draft, cast, sign_in):
    asked(draft, cast.sara)
    act("approve", draft, cast.admin)
    people_in(listed(draft), "Noor")
    assert checking.blocking(draft, cast.sara) == [
        "It would reach 3 contacts by now, more than the 2 a second person agreed to: ask again."
    ]
    sara, address = sign_in(cast.sara), f"/campaigns/{draft.id}"
    assert "Ask again" in sara.get(f"{address}/review").text
    sara.post(f"{address}/approval/ask")
    act("approve", draft, cast.admin)
    assert checking.blocking(draft, cast.sara) == []


def test_only_a_second_person_lets_a_grown_one_go_on(grown, cast):
    for by in (cast.sara, cast.ana, "command"):
        with pytest.raises(ValueError, match="second person has to agree"):
            launching.resume(grown, by)
    db.session.rollback()
    with unit_of_work():
        launching.resume(db.session.get(Campaign, grown.id), cast.admin)
    loading.load(grown.id)
    assert (grown.approved_by_id, grown.loaded_at is not None) == (cast.admin.id, True)


def test_admins_get_an_alert_until_somebody_decides(draft, cast):
    asked(draft, cast.sara)
    assert raising.open_subjects(approving.KIND) == {f"campaign:{draft.id}"}
    act("approve", draft, cast.admin)
    assert raising.open_subjects(approving.KIND) == set()


def test_whoever_changed_it_last_cannot_agree(draft, cast):
    asked(draft, cast.sara)
    with pytest.raises(ValueError, match="somebody else has to agree"):
        act("approve", draft, cast.sara)


def test_agents_cannot_agree(draft, cast):
    asked(draft, cast.sara)
    with pytest.raises(ValueError, match="somebody else has to agree"):
        act("approve", draft, cast.ana)
    assert [one.name for one in approving.others(draft)] == ["Admin Adler"]


def test_whoever_agreed_does_not_launch_it_too(draft, cast):
    asked(draft, cast.sara)
    act("approve", draft, cast.admin)
    assert "somebody else has to launch" in checking.blocking(draft, cast.admin)[0]


def test_what_is_changed_at_the_moment_of_a_launch_is_not_launched(app, draft, cast):
    asked(draft, cast.sara)
    act("approve", draft, cast.admin)
    id, refused = draft.id, []

    def launch():
        with app.app_context():
            try:
                with unit_of_work():
                    launching.launch(db.session.get(Campaign, id), "command")
            except launching.Blocked as error:
                refused.extend(error.reasons)

    other = threading.Thread(target=launch)
    with unit_of_work():
        campaign = db.session.get(Campaign, id)
        said = drafting.facts(campaign, drafting.AUDIENCE)
        changed = said | {"audience": said["audience"] | {"quiet_days": 3}}
        drafting.save(campaign, drafting.AUDIENCE, changed, cast.sara)
        other.start()
        other.join(0.5)
    other.join()

    assert refused == ["More than 1 contacts: a second person must agree."]


@pytest.mark.parametrize("verb", ["approve", "decline"])
def test_a_decision_is_kept_with_its_word(draft, cast, verb):
    asked(draft, cast.sara)
    act(verb, draft, cast.admin, "  the text   is fine ")
    event = db.session.query(CampaignEvent).order_by(CampaignEvent.id.desc()).first()
    assert event.text == {"approve": "Agreed", "decline": "Declined"}[verb] + ": the text is fine"
    assert db.session.query(AuditEntry).filter_by(note=event.text).one().actor == "Admin Adler"


def test_declined_it_has_to_be_asked_for_again(draft, cast):
    asked(draft, cast.sara)
    act("decline", draft, cast.admin, "too many people")
    campaign = db.session.get(Campaign, draft.id)
    assert campaign.approval_asked_at is None
    assert approving.last_word(campaign).text == "Declined: too many people"
    asked(draft, cast.sara)
    assert approving.last_word(campaign) is None


@pytest.mark.parametrize("step", [drafting.AUDIENCE, drafting.MESSAGE])
def test_a_change_of_audience_or_message_makes_it_void(draft, cast, step):
    asked(draft, cast.sara)
    act("approve", draft, cast.admin)
    if step == drafting.AUDIENCE:
        saved(draft, step, cast.sara, audience=draft.audience | {"quiet_days": 3})
    else:
        rows = drafting.facts(draft, step)["variants"]
        saved(draft, step, cast.sara, variants=[rows[0] | {"percent": 99}])
    assert draft.approved_at is None
    assert checking.blocking(draft, cast.sara) != []


def test_a_change_of_the_schedule_leaves_it_as_it_is(draft, cast):
    asked(draft, cast.sara)
    act("approve", draft, cast.admin)
    saved(draft, drafting.SCHEDULE, cast.sara, pace=40)
    assert draft.approved_by_id == cast.admin.id


def test_nobody_agrees_to_what_was_changed_meanwhile(draft, cast):
    asked(draft, cast.sara)
    saved(draft, drafting.AUDIENCE, cast.sara, name="Another one")
    with pytest.raises(ValueError, match="changed meanwhile"):
        act("approve", draft, cast.admin)


def test_the_page_asks_agrees_and_launches(draft, cast, sign_in):
    sara, admin = sign_in(cast.sara), sign_in(cast.admin)
    address = f"/campaigns/{draft.id}"
    page = sara.get(f"{address}/review").text
    assert "More than 1 contacts: a second person must agree." in page
    assert "Ask now" in page
    sara.post(f"{address}/approval/ask")
    assert "Agree</button>" not in sara.get(f"{address}/review").text
    assert "Agree</button>" in admin.get(f"{address}/review").text

    admin.post(f"{address}/approval/approve", data={"word": "fine"})
    assert "agreed today" in sara.get(f"{address}/review").text
    assert "Somebody else has to launch it" in admin.get(f"{address}/review").text
    assert sara.post(f"{address}/launch").location == address
    assert db.session.get(Campaign, draft.id).state == "running"


def test_the_page_refuses_a_launch_without_the_second_person(draft, cast, sign_in):
    answer = sign_in(cast.sara).post(f"/campaigns/{draft.id}/launch")
    assert answer.status_code == 422
    assert "a second person must agree" in answer.text
    assert db.session.get(Campaign, draft.id).state == "draft"
