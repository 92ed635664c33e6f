"""Addresses by which a provider fetches a header's sample: signed, and good for two days."""

from urllib.parse import quote

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

LIFETIME = 48 * 3600  # whoever reviews the template may look at it only then


def address_of(template_id, media):
    """Of this very file: one chosen later has an address of its own."""
    token = _signer().dumps([template_id, media["key"]])
    name = f"/{quote(media['filename'], safe='')}" if media.get("filename") else ""
    return f"{current_app.config['PUBLIC_URL']}/templates/samples/{token}{name}"


def sample_in(token):
    """(template's id, the file's key), or None once it is too old or was never ours."""
    try:
        template_id, key = _signer().loads(token, max_age=LIFETIME)
    except BadData:
        return None
    return template_id, key


def _signer():
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="sample-for-a-provider")
