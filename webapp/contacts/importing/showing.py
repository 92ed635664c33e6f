"""An import as its page shows it: columns with samples and their check, figures, progress."""

from dataclasses import dataclass

from webapp import words
from webapp.contacts.importing import mapping
from webapp.contacts.importing.models import AT_WORK, ImportState

FIGURES = (
    ("created", "New contacts"),
    ("filled", "Gaps filled"),
    ("updated", "Overwritten"),
    ("kept", "Left as they are"),
    ("doubled", "Twice in the file"),
    ("incomplete", "With a field left out"),
    ("rejected", "Not usable"),
)
STATES = {
    ImportState.UPLOADED: ("Choose columns", "badge--warn"),
    ImportState.CHECKING: ("Checking", "badge--accent"),
    ImportState.CHECKED: ("Checked", "badge--accent"),
    ImportState.RUNNING: ("Importing", "badge--accent"),
    ImportState.STOPPED: ("Stopped", "badge--warn"),
    ImportState.DONE: ("Imported", "badge--ok"),
    ImportState.FAILED: ("Failed", "badge--bad"),
}


@dataclass(frozen=True)
class ColumnShown:
    name: str
    samples: str
    target: str
    check: str
    good: bool


def is_at_work(entry):
    return entry.state in AT_WORK


def badge(entry):
    return STATES[entry.state]


def data_rows(entry):
    return max(0, (entry.row_count or 0) - bool(entry.reading.get("has_header")))


def done_rows(entry):
    return max(0, entry.row - bool(entry.reading.get("has_header")))


def figures(counts):
    return [(label, counts[name], name) for name, label in FIGURES if counts.get(name)]


def usable(counts):
    """How many people of the file are in the list afterwards."""
    return sum(counts.get(name, 0) for name in ("created", "filled", "updated", "kept"))


def left_out(counts):
    return sum(counts.get(name, 0) for name in ("doubled", "rejected"))


def progress(entry):
    """2,050 rows a minute, 2 min left. Safe to leave this page."""
    counts = entry.counts if entry.state == ImportState.RUNNING else entry.dry_run or {}
    if entry.stop_asked_at:
        return "Stopping after the rows at hand."
    if not entry.reading.get("prepared"):
        read = f"{entry.row_count:,} rows read. " if entry.row_count else ""
        return f"{read}Safe to leave this page."
    rate = counts.get("rate")
    if not rate:
        return "Beginning. Safe to leave this page."
    left = (data_rows(entry) - done_rows(entry)) / rate
    wait = "under a minute" if left < 1 else f"{round(left)} min"
    return f"{rate:,} rows a minute, {wait} left. Safe to leave this page."


def size(entry):
    return f"{entry.size / 1_048_576:.1f} MB" if entry.size > 100_000 else f"{entry.size:,} bytes"


def number(digits):
    return words.phone(digits)


def matchable():
    """(value, label) of what besides the number may say who is the same person."""
    own = [
        (f"field:{one.id}", one.name) for one in mapping.fields() if one.kind in mapping.MATCHABLE
    ]
    return [("email", "Email"), *own]


def columns(entry):
    first = entry.reading["first"][bool(entry.reading["has_header"]) :]
    checked = (entry.dry_run or {}).get("check", {}).get("columns") or []
    targets = entry.mapping["columns"]
    return [
        ColumnShown(
            name,
            " · ".join(row[place] for row in first[:3] if place < len(row) and row[place])[:120],
            targets[place],
            *_check(entry, targets[place], checked[place] if place < len(checked) else None),
        )
        for place, name in enumerate(entry.header)
    ]


def _check(entry, target, counts):
    """What the dry run says of a column: a sentence, and whether nothing is wrong."""
    if not target or counts is None:
        return "", True
    (filled, unusable), rows = counts, data_rows(entry)
    if target == "phone":
        return (
            f"{filled - unusable:,} usable, {rows - filled + unusable:,} not",
            filled == rows and (not unusable),
        )
    if target == "consent":
        agreed = entry.dry_run["check"]["agreed"]
        unclear = f", {unusable:,} unclear" if unusable else ""
        return f"{agreed:,} yes, {rows - filled:,} left as they are{unclear}", not unusable
    if unusable:
        return f"{filled - unusable:,} usable, {unusable:,} unclear", False
    return (
        "all rows filled" if filled == rows else f"{filled:,} filled, {rows - filled:,} empty"
    ), True
