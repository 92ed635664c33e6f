"""The support bundle: version, settings, health and counts, without one secret or customer."""

import io
import json
import platform
import sys
import zipfile
from importlib.metadata import distributions
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import func, select

from webapp.about import examining
from webapp.columns import utcnow
from webapp.extensions import db

# Named one by one: a setting added later stays out until somebody has thought about it.
SAFE = (
    "ALLOW_PRIVATE_ADDRESSES",
    "BIND_ADDRESS",
    "LOG_LEVEL",
    "META_API_URL",
    "META_API_VERSION",
    "PAYLOAD_RETENTION_DAYS",
    "PORT",
    "PUBLIC_URL",
    "S3_REGION",
    "SANDBOX",
    "SOCKETIO_ASYNC_MODE",
    "TRUSTED_PROXIES",
    "WEB_CONCURRENCY",
)
ADDRESSES = ("SQLALCHEMY_DATABASE_URI", "REDIS_URL")  # they carry passwords
YES_OR_NO = (
    "SECRET_KEY",
    "CREDENTIAL_KEYS",
    "METRICS_TOKEN",
    "S3_BUCKET",
    "S3_ENDPOINT_URL",
    "SMTP_URL",
)


def bundle(version):
    """A zip file's bytes."""
    findings = examining.examine()
    parts = {
        "version.json": versions(version),
        "settings.json": settings(),
        "health.json": [finding.as_dict() for finding in findings],
        "counts.json": counts() if examining.has_tables(findings) else {},
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"parley/{name}", json.dumps(content, indent=2, default=str))
    return file.getvalue()


def versions(version):
    return {
        "parley": version,
        "made_at": utcnow().isoformat(),
        "python": sys.version,
        "system": platform.platform(),
        "packages": sorted(f"{one.metadata['Name']} {one.version}" for one in distributions()),
    }


def settings():
    """What was set, and of anything secret only that it was set."""
    config = current_app.config
    shown = {name: config.get(name) for name in SAFE}
    shown |= {name: _without_password(config.get(name)) for name in ADDRESSES}
    shown |= {name: "set" if config.get(name) else "not set" for name in YES_OR_NO}
    return shown


def counts():
    """How many rows each table has."""
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in db.metadata.sorted_tables
    }


def _without_password(address):
    """Scheme, port and kind of place; neither user, password, host nor path's names."""
    parts = urlsplit(address or "")
    return f"{parts.scheme}://…" + (f":{parts.port}" if parts.port else "")
