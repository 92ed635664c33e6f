"""`flask --app app sending hold` and `release`: whether anything may leave."""

import click

from webapp import jobs, system
from webapp.commands.answers import Group, as_json, show
from webapp.extensions import db
from webapp.inbox import delivering
from webapp.staff.models import AuditEntry
from webapp.unit_of_work import unit_of_work

group = Group("sending", help="Hold back what is queued, or let it go.")
DEFAULT_REASON = "Held by a command."


@group.command("hold")
@click.option("--reason", default=DEFAULT_REASON, show_default=True)
@as_json
def hold(reason, json):
    """Let nothing leave until `sending release`; messages stay queued."""
    with unit_of_work():
        system.hold_sending(reason.strip() or DEFAULT_REASON)
        _note("held", reason)
        answer = {"held": True, "reason": system.sending_held()}
    show(answer, "Nothing leaves until `flask --app app sending release`.", json)


@group.command("release")
@as_json
def release(json):
    """Let what is queued go: after a restored backup, once you know what had been sent."""
    with unit_of_work():
        was = system.sending_held()
        system.release_sending()
        if was:
            _note("released", was)
        for account_id in delivering.accounts_with_work():
            jobs.hint("workers.outbound.drain", account_id)
    words = "What is queued leaves now." if was else "Sending was not held."
    show({"held": False, "was_held": bool(was)}, words, json)


def _note(action, reason):
    entry = AuditEntry(actor="command", action=action, subject="sending", note=reason)
    db.session.add(entry)
