"""`flask --app app dispositions list|add|rename|archive|restore`: outcomes, for scripts."""

from contextlib import contextmanager

import click

from webapp.commands.accounts import account_named
from webapp.commands.answers import Group, as_json, fail, row_named, show
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.queues.models import Queue
from webapp.settings import dispositions
from webapp.settings.models import Disposition
from webapp.unit_of_work import unit_of_work

BY = "command"

group = Group("dispositions", help="Outcomes: how a conversation may end.")
id_argument = click.argument("id", type=int)


@group.command("list")
@click.option("--archived", is_flag=True, help="Those that were archived too.")
@as_json
def list_all(archived, json):
    """List outcomes with what is below each."""
    labels = dispositions.every(dispositions.tree(archived)).values()
    rows = [_described(label) for label in labels]
    show(rows, "\n".join(map(_line, rows)) or "No outcomes.", json)


@group.command("add")
@click.argument("name")
@click.option("--parent", type=int, help="Id of the outcome it is below.")
@click.option("--account", help="Key of the one account that offers it.")
@click.option("--queue", help="Name of the one queue that offers it.")
@click.option("--list", "of_list", help="Name of the one list whose contacts it is offered for.")
@click.option("--description", default="")
@as_json
def add(name, parent, account, queue, of_list, description, json):
    """Add an outcome called NAME, the last one in its place."""
    with _refusals(), unit_of_work():
        row = dispositions.add(
            name,
            BY,
            description,
            _found(parent) if parent is not None else None,
            account_named(account) if account else None,
            row_named(Queue, "queue", queue) if queue else None,
            row_named(ContactList, "list", of_list) if of_list else None,
        )
        answer = _described(_placed(row.id))
    show(answer, f"Outcome {answer['id']} added.", json)


@group.command("rename")
@id_argument
@click.argument("name")
@as_json
def rename(id, name, json):
    """Call the outcome ID NAME; conversations that were closed with it keep the former name."""
    with _refusals(), unit_of_work():
        row = _found(id)
        dispositions.change(row, BY, name, row.description)
        answer = _described(_placed(id))
    show(answer, f"Outcome {id} is called {answer['name']} now.", json)


@group.command("archive")
@id_argument
@click.option("--with-below", is_flag=True, help="Also where others are below it.")
@as_json
def archive(id, with_below, json):
    """Offer the outcome ID no more, nor those below it; closed conversations keep its words."""
    with _refusals(), unit_of_work():
        row = _found(id)
        below = sum(1 for _ in _placed(id).walk()) - 1 if row.archived_at is None else 0
        if below and not with_below:
            fail(f"{below} outcomes below it would be archived too: say --with-below")
        answer = {"id": id, "archived_below": dispositions.archive(row, BY)}
    show(answer, f"Outcome {id} archived, and {answer['archived_below']} below it.", json)


@group.command("restore")
@id_argument
@as_json
def restore(id, json):
    """Offer the outcome ID again, with those that were archived together with it."""
    with _refusals(), unit_of_work():
        dispositions.restore(_found(id), BY)
        answer = _described(_placed(id))
    show(answer, f"Outcome {id} is offered again.", json)


@contextmanager
def _refusals():
    try:
        yield
    except dispositions.Refused as refused:
        fail(str(refused))


def _found(id):
    row = db.session.get(Disposition, id) if 0 < id < 2**63 else None
    if row is None:
        fail(f"there is no outcome {id}")
    return row


def _placed(id):
    archived = db.session.get(Disposition, id).archived_at is not None
    return dispositions.every(dispositions.tree(archived))[id]


def _described(label):
    row = label.row
    return {
        "id": row.id,
        "name": row.name,
        "path": list(label.path),
        "level": label.level,
        "parent_id": row.parent_id,
        "account": row.account.key if row.account else None,
        "queue": row.queue.name if row.queue else None,
        "list": row.contact_list.name if row.contact_list else None,
        "description": row.description,
        "archived": row.archived_at is not None,
    }


def _line(row):
    where = row["account"] or row["queue"] or row["list"]
    notes = [f"{where} only"] if where else []
    notes += ["archived"] if row["archived"] else []
    end = f"  ({', '.join(notes)})" if notes else ""
    return f"{row['id']:>5}  {'  ' * (row['level'] - 1)}{row['name']}{end}"
