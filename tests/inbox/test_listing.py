"""The list: what stands in which section, in which order, at which cost."""

from datetime import timedelta

import pytest

from tests import factories
from tests.support.queries import counted_queries
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.inbox import closing, drafts, listing, search
from webapp.inbox.models import InteractionState
from webapp.unit_of_work import unit_of_work


def ago(**duration):
    return utcnow().replace(microsecond=0) - timedelta(**duration)


def talk(cast, name="Dana Whitlock", owner=None, **columns):
    contact = factories.make_contact(name)
    queue = columns.pop("queue", cast.queue)
    return factories.make_interaction(cast.account, contact, owner=owner, queue=queue, **columns)


def names(section):
    return [row.contact_name for row in section.interactions]


def by_key(user, show):
    return {section.key: names(section) for section in listing.sections(user, show)}


def test_whoever_waits_longest_stands_first(cast):
    talk(cast, "Short", cast.ana, unanswered_since=ago(minutes=1))
    talk(cast, "Long", cast.ana, unanswered_since=ago(minutes=9))
    talk(cast, "Older answer", cast.ana, last_message_at=ago(hours=2))
    talk(cast, "Newer answer", cast.ana, last_message_at=ago(hours=1))
    assert by_key(cast.ana, "mine") == {
        "reply": ["Long", "Short"],
        "customer": ["Newer answer", "Older answer"],
    }


def test_an_agent_sees_what_waits_in_their_queues_and_no_more(cast):
    other = factories.make_queue("Billing", [cast.otto])
    talk(cast, "Mine to take", waiting_since=ago(minutes=2))
    talk(cast, "Not mine", queue=other)
    talk(cast, "In no queue", queue=None, state=InteractionState.UNMANAGED)
    assert by_key(cast.ana, "queues") == {"waiting": ["Mine to take"]}
    assert by_key(cast.sara, "queues")["unmanaged"] == ["In no queue"]
    assert by_key(cast.otto, "queues") == {"waiting": ["Not mine"]}


def test_only_leaders_see_everything(cast):
    talk(cast, "With Ben", cast.ben)
    assert "all" not in listing.tabs(cast.ana)
    assert by_key(cast.ana, "all") == {}
    assert by_key(cast.sara, "all") == {"assigned": ["With Ben"]}


def test_a_conversation_that_ended_unanswered_stays_until_dealt_with(cast):
    left = talk(
        cast, "Left", cast.ana, unanswered_since=ago(hours=1), session_expires_at=ago(hours=1)
    )
    with unit_of_work():
        closing.sweep()
    assert by_key(cast.ana, "mine") == {"left": ["Left"]}
    with unit_of_work():
        closing.deal_with(db.session.merge(left))
    assert by_key(cast.ana, "mine") == {}


def test_done_is_paged_by_key_without_gap_or_repetition(cast):
    same = ago(hours=1)
    for n in range(7):
        talk(cast, f"Done {n}", cast.ana, state=InteractionState.CLOSED, closed_at=same)
    plan = listing.plans(cast.ana, "done")[0]
    seen, after = [], None
    while True:
        page = listing.page(plan, after, limit=3)
        seen += names(page)
        after = page.next
        if after is None:
            break
    assert seen == [f"Done {n}" for n in range(6, -1, -1)]


def test_the_open_conversation_never_leaves_the_list(cast):
    closed = talk(
        cast, "Wrapped up", cast.ana, state=InteractionState.CLOSED, closed_at=ago(hours=1)
    )
    found = listing.sections(cast.ana, "mine", open_id=closed.id)
    assert [section.title for section in found] == ["Open now"]
    assert listing.sections(cast.otto, "mine", open_id=closed.id) == []


@pytest.mark.parametrize("show", listing.TABS)
def test_a_list_costs_the_same_however_long_it_is(cast, show):
    for n in range(3):
        talk(cast, f"First {n}", cast.ana, unanswered_since=ago(minutes=n))
        talk(cast, f"Waits {n}")
    few = cost_of(cast.sara, show)
    for n in range(20):
        talk(cast, f"More {n}", cast.ana, unanswered_since=ago(minutes=n))
        talk(cast, f"Waits more {n}")
    assert cost_of(cast.sara, show) == few


def cost_of(user, show):
    db.session.expire_all()
    db.session.refresh(user)
    with counted_queries() as queries:
        found = listing.sections(user, show)
        listing.counts(user)
        listing.drafts_of(user, found)
        for section in found:
            for row in section.interactions:
                row.queue and row.queue.name  # noqa: B018 - what the row shows
    return len(queries)


def test_drafts_are_found_with_their_rows(cast):
    begun = talk(cast, "Begun", cast.ana)
    with unit_of_work():
        drafts.save(begun, cast.ana, "reply", "I have")
    found = listing.sections(cast.ana, "mine")
    assert listing.drafts_of(cast.ana, found) == {begun.id: "I have"}
    assert listing.drafts_of(cast.ben, found) == {}


class TestSearch:
    def found(self, user, query):
        return [name for section in search.find(user, query) for name in names(section)]

    def test_by_part_of_a_name(self, cast):
        talk(cast, "Tomás Beltrán", cast.ana)
        assert self.found(cast.ana, "belt") == ["Tomás Beltrán"]

    def test_by_part_of_a_number_however_it_is_written(self, cast):
        contact = factories.make_contact("Dana", phone="15550123409")
        factories.make_interaction(cast.account, contact, owner=cast.ana)
        assert self.found(cast.ana, "+1 (555) 012-3409") == ["Dana"]
        assert self.found(cast.ana, "3409") == ["Dana"]

    def test_by_the_beginning_of_a_word_somebody_wrote(self, cast):
        row = talk(cast, "Kwame", cast.ana)
        factories.make_message(row, "When does the technician come?")
        assert self.found(cast.ana, "techn") == ["Kwame"]
        assert self.found(cast.ana, "when technician") == ["Kwame"]
        assert self.found(cast.ana, "plumber") == []

    def test_a_hit_shows_the_words_that_were_found_not_the_last_ones(self, cast, sign_in):
        row = talk(cast, "Kwame", cast.ana)
        factories.make_message(row, "Good morning! I am asking when the <b>Technician</b> comes.")
        factories.make_message(row, "Never mind")
        (hit,) = search.find(cast.ana, "techn")[0].hits.values()
        assert (hit.before, hit.found) == ("…I am asking when the <b>", "Technician")
        page = sign_in(cast.ana).get("/inbox/list?q=techn", headers={"HX-Request": "true"}).text
        assert '&lt;b&gt;<mark class="conv__hit">Technician</mark>&lt;/b&gt; comes.' in page

    def test_only_what_the_person_may_see(self, cast):
        row = talk(cast, "Private", cast.ana)
        factories.make_message(row, "a secret word")
        assert self.found(cast.otto, "secret") == []
        assert self.found(cast.otto, "private") == []

    @pytest.mark.parametrize(
        "query", ['"', "%", "_%", "a OR b", "NEAR(", "'; --", "*", "\\", "x" * 500]
    )
    def test_no_query_breaks_it(self, cast, query):
        talk(cast, "Somebody", cast.ana)
        assert self.found(cast.ana, query) == []

    def test_a_changed_name_is_found_by_its_new_words(self, cast):
        row = talk(cast, "Before", cast.ana)
        with unit_of_work():
            db.session.merge(row).contact.name = "Afterwards"
        assert names(search.find(cast.ana, "afterw")[0]) == ["Before"]


def test_sections_read_together_are_those_read_one_by_one(cast, monkeypatch):
    def shown():
        found = listing.sections(cast.ana, "mine")
        return [(section.key, [row.id for row in section.interactions]) for section in found]

    for n in range(6):
        talk(cast, owner=cast.ana, unanswered_since=ago(minutes=n) if n % 2 else None)
    together = shown()
    monkeypatch.setattr(listing, "_all_of", lambda condition: None)
    assert shown() == together
    assert [len(ids) for _, ids in together] == [3, 3]
