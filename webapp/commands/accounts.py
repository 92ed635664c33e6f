"""`flask --app app accounts add`: WhatsApp accounts, for scripts; `account_life` has more."""

from contextlib import contextmanager

import click
from sqlalchemy import select

from webapp.accounts import guiding, saving, sealing
from webapp.accounts.models import Account, SessionAnchor
from webapp.commands.answers import Group, as_json, fail, row_named, show
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.queues.models import Queue
from webapp.staff import signing_in
from webapp.unit_of_work import unit_of_work

group = Group("accounts", help="WhatsApp accounts: one number at one provider each.")


@group.command("add")
@click.option("--provider", type=click.Choice(sorted(PROVIDERS)), required=True)
@click.option("--name", required=True)
@click.option("--key", required=True, help="One to five letters or digits.")
@click.option("--phone", required=True, help="The business number with its country code.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Provider setting.")
@click.option("--queue", help="Name of the queue new conversations go to.")
@click.option("--agent", "agents", multiple=True, help="Email of an agent; repeatable.")
@click.option("--description", default="")
@click.option(
    "--session-anchor",
    type=click.Choice([str(one) for one in SessionAnchor]),
    default=str(SessionAnchor.FIRST),
    help="From which customer message a conversation's 24 hours count.",
)
@click.option("--disabled", is_flag=True, help="Receive only; needs no secrets yet.")
@as_json
def add(
    provider, name, key, phone, settings, queue, agents, description, session_anchor, disabled, json
):
    """Add a WhatsApp account."""
    values = saving.Values(
        name=name,
        key=key,
        phone=phone,
        description=description,
        queue_id=row_named(Queue, "queue", queue).id if queue is not None else None,
        agent_ids=tuple(_person_id(email) for email in agents),
        session_anchor=session_anchor,
        enabled=not disabled,
        provider_values=pairs(settings),
    )
    with refused_in_words(), unit_of_work():
        answer = described(saving.add("command", provider, values))
    show(answer, _words(name, answer), json)


@group.command("reseal")
@as_json
def reseal(json):
    """Seal every account's secrets with the first of CREDENTIAL_KEYS."""
    with unit_of_work():
        accounts = db.session.scalars(select(Account).order_by(Account.id)).all()
        closed = [account.name for account in accounts if not sealing.reseal(account)]
    resealed = len(accounts) - len(closed)
    show({"resealed": resealed, "unreadable": closed}, f"{resealed} accounts sealed anew.", json)
    if closed:
        fail(f"sealed by a key that is missing, type their secrets in again: {', '.join(closed)}")


@contextmanager
def refused_in_words():
    try:
        yield
    except saving.Invalid as error:
        fail(" ".join(f"{name}: {sentence}" for name, sentence in error.errors.items()))


def pairs(settings):
    """{name: value} of the --set options."""
    pairs = {}
    for text in settings:
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            fail("--set wants NAME=VALUE")  # the text may hold a secret: it is not repeated
        pairs[name.strip()] = value
    return pairs


def _person_id(email):
    person = signing_in.find_person(email)
    if person is None:
        fail(f"nobody here has the email {email}")
    return person.id


def account_named(key):
    """The account with this key, or this id."""
    account = db.session.scalar(select(Account).where(Account.key == key.upper()))
    if account is None and key.isascii() and key.isdigit() and len(key) < 10:
        account = db.session.get(Account, int(key))
    if account is None:
        fail(f"there is no account {key}")
    return account


def described(account):
    return {
        "id": account.id,
        "webhook_url": guiding.webhook_url(account),
        "webhook_path": account.webhook_path,
        "verify_token": sealing.stored(account, "verify_token"),
    }


def _words(name, answer):
    lines = [f"Account {name} added.", f"Callback URL: {answer['webhook_url']}"]
    if answer["verify_token"]:
        lines.append(f"Verify token: {answer['verify_token']}")
    return "\n".join(lines)
