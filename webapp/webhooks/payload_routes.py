"""Pages of stored webhooks: which there are, what stood in one, and running them again."""

from datetime import datetime

from flask import Blueprint, abort, flash, request, url_for
from flask_login import current_user
from sqlalchemy import select

from webapp import pages, words
from webapp.accounts.models import Account
from webapp.columns import id_of
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.staff.access import needs
from webapp.staff.models import Role
from webapp.unit_of_work import unit_of_work
from webapp.webhooks import finding, masking, outcomes, replaying, showing
from webapp.webhooks.finding import Filter
from webapp.webhooks.models import WebhookPayload

bp = Blueprint("payloads", __name__, url_prefix="/accounts/payloads")

LONGEST_WORDS = 200


@bp.get("")
@needs(Role.ADMIN)
def index():
    wanted = _wanted(request.args)
    rows, next_page = finding.page(wanted, request.args.get("before", type=int))
    named = select(Account.id, Account.name, Account.provider).order_by(Account.name, Account.id)
    return pages.render(
        "webhooks/payloads.html",
        "webhooks/_payloads.html",
        rows=rows,
        next_page=next_page,
        wanted=wanted,
        chosen=_chosen(request.args),
        accounts={account.id: account for account in db.session.execute(named)},
        providers=PROVIDERS,
        state_of=finding.state_of,
        most=replaying.MOST,
    )


@bp.get("/<int:id>")
@needs(Role.ADMIN)
def payload(id):
    stored = db.get_or_404(WebhookPayload, id)
    account = db.session.get(Account, stored.account_id)
    return pages.render(
        "webhooks/payload.html",
        payload=stored,
        account=account,
        provider=PROVIDERS.get(stored.provider or account.provider),
        state=finding.state_of(stored),
        told=outcomes.of(stored),
        parts=showing.parts_of(stored, masking.secrets_of(account)),
    )


@bp.post("/<int:id>/retry")
@needs(Role.ADMIN)
def retry(id):
    with unit_of_work():
        replaying.again(db.get_or_404(WebhookPayload, id), current_user)
    flash("The webhook is read again.")
    return pages.see_other(url_for(".payload", id=id))


@bp.post("/replay")
@needs(Role.ADMIN)
def replay():
    try:
        with unit_of_work():
            count = replaying.ask(_wanted(request.form), current_user)
    except replaying.TooMany as error:
        flash(str(error), "error")
    else:
        flash(_said(count))
    return pages.see_other(url_for(".index", **_chosen(request.form)))


def _wanted(given):
    """The filter an address or a form names; 400 where it makes no sense."""
    state = given.get("state") or None
    if state not in (None, *finding.STATES):
        abort(400)
    return Filter(
        account_id=_number(given.get("account")),
        state=state,
        words=given.get("q", "").strip()[:LONGEST_WORDS],
        since=_moment(given.get("since")),
        until=_moment(given.get("until")),
    )


def _chosen(given):
    names = ("account", "state", "q", "since", "until")
    return {name: given[name] for name in names if given.get(name)}


def _number(text):
    if not text:
        return None
    number = id_of(text)
    if number is None:
        abort(400)
    return number


def _moment(text):
    """As a browser's field gives it, in the browser's time zone."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=words.zone())
    except ValueError:
        abort(400)


def _said(count):
    if not count:
        return "Nothing to run again: what waits is read anyway."
    return "1 webhook is read again." if count == 1 else f"{count:,} webhooks are read again."
