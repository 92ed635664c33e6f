"""The handshake of webhook addresses; webhooks never come this far (see front)."""

from flask import Blueprint, Response, abort, current_app, request

from webapp.accounts.models import Account
from webapp.extensions import db
from webapp.providers import PROVIDERS, provider_for
from webapp.providers.base import WebhookRequest
from webapp.staff.access import public

bp = Blueprint("webhooks", __name__)


@bp.get("/webhooks/<provider>/<token>")
@public
def receive(provider, token):
    account = _account(provider, token)
    challenge = provider_for(account, current_app.config).handshake(_webhook_request())
    if challenge is None:
        abort(403)
    return Response(challenge, mimetype="text/plain")  # never HTML: anybody may choose the text


def _account(provider, token):
    either = db.or_(Account.webhook_token == token, Account.former_webhook_token == token)
    named = db.select(Account).where(either, Account.provider == provider)
    account = db.session.scalar(named)
    if account is None or account.provider not in PROVIDERS:
        abort(404)
    return account


def _webhook_request():
    headers = {name.lower(): value for name, value in request.headers.items()}
    url = current_app.config["PUBLIC_URL"] + request.full_path.rstrip("?")
    return WebhookRequest(request.method, url, headers, b"", request.args.to_dict())
