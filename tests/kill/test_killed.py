"""Processes killed at random, Redis emptied: nothing lost, nothing twice, nothing out of order.

Customers, conversations and replies are spread over accounts of all four providers.
"""

import re
from collections import Counter

import pytest

from tests.kill.customers import CUSTOMERS, EACH, text_of
from tests.kill.killing import DEATHS
from tests.kill.scenario import PROVIDERS, TOTAL_REPLIES, Scenario
from tests.support.databases import for_each_database
from tests.support.redis import start_redis

pytestmark = pytest.mark.slow

SEED = 20261122
ASKED = ("twilio", "sinch")  # providers that tell what became of a message
REPLIES = (
    "SELECT accounts.provider, messages.text, messages.status, messages.error_code FROM messages "
    "JOIN accounts ON accounts.id = messages.account_id WHERE direction = 'out'"
)


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "day")


@pytest.fixture(scope="module")
def day(request, tmp_path_factory):
    """What is left after 2,000 messages and 500 replies under fire."""
    folder = tmp_path_factory.mktemp("kill")
    (folder / "redis").mkdir()
    redis = start_redis(folder / "redis")
    database, kaleyra_version = f"sqlite:///{folder / 'parley.db'}", "v1"
    if request.param == "postgresql":
        database, kaleyra_version = request.getfixturevalue("postgres").new_database(), "v2"
    scenario = Scenario(folder, database, redis.url, SEED, kaleyra_version)
    try:
        scenario.play()
        yield scenario
    finally:
        scenario.stop()
        redis.stop()


def test_everything_was_killed_and_each_provider_had_to_repeat(day):
    assert Counter(day.killer.killed) == DEATHS
    assert all(day.report[name]["repeated"] for name in PROVIDERS)


def test_every_message_is_stored_once_and_in_order_for_its_customer(day):
    said = {}
    for contact_id, words in day.rows(
        "SELECT contact_id, text FROM messages WHERE direction = 'in' ORDER BY written_at, id"
    ):
        said.setdefault(contact_id, []).append(words)

    # Kaleyra, answered with an error, tries no second time, so nobody can know of that message.
    gone = set(day.lost("kaleyra")) - {words for texts in said.values() for words in texts}
    assert len(said) == CUSTOMERS
    assert sorted(said.values()) == sorted(
        [words for words in texts_of(customer) if words not in gone]
        for customer in range(CUSTOMERS)
    )


def test_messages_whose_webhook_never_came_were_fetched(day):
    kept = {words for (words,) in day.rows("SELECT text FROM messages WHERE direction = 'in'")}

    assert all(day.report[name]["unposted"] for name in ASKED)
    assert kept.issuperset(day.missed())


def test_a_provider_that_repeats_for_days_loses_nothing(day):
    assert day.lost("meta", "sinch") == []


def test_every_customer_has_one_conversation_with_all_of_it(day):
    found = day.rows("SELECT contact_id, id FROM interactions")
    assert len(found) == len(dict(found)) == CUSTOMERS

    assert day.count("messages WHERE direction = 'in' AND interaction_id IS NULL") == 0


def test_the_list_shows_every_conversation_with_its_last_words(day):
    assert sorted(day.agent.listed("all")) == sorted(
        id for (id,) in day.rows("SELECT id FROM interactions")
    )
    unanswered = day.rows("SELECT last_text FROM interactions WHERE owner_id IS NULL")
    assert unanswered
    assert all(re.fullmatch(rf"\d+: {EACH} of {EACH}", words) for (words,) in unanswered)


def test_no_payload_was_left_or_failed(day):
    assert day.count("webhook_payloads WHERE processed_at IS NULL OR error IS NOT NULL") == 0


def test_no_request_broke_a_rule_of_its_provider(day):
    assert {name: day.report[name]["broken_rules"] for name in PROVIDERS} == dict.fromkeys(
        PROVIDERS, []
    )


def test_no_reply_was_sent_twice(day):
    taken = day.taken()

    assert [words for words, times in Counter(t["text"] for t in taken).items() if times > 1] == []
    assert len({t["id"] for t in taken}) == len(taken)


def test_every_reply_was_stored_once_whatever_was_repeated(day):
    replies = day.rows("SELECT text, client_key FROM messages WHERE direction = 'out'")

    assert len(replies) == len(set(replies)) == TOTAL_REPLIES


def test_a_reply_is_sent_or_doubtful_and_a_receipt_settles_the_doubt(day):
    taken = {t["text"]: t for t in day.taken()}
    for provider, words, status, _ in day.rows(REPLIES):
        if provider in ASKED:
            continue
        if words not in taken:
            assert status == "unknown", words  # claimed, and killed before the call
        elif taken[words]["told"]:
            assert status == taken[words]["told"], words
        else:
            assert status in ("sent", "unknown"), words


def test_where_the_provider_can_be_asked_nobody_is_left_in_doubt(day):
    taken = {t["text"]: t for t in day.taken()}
    for provider, words, status, code in day.rows(REPLIES):
        if provider not in ASKED:
            continue
        if words not in taken:
            assert (status, code) == ("failed", "never_arrived"), words
        else:
            assert status == (taken[words]["told"] or "sent"), words


def test_each_provider_left_doubts_to_settle(day):
    assert all(day.report[name]["unanswered"] for name in PROVIDERS)


def test_most_replies_were_sent_through_each_provider(day):
    share = TOTAL_REPLIES / len(PROVIDERS)
    assert all(len(day.taken(name)) > share * 0.7 for name in PROVIDERS)


def test_replies_of_a_conversation_left_in_the_order_written(day):
    left = {}
    for taken in day.taken():
        interaction, _, number = taken["text"].removeprefix("Reply ").partition("-")
        left.setdefault(interaction, []).append(int(number))

    assert all(numbers == sorted(numbers) for numbers in left.values())


def texts_of(customer):
    return [text_of(customer, number) for number in range(1, EACH + 1)]
