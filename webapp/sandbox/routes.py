"""The sandbox page: a phone to be the customer with, for admins only."""

from flask import Blueprint, abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.sandbox import customers, posting, saying, shifting, viewing
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


@bp.get(f"{ONE}/say")
@needs(Role.ADMIN)
def writing(account_id, customer_id):
    """The field to write in, answering one of the messages."""
    return _say_form(account_id, customer_id, quoting=request.args.get("message", type=int))


@bp.post(f"{ONE}/say")
@needs(Role.ADMIN)
def say(account_id, customer_id):
    def said(customer, account):
        form, file = request.form, request.files.get("file")
        text = form.get("text", "")
        message = viewing.message_on(customer, account, form.get("message", type=int))
        reply_to = message.provider_id if message else None
        if form.get("also") == "place":
            place = saying.place(text.strip())
            posting.post(customer.id, account.id, place, reply_to)
        elif form.get("also") == "card":
            posting.post(customer.id, account.id, saying.card(), reply_to)
        else:
            facts = {"reply_to": reply_to}
            if file:
                facts |= {"mime_type": file.mimetype, "filename": file.filename or ""}
            posting.say(
                customer.id, account.id, form.get("text", ""), file and file.read(), **facts
            )

    return _posted(account_id, customer_id, said)


@bp.post(f"{ONE}/react")
@needs(Role.ADMIN)
def react(account_id, customer_id):
    """A reaction to one of the business's messages; none takes it back."""

    def said(customer, account):
        message = viewing.message_on(customer, account, request.form.get("message", type=int))
        emoji = request.form.get("emoji", "")
        reaction = saying.reaction(message.provider_id if message else None, emoji)
        posting.post(customer.id, account.id, reaction)

    return _posted(account_id, customer_id, said)


@bp.post(f"{ONE}/tap")
@needs(Role.ADMIN)
def tap(account_id, customer_id):
    """A tap on a button, or on a line of a list, that the business offered."""

    def said(customer, account):
        message = viewing.message_on(customer, account, request.form.get("message", type=int))
        if message is None:
            raise ValueError("This message is gone.")
        said = saying.tap(message.kind, message.content or {}, request.form.get("choice", ""))
        posting.post(customer.id, account.id, said, message.provider_id)

    return _posted(account_id, customer_id, said)


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


def _posted(account_id, customer_id, said):
    """Say it as the customer; a sentence at the field where no phone could."""
    account, customer = _pair(account_id, customer_id)
    error = ""
    try:
        said(customer, account)
    except ValueError as refusal:
        error = str(refusal)
    if pages.is_partial():
        return _say_form(account_id, customer_id, error=error)
    if error:
        flash(error, "error")
    return pages.see_other(_address(account_id, customer_id))


def _say_form(account_id, customer_id, error="", quoting=None):
    account, customer = _pair(account_id, customer_id)
    return pages.render(
        "sandbox/_say.html",
        account=account,
        customer=customer,
        quoted=viewing.message_on(customer, account, quoting) if quoting else None,
        error=error,
        status=422 if error else 200,
    )


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
        "bubbles": viewing.bubbles_of(customer, account),
        "interaction": viewing.conversation_of(customer, account).interaction,
        "events": viewing.events_of(customer),
        "painted": viewing.painted,
        "choices": CHOICES,
        "shifts": SHIFTS,
        "error": "",
        "quoted": None,
    }


def _address(account_id, customer_id):
    return url_for(".show", account_id=account_id, customer_id=customer_id)


def _done(account_id, customer_id):
    """The live parts of the page see the change by themselves; without script the page reloads."""
    if pages.is_partial():
        return "", 204
    return pages.see_other(_address(account_id, customer_id))
