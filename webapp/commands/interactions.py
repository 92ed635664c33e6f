"""`flask --app app interactions list`, `show`, `send-template`, `start`, `close`: for scripts."""

import uuid
from contextlib import contextmanager

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp.accounts.models import Account
from webapp.commands.answers import Group, as_json, fail, show
from webapp.extensions import db
from webapp.inbox import sending, starting, wrapping_up
from webapp.inbox.models import Interaction, InteractionState, Message
from webapp.message_templates import choosing, parts
from webapp.queues import accepting
from webapp.staff.models import User
from webapp.unit_of_work import unit_of_work

group = Group("interactions", help="Conversations with customers.")


@group.command("list")
@click.option("--limit", type=click.IntRange(1), help="At most so many; all of them unless given.")
@click.option("--state", type=click.Choice([str(one) for one in InteractionState]))
@click.option("--account", "key", help="Key of an account.")
@as_json
def list_all(limit, state, key, json):
    """List conversations, the newest first."""
    found = (
        select(Interaction)
        .options(*_related())
        .order_by(Interaction.id.desc())
        .execution_options(yield_per=500)
    )
    if state:
        found = found.where(Interaction.state == state)
    if key:
        found = found.where(Interaction.account_id == _account_id(key))
    if limit:
        found = found.limit(limit)
    with Session(db.engine) as reading:  # rows that come in portions need a transaction
        rows = [_described(interaction) for interaction in reading.scalars(found)]
    show(rows, "\n".join(map(_line, rows)) or "No conversations.", json)


@group.command("show")
@click.argument("id", type=int)
@as_json
def show_one(id, json):
    """Show the conversation ID with its messages."""
    interaction = db.session.get(Interaction, id, options=_related()) if 0 < id < 2**63 else None
    if interaction is None:
        fail(f"there is no conversation {id}")
    answer = _described(interaction) | {"messages": _messages(interaction)}
    lines = [_line(answer), *(_message_line(message) for message in answer["messages"])]
    show(answer, "\n".join(lines), json)


@group.command("send-template")
@click.argument("id", type=int)
@click.argument("name")
@click.option("--language", required=True, help="As the provider writes it, like en or en_US.")
@click.option(
    "--value",
    "values",
    multiple=True,
    help="One variable: in their order (header, body, buttons), or like day=Friday.",
)
@click.option("--text", default="", help="What the conversation shows, where we keep no template.")
@as_json
def send_template(id, name, language, values, text, json):
    """Send an approved template in the conversation ID, also after its window closed.

    One that is not kept here, as at Twilio, goes by its name.
    """
    with unit_of_work(), _refusals():
        interaction = db.session.get(Interaction, id) if 0 < id < 2**63 else None
        if interaction is None:
            fail(f"there is no conversation {id}")
        message = _send(interaction, None, name, language, values, text)
        answer = {"id": message.id, "status": str(message.status)}
    show(answer, f"The template waits to be sent as message {answer['id']}.", json)


@group.command("start")
@click.argument("account_key")
@click.argument("number")
@click.argument("name")
@click.option("--language", required=True, help="As the provider writes it, like en or en_US.")
@click.option("--value", "values", multiple=True, help="As of send-template.")
@click.option("--owner", help="Email of who answers; nobody unless given.")
@as_json
def start(account_key, number, name, language, values, owner, json):
    """Begin a conversation with NUMBER from the account ACCOUNT_KEY by the template NAME."""
    with unit_of_work(), _refusals():
        account = db.session.get(Account, _account_id(account_key))
        by = _person(owner) if owner else None
        contact = starting.contact_of(account, number)
        interaction = starting.start(account, contact, by)
        message = _send(interaction, by, name, language, values, "")
        answer = {"id": interaction.id, "contact_id": contact.id, "message_id": message.id}
    show(answer, f"Conversation {answer['id']} begins with message {answer['message_id']}.", json)


@group.command("close")
@click.argument("id", type=int)
@click.option("--outcome", type=int, help="Id of the outcome, as `dispositions list` has it.")
@click.option("--note", default="", help="A note for colleagues.")
@click.option("--by", help="Email of who wraps it up; nobody unless given.")
@as_json
def close(id, outcome, note, by, json):
    """Wrap up the conversation ID."""
    with unit_of_work(), _refusals():
        interaction = db.session.get(Interaction, id) if 0 < id < 2**63 else None
        if interaction is None:
            fail(f"there is no conversation {id}")
        wrapping_up.wrap_up(interaction, _person(by) if by else None, outcome, note)
        answer = _described(interaction)
    ended = f" as {' › '.join(answer['outcome'])}" if answer["outcome"] else ""
    show(answer, f"Conversation {id} wrapped up{ended}.", json)


@contextmanager
def _refusals():
    """What says no, in one line."""
    try:
        yield
    except sending.Refused as refused:
        fail(refused.refusal.sentence)
    except (ValueError, starting.Elsewhere, accepting.Refused) as error:
        fail(str(error))


def _send(interaction, by, name, language, values, text):
    key = f"template-{uuid.uuid4().hex}"
    template = choosing.named(interaction.account, name, language)
    if template is None:
        return sending.send_named_template(interaction, by, name, language, values, text, key)
    return sending.send_template(interaction, by, template, _by_place(template, values), key)


def _by_place(template, values):
    """{(where, key): value}: `day=Friday` goes where it says, the rest in order."""
    variables = parts.variables(template.components)
    keys = {variable.key for variable in variables}
    given = {}
    for value in values:
        key, is_named, text = value.partition("=")
        if is_named and key in keys and not key.isdecimal():
            given |= {(v.where, v.key): text for v in variables if v.key == key}
            continue
        free = [v for v in variables if (v.where, v.key) not in given]
        if not free:
            raise ValueError(f"The template {template.name} takes {len(variables)} values.")
        given[free[0].where, free[0].key] = value
    return given


def _person(email):
    found = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if found is None or not found.active:
        fail(f"nobody active has the email {email}")
    return found


def _related():
    return [
        joinedload(Interaction.account),
        joinedload(Interaction.contact),
        joinedload(Interaction.owner),
        joinedload(Interaction.queue),
    ]


def _account_id(key):
    account_id = db.session.scalar(select(Account.id).where(Account.key == key.strip().upper()))
    if account_id is None:
        fail(f"no account has the key {key}")
    return account_id


def _described(interaction):
    contact = interaction.contact
    return {
        "id": interaction.id,
        "contact": {"id": contact.id, "name": contact.display_name, "phone": contact.phone},
        "account": interaction.account.key,
        "state": str(interaction.state),
        "owner": interaction.owner.email if interaction.owner else None,
        "queue": interaction.queue.name if interaction.queue else None,
        "close_reason": interaction.close_reason,
        "outcome": interaction.disposition_path,
        "window_expires_at": _iso(interaction.window_expires_at),
        "session_expires_at": _iso(interaction.session_expires_at),
    }


def _messages(interaction):
    """In the order the thread shows them."""
    found = (
        select(Message)
        .where(Message.interaction_id == interaction.id)
        .order_by(Message.written_at, Message.id)
    )
    return [
        {
            "direction": message.direction,
            "kind": message.kind,
            "text": message.text,
            "status": message.status,
            "provider_id": message.provider_id,
            "error": message.error,
        }
        for message in db.session.scalars(found)
    ]


def _iso(moment):
    return moment.isoformat() if moment else None


def _line(row):
    owner = row["owner"] or row["queue"] or "nobody"
    return f"{row['id']}  {row['account']}  {row['state']}  {owner}  {row['contact']['name']}"


def _message_line(message):
    trouble = f" ({message['error']})" if message["error"] else ""
    words = message["text"] or message["kind"]
    return f"  {message['direction']:<4} {message['status']:<9} {words}{trouble}"
