"""The steps of forgetting a person: each does one batch in the caller's unit of work.

A step takes what to look for and how far it came; it gives (how far now, None at the end; how many
rows lost something).
"""

from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select, text, update

from webapp.accounts.models import Account
from webapp.alerting.models import Alert
from webapp.campaigns import ledger
from webapp.campaigns.messages.models import CampaignTest
from webapp.campaigns.models import WAITING, CampaignAttempt, Recipient, RecipientState
from webapp.contacts import forgetting, traces
from webapp.contacts.importing.models import ContactImport
from webapp.contacts.models import PersonRequest
from webapp.database import is_postgresql
from webapp.extensions import db
from webapp.inbox.media_models import Attachment
from webapp.inbox.models import Draft, Interaction, InteractionEvent, Message, Receipt
from webapp.sandbox.models import SandboxCustomer, SandboxEvent, SandboxReceipt
from webapp.staff.models import AuditEntry
from webapp.webhooks.models import AccountNotice, WebhookPayload

BATCH = 200
RANGE = 5000  # ids one statement looks through


def campaigns(told, after):
    """What they were sent keeps its state, for the counts; whoever still waits gets nothing."""
    ids = db.session.scalars(
        select(Recipient.id)
        .where(Recipient.contact_id.in_(told["contacts"]), Recipient.id > after)
        .order_by(Recipient.id)
        .limit(BATCH)
    ).all()
    if not ids:
        _forget_tests(told)
        return None, 0
    entries = ledger.hold(ids)
    for entry in entries:
        entry.provider_id = entry.detail = None
        if entry.state in WAITING:
            entry.move(RecipientState.SKIPPED, reason="erased")
    ledger.save(entries)
    db.session.execute(
        update(CampaignAttempt)
        .where(CampaignAttempt.recipient_id.in_(ids))
        .values(provider_id=None, error=None)
        .execution_options(synchronize_session=False)
    )
    return ids[-1], len(ids)


def _forget_tests(told):
    """A campaign's tries that showed what they would get, or went to their number."""
    theirs = or_(
        CampaignTest.as_contact_id.in_(told["contacts"]), CampaignTest.number.in_(told["numbers"])
    )
    db.session.execute(delete(CampaignTest).where(theirs))


def messages(told, after):
    """Their words, files, calls and receipts, with the payloads that brought them."""
    accounts = db.session.scalars(select(Account.id)).all()
    rows = db.session.scalars(
        select(Message)
        .where(
            Message.account_id.in_(accounts),
            Message.contact_id.in_(told["contacts"]),
            Message.id > after,
        )
        .order_by(Message.id)
        .limit(BATCH)
        .with_for_update(key_share=True)
    ).all()
    if not rows:
        return None, 0
    forgetting.messages(rows, told["sure"])
    return rows[-1].id, len(rows)


def interactions(told, after):
    rows = db.session.scalars(
        select(Interaction)
        .where(Interaction.contact_id.in_(told["contacts"]), Interaction.id > after)
        .order_by(Interaction.id)
        .limit(BATCH)
    ).all()
    if not rows:
        return None, 0
    ids = [row.id for row in rows]
    for row in rows:
        row.contact_name, row.contact_phone, row.last_text = forgetting.NOBODY, "", ""
        row.unread, row.unanswered_since, row.left_unanswered = 0, None, False
    db.session.execute(delete(Draft).where(Draft.interaction_id.in_(ids)))
    files = db.session.scalars(select(Attachment).where(Attachment.interaction_id.in_(ids))).all()
    forgetting.drop_files(*(key for one in files for key in (one.storage_key, one.thumbnail_key)))
    db.session.execute(delete(Attachment).where(Attachment.interaction_id.in_(ids)))
    events = select(InteractionEvent).where(InteractionEvent.interaction_id.in_(ids))
    for event in db.session.scalars(events):
        held = event.data or {}
        event.data = {key: held[key] for key in ("reason", "waited") if key in held} or None
    return rows[-1].id, len(rows)


def payloads(told, after):
    """Webhooks that came before, also those without a message: receipts, changes of number."""
    found, count = traces.pattern(told["sure"]), 0
    until = datetime.fromisoformat(told["until"])
    last = _last(WebhookPayload, after)
    if last is None:
        return None, 0
    holding = or_(
        traces.within(WebhookPayload.body, told["sure"]),
        *(WebhookPayload.query.contains(one, autoescape=True) for one in told["sure"]),
    )
    rows = select(WebhookPayload).where(
        WebhookPayload.id > after,
        WebhookPayload.id <= last,
        WebhookPayload.received_at <= until,
        holding,
    )
    for payload in db.session.scalars(rows):
        count += forgetting.cut(payload, found)
    return last, count


def receipts(told, after):
    """Those without a message of ours, and those of groups they were in."""
    last = _last(Receipt, after)
    if last is None:
        return None, 0
    gone = delete(Receipt).where(
        Receipt.id > after, Receipt.id <= last, Receipt.recipient.in_(told["sure"])
    )
    return last, db.session.execute(gone).rowcount


def group_messages(told, after):
    """What they wrote in groups belongs to no contact, but says who wrote it."""
    last = _last(Message, after)
    if last is None:
        return None, 0
    found, count = traces.pattern(told["sure"]), 0
    rows = select(Message).where(
        Message.contact_id.is_(None), Message.id > after, Message.id <= last
    )
    for message in db.session.scalars(rows):
        if message.content and found.search(str(message.content)):
            forgetting.messages([message], told["sure"])
            count += 1
    return last, count


def sandbox(told, _after):
    """The pretend phone of this number, with what it posted and still owes."""
    numbers = told["numbers"]
    count = 0
    for event in db.session.scalars(
        select(SandboxEvent).where(traces.within(SandboxEvent.body, told["sure"]))
    ):
        db.session.delete(event)
        count += 1
    db.session.flush()
    db.session.execute(delete(SandboxReceipt).where(SandboxReceipt.recipient.in_(numbers)))
    db.session.execute(delete(SandboxCustomer).where(SandboxCustomer.phone.in_(numbers)))
    return None, count


def notices(told, after):
    return _texts(AccountNotice, ("title", "detail"), told, after)


def alerts(told, after):
    return _texts(Alert, ("title", "detail", "action"), told, after)


def audit(told, after):
    """Rows of other things that mention the person: imports, lists, conversations."""
    last = _last(AuditEntry, after)
    if last is None:
        return None, 0
    found, count = traces.pattern(told["sure"] + told["names"]), 0
    rows = select(AuditEntry).where(AuditEntry.id > after, AuditEntry.id <= last)
    for entry in db.session.scalars(rows):
        held = (entry.before, entry.after, entry.note, entry.actor_id is None and entry.actor)
        if entry.action != "erased" and found.search(str(held)):
            forgetting.keep_a_hash(entry)
            count += 1
    return last, count


def imports(told, after):
    """Samples of problems, and the files themselves where they name the person."""
    found, count = traces.pattern(told["sure"] + told["names"]), 0
    row = db.session.scalar(
        select(ContactImport).where(ContactImport.id > after).order_by(ContactImport.id).limit(1)
    )
    if row is None:
        return None, 0
    for name in ("counts", "dry_run", "mapping", "problem", "header"):
        value = getattr(row, name)
        if value and found.search(str(value)):
            setattr(row, name, traces.replaced(value, found))
            count += 1
    for name in ("rejects_key", "storage_key"):
        if row.finished_at is not None and traces.in_file(getattr(row, name), found):
            forgetting.drop_files(getattr(row, name))
            setattr(row, name, None)
            count += 1
    return row.id, count


def exports(told, _after):
    """Copies of their data that were made for them."""
    rows = db.session.scalars(
        select(PersonRequest).where(
            PersonRequest.contact_id.in_(told["contacts"]), PersonRequest.kind == "export"
        )
    ).all()
    for row in rows:
        forgetting.drop_files(row.storage_key)
        row.storage_key, row.reason, row.state = None, "", "done"
        row.expires_at = row.finished_at = row.finished_at or row.created_at
    return None, len(rows)


def search(_told, _after):
    """SQLite's search keeps words it has forgotten until its parts are put together anew."""
    if not is_postgresql():
        for name in ("message_search", "contact_search"):
            db.session.execute(text(f"INSERT INTO {name}({name}) VALUES ('optimize')"))
    return None, 0


STEPS = {
    step.__name__: step
    for step in (
        campaigns, messages, interactions, payloads, receipts, group_messages, sandbox, notices,
        alerts, audit, imports, exports, search,
    )
}  # fmt: skip


def _texts(model, columns, told, after):
    last = _last(model, after)
    if last is None:
        return None, 0
    found, count = traces.pattern(told["sure"] + told["names"]), 0
    rows = db.session.scalars(select(model).where(and_(model.id > after, model.id <= last)))
    for row in rows:
        for name in columns:
            value = getattr(row, name)
            if value and found.search(value):
                setattr(row, name, found.sub(traces.GONE, value))
                count += 1
    return last, count


def _last(model, after):
    """Up to which id the next batch goes; None where nothing is left."""
    ids = select(model.id).where(model.id > after).order_by(model.id).limit(RANGE).subquery()
    return db.session.scalar(select(func.max(ids.c.id)))
