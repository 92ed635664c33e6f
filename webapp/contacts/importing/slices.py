"""Some batches of one import, and what is carried from one batch, and one slice, to the next."""

import struct
import time

from sqlalchemy import select

from webapp import media_store
from webapp.columns import utcnow
from webapp.contacts import sparing
from webapp.contacts.importing import files, names, rejects
from webapp.contacts.importing import mapping as mappings
from webapp.contacts.importing.applying import COUNTED, Applying, Rules
from webapp.contacts.importing.checking import Check
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.contacts.importing.rows import RowReader
from webapp.contacts.importing.seen import Seen
from webapp.contacts.people import match_key
from webapp.database import is_postgresql, lock
from webapp.extensions import db
from webapp.providers.base import IdentityKind
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

BATCH = 1_000
FIRST_BATCH_OF_SQLITE = 200
LOCKED_SECONDS = 0.04  # a writer on SQLite holds up whoever else writes
_PLACE = struct.Struct("<QQ")


class Lost(Exception):
    """The import is no longer where this run left it: somebody else goes on with it."""


class Slice:
    def __init__(self, entry):
        self.entry = entry
        self.real = entry.state == ImportState.RUNNING
        self.way = files.REAL if self.real else files.DRY
        self.id, self.row, self.row_count = entry.id, entry.row, entry.row_count
        self.counts = dict(entry.counts if self.real else entry.dry_run or {})
        self.counts = dict.fromkeys(COUNTED, 0) | self.counts
        self._phone = _place_of(entry.mapping, "phone")
        self._mapping_is = mappings.fingerprint(entry)
        self._reader = RowReader(entry.mapping, mappings.fields(), entry.header)
        self._same_by = len(entry.mapping["same_by"]) + ("phone" not in entry.mapping["same_by"])
        self._size = BATCH if is_postgresql() or not self.real else FIRST_BATCH_OF_SQLITE
        self._rules = _rules(entry)

    def __enter__(self):
        self._file = files.RowsFile(self.entry).__enter__()
        self._began_at, self._began_row = time.monotonic(), self.row
        if self.row == 0:
            self._begin()
        self._check = Check(self.counts.get("check"), self.entry.reading["width"])
        self._seen = self._remembered()
        made = self.counts.get("made", {})
        self._tags = names.tags(made.get("tags", 0))
        self._lists = names.lists(made.get("lists", 0))
        self._applying = Applying(self._rules, self._seen, self.real, self._tags, self._lists)
        return self

    def __exit__(self, *_):
        self._file.__exit__()

    def work(self, has_to_end):
        """Whether the import is at its end, or was stopped."""
        self._file.go_to(self.counts["offset"])
        while True:
            self._keep_problems()
            rows, size = self._file.take(self._size)
            if not rows:
                self._finish(ImportState.DONE if self.real else ImportState.CHECKED)
                return True
            read = [self._reader.read(number, cells) for number, cells in rows]
            if self._batch(read, size):
                self._keep_problems()
                self._finish(ImportState.STOPPED if self.real else ImportState.UPLOADED)
                return True
            if has_to_end():
                self._keep_problems()
                self._save()
                return False

    def _begin(self):
        self.counts = dict.fromkeys(COUNTED, 0) | {"offset": 0, "parts": []}
        if self.entry.reading["has_header"]:
            self._file.go_to(0)
            _, self.counts["offset"] = self._file.take(1)

    def _batch(self, rows, size):
        """Whether somebody asked to stop."""
        if self.real:
            with unit_of_work():
                began = time.monotonic()
                stop = self._make_sure()
                outcome = self._applying.apply(rows)
                sparing.obey(_numbers(rows), at=utcnow())  # whatever the file says of consent
                counts, row = self._counted(outcome, rows, size)
                self._keep(row, counts)
            self._adapt(time.monotonic() - began)
        else:
            outcome = self._applying.apply(rows)
            self._check.add(rows, self._phone)
            self._check.note(outcome.problems, self._reader.sentence)
            counts, row = self._counted(outcome, rows, size)
            with unit_of_work():
                stop = self._make_sure()
                self._keep(row, counts)
        self.counts, self.row = counts, row
        self._applying.remember()
        return stop

    def _make_sure(self):
        found = select(ContactImport.row, ContactImport.state, ContactImport.stop_asked_at)
        held = db.session.execute(lock(found.where(ContactImport.id == self.id))).one_or_none()
        state = ImportState.RUNNING if self.real else ImportState.CHECKING
        if held is None or (held.row, held.state) != (self.row, state):
            raise Lost
        return held.stop_asked_at is not None

    def _counted(self, outcome, rows, size):
        counts = dict(self.counts)
        for name, number in outcome.counts.items():
            counts[name] += number
        began = counts["offset"]
        counts["offset"] = began + size
        row = (self.row or bool(self.entry.reading["has_header"])) + len(rows)
        counts["pending"] = None
        if outcome.problems:
            said = [[r.number, self._reader.sentence(r, p)] for r, p in outcome.problems]
            counts["pending"] = {"row": row, "offset": began, "count": len(rows), "said": said}
        counts["made"] = {"tags": self._tags.made, "lists": self._lists.made}
        counts["rate"] = self._rate(row)
        if not self.real:
            counts["check"] = self._check.kept()
            counts["mapping"] = self._mapping_is
        return counts, row

    def _rate(self, row):
        took = max(0.5, time.monotonic() - self._began_at)
        return round((row - self._began_row) / took * 60)

    def _keep(self, row, counts):
        values = {"counts" if self.real else "dry_run": counts}
        db.session.execute(
            ContactImport.__table__.update()
            .where(ContactImport.id == self.id)
            .values(row=row, beat_at=utcnow(), **values)
        )

    def _adapt(self, took):
        if not is_postgresql():
            wanted = int(self._size * LOCKED_SECONDS / max(took, 0.001))
            self._size = max(25, min(BATCH, wanted, self._size * 2))

    def _keep_problems(self):
        """The last batch's, out of the row into a file; only now, because that may be far away."""
        pending = self.counts.get("pending")
        if not pending:
            return
        here = self.counts["offset"]
        self._file.go_to(pending["offset"])
        rows, _ = self._file.take(pending["count"])
        cells = dict(rows)
        self._file.go_to(here)
        said = [(number, cells[number], sentence) for number, sentence in pending["said"]]
        files.keep_problems(self.entry, self.way, pending["row"], said)
        self.counts["parts"] = [*self.counts["parts"], pending["row"]]
        self.counts["pending"] = None

    def _save(self):
        """What the next slice needs beside the row."""
        self._keep_seen()
        with unit_of_work():
            self._make_sure()
            self._keep(self.row, self.counts)

    def _keep_seen(self):
        with files.new_file() as file:
            file.write(_PLACE.pack(self.row, self.counts["offset"]))
            self._seen.write(file)
            file.seek(0)
            media_store.put(files.seen_key(self.entry, self.way), file)

    def _remembered(self):
        """Who was seen, as the slice before left it; what a crash kept from it is read again."""
        seen = Seen(self.row_count * self._same_by)
        row = offset = 0
        if self.row == 0:
            return seen
        try:
            with media_store.open(files.seen_key(self.entry, self.way)) as file:
                row, offset = _PLACE.unpack(file.read(_PLACE.size))
                if row <= self.row:
                    seen.read(file)
        except (media_store.NotThere, EOFError, struct.error):
            row = offset = 0
        if row > self.row:  # left by a run that began anew since
            row = offset = 0
        self._catch_up(seen, row, offset)
        return seen

    def _catch_up(self, seen, row, offset):
        self._file.go_to(offset)
        if row == 0 and self.entry.reading["has_header"]:
            self._file.take(1)
            row = 1
        while row < self.row:
            rows, _ = self._file.take(min(BATCH, self.row - row))
            for number, cells in rows:
                read = self._reader.read(number, cells)
                if not read.refused:
                    seen.add(read.keys, number)
            row += len(rows)

    def _finish(self, state):
        left_out = rejects.keep(self.entry, self.way, self.counts["parts"])
        with unit_of_work():
            self._make_sure()
            held = db.session.get(ContactImport, self.id)
            held.state, held.stop_asked_at, held.beat_at = state, None, None
            if not self.real:
                held.dry_run = self.counts | {"rejects_key": left_out}
                return
            held.counts = self.counts
            held.rejects_key = left_out
            held.finished_at = utcnow()
            record(
                held.created_by or "Import",
                "imported" if state == ImportState.DONE else "stopped",
                held,
                after={name: self.counts[name] for name in COUNTED},
            )
        if state == ImportState.DONE:
            media_store.drop([files.seen_key(self.entry, way) for way in (files.DRY, files.REAL)])
        elif self.real:
            self._keep_seen()


def _numbers(rows):
    return [match_key(IdentityKind.PHONE, row.phone) for row in rows if row.phone]


def _place_of(mapping, target):
    return mapping["columns"].index(target) if target in mapping["columns"] else None


def _rules(entry):
    by = entry.created_by
    return Rules(
        on_same=entry.mapping["on_same"],
        list_ids=entry.mapping["list_ids"],
        tag_ids=entry.mapping["tag_ids"],
        filename=entry.filename,
        by_id=by.id if by else None,
        by_name=by.name if by else "Import",
    )
