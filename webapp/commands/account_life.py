"""`flask --app app accounts show|change|check|move|archive …`: an account's life, for scripts."""

from dataclasses import replace

import click
from sqlalchemy import select

from webapp.accounts import checking, guiding, living, saving, sealing
from webapp.accounts.models import Account
from webapp.commands.accounts import account_named, described, group, pairs, refused_in_words
from webapp.commands.answers import as_json, fail, row_named, show
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue
from webapp.unit_of_work import unit_of_work

__all__ = ["group"]

key = click.argument("key")


@group.command("list")
@click.option("--archived", is_flag=True, help="Those that were archived, instead.")
@as_json
def listing(archived, json):
    """The accounts in use."""
    asked = Account.archived_at.is_not(None) if archived else Account.archived_at.is_(None)
    rows = db.session.scalars(select(Account).where(asked).order_by(Account.name, Account.id)).all()
    answer = [_short(account) for account in rows]
    columns = "{key:5}  {provider:8}  +{phone:15}  {name}"
    words = [columns.format(**one) for one in answer]
    show(answer, "\n".join(words) or "No accounts.", json)


@group.command("show")
@key
@as_json
def show_one(key, json):
    """One account, by its key or id; never a secret."""
    answer = _known(account_named(key))
    show(answer, "\n".join(f"{name}: {_plain(value)}" for name, value in answer.items()), json)


@group.command("check")
@key
@as_json
def check(key, json):
    """Ask the provider about the account's set-up; exit code 1 where something is not in order."""
    checked = checking.check(account_named(key))
    lines = [
        {"name": one.name, "ok": one.ok, "message": one.message, "action": one.action}
        for one in checked.lines
    ]
    show({"well": checked.well, "lines": lines}, "\n".join(map(_line, lines)), json)
    if not checked.well:
        raise SystemExit(1)


@group.command("change")
@key
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Provider setting.")
@click.option("--name")
@click.option("--on/--off", "enabled", default=None, help="Whether it sends.")
@click.option(
    "--needs-outcome/--needs-no-outcome",
    "needs_disposition",
    default=None,
    help="Whether wrapping up needs an outcome.",
)
@as_json
def change(key, settings, name, enabled, needs_disposition, json):
    """Change settings; a replaced secret's former value stays valid until it is dropped."""
    given = pairs(settings)
    with refused_in_words(), unit_of_work():
        account = account_named(key)
        wanted = replace(saving.values_of(account), provider_values=given)
        if name is not None:
            wanted = replace(wanted, name=name)
        if enabled is not None:
            wanted = replace(wanted, enabled=enabled)
        if needs_disposition is not None:
            wanted = replace(wanted, needs_disposition=needs_disposition)
        saving.change(account, "command", wanted)
        answer = _known(account)
    show(answer, f"Account {answer['name']} changed.", json)


@group.command("route")
@key
@click.argument("queues", nargs=-1, required=True, metavar="QUEUE[:SECONDS]...")
@as_json
def route(key, queues, json):
    """Let new conversations wait in these queues one after the other, so many seconds in each.

    Who was accepted in none of them in time is served by nobody, and stands so on the board.
    """
    with refused_in_words(), unit_of_work():
        account = account_named(key)
        saving.set_queues(account, "command", [_step(one) for one in queues])
        answer = _known(account)
    show(answer, f"Account {answer['name']} routed.", json)


def _step(written):
    name, colon, seconds = written.rpartition(":")
    if colon and seconds.isascii() and seconds.isdigit():
        return row_named(Queue, "queue", name), int(seconds)
    return row_named(Queue, "queue", written), None


@group.command("replace-token")
@key
@as_json
def replace_token(key, json):
    """A new webhook address; the former one is taken too until `drop-former KEY address`."""
    with refused_in_words(), unit_of_work():
        account = account_named(key)
        living.replace_token(account, "command")
        answer = {**described(account), "former_webhook_url": guiding.former_webhook_url(account)}
    show(answer, f"Callback URL: {answer['webhook_url']}", json)


@group.command("drop-former")
@key
@click.argument("what", metavar="address|provider|SECRET")
@as_json
def drop_former(key, what, json):
    """Accept no longer what was replaced: the address, the provider, or a secret by its name."""
    with unit_of_work():
        account = account_named(key)
        if what == "address":
            living.drop_former_token(account, "command")
        elif what == "provider":
            living.drop_former_provider(account, "command")
        elif what in _secrets(account):
            saving.drop_former(account, "command", what)
        else:
            fail(f"there is no secret {what}; or say address, or provider")
        answer = _short(account)
    show(answer, f"The former {what} of {answer['name']} is dropped.", json)


@group.command("move")
@key
@click.option("--provider", type=click.Choice(sorted(PROVIDERS)), required=True)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Provider setting.")
@as_json
def move(key, provider, settings, json):
    """Take the number to another provider; its conversations stay."""
    given = pairs(settings)
    with refused_in_words(), unit_of_work():
        account = account_named(key)
        living.move(account, "command", provider, given)
        answer = {**described(account), "provider": account.provider}
    show(answer, f"Callback URL: {answer['webhook_url']}", json)


@group.command("archive")
@key
@click.option("--close-open", is_flag=True, help="Close the conversations that are open.")
@as_json
def archive(key, close_open, json):
    """Switch it off and out of sight; its conversations stay."""
    _live(key, living.archive, "archived", json, close_open=close_open)


@group.command("restore")
@key
@as_json
def restore(key, json):
    """Among the others again; it stays switched off."""
    _live(key, living.restore, "restored, switched off", json)


def _live(key, verb, done, json, **options):
    with refused_in_words(), unit_of_work():
        account = account_named(key)
        verb(account, "command", **options)
        answer = _short(account)
    show(answer, f"Account {answer['name']} {done}.", json)


def _short(account):
    return {
        "id": account.id,
        "key": account.key,
        "name": account.name,
        "provider": account.provider,
        "phone": account.phone,
        "enabled": account.enabled,
        "archived": account.archived_at is not None,
    }


def _known(account):
    fields = PROVIDERS[account.provider].form_fields
    return {
        **_short(account),
        "settings": {f.name: sealing.stored(account, f.name) for f in fields if not f.secret},
        "secrets": [name for name in _secrets(account) if sealing.stored(account, name)],
        **described(account),
        "former_webhook_url": guiding.former_webhook_url(account),
        "former_provider": account.former_provider,
        "description": account.description,
        "needs_outcome": account.needs_disposition,
        "queues": [_named(step) for step in account.steps if step.queue],
    }


def _named(step):
    """As `route` takes it."""
    return f"{step.queue.name}:{step.timeout}" if step.timeout else step.queue.name


def _secrets(account):
    return [field.name for field in PROVIDERS[account.provider].form_fields if field.secret]


def _plain(value):
    if isinstance(value, dict):
        return ", ".join(f"{name}={one}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value in (None, "") else value


def _line(line):
    sign = {True: "ok  ", False: "FAIL", None: "?   "}[line["ok"]]
    mend = f" {line['action']}" if line["action"] else ""
    return f"{sign} {line['name']}: {line['message']}{mend}"
