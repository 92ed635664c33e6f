"""The main menu: what exists and this person may open, decided by the views themselves."""

from dataclasses import dataclass

from flask import current_app, request
from flask_login import current_user

from webapp.staff import access


@dataclass(frozen=True, slots=True)
class Item:
    endpoint: str
    name: str
    icon: str


DAILY = (
    Item("inbox.index", "Inbox", "inbox"),
    Item("contacts.index", "Contacts", "contact-round"),
)
SET_UP = (
    Item("message_templates.index", "Templates", "layout-template"),
    Item("queues.index", "Queues", "list-ordered"),
    Item("accounts.index", "WhatsApp accounts", "smartphone"),
    Item("staff.index", "People", "users-round"),
    Item("sandbox.index", "Sandbox", "flask-conical"),
)
REVIEW = (Item("settings.index", "Settings", "settings"), Item("about.index", "About", "info"))


def init_app(app):
    app.jinja_env.globals.update(navigation=groups, may_open=may_open, is_here=is_here)


def groups():
    """(label, items) with what the signed-in person may open; a group without any is left out."""
    labelled = (("", DAILY), ("Set up", SET_UP), ("Review", REVIEW))
    shown = (
        (label, [item for item in items if may_open(item.endpoint)]) for label, items in labelled
    )
    return [(label, items) for label, items in shown if items]


def may_open(endpoint):
    view = current_app.view_functions.get(endpoint)
    return view is not None and access.admits(view, current_user)


def is_here(endpoint):
    """Whether the page belongs to this item: its list, or one of its records."""
    return request.blueprint == endpoint.partition(".")[0]
