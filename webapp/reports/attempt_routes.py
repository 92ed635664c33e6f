"""The page of attempts: row by row, the latest first, found by key."""

from flask import request, url_for

from webapp.reports import attempts
from webapp.reports.routes import asked, bp, page
from webapp.staff import access


@bp.get("/attempts", endpoint="attempts")
@access.needs(*access.LEADERS)
def show_attempts():
    choice, _ = asked()
    after, before = request.args.get("after", ""), request.args.get("before", "")
    rows, following, preceding = attempts.page_of(choice, after, before)
    return page(
        "reports/attempts.html",
        choice,
        report=attempts.REPORT,
        rows=rows,
        first=preceding and _at(choice),
        previous=preceding and _at(choice, before=preceding),
        next=following and _at(choice, after=following),
    )


def _at(choice, **cursor):
    return url_for(".attempts", **choice.address(), **cursor)
