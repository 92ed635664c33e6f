"""The settings' page of outcomes: asked in a dialog on it, or on a page of its own."""

from datetime import timedelta

from flask import Response, flash, request, url_for
from flask_login import current_user
from sqlalchemy import func, select

from webapp import pages
from webapp.accounts.models import Account
from webapp.columns import id_of, utcnow
from webapp.contacts.models import ContactList
from webapp.extensions import db
from webapp.inbox import wrapping_up
from webapp.queues.models import Queue
from webapp.settings import dispositions
from webapp.settings.models import Disposition
from webapp.settings.routes import bp
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]

COUNTED = timedelta(days=30)


@bp.get("/dispositions", endpoint="dispositions")
@access.needs(Role.ADMIN)
def list_dispositions():
    archived = request.args.get("show") == "archived"
    labels = dispositions.tree(archived)
    return pages.render(
        "settings/dispositions.html", labels=labels, archived=archived, times=_times(labels)
    )


@bp.route("/dispositions/add", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def add_disposition():
    """Of the first level, or with `parent` below that one."""
    parent_id = id_of(request.values.get("parent", ""))
    if request.method == "GET":
        return _ask("add", _label(parent_id) if parent_id else None)

    def add():
        account_id, queue_id, list_id = _place()
        dispositions.add(
            request.form.get("name", ""),
            _me(),
            request.form.get("description", ""),
            _found(parent_id) if parent_id else None,
            db.get_or_404(Account, account_id) if account_id else None,
            db.get_or_404(Queue, queue_id) if queue_id else None,
            db.get_or_404(ContactList, list_id) if list_id else None,
        )

    return _do("add", parent_id, add, "Outcome added.")


@bp.route("/dispositions/<int:id>", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def edit_disposition(id):
    if request.method == "GET":
        return _ask("edit", _label(id))

    def change():
        values = (request.form.get(name, "") for name in ("name", "description"))
        dispositions.change(_found(id), _me(), *values)

    return _do("edit", id, change, "Changes saved.")


@bp.route("/dispositions/<int:id>/archive", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def archive_disposition(id):
    if request.method == "GET":
        return _ask("archive", _label(id))
    return _do(
        "archive",
        id,
        lambda: dispositions.archive(_found(id), _me()),
        "Outcome archived. Closed conversations keep its words.",
    )


@bp.post("/dispositions/<int:id>/<any(up, down):where>")
@access.needs(Role.ADMIN)
def move_disposition(id, where):
    with unit_of_work():
        dispositions.move(_found(id), -1 if where == "up" else 1, _me())
    return pages.see_other(url_for(".dispositions"))


@bp.post("/dispositions/<int:id>/restore")
@access.needs(Role.ADMIN)
def restore_disposition(id):
    try:
        with unit_of_work():
            dispositions.restore(_found(id), _me())
    except dispositions.Refused as refused:
        flash(str(refused), "error")
        return pages.see_other(url_for(".dispositions", show="archived"))
    flash("Outcome restored.")
    return pages.see_other(url_for(".dispositions"))


def _do(act, id, verb, said):
    """Done, or the question again with why not and what was written."""
    try:
        with unit_of_work():
            verb()
    except dispositions.Refused as refused:
        return _ask(act, _label(id) if id else None, str(refused))
    flash(said)
    there = url_for(".dispositions")
    if pages.is_partial():
        return Response(status=204, headers={"HX-Redirect": there})
    return pages.see_other(there)


def _ask(act, label, error=None):
    """`label` is what is asked about: to add, the one it is to be below."""
    typed = request.form if error else {}
    row = label.row if label and act == "edit" else None
    asks_where = act == "add" and label is None
    return pages.render(
        "settings/disposition_act.html",
        "settings/_disposition_act.html",
        act=act,
        label=label,
        name=typed.get("name", row.name if row else ""),
        description=typed.get("description", row.description if row else ""),
        place=typed.get("place", ""),
        places=_places() if asks_where else (),
        times=_times([label])[label.id] if act == "archive" else 0,
        error=error,
        status=422 if error else 200,
    )


def _times(labels):
    """{id: how many conversations were closed with it, or with one below it}"""
    counted = wrapping_up.closings(utcnow() - COUNTED)
    every = dispositions.every(labels)
    return {id: sum(counted[one.id] for one in label.walk()) for id, label in every.items()}


def _places():
    """[(kind, words, rows)] of what an outcome may be offered for alone."""
    kinds = (("account", Account), ("queue", Queue), ("list", ContactList))
    return [
        (kind, f"For one {kind}", db.session.execute(_named(table)).all()) for kind, table in kinds
    ]


def _named(table):
    named = select(table.id, table.name).order_by(func.lower(table.name), table.id)
    return named.where(Account.archived_at.is_(None)) if table is Account else named


def _place():
    """(account id, queue id, list id) of where it is to be offered; all None for everywhere."""
    kind, _, id = request.form.get("place", "").partition("-")
    return tuple(id_of(id) if kind == one else None for one in ("account", "queue", "list"))


def _label(id):
    row = _found(id)
    return dispositions.every(dispositions.tree(row.archived_at is not None))[id]


def _found(id):
    return db.get_or_404(Disposition, id)


def _me():
    return db.session.get(User, current_user.id)
