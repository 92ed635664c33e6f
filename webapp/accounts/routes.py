"""Pages of WhatsApp accounts."""

from flask import Blueprint, abort, flash, render_template, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts import (
    checking,
    condition,
    forms,
    guiding,
    health,
    listing,
    living,
    saving,
    sealing,
)
from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.staff.access import needs
from webapp.staff.models import Role
from webapp.tables import routes as tables
from webapp.unit_of_work import unit_of_work

bp = Blueprint("accounts", __name__, url_prefix="/accounts")


@bp.get("")
@needs(Role.ADMIN)
def index():
    any_archived = "show" in request.args or listing.any_archived()
    page = tables.page_of(
        listing.table(any_archived), listing.with_queues(), listing.count_in_use()
    )
    return pages.render(
        "accounts/index.html",
        "accounts/_accounts.html",
        page=page,
        providers=PROVIDERS,
        any_archived=any_archived,
        state_of=listing.state_of,
        queue_of=listing.queue_of,
    )


@bp.post("/export")
@needs(Role.ADMIN)
def export():
    return tables.download(listing.ACCOUNTS, listing.with_queues(), "whatsapp-accounts.csv")


@bp.route("/add", methods=["GET", "POST"])
@needs(Role.ADMIN)
def add():
    offered = saving.providers_offered()
    name = request.values.get("provider") or offered[0].name
    if name not in {provider.name for provider in offered}:
        abort(404)
    form = forms.form_for(name)
    if request.method == "GET":
        _keep_typed(form)
        return _add_page(form, name, offered)
    if not form.validate():
        return _add_page(form, name, offered, 422)
    try:
        with unit_of_work():
            account_id = saving.add(current_user, name, form.values()).id
    except saving.Invalid as error:
        form.show(error.errors)
        return _add_page(form, name, offered, 422)
    flash("Account added. Now give its webhook address to the provider.")
    return pages.see_other(url_for(".edit", id=account_id))


@bp.route("/<int:id>", methods=["GET", "POST"])
@needs(Role.ADMIN)
def edit(id):
    account = db.get_or_404(Account, id)
    form = forms.form_for(account.provider, account)
    if request.method == "GET":
        return _edit_page(account, form)
    if not form.validate():
        return _edit_page(account, form, status=422)
    try:
        with unit_of_work():
            saving.change(db.session.get(Account, id), current_user, form.values())
    except saving.Invalid as error:
        form.show(error.errors)
        return _edit_page(db.session.get(Account, id), form, status=422)
    flash("Changes saved.")
    return pages.see_other(url_for(".edit", id=id))


@bp.post("/<int:id>/check")
@needs(Role.ADMIN)
def check(id):
    checked = checking.check(db.get_or_404(Account, id))
    if pages.is_partial():
        return render_template("accounts/_connection.html", checked=checked)
    account = db.get_or_404(Account, id)
    return _edit_page(account, forms.form_for(account.provider, account), checked=checked)


@bp.get("/<int:id>/health")
@needs(Role.ADMIN)
def account_health(id):
    account = db.get_or_404(Account, id)
    return render_template("accounts/_health.html", account=account, health=condition.of(account))


@bp.get("/<int:id>/state")
@needs(Role.ADMIN)
def state(id):
    account = db.get_or_404(Account, id)
    return render_template("accounts/_state.html", account=account, state=condition.state(account))


@bp.post("/<int:id>/resume")
@needs(Role.ADMIN)
def resume(id):
    with unit_of_work():
        health.resume(db.get_or_404(Account, id), current_user)
    if pages.is_partial():
        return account_health(id)
    flash("What waits is tried again.")
    return pages.see_other(url_for(".edit", id=id))


@bp.get("/<int:id>/secrets/<name>")
@needs(Role.ADMIN)
def secret(id, name):
    """One secret's field: what is stored, or with ?replace an empty input."""
    account = db.get_or_404(Account, id)
    return _secret_field(account, name, "replace" in request.args)


@bp.post("/<int:id>/secrets/<name>/drop-former")
@needs(Role.ADMIN)
def drop_former(id, name):
    with unit_of_work():
        saving.drop_former(db.get_or_404(Account, id), current_user, name)
    if pages.is_partial():
        return _secret_field(db.session.get(Account, id), name, replacing=False)
    flash("Only the new secret is valid from now on.")
    return pages.see_other(url_for(".edit", id=id))


@bp.post("/<int:id>/delete")
@needs(Role.ADMIN)
def delete(id):
    try:
        with unit_of_work():
            saving.delete(db.get_or_404(Account, id), current_user)
    except saving.Invalid as error:
        flash(str(error), "error")
        return pages.see_other(url_for(".edit", id=id))
    flash("Account deleted.")
    return pages.see_other(url_for(".index"))


def _keep_typed(form):
    """Another provider was chosen: what was typed into the fields they share stays."""
    if "name" in request.args:
        form.process(formdata=request.args)


def _add_page(form, provider_name, offered, status=200):
    return pages.render(
        "accounts/add.html",
        form=form,
        provider=PROVIDERS[provider_name],
        offered=offered,
        status=status,
    )


def _edit_page(account, form, checked=None, status=200):
    return pages.render(
        "accounts/edit.html",
        account=account,
        form=form,
        provider=PROVIDERS[account.provider],
        health=condition.of(account),
        checked=checked,
        secrets=_secrets(account, form),
        sealed=not sealing.readable(account),
        webhook_url=guiding.webhook_url(account),
        former_webhook_url=guiding.former_webhook_url(account),
        verify_token=sealing.stored(account, "verify_token"),
        steps=guiding.steps(account),
        former_provider=PROVIDERS.get(account.former_provider),
        used=saving.is_used(account),
        open_conversations=living.open_conversations(account),
        messages_to_send=living.messages_to_send(account),
        status=status,
    )


def _secrets(account, form):
    """(declared, field, what is stored, whether it is being replaced) for each secret."""
    replaced = request.args.get("replace")
    return [
        (one, field, sealing.known_of(account, one.name), one.name == replaced or bool(field.data))
        for one, field in form.provider_fields
        if one.secret
    ]


def _secret_field(account, name, replacing):
    form = forms.form_for(account.provider, account)
    declared = next((one for one in form.declared if one.secret and one.name == name), None)
    if declared is None:
        abort(404)
    return render_template(
        "accounts/_secret.html",
        account=account,
        declared=declared,
        field=form[name],
        known=sealing.known_of(account, name),
        replacing=replacing,
    )
