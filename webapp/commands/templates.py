"""`flask --app app templates …`: WhatsApp templates, for scripts."""

import click
from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.commands.answers import Group, as_json, fail, show
from webapp.extensions import db
from webapp.message_templates import reviewing, submitting, syncing
from webapp.message_templates.models import MessageTemplate
from webapp.settings import plan
from webapp.unit_of_work import unit_of_work

group = Group("templates", help="WhatsApp templates at Meta and Kaleyra.")
COLUMNS = ("id", "provider", "waba_id", "name", "language", "category", "status", "quality")


@group.command("list")
@click.option("--account", "key", help="Key of an account: only its templates.")
@as_json
def list_(key, json):
    """List templates with their states."""
    wanted = select(MessageTemplate).where(MessageTemplate.deleted_at.is_(None))
    if key:
        account = _account(key)
        wanted = wanted.where(
            MessageTemplate.provider == account.provider,
            MessageTemplate.waba_id == (account.waba_id or ""),
        )
    rows = db.session.scalars(wanted.order_by(MessageTemplate.name, MessageTemplate.language))
    answer = [_facts(row) for row in rows]
    lines = [f"{one['id']}  {one['name']} ({one['language']})  {one['status']}" for one in answer]
    show(answer, "\n".join(lines) or "There are no templates.", json)


@group.command("sync")
@click.option("--account", "key", required=True, help="Key of an account of the WABA.")
@as_json
def sync(key, json):
    """Ask the provider for all templates, at once."""
    _outbound()
    account = _account(key)
    problem = syncing.sync(account.id)
    if problem:
        fail(problem)
    show(
        {"account": key, "synced": True},
        f"The templates of {key} are as the provider has them.",
        json,
    )


@group.command("submit")
@click.argument("template_id", type=int)
@as_json
def submit(template_id, json):
    """Submit a draft, or a change, and wait for the provider's answer."""
    _carry_out(template_id, reviewing.submit, submitting.carry_out, json)


@group.command("delete")
@click.argument("template_id", type=int)
@as_json
def delete(template_id, json):
    """Delete one language of a template at its provider."""
    _carry_out(template_id, reviewing.delete, submitting.delete, json)


def _carry_out(template_id, ask, call, json):
    """Ask as a page does, then make the job's call at once."""
    _outbound()
    _template(template_id)
    try:
        with unit_of_work():
            ask(_template(template_id), "command")
    except ValueError as error:
        fail(str(error))
    call(template_id)
    template = _template(template_id)
    if template.problem:
        fail(template.problem)
    show(_facts(template), f"Template {template.name} is {template.status}.", json)


def _outbound():
    if not plan.allows_outbound():
        fail(plan.why_not())


def _template(template_id):
    template = db.session.get(MessageTemplate, template_id, populate_existing=True)
    if template is None:
        fail(f"there is no template {template_id}")
    return template


def _account(key):
    account = db.session.scalar(select(Account).where(Account.key == key))
    if account is None:
        fail(f"there is no account {key}")
    return account


def _facts(template):
    return {name: getattr(template, name) for name in COLUMNS}
