"""An account's life: its address is replaced, it moves, it is archived; beside its pages."""

from flask import abort, flash, request, url_for
from flask_login import current_user

from webapp import pages
from webapp.accounts import forms, living, saving, sealing
from webapp.accounts.models import Account
from webapp.accounts.routes import bp
from webapp.extensions import db
from webapp.providers import PROVIDERS
from webapp.staff.access import needs
from webapp.staff.models import Role
from webapp.unit_of_work import unit_of_work

__all__ = ["bp"]


@bp.post("/<int:id>/replace-token")
@needs(Role.ADMIN)
def replace_token(id):
    return _do(
        id, living.replace_token, "The address is new. Enter it at the provider, then drop the old."
    )


@bp.post("/<int:id>/drop-former-token")
@needs(Role.ADMIN)
def drop_former_token(id):
    return _do(id, living.drop_former_token, "Only the new address is valid from now on.")


@bp.route("/<int:id>/move", methods=["GET", "POST"])
@needs(Role.ADMIN)
def move(id):
    account = db.get_or_404(Account, id)
    offered = living.providers_to_move_to(account)
    name = request.values.get("provider") or (offered[0].name if offered else "")
    if account.archived_at or name not in {provider.name for provider in offered}:
        abort(404)
    form = forms.form_to_move(living.destination(account, name))
    if request.method == "GET":
        return _move_page(account, form, name, offered)
    if not form.validate():
        return _move_page(account, form, name, offered, 422)
    try:
        with unit_of_work():
            living.move(db.session.get(Account, id), current_user, name, form.provider_values)
    except saving.Invalid as error:
        form.show(error.errors)
        return _move_page(db.session.get(Account, id), form, name, offered, 422)
    flash(f"The number is at {PROVIDERS[name].label} now. Enter its webhook address there.")
    return pages.see_other(url_for(".edit", id=id))


@bp.post("/<int:id>/drop-former-provider")
@needs(Role.ADMIN)
def drop_former_provider(id):
    return _do(id, living.drop_former_provider, "The former provider is not listened to any more.")


@bp.post("/<int:id>/archive")
@needs(Role.ADMIN)
def archive(id):
    closing = "close_open" in request.form
    return _do(id, living.archive, "Account archived.", close_open=closing)


@bp.post("/<int:id>/restore")
@needs(Role.ADMIN)
def restore(id):
    return _do(id, living.restore, "Account restored. It is switched off until you switch it on.")


def _do(id, verb, words, **options):
    try:
        with unit_of_work():
            verb(db.get_or_404(Account, id), current_user, **options)
    except saving.Invalid as error:
        flash(str(error), "error")
    else:
        flash(words)
    return pages.see_other(url_for(".edit", id=id))


def _move_page(account, form, name, offered, status=200):
    moved = living.destination(account, name)
    return pages.render(
        "accounts/move.html",
        account=account,
        form=form,
        offered=offered,
        provider=PROVIDERS[name],
        former=PROVIDERS[account.provider],
        known={one.name: sealing.known_of(moved, one.name) for one in form.declared},
        forgotten=PROVIDERS.get(account.former_provider),
        waiting=living.messages_to_send(account),
        status=status,
    )
