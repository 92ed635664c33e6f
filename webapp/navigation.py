"""The main menu: what exists and this person may open, decided by the views themselves."""

from dataclasses import dataclass

from flask import current_app, g, request
from flask_login import current_user

from webapp.columns import utcnow
from webapp.settings import plan
from webapp.staff import access
from webapp.staff.models import Role


@dataclass(frozen=True, slots=True)
class Item:
    endpoint: str
    name: str
    icon: str


DAILY = (
    Item("inbox.index", "Inbox", "inbox"),
    Item("board.index", "Realtime", "activity"),
    Item("contacts.index", "Contacts", "contact-round"),
    Item("campaigns.index", "Campaigns", "megaphone"),
)
SET_UP = (
    Item("message_templates.index", "Templates", "layout-template"),
    Item("queues.index", "Queues", "list-ordered"),
    Item("accounts.index", "WhatsApp accounts", "smartphone"),
    Item("staff.index", "People", "users-round"),
    Item("sandbox.index", "Sandbox", "flask-conical"),
)
REVIEW = (
    Item("reports.index", "Reports", "chart-no-axes-column"),
    Item("settings.index", "Settings", "settings"),
    Item("about.index", "About", "info"),
)


# Settings that live with the feature they are of; their pages have the settings' side list.
SETTINGS = (
    "mail",
    "outgoing_webhooks",
    "opt_out",
    "alarms.rules",
    "alarms.add_rule",
    "alarms.edit_rule",
    "contacts.tags",
    "contacts.fields",
    "campaigns.rules_page",
    "campaigns.paste_rates",
    "campaigns.add_rate",
    "campaigns.edit_rate",
)


def init_app(app):
    app.jinja_env.globals.update(
        navigation=groups, may_open=may_open, is_here=is_here, plan_notice=plan_notice
    )


def groups():
    """(label, items) with what the signed-in person may open; a group without any is left out."""
    labelled = (("", DAILY), ("Set up", SET_UP), ("Review", REVIEW))
    shown = (
        (label, [item for item in items if may_open(item.endpoint)]) for label, items in labelled
    )
    return [(label, items) for label, items in shown if items]


def may_open(endpoint):
    view = current_app.view_functions.get(endpoint)
    return view is not None and access.admits(view, current_user) and _is_in_the_plan(view)


def _is_in_the_plan(view):
    """Asked once per page, and only where a menu has something outbound."""
    if not getattr(view, "outbound", False):
        return True
    if "allows_outbound" not in g:
        g.allows_outbound = plan.allows_outbound()
    return g.allows_outbound


def plan_notice():
    """What admins should know of the plan, or nothing: from 30 days before its end."""
    if not current_user.is_authenticated or current_user.role != Role.ADMIN:
        return ""
    held, now = plan.plan(), utcnow()
    if held.has_ended(now):
        return "The plan has ended: nothing outbound leaves. What customers write still arrives."
    if held.ends_soon(now):
        return f"The plan ends after {held.last_day:%-d %B %Y}: then nothing outbound leaves."
    return ""


def is_here(endpoint):
    """Whether the page belongs to this item: its list, or one of its records."""
    is_setting = request.blueprint in SETTINGS or request.endpoint in SETTINGS
    here = "settings" if is_setting else request.blueprint
    return here == endpoint.partition(".")[0]
