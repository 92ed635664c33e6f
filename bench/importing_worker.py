"""The import as a worker does it, slice after slice; what it took goes to standard output."""

import json
import sys
import time
import uuid
from pathlib import Path

from sqlalchemy import func, select

from webapp import create_app, media_store
from webapp.columns import utcnow
from webapp.contacts.importing import running
from webapp.contacts.importing.models import ContactImport, ImportState
from webapp.contacts.models import Contact, ContactIdentity
from webapp.extensions import db
from webapp.unit_of_work import unit_of_work
from workers import contacts  # noqa: F401 - as much as a worker has in memory


def main(what, path):
    with create_app().app_context():
        Path("/proc/self/clear_refs").write_text("5")  # what the start took is over
        before = memory()
        result = {"whole": whole, "stopped_half_way": stopped_half_way}[what](Path(path))
        json.dump({**result, "before": before, "memory": memory()}, sys.stdout)


def memory():
    """The largest resident set of this process so far, in MB."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def whole(path):
    entry_id = upload(path)
    checked = timed(entry_id)
    start(entry_id)
    return {"checked": checked, "ran": timed(entry_id), **figures(entry_id)}


def stopped_half_way(path):
    entry_id = upload(path)
    timed(entry_id)
    start(entry_id)
    half = entry(entry_id).row_count // 2
    while entry(entry_id).row < half:
        running.run(entry_id, seconds=5)
    with unit_of_work():
        entry(entry_id).stop_asked_at = utcnow()
    running.run(entry_id)
    at, state = entry(entry_id).row, entry(entry_id).state
    assert state == ImportState.STOPPED, state
    with unit_of_work():
        entry(entry_id).state = ImportState.RUNNING
    timed(entry_id)
    return {"stopped_at": at, **figures(entry_id)}


def upload(path):
    key = f"imp-{uuid.uuid4().hex}"
    with path.open("rb") as file:
        media_store.put(key, file)
    with unit_of_work():
        made = ContactImport(
            filename=path.name,
            storage_key=key,
            size=path.stat().st_size,
            state=ImportState.CHECKING,
        )
        db.session.add(made)
        db.session.flush()
        return made.id


def start(entry_id):
    with unit_of_work():
        held = entry(entry_id)
        assert held.state == ImportState.CHECKED, (held.state, held.problem)
        held.state, held.row, held.counts = ImportState.RUNNING, 0, {}


def timed(entry_id):
    """Slice after slice, as one job hints at the next."""
    began = time.monotonic()
    while entry(entry_id).state in running.AT_WORK:
        running.run(entry_id)
    return time.monotonic() - began


def entry(entry_id):
    db.session.expire_all()
    return db.session.get(ContactImport, entry_id)


def figures(entry_id):
    held = entry(entry_id)
    return {
        "state": held.state,
        "problem": held.problem,
        "counts": {name: n for name, n in held.counts.items() if isinstance(n, int)},
        "contacts": db.session.scalar(select(func.count()).select_from(Contact)),
        "numbers": db.session.scalar(select(func.count(ContactIdentity.match_key.distinct()))),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
