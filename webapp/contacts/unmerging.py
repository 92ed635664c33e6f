"""Takes a merge back: what moved goes home, what came since stays with the kept contact."""

from sqlalchemy import select

from webapp.analytics import keeping
from webapp.columns import utcnow
from webapp.contacts import comparing, merging, moving
from webapp.contacts.merging import kept_as, read_as
from webapp.contacts.models import (
    Consent,
    ConsentEntry,
    Contact,
    ContactMerge,
)
from webapp.database import lock
from webapp.extensions import db
from webapp.inbox import summary
from webapp.inbox.models import CloseReason, Interaction, InteractionState, Message
from webapp.staff.models import person_id, record

INTERACTIONS = Interaction.__table__.c


class Stays(ValueError):
    """Why a merge can't be undone (now)."""


def why_not(merge):
    """A sentence if this merge can't be undone, else None."""
    if merge.undone_at is not None:
        return "This merge has been undone already."
    kept, merged = (db.session.get(Contact, id) for id in (merge.kept_id, merge.merged_id))
    if kept is None or merged is None or kept.erased_at or merged.erased_at:
        return "This can't be undone: the person's data was deleted for good."
    if kept.merged_into_id is not None:
        into = merging.standing(kept).display_name
        return f"{kept.display_name} is part of {into} by now. Undo that merge first."
    return None


def undo(merge, by):
    """Move back what moved; sentences on what could not be, to be shown."""
    contacts = merging.locked(merge.kept_id, merge.merged_id)
    merge = db.session.scalar(
        lock(select(ContactMerge).where(ContactMerge.id == merge.id)).execution_options(
            populate_existing=True
        )
    )
    if reason := why_not(merge):
        raise Stays(reason)
    kept, merged = contacts[merge.kept_id], contacts[merge.merged_id]
    later = _later(merge)
    notes = _move_back(merge, kept, merged)
    for name in moving.JOINED:
        _part(name, merge, kept, merged, later)
    _restore_columns(merge, kept, merged, later)
    merged.merged_into_id = None
    merge.undone_at, merge.undone_by_id = utcnow(), person_id(by)
    db.session.flush()
    notes += _reopen(merge)
    _rename_back(merge, kept, merged)
    record(by, "unmerged", kept, after={"contact": merged.id})
    db.session.flush()
    merging.announce(kept, merged)
    return notes


def _later(merge):
    """Merges into the same contact that came after this one and still stand."""
    rows = select(ContactMerge).where(
        ContactMerge.kept_id == merge.kept_id,
        ContactMerge.id > merge.id,
        ContactMerge.undone_at.is_(None),
    )
    return db.session.scalars(lock(rows.order_by(ContactMerge.id))).all()


def _move_back(merge, kept, merged):
    """Messages before conversations, as whoever sends locks them."""
    moved, notes = merge.moved, []
    moving.move("recipients", moved.get("recipients", []), kept.id, merged.id)
    home = {kept.id: kept.display_name}
    for part in moving.chunks(moved["interactions"]):
        since = select(Message.id).where(
            Message.interaction_id.in_(part), Message.contact_id == kept.id
        )
        # What was said in these conversations since belongs to them.
        moving.move("messages", sorted(db.session.scalars(since)), kept.id, merged.id)
    moving.move("messages", moved["messages"], kept.id, merged.id)
    merging.locked_open(kept.id, merged.id)
    moving.move("interactions", moved["interactions"], kept.id, merged.id)
    lost = moving.move("contact_identities", moved["contact_identities"], kept.id, merged.id)
    if lost:
        notes.append(
            f"{len(lost)} of {merged.display_name}'s numbers stayed away: they were removed from "
            f"{home[kept.id]} or given to somebody else since."
        )
    moving.move("consents", moved["consents"], kept.id, merged.id)
    return notes


def _part(name, merge, kept, merged, later):
    """What a later merge would have brought too goes on to that one, instead of away."""
    table, key = moving.JOINED[name]
    moved = merge.moved[name]
    added = set(moved["added"])
    for other in later:
        theirs = {row[key] for row in other.moved[name]["theirs"]} & added
        if theirs:
            both = {**other.moved[name], "added": [*other.moved[name]["added"], *sorted(theirs)]}
            other.moved = {**other.moved, name: both}
            added -= theirs
    rows = [
        {column: read_as(column, value) for column, value in row.items()} for row in moved["theirs"]
    ]
    moving.part(name, kept.id, merged.id, sorted(added), moving.standing(name, rows))


def _restore_columns(merge, kept, merged, later):
    columns, fields = merge.before["columns"], merge.before["fields"]
    opted_out_since = _opted_out_since(merge, kept)
    for name, (before, after) in columns.items():
        if name in ("consent", "opted_out_at") and (opted_out_since or _others_out(later)):
            continue
        if not _hand_on(later, "columns", name, before, after) and (
            kept_as(getattr(kept, name)) == after
        ):
            setattr(kept, name, read_as(name, before))
    back = {
        id: before
        for id, (before, after) in fields.items()
        if not _hand_on(later, "fields", id, before, after) and (kept.fields or {}).get(id) == after
    }
    merging.set_fields(kept, back)
    if opted_out_since:
        # Who of the two wrote it nobody knows: it holds for both.
        merged.consent = Consent.OUT
        merged.opted_out_at = kept.opted_out_at or utcnow()


def _hand_on(later, group, name, before, after):
    """The next merge that changed the same value goes back to what this one would have."""
    for other in later:
        if name in other.before[group]:
            was, then = other.before[group][name]
            if was != after:
                return True  # somebody changed it in between: that stays
            values = {**other.before[group], name: [before, then]}
            other.before = {**other.before, group: values}
            return True
    return False


def _opted_out_since(merge, kept):
    newest = db.session.scalar(
        select(ConsentEntry)
        .where(
            ConsentEntry.contact_id == kept.id,
            ConsentEntry.purpose == "marketing",
            ConsentEntry.recorded_at > merge.at,
        )
        .order_by(ConsentEntry.at.desc(), ConsentEntry.id.desc())
        .limit(1)
    )
    return newest is not None and not newest.given


def _others_out(later):
    """Somebody else who is still part of the contact has opted out."""
    others = [db.session.get(Contact, merge.merged_id) for merge in later]
    return any(comparing.strictest(other)["consent"] == Consent.OUT for other in others)


def _reopen(merge):
    """What the merge closed goes on, unless a newer conversation stands in its place."""
    notes = []
    for closed in merge.moved["closed"]:
        younger, older = (db.session.get(Interaction, closed[key]) for key in ("id", "into"))
        _give_back(older, closed["carried"])
        if younger.close_reason != CloseReason.MERGED:
            continue
        if _has_open(younger):
            notes.append(
                f"A conversation of {younger.contact_name} stays closed: a newer one is open."
            )
            continue
        for name, value in closed["before"].items():
            setattr(younger, name, read_as(name, value))
        summary.note_event(younger, "reopened")
        db.session.flush()
        keeping.moved(younger)
    return notes


def _give_back(older, carried):
    """Only what is still as the merge left it: somebody may have answered since."""
    if older.state == InteractionState.CLOSED:
        return
    owner_id = older.owner_id
    for name, (before, after) in carried.items():
        if kept_as(getattr(older, name)) == after:
            setattr(older, name, read_as(name, before))
    db.session.flush()
    if older.owner_id != owner_id:
        keeping.moved(older)


def _has_open(interaction):
    found = select(Interaction.id).where(
        Interaction.account_id == interaction.account_id,
        Interaction.contact_id == interaction.contact_id,
        Interaction.state != InteractionState.CLOSED,
        Interaction.id != interaction.id,
    )
    return db.session.scalar(found) is not None


def _rename_back(merge, kept, merged):
    """The names of before, but where somebody has renamed a contact since."""
    name, phone = merge.moved["named"]
    for former in merge.moved["names"]:
        unchanged = (INTERACTIONS.contact_name == name, INTERACTIONS.contact_phone == phone)
        merging.give_name(former["ids"], former["name"], former["phone"], *unchanged)
    now = kept.display_name[:200], kept.display_phone[:90]
    if now != (name, phone):
        as_kept = (INTERACTIONS.contact_name == now[0], INTERACTIONS.contact_phone == now[1])
        own = merged.display_name[:200], merged.display_phone[:90]
        merging.give_name(merge.moved["interactions"], *own, *as_kept)
