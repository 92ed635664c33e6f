"""What follows when a template may no longer be sent, and when it may again."""

from collections.abc import Callable

from sqlalchemy import select

from webapp.accounts.models import Account
from webapp.alerting import raising
from webapp.alerting.raising import Trouble
from webapp.extensions import db
from webapp.message_templates.models import waba_is

ALERT = "template"
FEATURES: list[Callable] = []
RETURNING: list[Callable] = []


def when_left_approved(stop):
    """Register `stop(template, why)`: whatever uses templates stops there, inside the same unit."""
    FEATURES.append(stop)
    return stop


def when_approved_again(go_on):
    """Register `go_on(template)`: what had stopped for it may go on, inside the same unit."""
    RETURNING.append(go_on)
    return go_on


def left_approved(template, why):
    """The one place for what must stop. Pickers ask for approved ones, and the gate refuses what
    is queued already; a recontact template is missed by agents, so admins hear of it."""
    for stop in FEATURES:
        stop(template, why)
    accounts = _recontacting(template)
    if accounts or template.recontact:
        named = ", ".join(account.name for account in accounts)
        raising.raise_alert(
            ALERT,
            Trouble(
                _subject(template),
                f"Template “{template.name}” ({template.language}) can't be sent now",
                why,
                "Choose another recontact template"
                + (f" for {named}." if named else ", or mend this one."),
                account_id=accounts[0].id if accounts else template.account_id,
            ),
        )


def approved_again(template):
    for go_on in RETURNING:
        go_on(template)
    raising.end(ALERT, _subject(template))


def _subject(template):
    return f"template:{template.id}"


def _recontacting(template):
    """Accounts whose agents re-open conversations with it."""
    return db.session.scalars(
        select(Account)
        .where(
            Account.provider == template.provider,
            waba_is(Account.waba_id, template.waba_id),
            Account.recontact_template == template.name,
            Account.archived_at.is_(None),
        )
        .order_by(Account.id)
    ).all()
