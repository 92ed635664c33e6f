"""A conversation as it reads: order, marks, quotes, days, events, and its cost."""

from datetime import timedelta

import pytest

from tests import factories
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import summary, thread
from webapp.inbox.models import Direction, Interaction
from webapp.unit_of_work import unit_of_work

NOON = utcnow().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


@pytest.fixture
def talk(cast):
    return factories.make_interaction(cast.account, owner=cast.ana, queue=cast.queue)


def say(talk, text="Hello", minutes=0, direction=Direction.IN, **columns):
    at = NOON + timedelta(minutes=minutes)
    return factories.make_message(talk, text, direction, written_at=at, **columns)


def bubbles(page):
    return [item for item in page.items if item.type == "bubble"]


def texts(page):
    return [item.text for item in bubbles(page)]


def test_messages_stand_by_when_they_were_written_then_by_our_sequence(talk):
    say(talk, "late", 2)
    say(talk, "first of two in one second", 1)
    say(talk, "second of two in one second", 1)
    assert texts(thread.page(talk)) == [
        "first of two in one second", "second of two in one second", "late",
    ]  # fmt: skip


def test_older_pages_join_without_gap_or_repetition(talk):
    for n in range(23):
        say(talk, f"{n:02}", n // 3)
    seen, before = [], None
    while True:
        page = thread.page(talk, before, limit=5)
        seen = texts(page) + seen
        if page.older is None:
            break
        before = db.session.get(thread.Message, page.older)
    assert seen == [f"{n:02}" for n in range(23)]


def emoji_of(bubble):
    return [reaction.emoji for reaction in bubble.reactions]


def test_a_reaction_replaces_the_one_before_and_can_be_taken_back(talk):
    mine = say(talk, "Sent", direction=Direction.OUT)
    for n, emoji in enumerate(("❤️", "👍")):
        say(talk, emoji, n + 1, kind="reaction", target_provider_id=mine.provider_id)
    assert emoji_of(bubbles(thread.page(talk))[0]) == ["👍"]
    say(talk, "", 5, kind="reaction", target_provider_id=mine.provider_id)
    assert bubbles(thread.page(talk))[0].reactions == []


def test_an_edit_shows_the_new_words_and_a_deletion_hides_them(talk):
    edited, deleted = say(talk, "Befor"), say(talk, "Regretted", 1)
    say(talk, "Before", 2, kind="edit", target_provider_id=edited.provider_id)
    say(talk, "", 3, kind="revoke", target_provider_id=deleted.provider_id)
    first, second = bubbles(thread.page(talk))
    assert (first.text, first.edited) == ("Before", True)
    assert second.revoked


def test_a_quote_shows_what_it_answers_and_says_so_if_we_lack_it(talk):
    asked = say(talk, "Which day?", direction=Direction.OUT)
    say(talk, "Thursday", 1, reply_to=asked.provider_id)
    say(talk, "That one", 2, reply_to="wamid.never-seen")
    _, known, lost = bubbles(thread.page(talk))
    assert known.quote.text == "Which day?"
    assert lost.quoted and lost.quote is None


def test_days_begin_with_a_line_and_blocks_end_after_five_minutes(talk):
    say(talk, "a"), say(talk, "b", 4), say(talk, "c", 20), say(talk, "next day", 24 * 60)
    page = thread.page(talk)
    assert [item.type for item in page.items] == [
        "day", "bubble", "bubble", "bubble", "day", "bubble",
    ]  # fmt: skip
    assert [item.continues for item in bubbles(page)] == [False, True, False, False]


def test_events_stand_between_the_messages(talk, cast):
    say(talk, "Hello")
    with unit_of_work():
        summary.note_event(talk, "assigned", user=cast.ana, queue=cast.queue, waited=48)
    assert [item.type for item in thread.page(talk).items] == ["day", "bubble", "day", "event"]


def test_offers_that_lapsed_do_not_fill_the_thread(talk, cast):
    say(talk)
    with unit_of_work():
        for _ in range(3):
            summary.note_event(talk, "lapsed", user=cast.ana, queue=cast.queue)
        summary.note_event(talk, "passed", user=cast.ana, queue=cast.queue)
    events = [item.event.kind for item in thread.page(talk).items if item.type == "event"]
    assert events == ["passed"]


def test_what_follows_is_found_by_id_with_the_bubbles_that_changed(talk):
    known = say(talk, "Known", 5, direction=Direction.OUT)
    late = say(talk, "Came late, written before", 1)
    say(talk, "👍", 6, kind="reaction", target_provider_id=known.provider_id)
    found = thread.following(talk, after=known.id)
    assert texts(found) == ["Came late, written before", "Known"]
    assert texts(thread.following(talk, after=late.id + 1, ids=[late.id])) == [late.text]


def test_the_first_event_follows_where_none_was_known(cast, talk):
    known = say(talk, "Known")
    with unit_of_work():
        summary.note_event(talk, "passed", user=cast.ana, queue=cast.queue)
    [event] = thread.following(talk, known.id, events_after=0).items[1:]
    assert event.event.kind == "passed"
    assert thread.following(talk, known.id, events_after=event.event.id).items == []
    assert thread.following(talk, known.id).items == []


def test_the_line_stands_before_the_first_message_not_seen(talk):
    seen = say(talk, "Seen")
    say(talk, "New", 1)
    with unit_of_work():
        db.session.get(Interaction, talk.id).seen_message_id = seen.id
    items = thread.page(talk).items
    thread.mark_new(items, db.session.get(Interaction, talk.id))
    assert [item.type for item in items] == ["day", "bubble", "new", "bubble"]


def test_there_is_no_line_where_everything_is_new(talk):
    say(talk, "New")
    items = thread.page(talk).items
    thread.mark_new(items, talk)
    assert "new" not in [item.type for item in items]


def test_a_thread_costs_the_same_however_much_was_said(talk):
    say(talk, "One", reply_to="wamid.x")
    few = cost_of(talk)
    for n in range(40):
        message = say(talk, f"More {n}", n, reply_to=f"wamid.{n}")
        say(talk, "👍", n, kind="reaction", target_provider_id=message.provider_id)
    assert cost_of(talk) == few


def cost_of(talk):
    db.session.expire_all()
    db.session.refresh(talk)
    with counted_queries() as queries:
        for item in bubbles(thread.page(talk)):
            item.message.author, item.message.media  # noqa: B018 - what a bubble shows
    return len(queries)


def test_more_reactions_than_a_page_takes_do_not_hold_up_what_follows(talk):
    mine = say(talk, "Sent", direction=Direction.OUT)
    for n in range(thread.FOLLOWING + 1):
        say(talk, f"{n}", kind="reaction", target_provider_id=mine.provider_id, minutes=n)
    page = thread.following(talk, mine.id)
    assert not page.more
    assert emoji_of(bubbles(page)[0]) == [f"{thread.FOLLOWING}"]
