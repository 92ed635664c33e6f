"""Two contacts become one, with all they have, and two again as if nothing had happened."""

import contextlib
import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.contacts.rows import HISTORY, everything
from tests.factories import (
    change,
    make_contact,
    make_interaction,
    make_list,
    make_message,
    make_meta_account,
    save,
)
from tests.support import arriving
from tests.support.arriving import arrive, at_once, said
from webapp.columns import utcnow
from webapp.contacts import consenting, merging, moving, unmerging
from webapp.contacts.models import (
    Contact,
    ContactIdentity,
    ContactListMember,
    ContactMerge,
    ContactTag,
    CustomField,
    DuplicatePair,
)
from webapp.extensions import db
from webapp.inbox.models import CloseReason, Draft, Interaction, InteractionEvent, Message
from webapp.settings.models import Tag
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

# Every column that names a contact: how a merge moves it, or why it stays.
MOVED = {
    "recipients.contact_id",
    "messages.contact_id",
    "interactions.contact_id",
    "contact_identities.contact_id",
    "consents.contact_id",
    "contact_list_members.contact_id",
    "contact_tags.contact_id",
}
STAYS = {
    "contacts.merged_into_id": "merges of merges keep their own steps",
    "contact_merges.kept_id": "the record of an earlier merge",
    "contact_merges.merged_id": "the record of an earlier merge",
    "duplicate_pairs.first_id": "shown only while both are listed",
    "duplicate_pairs.second_id": "shown only while both are listed",
    "person_requests.contact_id": "who asked then",
    "portfolio_reaches.contact_id": "people are counted for a day: one too many at most",
}


def merge(kept, other, by="test", **choices):
    return merge_ids(kept.id, other.id, by, **choices)


def merge_ids(kept_id, other_id, by="test", **choices):
    with unit_of_work():
        kept, other = db.session.get(Contact, kept_id), db.session.get(Contact, other_id)
        return merging.merge(kept, other, choices, by).id


def undo(merge_id, by="test"):
    with unit_of_work():
        return unmerging.undo(db.session.get(ContactMerge, merge_id), by)


def test_every_column_that_names_a_contact_moves_or_has_a_reason_to_stay(app):
    naming = {
        f"{table.name}.{column.name}"
        for table in db.metadata.sorted_tables
        for column in table.columns
        if column.name == "contact_id"
        or any(key.column.table.name == "contacts" for key in column.foreign_keys)
    }
    assert naming == MOVED | set(STAYS)
    handled = {*moving.BELONGING, *moving.JOINED}
    assert {name.partition(".")[0] for name in MOVED} == handled


def test_a_merge_keeps_both_identities_and_moves_what_belongs_to_the_other(account):
    kept, other = make_contact("Dana", "15550120001"), make_contact("D. W.", "15550120002")
    theirs = make_interaction(account, other)
    make_message(theirs)
    alone = change(make_message(theirs), interaction_id=None)
    merge(kept, other)
    identities = db.session.scalars(
        select(ContactIdentity.value).where(ContactIdentity.contact_id == kept.id)
    )
    assert sorted(identities) == ["15550120001", "15550120002"]
    assert set(db.session.scalars(select(Message.contact_id))) == {kept.id}
    assert db.session.get(Message, alone.id).contact_id == kept.id
    row = db.session.get(Interaction, theirs.id)
    assert (row.contact_id, row.contact_name, row.contact_phone) == (
        kept.id,
        "Dana",
        "+15550120001",
    )
    assert db.session.get(Contact, other.id).merged_into_id == kept.id


def test_values_are_chosen_one_by_one_and_gaps_are_filled(app):
    field = save(CustomField(name="Customer no."))
    size = save(CustomField(name="Size"))
    kept = make_contact("Dana", email="dana@example.com", fields={str(field.id): "C-1"})
    other = make_contact(
        "Dana Whitlock", company="Acme", email="d@example.com",
        fields={str(field.id): "C-2", str(size.id): "L"},
    )  # fmt: skip
    merge(kept, other, email="other", **{f"field:{field.id}": "other"})
    row = db.session.get(Contact, kept.id)
    assert (row.name, row.company, row.email) == ("Dana", "Acme", "d@example.com")
    assert row.fields == {str(field.id): "C-2", str(size.id): "L"}


def test_lists_and_tags_are_joined(app):
    kept, other = make_contact(), make_contact()
    both, theirs = make_list("Both"), make_list("Theirs")
    tag = save(Tag(name="VIP"))
    save(
        *(ContactListMember(contact_list_id=both.id, contact_id=c.id) for c in (kept, other)),
        ContactListMember(contact_list_id=theirs.id, contact_id=other.id),
        ContactTag(contact_id=other.id, tag_id=tag.id),
    )
    merge(kept, other)
    row = db.session.get(Contact, kept.id)
    assert {one.name for one in row.lists} == {"Both", "Theirs"}
    assert [one.name for one in row.tags] == ["VIP"]


@pytest.mark.parametrize("who", ["kept", "other"])
def test_an_opt_out_of_either_wins(app, who):
    people = {"kept": make_contact(), "other": make_contact()}
    for name, contact in people.items():
        with unit_of_work():
            given = name != who
            at = utcnow() - timedelta(days=1 if given else 9)
            consenting.record(db.session.get(Contact, contact.id), given, "form", at=at)
    merge(people["kept"], people["other"])
    row = db.session.get(Contact, people["kept"].id)
    assert row.consent == "out"
    assert row.opted_out_at is not None


def test_the_younger_of_two_open_conversations_closes_as_merged(account, ana, queue):
    kept, other = make_contact(), make_contact()
    earlier = utcnow().replace(microsecond=0) - timedelta(hours=2)
    older = make_interaction(account, other, queue=queue, started_at=earlier,
                             window_expires_at=earlier + timedelta(hours=24))  # fmt: skip
    younger = make_interaction(account, kept, owner=ana)
    make_message(younger, "And my order?")
    ends = db.session.get(Interaction, younger.id).window_expires_at
    merge(kept, other)
    older, younger = (db.session.get(Interaction, row.id) for row in (older, younger))
    assert (younger.state, younger.close_reason) == ("closed", CloseReason.MERGED)
    assert older.state == "assigned"
    assert older.owner_id == ana.id, "whoever talks to the customer goes on"
    assert older.window_expires_at == ends
    assert (older.unread, older.last_text) == (1, "And my order?")
    assert older.unanswered_since is not None
    events = db.session.scalars(
        select(InteractionEvent.data).where(InteractionEvent.interaction_id == younger.id)
    )
    assert list(events) == [{"reason": "merged"}]


def test_a_merge_is_in_the_audit_and_settles_the_pair(sara):
    kept, other = make_contact(), make_contact()
    pair = save(DuplicatePair(first_id=kept.id, second_id=other.id, reason="email"))
    with unit_of_work():
        merging.merge(kept, other, {}, sara)
    assert db.session.scalar(select(AuditEntry.action).order_by(AuditEntry.id.desc())) == "merged"
    assert db.session.get(DuplicatePair, pair.id).settled_by_id == sara.id


@pytest.mark.parametrize("wrong", ["itself", "merged", "erased"])
def test_nobody_is_merged_with_themselves_or_with_somebody_who_is_gone(app, wrong):
    kept, other, third = make_contact(), make_contact(), make_contact()
    if wrong == "itself":
        other = kept
    if wrong == "merged":
        merge(third, other)
    if wrong == "erased":
        change(db.session.get(Contact, other.id), erased_at=utcnow())
    with pytest.raises(ValueError, match="itself|part of|deleted"):
        merge(kept, other)


@pytest.mark.parametrize("seed", range(12))
def test_a_merge_and_its_undo_leave_every_row_as_it_was(account, ana, ben, queue, seed):
    chance = random.Random(seed)
    second = make_meta_account(queue)
    field = save(CustomField(name="Size"))
    lists, tags = [make_list(n) for n in "ABC"], [save(Tag(name=n)) for n in "XYZ"]
    people = [_somebody(chance, field) for _ in range(2)]
    for contact in people:
        _history(chance, contact, (account, second), (ana, ben), queue)
        for one in chance.sample(lists, chance.randint(0, 3)):
            save(ContactListMember(contact_list_id=one.id, contact_id=contact.id))
        for one in chance.sample(tags, chance.randint(0, 3)):
            save(ContactTag(contact_id=contact.id, tag_id=one.id))
        if chance.random() < 0.5:
            with unit_of_work():
                given = chance.random() < 0.5
                consenting.record(db.session.get(Contact, contact.id), given, "form")
    before = everything(but=HISTORY)
    choices = {
        key: chance.choice(("kept", "other"))
        for key in ("name", "email", "phone", "company", f"field:{field.id}")
    }
    merge_id = merge(*people, **choices)
    assert everything(but=HISTORY) != before
    assert undo(merge_id) == []
    assert everything(but=HISTORY) == before


def _somebody(chance, field):
    maybe = lambda value: value if chance.random() < 0.6 else ""  # noqa: E731
    return make_contact(
        maybe("Dana Whitlock") or "Dana",
        email=maybe(f"{chance.random()}@example.com"),
        company=maybe(f"Acme {chance.randint(1, 2)}"),
        fields={str(field.id): chance.choice("SML")} if chance.random() < 0.6 else {},
        last_contact_at=utcnow() if chance.random() < 0.5 else None,
    )


def _history(chance, contact, accounts, agents, queue):
    for account in accounts:
        for n in range(chance.randint(0, 3)):
            state = "closed" if n else None
            owner = chance.choice((None, *agents))
            at = utcnow().replace(microsecond=0) - timedelta(hours=chance.randint(1, 20))
            row = make_interaction(
                account, contact, owner=owner, queue=queue, state=state, started_at=at,
                closed_at=at if n else None, close_reason="agent" if n else None,
                contact_name=chance.choice(("Dana", "Former name")),
            )  # fmt: skip
            for _ in range(chance.randint(0, 4)):
                make_message(row, f"words {chance.random()}")
            save(Draft(interaction_id=row.id, user_id=agents[0].id, text="Half a"))


def test_what_came_since_stays_with_the_kept_contact(account):
    kept, other = make_contact("Kept"), make_contact("Other")
    merge_id = merge(kept, other)
    since = make_interaction(account, db.session.get(Contact, kept.id))
    make_message(since, "Since then")
    undo(merge_id)
    assert db.session.get(Interaction, since.id).contact_id == kept.id
    assert db.session.scalar(select(Message.contact_id)) == kept.id


def test_a_value_changed_since_the_merge_stays(app):
    kept, other = make_contact("Kept"), make_contact("Other", email="other@example.com")
    merge_id = merge(kept, other)
    change(db.session.get(Contact, kept.id), email="new@example.com")
    undo(merge_id)
    assert db.session.get(Contact, kept.id).email == "new@example.com"
    assert db.session.get(Contact, other.id).email == "other@example.com"


def test_an_opt_out_since_the_merge_holds_for_both(app):
    kept, other = make_contact(), make_contact()
    merge_id = merge(kept, other)
    with unit_of_work():
        consenting.record(db.session.get(Contact, kept.id), False, "keyword", words="STOP")
    undo(merge_id)
    assert {db.session.get(Contact, one.id).consent for one in (kept, other)} == {"out"}


def test_a_number_given_to_somebody_else_stays_there_and_it_is_said(app):
    kept, other, third = make_contact(), make_contact(), make_contact()
    identity = db.session.scalar(
        select(ContactIdentity).where(ContactIdentity.contact_id == other.id)
    )
    merge_id = merge(kept, other)
    change(db.session.get(ContactIdentity, identity.id), contact_id=third.id)
    notes = undo(merge_id)
    assert "given to somebody else" in notes[0]
    assert db.session.get(ContactIdentity, identity.id).contact_id == third.id


@pytest.mark.parametrize("reason", ["twice", "erased", "chained"])
def test_what_cannot_be_undone_says_why(app, reason):
    kept, other, third = make_contact(), make_contact(), make_contact("Third")
    merge_id = merge(kept, other)
    if reason == "twice":
        undo(merge_id)
    if reason == "erased":
        change(db.session.get(Contact, kept.id), erased_at=utcnow())
    if reason == "chained":
        merge(third, kept)
    with pytest.raises(unmerging.Stays, match="already|for good|part of Third"):
        undo(merge_id)


@pytest.mark.parametrize("order", ["first first", "last first"])
def test_merges_into_one_contact_are_undone_in_any_order(account, order):
    kept, one, two = make_contact("K"), make_contact("O", email="a@b.c"), make_contact("T")
    change(db.session.get(Contact, two.id), email="t@b.c")
    shared = make_list("Shared")
    save(*(ContactListMember(contact_list_id=shared.id, contact_id=c.id) for c in (one, two)))
    make_interaction(account, one)
    before = everything(but=HISTORY)
    merges = [merge(kept, one), merge(kept, two, email="other")]
    for merge_id in merges if order == "first first" else reversed(merges):
        undo(merge_id)
    assert everything(but=HISTORY) == before


def test_a_chain_of_merges_is_undone_from_its_end(account):
    one, two, three = make_contact("1"), make_contact("2"), make_contact("3")
    make_interaction(account, one)
    before = everything(but=HISTORY)
    first, second = merge(two, one), merge(three, two)
    assert merging.standing(db.session.get(Contact, one.id)).id == three.id
    undo(second)
    undo(first)
    assert everything(but=HISTORY) == before


def test_a_message_of_a_merged_number_lands_on_the_kept_contact(queue):
    account = make_meta_account(queue)
    kept, other = make_contact("Kept", "15550140001"), make_contact("Other", arriving.DANA)
    merge(kept, other)
    arrive(account, said("Hello again"))
    (message,) = arriving.messages()
    assert message.contact_id == kept.id
    assert db.session.get(Contact, other.id).merged_into_id == kept.id


def test_an_identity_learnt_while_a_merge_ran_leads_to_the_kept_contact(queue):
    account = make_meta_account(queue)
    kept, other = make_contact("Kept", "15550140001"), make_contact("Other", "15550140002")
    merge(kept, other)
    save(
        ContactIdentity(
            contact_id=other.id, kind="wa_id", value=arriving.DANA, match_key=f"tel:{arriving.DANA}"
        )
    )
    arrive(account, said("Hello"))
    (message,) = arriving.messages()
    assert message.contact_id == kept.id


@pytest.mark.parametrize("seed", range(4))
def test_a_merge_and_a_drain_at_once_lose_nothing(app, queue, seed):
    account = make_meta_account(queue)
    kept, other = make_contact("Kept", "15550140001"), make_contact("Other", arriving.DANA)
    make_interaction(account, other, queue=queue)
    make_interaction(account, kept, queue=queue)
    kept_id, other_id = kept.id, other.id
    at_once(
        app,
        lambda: merge_ids(kept_id, other_id),
        lambda: [arrive(account, said(f"Message {n}")) for n in range(3)],
    )
    arrive(account, said("The last"))
    assert len(arriving.messages()) == 4
    assert {message.contact_id for message in arriving.messages()} == {kept.id}
    assert {row.contact_id for row in arriving.interactions()} == {kept.id}


@pytest.mark.parametrize("seed", range(4))
def test_two_merges_at_once_neither_wait_forever_nor_make_a_circle(app, account, seed):
    people = [make_contact(str(n)) for n in range(3)]
    for person in people:
        make_interaction(account, person)
    ids = [person.id for person in people]

    def attempt(kept_id, other_id):
        with contextlib.suppress(ValueError):  # the other one was first
            merge_ids(kept_id, other_id)

    pairs = [(0, 1), (1, 0), (1, 2), (2, 0)]
    at_once(app, *(lambda a=a, b=b: attempt(ids[a], ids[b]) for a, b in pairs))
    ends = {merging.standing(db.session.get(Contact, one.id)).id for one in people}
    assert len(ends) == 1
    assert {row.contact_id for row in arriving.interactions()} == ends
