"""Who gets a campaign's message, who is left out for which reason, and that it adds up."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.inbox.templates import make_template
from webapp.campaigns.audience import selection
from webapp.campaigns.models import CampaignVariant
from webapp.contacts.models import ContactListMember, ContactTag, SavedFilter
from webapp.extensions import db
from webapp.inbox.models import Direction
from webapp.settings.models import Tag

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
GREETING = [{"type": "BODY", "text": "Hello {{1}}, your {{2}} is due."}]
MAPPING = {
    "body 1": {"from": "contact", "key": "first_name", "fallback": "there"},
    "body 2": {"from": "contact", "key": "company"},
}


@pytest.fixture
def account(app):
    return factories.make_meta_account()


@pytest.fixture
def people(account):
    return factories.make_list("Heating contracts")


def member(*lists, **columns):
    contact = factories.make_contact(**columns)
    rows = [ContactListMember(contact_list_id=one.id, contact_id=contact.id) for one in lists]
    if rows:
        factories.save(*rows)
    return contact


def campaign_to(account, *lists, template=None, **said):
    made = factories.make_campaign(
        account, template=template, audience={"list_ids": [one.id for one in lists], **said}
    )
    if template:
        factories.change(made.variants[0], mapping=MAPPING)
    return made


def reasons_of(campaign):
    return dict(selection.count(campaign).left_out)


def named(campaign, reason):
    return [contact.name for contact, _ in db.session.execute(selection.people(campaign, reason))]


def test_everybody_in_the_lists_gets_it(account, people):
    for _ in range(3):
        member(people)
    member()

    found = selection.count(campaign_to(account, people))

    assert (found.members, found.going, found.left_out) == (3, 3, [])


def test_without_lists_tags_or_filters_nobody_gets_it(account):
    member()
    assert selection.count(campaign_to(account)).members == 0


def test_whoever_is_in_two_lists_counts_once_as_a_duplicate(account, people):
    other = factories.make_list("Installers")
    member(people, other)
    member(other)
    campaign = campaign_to(account, people, other)

    found = selection.count(campaign)

    assert (found.members, found.going, found.left_out) == (3, 2, [("duplicate", 1)])
    assert named(campaign, "duplicate") == ["Dana Whitlock"]


def test_counted_by_person_nobody_is_a_duplicate(account, people):
    other = factories.make_list("Installers")
    member(people, other)

    found = selection.count(campaign_to(account, people, other, once="campaign"))

    assert (found.members, found.going) == (1, 1)


def test_tags_and_saved_filters_choose_people_as_well(account, people):
    tag = factories.save(Tag(name="VIP"))
    tagged, described = member(), member(name="Yuki Tanabe", consent="in")
    factories.save(ContactTag(contact_id=tagged.id, tag_id=tag.id))
    saved = factories.save(SavedFilter(name="Agreed", view="all", query="consent=in"))
    campaign = campaign_to(account, tag_ids=[tag.id], filter_ids=[saved.id])

    assert selection.count(campaign).going == 2
    assert selection.sample(campaign, 0).id == tagged.id
    assert selection.sample(campaign, 1).id == described.id
    assert selection.sample(campaign, 2) is None


def test_blocked_and_erased_people_are_no_members(account, people):
    member(people, blocked_at=NOW)
    member(people, erased_at=NOW)
    assert selection.count(campaign_to(account, people)).members == 0


@pytest.mark.parametrize(
    ("columns", "said", "reason"),
    [
        ({"consent": "out"}, {}, "opted_out"),
        ({"consent": "out"}, {"consent_only": True}, "opted_out"),
        ({"consent": "none"}, {"consent_only": True}, "no_consent"),
        ({"unreachable_at": NOW}, {}, "no_number"),
    ],
)
def test_what_the_contact_itself_says_leaves_it_out(account, people, columns, said, reason):
    member(people, **columns)
    assert reasons_of(campaign_to(account, people, **said)) == {reason: 1}


def test_consent_is_asked_for_only_where_the_rule_says_so(account, people):
    member(people, consent="none")
    assert reasons_of(campaign_to(account, people)) == {}


def test_whoever_opted_out_is_left_out_with_each_membership(account, people):
    other = factories.make_list("Installers")
    member(people, other, consent="out")
    assert reasons_of(campaign_to(account, people, other)) == {"opted_out": 2}


def test_black_lists_and_excluded_tags_keep_people_out(account, people):
    complaints = factories.make_list("Complaints open")
    tag = factories.save(Tag(name="Legal"))
    member(people, complaints)
    factories.save(ContactTag(contact_id=member(people).id, tag_id=tag.id))
    member(people)
    campaign = campaign_to(
        account, people, exclude_list_ids=[complaints.id], exclude_tag_ids=[tag.id]
    )

    assert reasons_of(campaign) == {"excluded": 2}


def test_a_retired_number_is_none_to_write_to(account, people):
    contact = member(people)
    factories.change(contact, phone=None)
    factories.change(contact.identities[0], retired_at=NOW)
    assert reasons_of(campaign_to(account, people)) == {"no_number": 1}


def test_somebody_in_an_open_conversation_on_this_account_is_left_in_peace(account, people):
    factories.make_interaction(account, member(people))
    factories.make_interaction(account, member(people), state="closed")
    factories.make_interaction(factories.make_account(), member(people))

    assert reasons_of(campaign_to(account, people)) == {"open_conversation": 1}
    assert reasons_of(campaign_to(account, people, skip_open=False)) == {}


@pytest.mark.parametrize(("category", "left_out"), [("marketing", 1), ("utility", 0)])
def test_a_campaigns_marketing_message_counts_for_the_quiet_days(
    account, people, category, left_out
):
    template = make_template(account=account, category=category)
    earlier = factories.make_campaign(account, "Earlier", template)
    for days in (3, 9):
        factories.make_recipient(
            earlier,
            member(people),
            "sent",
            sent_at=NOW - timedelta(days=days),
            template_id=template.id,
        )
    campaign = campaign_to(account, people, quiet_days=7)

    assert dict(selection.count(campaign, NOW).left_out).get("quiet", 0) == left_out


def test_an_agents_marketing_template_counts_for_the_quiet_days(account, people):
    template = make_template(account=account, category="marketing")
    contact = member(people)
    talk = factories.make_interaction(account, contact, state="closed")
    written = {"direction": Direction.OUT, "template_id": template.id, "written_at": NOW}
    factories.make_message(talk, **written)
    failed = factories.make_interaction(account, member(people), state="closed")
    factories.make_message(failed, **written, status="failed")

    left_out = selection.count(campaign_to(account, people, quiet_days=7), NOW).left_out

    assert left_out == [("quiet", 1)]


def test_a_value_missing_without_a_fallback_leaves_the_contact_out(account, people):
    template = make_template(account=account, components=GREETING)
    member(people, company="Whitlock Sites")
    member(people, first_name="Tomás", company="  ")
    campaign = campaign_to(account, people, template=template)

    assert reasons_of(campaign) == {"missing_value": 1}


def test_a_template_no_longer_approved_leaves_everybody_without_language(account, people):
    template = make_template(account=account, components=GREETING)
    member(people, company="Whitlock Sites")
    campaign = campaign_to(account, people, template=template)
    factories.change(template, status="paused")

    assert reasons_of(campaign) == {"no_language": 1}


def test_only_values_of_the_message_they_get_can_be_missing(account, people):
    greeting = make_template(account=account, components=GREETING)
    plain = make_template("plain", [{"type": "BODY", "text": "We are open."}], account=account)
    campaign = campaign_to(account, people, template=greeting)
    factories.change(campaign.variants[0], percent=50)
    factories.save(
        CampaignVariant(
            campaign_id=campaign.id,
            position=1,
            template_name=plain.name,
            language="en",
            percent=50,
        )
    )
    db.session.refresh(campaign)
    for _ in range(40):
        member(people)

    found = selection.count(campaign)

    assert 0 < found.going < 40
    assert found.going + dict(found.left_out)["missing_value"] == 40


def test_a_share_without_a_template_gets_nothing(account, people):
    plain = make_template("plain", [{"type": "BODY", "text": "We are open."}], account=account)
    campaign = factories.make_campaign(account, template=plain, audience={"list_ids": [people.id]})
    factories.change(campaign.variants[0], percent=50)
    factories.save(
        CampaignVariant(campaign_id=campaign.id, position=1, template_name="", language="en")
    )
    db.session.refresh(campaign)
    for _ in range(20):
        member(people)

    found = selection.count(campaign)

    assert 0 < found.going < 20
    assert found.left_out == [("no_language", 20 - found.going)]


NUMBERS = itertools.count(1)
ONE = st.fixed_dictionaries(
    {
        "lists": st.sets(st.integers(0, 2), min_size=1),
        "consent": st.sampled_from(["none", "in", "out"]),
        "company": st.sampled_from(["", "Whitlock Sites"]),
        "unreachable_at": st.sampled_from([None, NOW]),
    }
)
RULES = st.fixed_dictionaries(
    {"once": st.sampled_from(["first", "campaign"]), "consent_only": st.booleans()}
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ONE, max_size=6), RULES)
def test_every_membership_is_counted_exactly_once(account, some, rules):
    lists = [factories.make_list(f"List {selection.utcnow().isoformat()} {n}") for n in range(3)]
    template = make_template(
        f"t{selection.utcnow():%H%M%S%f}", components=GREETING, account=account
    )
    for one in some:
        columns = {name: value for name, value in one.items() if name != "lists"}
        member(*(lists[n] for n in one["lists"]), **columns)
    campaign = campaign_to(account, *lists[:2], template=template, exclude_list_ids=[lists[2].id])
    factories.change(campaign, audience={**campaign.audience, **rules})

    found = selection.count(campaign)

    chosen = [one["lists"] & {0, 1} for one in some]
    by_person = rules["once"] == "campaign"
    assert found.members == sum(min(len(each), 1) if by_person else len(each) for each in chosen)
    assert found.members == found.going + found.left_out_count
