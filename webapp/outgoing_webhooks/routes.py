"""The pages of our own webhooks: where to, what became of each delivery, once more."""

from flask import Blueprint, abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.extensions import db
from webapp.outgoing_webhooks import delivering, saving
from webapp.outgoing_webhooks.forms import WebhookForm
from webapp.outgoing_webhooks.models import OutgoingWebhook, WebhookDelivery
from webapp.staff import access
from webapp.staff.models import Role, User
from webapp.unit_of_work import unit_of_work

bp = Blueprint("outgoing_webhooks", __name__, url_prefix="/settings/webhooks")


@bp.get("")
@access.needs(Role.ADMIN)
def index():
    return pages.render("outgoing_webhooks/index.html", webhooks=saving.all_webhooks())


@bp.route("/add", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def add():
    form = WebhookForm()
    if request.method == "GET" or not form.validate():
        return _page(form, None)
    with unit_of_work():
        webhook = saving.add(form.values(), by=_me())
        id, secret = webhook.id, webhook.secret
    return _page(WebhookForm(obj=db.session.get(OutgoingWebhook, id)), id, secret=secret)


@bp.route("/<int:id>", methods=["GET", "POST"])
@access.needs(Role.ADMIN)
def edit(id):
    webhook = db.get_or_404(OutgoingWebhook, id)
    if request.method == "GET":
        return _page(WebhookForm(obj=webhook, webhook=webhook), id)
    form = WebhookForm(webhook=webhook)
    if not form.validate():
        return _page(form, id)
    with unit_of_work():
        saving.change(db.session.get(OutgoingWebhook, id), form.values(), by=_me())
    flash("Webhook saved.")
    return pages.see_other(url_for(".edit", id=id))


@bp.post("/<int:id>/secret")
@access.needs(Role.ADMIN)
def replace_secret(id):
    with unit_of_work():
        secret = saving.replace_secret(db.get_or_404(OutgoingWebhook, id), by=_me())
    webhook = db.session.get(OutgoingWebhook, id)
    return _page(WebhookForm(obj=webhook, webhook=webhook, formdata=None), id, secret=secret)


@bp.post("/<int:id>/test")
@access.needs(Role.ADMIN)
def test(id):
    with unit_of_work():
        db.get_or_404(OutgoingWebhook, id)
        sent = delivering.post(id, "test", {"words": "A test from Parley."})
    flash("A test is on its way." if sent else "Switch the webhook on first.")
    return pages.see_other(url_for(".edit", id=id))


@bp.post("/<int:id>/deliveries/<int:delivery_id>/replay")
@access.needs(Role.ADMIN)
def replay(id, delivery_id):
    with unit_of_work():
        delivery = db.get_or_404(WebhookDelivery, delivery_id)
        if delivery.webhook_id != id:
            abort(404)
        delivering.replay(delivery)
    flash("On its way once more.")
    return pages.see_other(url_for(".edit", id=id))


@bp.get("/<int:id>/deliveries")
@access.needs(Role.ADMIN)
def deliveries(id):
    webhook = db.get_or_404(OutgoingWebhook, id)
    return pages.render(
        "outgoing_webhooks/_deliveries.html", webhook=webhook, deliveries=saving.latest(webhook)
    )


@bp.post("/<int:id>/delete")
@access.needs(Role.ADMIN)
def delete(id):
    with unit_of_work():
        rules = saving.delete(db.get_or_404(OutgoingWebhook, id), by=_me())
    flash("Webhook deleted.")
    if rules:
        flash(f"It was called by {', '.join(rules)}: choose another one there.", "error")
    return pages.see_other(url_for(".index"))


def _me():
    return db.session.get(User, current_user.id)


def _page(form, id, secret=None):
    webhook = db.session.get(OutgoingWebhook, id) if id else None
    return pages.render(
        "outgoing_webhooks/webhook.html",
        status=422 if form.errors else 200,
        form=form,
        webhook=webhook,
        secret=secret,
        deliveries=saving.latest(webhook) if webhook else (),
    )
