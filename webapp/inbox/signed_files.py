"""Addresses by which a provider fetches one file of ours: signed, and good for a few hours."""

from urllib.parse import quote

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

LIFETIME = 4 * 3600  # a provider that is slow to fetch has given up by then


def address_of(media):
    """The file's own name stands last: some providers show it to the customer."""
    name = f"/{quote(media.filename, safe='')}" if media.filename else ""
    return f"{current_app.config['PUBLIC_URL']}/files/{_signer().dumps(media.id)}{name}"


def media_id_in(token):
    """The file an address names, or None once it is too old or was never ours."""
    try:
        return _signer().loads(token, max_age=LIFETIME)
    except BadData:
        return None


def _signer():
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="file-for-a-provider")
