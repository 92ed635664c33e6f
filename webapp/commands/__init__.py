"""The pages' verbs for scripts: `flask --app app GROUP VERB`, each with `--json`."""

from webapp.commands import (
    account_life,
    contacts,
    demo,
    doctor,
    interactions,
    planning,
    queues,
    sending,
    staff,
    templates,
)

GROUPS = (
    staff.group,
    queues.group,
    account_life.group,
    interactions.group,
    contacts.group,
    sending.group,
    templates.group,
    planning.group,
    doctor.command,
    demo.command,
)


def init_app(app):
    """Register every group of commands."""
    for group in GROUPS:
        app.cli.add_command(group)
