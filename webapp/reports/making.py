"""Makes a report's file in a job, with progress, and keeps it for some days.

Whoever asked has to be a leader still when it is made: a file holds what its owner may see.
"""

import logging
import secrets
import tempfile
from datetime import timedelta

from sqlalchemy import or_, select, update

from webapp import jobs, media_store
from webapp.columns import utcnow
from webapp.extensions import db
from webapp.reports import choosing, files, listings
from webapp.reports.catalogue import REPORTS
from webapp.reports.models import ReportFile
from webapp.staff import access
from webapp.staff.models import record
from webapp.unit_of_work import unit_of_work

log = logging.getLogger(__name__)

JOB = "workers.reports.make"
KEPT_FOR = timedelta(days=7)
STALE = timedelta(minutes=5)  # a job that does not say for so long that it is at it is gone
MOST_ATTEMPTS = 3


class Forbidden(Exception):
    """Its owner may see no reports any more."""


def ask(owner, report, choice, format, schedule_id=None):
    """Note the file; a job makes it. What people get as rows is noted in the audit log."""
    file = ReportFile(
        owner_id=owner.id,
        schedule_id=schedule_id,
        report=report,
        choice=choice.address(period="own"),
        format=format,
    )
    db.session.add(file)
    db.session.flush()
    if _found(report).is_long:
        record(owner, "exported", file, after={"report": report, **file.choice})
    jobs.hint(JOB, file.id)
    return file


def title_of(report):
    return _found(report).title


def choice_of(file):
    return choosing.read(file.choice, utcnow(), access.led_queues(file.owner))


def due(now=None):
    """Files that no job is at."""
    stale = (now or utcnow()) - STALE
    return db.session.scalars(
        select(ReportFile.id).where(
            ReportFile.finished_at.is_(None),
            or_(ReportFile.beat_at.is_(None), ReportFile.beat_at < stale),
        )
    ).all()


def make(file_id, now=None):
    """Write the file; a failure is tried again, and said after the last attempt."""
    now = now or utcnow()
    if not _begin(file_id, now):
        return
    file = db.session.get(ReportFile, file_id)
    key = f"report-{secrets.token_hex(16)}.{file.format}"
    try:
        if not (file.owner.active and access.leads(file.owner)):
            raise Forbidden
        choice = choice_of(file)
        with _written(file_id, choice) as content:
            content.seek(0, 2)
            size = content.tell()
            content.seek(0)
            media_store.put(key, content)
    except Exception as error:
        db.session.rollback()
        _fail(file_id, error, now)
        return
    with unit_of_work():
        file = db.session.get(ReportFile, file_id)
        file.storage_key, file.size, file.finished_at, file.error = key, size, utcnow(), None
        file.led = choice.led


def may_fetch(file):
    """Whether its owner may still see all that it holds."""
    is_leader = file.owner.active and access.leads(file.owner)
    return is_leader and holds_no_more(file, access.led_queues(file.owner))


def holds_no_more(file, led):
    """Whether it was made for who leads these queues, or fewer of them."""
    return led is None or (file.led is not None and set(file.led) <= set(led))


def make_again(file):
    """What it holds is for its owner no more: a job makes it anew, of what they see today."""
    media_store.drop([file.storage_key])
    file.storage_key = file.size = file.finished_at = file.beat_at = None
    file.attempt_count = 0
    jobs.hint(JOB, file.id)


def expire(now=None):
    """Throw away files whose time is over."""
    old = (now or utcnow()) - KEPT_FOR
    over = db.session.scalars(select(ReportFile).where(ReportFile.created_at < old)).all()
    keys = [file.storage_key for file in over if file.storage_key]
    for file in over:
        db.session.delete(file)
    db.session.flush()
    media_store.drop(keys)


def _begin(file_id, now):
    with unit_of_work():
        won = db.session.execute(
            update(ReportFile)
            .where(
                ReportFile.id == file_id,
                ReportFile.finished_at.is_(None),
                or_(ReportFile.beat_at.is_(None), ReportFile.beat_at < now - STALE),
            )
            .values(beat_at=now, attempt_count=ReportFile.attempt_count + 1, done_rows=0)
            .execution_options(synchronize_session=False)
        )
        return won.rowcount == 1


def _written(file_id, choice):
    """A temporary file with the report in it."""
    file = db.session.get(ReportFile, file_id)
    report, format = file.report, file.format
    found = _found(report)
    is_long = found.is_long
    rows = _with_progress(file_id, found, choice) if is_long else found.rows(choice, utcnow())
    if format == "xlsx":
        return files.xlsx_of(found.title, found.columns, rows)
    content = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    for piece in files.csv_of(found.columns, rows):
        content.write(piece.encode())
    return content


def _found(report):
    return REPORTS.get(report) or listings.LISTINGS[report]


def _with_progress(file_id, report, choice):
    done, total = 0, report.total(choice)
    for piece in report.pieces(choice):
        yield from piece
        done += len(piece)
        with unit_of_work():
            db.session.execute(
                update(ReportFile)
                .where(ReportFile.id == file_id)
                .values(done_rows=done, total_rows=max(done, total), beat_at=utcnow())
            )


def _fail(file_id, error, now):
    log.warning("report file %s: %s", file_id, type(error).__name__)
    with unit_of_work():
        file = db.session.get(ReportFile, file_id)
        if isinstance(error, Forbidden):
            file.error, file.finished_at = "Its owner may no longer see reports.", now
        elif file.attempt_count >= MOST_ATTEMPTS:
            file.error, file.finished_at = "It could not be made. Try a shorter period.", now
