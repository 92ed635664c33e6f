"""Writes a batch of rows as contacts, in few statements; a dry run stops before the writing."""

from dataclasses import dataclass, field

from sqlalchemy import delete, select

from webapp.columns import utcnow
from webapp.contacts.calling import LONGEST
from webapp.contacts.importing import bulk, finding, names
from webapp.contacts.importing.mapping import KEEP, SKIP
from webapp.contacts.importing.rows import Problem
from webapp.contacts.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactIdentity,
    ContactListMember,
    ContactTag,
)
from webapp.contacts.people import match_key
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox.models import Interaction
from webapp.providers.base import IdentityKind

FACTS = ("first_name", "last_name", "company", "email", "language", "time_zone")
COLUMNS = (*FACTS, "id", "name", "profile_name", "phone", "fields", "consent", "opted_out_at")
COUNTED = ("created", "filled", "updated", "kept", "doubled", "rejected", "incomplete")


@dataclass
class Rules:
    on_same: str
    list_ids: list
    tag_ids: list
    filename: str
    by_id: int | None
    by_name: str


@dataclass
class Outcome:
    counts: dict = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    problems: list = field(default_factory=list)  # (row, Problem): what goes into the rejects


class Applying:
    """One slice's worth of batches; remembers who was in the file."""

    def __init__(self, rules, seen, writes, tags, lists):
        self._rules, self._seen, self._writes = rules, seen, writes
        self._tags, self._lists = tags, lists
        self.staged = []

    def apply(self, rows):
        """The outcome of a batch; `remember` is called once it is committed."""
        self.staged, self._outcome = [], Outcome()
        usable = [row for row in rows if self._is_usable(row)]
        bulk.plan_afresh()
        found = finding.contacts_of(usable)
        new, known = self._divided(usable, found)
        if self._writes:
            known += self._made(new)
        self._count("created", len(self._created if self._writes else new))
        changes = self._met(known)
        if self._writes:
            self._write_links(changes)
        self._note_incomplete(new, known)
        return self._outcome

    def remember(self):
        for keys, number in self.staged:
            self._seen.add(keys, number)

    def _is_usable(self, row):
        for read, names_of in ((self._tags, row.tags), (self._lists, row.lists)):
            try:
                read.check(names_of)
            except names.TooManyNew as wrong:
                names_of.clear()
                row.problems.append(Problem(-1, str(wrong)))
        if row.refused:
            self._reject("rejected", row, row.refused)
        return not row.refused

    def _divided(self, rows, found):
        """(new, [(row, contact id)]); who stands in the file again is in neither."""
        new, known, here = [], [], {}
        for row in rows:
            id = next((found[key] for key in row.keys if key in found), None)
            # Two numbers of one contact: a batch writes a contact once.
            keys = [*row.keys, f"id:{id}"] if id else row.keys
            first = next((here[key] for key in keys if key in here), 0)
            first = first or self._seen.first_row(row.keys)
            if first:
                said = f"twice in the file: row {first:,} is the same person."
                self._reject("doubled", row, Problem(-1, said))
                continue
            if id is None and not row.phone:
                self._reject("rejected", row, Problem(-1, "no WhatsApp number."))
                continue
            here.update(dict.fromkeys(keys, row.number))
            self.staged.append((row.keys, row.number))
            if id is None:
                new.append(row)
            else:
                known.append((row, id))
        return new, known

    def _made(self, rows):
        """Makes them; gives those whom somebody else made in this very moment, to be met."""
        self._created, now = {}, utcnow()
        ids = bulk.new_ids(Contact.__table__, len(rows))
        bulk.write(
            Contact.__table__, [_contact(row, id, now) for row, id in zip(rows, ids, strict=True)]
        )
        identities = [_identity(row, id, now) for row, id in zip(rows, ids, strict=True)]
        identities.sort(key=lambda one: one["match_key"])  # inbound takes them in this order too
        bulk.write(ContactIdentity.__table__, identities)
        owners = finding.by_match_keys([one["match_key"] for one in identities])
        late = []
        for row, id in zip(rows, ids, strict=True):
            owner = owners[row.keys[0]]
            if owner == id:
                self._created[id] = row
            else:
                late.append((row, owner))
                db.session.execute(delete(Contact).where(Contact.id == id))
        return late

    def _met(self, known):
        """Fills gaps or overwrites; [(row, id, columns that change)]."""
        if self._rules.on_same == SKIP:
            for row, _ in known:
                self._reject("kept", row, Problem(-1, "already in Parley, left as it is there."))
            return []
        held = self._held([id for _, id in known])
        met = []
        for row, id in known:
            changes = self._changes(row, held[id])
            word = "filled" if self._rules.on_same == KEEP else "updated"
            self._count(word if changes else "kept")
            met.append((row, id, held[id], changes))
        if self._writes:
            self._write_changes(met)
        return met

    def _held(self, ids):
        table = Contact.__table__
        found = select(*(table.c[name] for name in COLUMNS)).where(table.c.id.in_(ids))
        if self._writes:
            found = lock(found.order_by(table.c.id))
        return {row.id: row for row in db.session.execute(found)}

    def _changes(self, row, held):
        fills = self._rules.on_same == KEEP
        changes = {}
        for name, value in row.facts.items():
            before = getattr(held, name)
            if value and value != before and not (fills and before):
                changes[name] = value
        # A name is filled as a whole: half of one and half of another is nobody's.
        if fills and (held.first_name or held.last_name or held.name):
            changes.pop("first_name", None)
            changes.pop("last_name", None)
        merged = {**row.fields, **held.fields} if fills else {**held.fields, **row.fields}
        if merged != held.fields:
            changes["fields"] = merged
        if _is_new_number(row.phone, held.phone) and not (fills and held.phone):
            changes["phone"] = row.phone
        consent = _consent(row, held.consent, fills)
        if consent is not None:
            changes["consent"] = consent
        return changes

    def _write_changes(self, met):
        now, rows, renamed, numbers = utcnow(), [], [], []
        for row, id, held, changes in met:
            if not changes:
                continue
            new = {name: changes.get(name, getattr(held, name)) for name in COLUMNS}
            new["name"] = _name(new) if {"first_name", "last_name"} & set(changes) else held.name
            if changes.get("consent") == Consent.OUT:
                new["opted_out_at"] = now
            if "phone" in changes:
                numbers.append(_identity(row, id, now))
            if (new["name"], new["phone"]) != (held.name, held.phone):
                renamed.append(new)
            rows.append({**new, "updated_at": now, "updated_by_id": self._rules.by_id})
        numbers.sort(key=lambda one: one["match_key"])
        bulk.write(ContactIdentity.__table__, numbers)
        self._drop_lost_numbers(numbers, rows, {id: held.phone for _, id, held, _ in met})
        bulk.change(Contact.__table__, rows)
        _tell(renamed)

    def _drop_lost_numbers(self, numbers, rows, before):
        """Somebody else took the number in this very moment: it stays theirs."""
        owners = finding.by_match_keys([one["match_key"] for one in numbers])
        lost = {
            one["contact_id"] for one in numbers if owners[one["match_key"]] != one["contact_id"]
        }
        for row in rows:
            if row["id"] in lost:
                row["phone"] = before[row["id"]]

    def _write_links(self, met):
        now = utcnow()
        people = list(self._created.items()) + [(id, row) for row, id, _, _ in met]
        members, tagged = set(), set()
        for id, row in people:
            members.update((list_id, id) for list_id in self._rules.list_ids)
            members.update((list_id, id) for list_id in self._lists.ids(row.lists))
            tagged.update((tag_id, id) for tag_id in self._rules.tag_ids)
            tagged.update((tag_id, id) for tag_id in self._tags.ids(row.tags))
        bulk.write(
            ContactListMember.__table__,
            [{"contact_list_id": a, "contact_id": b, "added_at": now} for a, b in sorted(members)],
        )
        bulk.write(
            ContactTag.__table__, [{"tag_id": a, "contact_id": b} for a, b in sorted(tagged)]
        )
        said = [(id, row.consent) for id, row in self._created.items() if row.consent is not None]
        said += [(id, row.consent) for row, id, _, changes in met if "consent" in changes]
        bulk.write(ConsentEntry.__table__, [self._entry(id, given, now) for id, given in said])

    def _entry(self, id, given, now):
        return {
            "contact_id": id,
            "purpose": "marketing",
            "given": given,
            "at": now,
            "how": "import",
            "words": f"{'Yes' if given else 'No'} in the file {self._rules.filename}",
            "actor_id": self._rules.by_id,
            "actor": self._rules.by_name,
            "recorded_at": now,
        }

    def _note_incomplete(self, new, known):
        for row in (*new, *(row for row, _ in known)):
            if row.problems:
                self._count("incomplete")
                self._outcome.problems += [(row, problem) for problem in row.problems]

    def _reject(self, word, row, problem):
        self._count(word)
        self._outcome.problems.append((row, problem))

    def _count(self, word, number=1):
        self._outcome.counts[word] += number


def _is_new_number(phone, before):
    """Not only another spelling of the one that is there."""
    if not phone or phone == before:
        return False
    kind = IdentityKind.PHONE
    return not before or match_key(kind, phone) != match_key(kind, before)


def _contact(row, id, now):
    facts = {name: row.facts.get(name) or "" for name in FACTS}
    facts["language"], facts["time_zone"] = facts["language"] or None, facts["time_zone"] or None
    consent = _consent(row, Consent.NONE, fills=False) or Consent.NONE
    return facts | {
        "id": id,
        "name": _name(facts),
        "profile_name": "",
        "phone": row.phone,
        "fields": row.fields,
        "source": "import",
        "consent": consent,
        "opted_out_at": now if consent == Consent.OUT else None,
        "created_at": now,
    }


def _identity(row, id, now):
    return {
        "contact_id": id,
        "scope": "",
        "kind": IdentityKind.PHONE,
        "value": row.phone,
        "match_key": match_key(IdentityKind.PHONE, row.phone),
        "created_at": now,
    }


def _name(facts):
    return " ".join(filter(None, (facts["first_name"], facts["last_name"])))[:LONGEST]


def _consent(row, before, fills):
    """What the file changes; whoever asked us to stop stays so, whatever a file says."""
    if row.consent is None or before == Consent.OUT or (fills and before != Consent.NONE):
        return None
    after = Consent.IN if row.consent else Consent.OUT
    return after if after != before else None


def _tell(renamed):
    """Conversations repeat the name and the number for their lists."""
    for one in sorted(renamed, key=lambda one: one["id"]):
        name = one["name"] or one["profile_name"] or (f"+{one['phone']}" if one["phone"] else "")
        db.session.execute(
            Interaction.__table__.update()
            .where(Interaction.contact_id == one["id"])
            .values(contact_name=name[:200], contact_phone=f"+{one['phone'] or ''}"[:90])
        )
