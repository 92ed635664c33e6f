"""The sandbox page: a phone to be the customer with, for admins only."""

from flask import Blueprint, abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.sandbox import customers, posting, shifting, viewing
from webapp.sandbox.models import SandboxCustomer, SandboxEvent
from webapp.staff.access import needs
from webapp.staff.models import Role
from webapp.unit_of_work import unit_of_work

bp = Blueprint("sandbox", __name__, url_prefix="/sandbox")

HOUR = 3600
SHIFTS = (("1 h", HOUR), ("23 h 55 m", 24 * HOUR - 300), ("24 h", 24 * HOUR))
CHOICES = (
    ("read", "Delivered and read", "after 2 s"),
    ("delivered", "Delivered, not read", "phone in the pocket"),
    ("sent", "Only sent", "phone is off"),
    ("refused:131026", "Refused", "not on WhatsApp, 131026"),
    ("refused:131047", "Refused", "window closed, 131047"),
    ("twice", "Twice", "the same webhook two times"),
    ("no_answer", "No answer", "provider times out"),
)
ONE = "/<int:account_id>/<int:customer_id>"


@bp.get("")
@needs(Role.ADMIN)
def index():
    accounts, people = viewing.accounts(), viewing.customers()
    if not accounts or not people:
        return pages.render("sandbox/empty.html", accounts=accounts)
    customer = _chosen(people, "customer") or people[0]
    account = _chosen(accounts, "account") or viewing.last_written_to(customer, accounts)
    return pages.see_other(_address(account.id, customer.id))


@bp.post("/prepare")
@needs(Role.ADMIN)
def prepare():
    with unit_of_work():
        customers.prepare()
    return pages.see_other(url_for(".index"))


@bp.get(ONE)
@needs(Role.ADMIN)
def show(account_id, customer_id):
    return pages.render("sandbox/sandbox.html", **_both_sides(account_id, customer_id))


@bp.get(f"{ONE}/phone")
@needs(Role.ADMIN)
def phone(account_id, customer_id):
    return pages.render("sandbox/_phone.html", **_both_sides(account_id, customer_id))


@bp.get(f"{ONE}/agent")
@needs(Role.ADMIN)
def agent(account_id, customer_id):
    return pages.render("sandbox/_agent.html", **_both_sides(account_id, customer_id))


@bp.get(f"{ONE}/events")
@needs(Role.ADMIN)
def events(account_id, customer_id):
    return pages.render("sandbox/_events.html", **_both_sides(account_id, customer_id))


@bp.post("/<int:account_id>/customers")
@needs(Role.ADMIN)
def add(account_id):
    name, number = request.form.get("name", ""), request.form.get("phone", "")
    try:
        with unit_of_work():
            customer_id = customers.add(name, number).id
    except ValueError as error:
        flash(str(error), "error")
        return pages.see_other(url_for(".index", account=account_id))
    return pages.see_other(_address(account_id, customer_id))


@bp.post(f"{ONE}/say")
@needs(Role.ADMIN)
def say(account_id, customer_id):
    account, customer = _pair(account_id, customer_id)
    picture = request.files.get("picture")
    kind = picture.mimetype if picture else ""
    error, status = "", 200
    try:
        posting.say(
            customer.id, account.id, request.form.get("text", ""), picture and picture.read(), kind
        )
    except ValueError as refusal:
        error, status = str(refusal), 422
    if not pages.is_partial():
        if error:
            flash(error, "error")
        return pages.see_other(_address(account_id, customer_id))
    account, customer = _pair(account_id, customer_id)
    return pages.render(
        "sandbox/_say.html", account=account, customer=customer, error=error, status=status
    )


@bp.post(f"{ONE}/behave")
@needs(Role.ADMIN)
def behave(account_id, customer_id):
    try:
        with unit_of_work():
            _, customer = _pair(account_id, customer_id)
            wrong = "bad_signature" in request.form
            customers.behave(customer, request.form.get("behaviour", ""), wrong)
    except ValueError as error:
        abort(400, str(error))
    return _done(account_id, customer_id)


@bp.post(f"{ONE}/shift")
@needs(Role.ADMIN)
def shift(account_id, customer_id):
    seconds = request.form.get("seconds", type=int)
    if seconds not in {length for _, length in SHIFTS}:
        abort(400, "Choose one of the times offered.")
    with unit_of_work():
        account, customer = _pair(account_id, customer_id)
        contact = viewing.conversation_of(customer, account).contact
        if contact is not None:
            shifting.shift(account, contact, seconds)
    return _done(account_id, customer_id)


@bp.post(f"{ONE}/start-over")
@needs(Role.ADMIN)
def start_over(account_id, customer_id):
    with unit_of_work():
        account, customer = _pair(account_id, customer_id)
        customers.start_over(customer, account, current_user)
    return pages.see_other(_address(account_id, customer_id))


@bp.post(f"{ONE}/events/<int:event_id>/repeat")
@needs(Role.ADMIN)
def repeat(account_id, customer_id, event_id):
    event = db.get_or_404(SandboxEvent, event_id)
    if event.customer_id != customer_id:
        abort(404)
    posting.repeat(event.id)
    return _done(account_id, customer_id)


def _chosen(rows, name):
    wanted = request.args.get(name, type=int)
    return next((row for row in rows if row.id == wanted), None)


def _pair(account_id, customer_id):
    account = db.get_or_404(Account, account_id)
    if account.provider != "sandbox":
        abort(404)
    return account, db.get_or_404(SandboxCustomer, customer_id)


def _both_sides(account_id, customer_id):
    account, customer = _pair(account_id, customer_id)
    return {
        "account": account,
        "customer": customer,
        "accounts": viewing.accounts(),
        "customers": viewing.customers(),
        "messages": viewing.messages_of(customer, account),
        "interaction": viewing.conversation_of(customer, account).interaction,
        "events": viewing.events_of(customer),
        "painted": viewing.painted,
        "choices": CHOICES,
        "shifts": SHIFTS,
        "error": "",
    }


def _address(account_id, customer_id):
    return url_for(".show", account_id=account_id, customer_id=customer_id)


def _done(account_id, customer_id):
    """The live parts of the page see the change by themselves; without script the page reloads."""
    if pages.is_partial():
        return "", 204
    return pages.see_other(_address(account_id, customer_id))
