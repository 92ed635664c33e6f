"""Processes killed at random, Redis emptied: nothing lost, nothing twice, nothing out of order."""

import re
from collections import Counter

import pytest

from tests.kill.customers import CUSTOMERS, EACH
from tests.kill.killing import DEATHS
from tests.kill.scenario import TOTAL_REPLIES, Scenario
from tests.support.databases import for_each_database
from tests.support.redis import start_redis

pytestmark = pytest.mark.slow

SEED = 20261122


def pytest_generate_tests(metafunc):
    for_each_database(metafunc, "day")


@pytest.fixture(scope="module")
def day(request, tmp_path_factory):
    """What is left after 2,000 messages and 500 replies under fire."""
    folder = tmp_path_factory.mktemp("kill")
    (folder / "redis").mkdir()
    redis = start_redis(folder / "redis")
    database = f"sqlite:///{folder / 'parley.db'}"
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres").new_database()
    scenario = Scenario(folder, database, redis.url, SEED)
    try:
        scenario.play()
        yield scenario
    finally:
        scenario.stop()
        redis.stop()


def test_everything_was_killed_and_the_provider_had_to_repeat(day):
    assert Counter(day.killer.killed) == DEATHS
    assert day.customers.repeated > 0


def test_every_message_is_stored_once_and_in_order_for_its_customer(day):
    said = {}
    for contact_id, words in day.rows(
        "SELECT contact_id, text FROM messages WHERE direction = 'in' ORDER BY written_at, id"
    ):
        said.setdefault(contact_id, []).append(words)

    assert len(said) == CUSTOMERS
    assert sorted(said.values()) == sorted(
        [f"{customer}: {number} of {EACH}" for number in range(1, EACH + 1)]
        for customer in range(CUSTOMERS)
    )


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


def test_no_reply_was_sent_twice(day):
    taken = day.taken_by_meta()

    assert [words for words, times in Counter(t["text"] for t in taken).items() if times > 1] == []
    assert len({t["id"] for t in taken}) == len(taken)


def test_every_reply_was_stored_once_whatever_was_repeated(day):
    replies = day.rows("SELECT text, client_key FROM messages WHERE direction = 'out'")

    assert len(replies) == len(set(replies)) == TOTAL_REPLIES


def test_a_reply_is_sent_or_doubtful_and_a_receipt_settles_the_doubt(day):
    taken = {t["text"]: t for t in day.taken_by_meta()}
    for words, status in day.rows("SELECT text, status FROM messages WHERE direction = 'out'"):
        if words not in taken:
            assert status == "unknown", words  # claimed, and killed before the call
        elif taken[words]["told"]:
            assert status == "delivered", words
        else:
            assert status in ("sent", "unknown"), words


def test_most_replies_were_sent(day):
    assert len(day.taken_by_meta()) > TOTAL_REPLIES * 0.8


def test_replies_of_a_conversation_left_in_the_order_written(day):
    left = {}
    for taken in day.taken_by_meta():
        interaction, _, number = taken["text"].removeprefix("Reply ").partition("-")
        left.setdefault(interaction, []).append(int(number))

    assert all(numbers == sorted(numbers) for numbers in left.values())
