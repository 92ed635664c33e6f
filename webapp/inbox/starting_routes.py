""" "+": a conversation begun from our side, by account, contact or number, and template."""

from flask import request, url_for
from flask_login import current_user

from webapp import pages
from webapp.contacts.models import Contact
from webapp.contacts.phones import NotANumber
from webapp.extensions import db
from webapp.inbox import new_views, starting, template_views
from webapp.inbox.forms import BeginForm
from webapp.inbox.routes import once
from webapp.inbox.template_routes import (
    REFUSALS,
    bp,
    header_file,
    opened,
    said,
    send_in,
    sentence_of,
    side_of,
)
from webapp.staff import access
from webapp.unit_of_work import unit_of_work


@bp.get("/inbox/new")
@access.needs()
@access.outbound
def new():
    """To whom and from where; once both are known, with which template."""
    asked = _asked()
    found = new_views.page(current_user, **asked)
    picked = {}
    if found.ready:
        picked = template_views.picker(found.account, found.contact, current_user) | _urls(found)
    return pages.render("inbox/new.html", new=found, **picked)


@bp.get("/inbox/new/contacts")
@access.needs()
@access.outbound
def new_contacts():
    """Contacts this person may see, by name or number; and the number itself, where it is one."""
    asked = _asked()
    found = new_views.page(current_user, **asked)
    return pages.render("inbox/_new_contacts.html", new=found)


@bp.get("/inbox/new/templates")
@access.needs()
@access.outbound
def new_templates():
    found = new_views.page(current_user, **_asked(query=False))
    query = request.args.get("q", "").strip()
    picked = template_views.picker(found.account, found.contact, current_user, query)
    return pages.render("inbox/_template_list.html", **picked, **_urls(found))


@bp.get("/inbox/new/templates/<int:template_id>")
@access.needs()
@access.outbound
def new_template(template_id):
    found = new_views.page(current_user, **_asked(query=False))
    return side_of(found.account, found.contact, template_id, **_urls(found))


@bp.post("/inbox/new")
@access.needs()
@access.outbound
def begin():
    form = BeginForm()
    if not form.validate():
        return said("Something was missing. Try again.", 422)
    account = new_views.account_of(current_user, form.account.data)
    if account is None:
        return said("Choose an account.", 422)
    try:
        file = header_file(account, form.template.data)
        began = once(lambda: _began(form, file))
    except REFUSALS as error:
        return said(sentence_of(error), 409)
    return opened(began)


def _began(form, file):
    with unit_of_work():
        account = new_views.account_of(current_user, form.account.data)
        contact = _contact(account, form)
        interaction = starting.start(account, contact, current_user)
        send_in(interaction, form, file)
        return interaction.id


def _contact(account, form):
    if form.contact.data:
        contact = db.session.get(Contact, form.contact.data)
        if contact is None or not access.may_see_contact(current_user, contact):
            raise ValueError("This contact is not to be seen by you.")
        return contact
    if not (form.number.data or "").strip():
        raise NotANumber("Choose a contact or write a number.")
    return starting.contact_of(account, form.number.data, form.name.data or "")


def _asked(query=True):
    return {
        "account_id": request.args.get("account", type=int),
        "contact_id": request.args.get("contact", type=int),
        "number": request.args.get("number", "").strip(),
        "query": request.args.get("q", "").strip() if query else "",
    }


def _urls(found):
    to = found.to
    return {
        "action": url_for(".begin"),
        "list_url": url_for(".new_templates", **to),
        "side_url": lambda template_id: url_for(".new_template", template_id=template_id, **to),
        "hidden": to,
        "name": found.name,
        "draft": "",
    }
