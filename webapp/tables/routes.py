"""Keeps which columns a person wants to see; and what list pages share when they answer."""

import re

from flask import Blueprint, Response, abort, request, stream_with_context
from flask_login import current_user

from webapp import pages
from webapp.staff import access
from webapp.tables import choosing, exporting, paging
from webapp.tables.state import state_of
from webapp.unit_of_work import unit_of_work

bp = Blueprint("tables", __name__)

NAME = re.compile(r"[a-z0-9_-]{1,40}")
MOST_COLUMNS = 100


@bp.post("/tables/<name>/columns")
@access.needs()
def columns(name):
    chosen = request.form.getlist("column")[:MOST_COLUMNS]
    if not NAME.fullmatch(name) or not all(NAME.fullmatch(column) for column in chosen):
        abort(400, "This list has no such column.")
    with unit_of_work():
        choosing.choose_columns(current_user, name, [] if "standard" in request.form else chosen)
    return pages.see_other(pages.own_path(request.form.get("next", "")))


def page_of(table, statement, total=None):
    """The page of this list that the request asks for, with the person's own columns."""
    return paging.page_of(
        table,
        statement,
        state_of(table, request.args),
        choosing.columns_for(table, current_user),
        total=total,
        path=request.path,
    )


def download(table, statement, filename):
    """The selection of the request's bulk form as a CSV file."""
    chosen = choosing.selected(table, statement, request.form)
    lines = exporting.csv_of(table, chosen, choosing.columns_for(table, current_user))
    return attachment(lines, "text/csv; charset=utf-8", filename)


def attachment(pieces, mime_type, filename):
    answer = Response(stream_with_context(pieces), content_type=mime_type)
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    answer.headers["Cache-Control"] = "no-store"
    return answer
