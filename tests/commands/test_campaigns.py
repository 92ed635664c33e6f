"""Campaigns by command: made, launched, paused, stopped and shown, with the pages' own verbs."""

import pytest
from sqlalchemy import select

from tests import factories
from tests.inbox.templates import make_template
from webapp.campaigns.models import Campaign
from webapp.contacts.models import ContactListMember
from webapp.extensions import db
from webapp.settings import values
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

ADD = ("campaigns", "add", "Autumn delivery slots", "--list", "Customers", "--language", "en")


@pytest.fixture
def sendable(app):
    """An account with a template of one variable, and a list with somebody in it."""
    account = factories.make_meta_account()
    make_template("delivery_slot", account=account)
    dana = factories.make_contact(first_name="Dana")
    listed = factories.make_list()
    factories.save(ContactListMember(contact_list_id=listed.id, contact_id=dana.id))
    return account


@pytest.fixture
def draft(sendable, answer_of):
    return answer_of(
        *ADD, "--account", sendable.key, "--template", "delivery_slot", "--without-consent",
        "--value", "body 1=contact:first_name", "--pace", "70",
    )  # fmt: skip


def test_a_draft_is_made_with_all_it_needs(draft):
    campaign = db.session.get(Campaign, draft["id"])
    assert (campaign.state, campaign.pace) == ("draft", 70)
    assert campaign.variants[0].mapping["body 1"]["key"] == "first_name"
    assert (draft["state"], draft["account"], draft["total"]) == ("draft", "NORTH", 0)


def test_lists_and_queues_are_named_in_any_capitals(sendable, answer_of):
    queue = factories.make_queue("Support")
    made = answer_of(
        *ADD, "--account", sendable.key, "--template", "delivery_slot",
        "--list", "customers", "--queue", "SUPPORT",
    )  # fmt: skip
    assert db.session.get(Campaign, made["id"]).reply_queue_id == queue.id


def test_it_is_launched_paused_resumed_and_stopped(draft, answer_of):
    id = str(draft["id"])
    states = [
        answer_of("campaigns", *verb, id)["state"]
        for verb in (["launch"], ["pause"], ["resume"], ["stop", "--reason", "too many blocks"])
    ]
    assert states == ["running", "paused", "running", "stopped"]
    assert answer_of("campaigns", "show", id)["stands"] == "Stopped: By command: too many blocks"
    actors = set(db.session.scalars(select(AuditEntry.actor)))
    assert actors == {"command"}


def test_the_list_says_how_each_stands(draft, run, answer_of):
    (one,) = answer_of("campaigns", "list")
    assert one["stands"].startswith("Draft")
    assert "0 of 0 sent" in run("campaigns", "list").stdout
    assert answer_of("campaigns", "list", "--show", "finished") == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("--account", "NONE"), "there is no account NONE"),
        (("--list", "Nobody"), "there is no list Nobody"),
        (("--value", "nonsense"), "is not like"),
    ],
)
def test_what_is_not_there_is_said_and_nothing_made(sendable, run, changed, words):
    given = ("--account", sendable.key, "--template", "delivery_slot")
    result = run(*ADD, *given, *changed)
    assert (result.exit_code, words in result.stderr) == (2, True)
    assert db.session.scalar(select(Campaign.id)) is None


@pytest.mark.parametrize("name", ["  ", "x" * 121])
def test_a_name_is_held_to_what_the_form_takes(sendable, run, name):
    given = ("--account", sendable.key, "--template", "delivery_slot")
    result = run(*ADD[:2], name, *ADD[3:], *given)
    assert (result.exit_code, "1 to 120 characters" in result.stderr) == (2, True)
    assert db.session.scalar(select(Campaign.id)) is None


def test_a_launch_says_all_that_stands_in_the_way(sendable, run, answer_of):
    made = answer_of(*ADD, "--account", sendable.key, "--template", "delivery_slot")
    result = run("campaigns", "launch", str(made["id"]))
    assert result.exit_code == 2
    assert "{{1}}" in result.stderr


def test_a_verb_that_comes_too_late_ends_with_a_sentence(draft, run):
    result = run("campaigns", "pause", str(draft["id"]))
    assert (result.exit_code, "has not been launched yet" in result.stderr) == (2, True)
    assert run("campaigns", "show", "999").exit_code == 2


def test_with_an_inbound_plan_nothing_is_sent(draft, run):
    with unit_of_work():
        values.put("plan", {"kind": "inbound"}, "test")
    result = run("campaigns", "launch", str(draft["id"]))
    assert (result.exit_code, "inbound only" in result.stderr) == (2, True)
