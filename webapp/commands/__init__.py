"""The pages' verbs for scripts: `flask --app app GROUP VERB`, each with `--json`."""

from webapp.commands import (
    account_life,
    campaigns,
    contacts,
    demo,
    dispositions,
    doctor,
    interactions,
    planning,
    queues,
    reporting,
    sending,
    staff,
    templates,
)

GROUPS = (
    staff.group,
    queues.group,
    dispositions.group,
    account_life.group,
    interactions.group,
    contacts.group,
    sending.group,
    templates.group,
    campaigns.group,
    planning.group,
    reporting.group,
    doctor.command,
    demo.command,
)


def init_app(app):
    """Register every group of commands."""
    for group in GROUPS:
        app.cli.add_command(group)
