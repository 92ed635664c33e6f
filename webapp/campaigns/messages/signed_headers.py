"""Addresses by which a provider fetches a campaign's header: signed, and good for two days."""

from datetime import timedelta
from urllib.parse import quote

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

LIFETIME = timedelta(days=2)


def address_of(media):
    """The file's own name stands last: some providers show it to the customer."""
    token = _signer().dumps([media["key"], media["mime_type"]])
    name = f"/{quote(media['filename'], safe='')}" if media.get("filename") else ""
    return f"{current_app.config['PUBLIC_URL']}/files/headers/{token}{name}"


def file_in(token):
    """(the file's key, its type), or None once the address is too old or was never ours."""
    try:
        key, mime_type = _signer().loads(token, max_age=LIFETIME.total_seconds())
    except BadData:
        return None
    return key, mime_type


def _signer():
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="header-for-a-provider")
