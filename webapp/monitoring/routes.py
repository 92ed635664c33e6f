"""`/metrics` for Prometheus: for whoever has the token, and for nobody while there is none."""

import hmac

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST

from webapp.monitoring import collecting
from webapp.staff.access import public

bp = Blueprint("monitoring", __name__)


@bp.get("/metrics")
@public
def metrics():
    if not _may_scrape():
        abort(404)
    return Response(collecting.text(), content_type=CONTENT_TYPE_LATEST)


def _may_scrape():
    """Where somebody asks from says nothing: behind a proxy on this machine everybody is local."""
    token = current_app.config["METRICS_TOKEN"]
    said = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(said.encode(), f"Bearer {token}".encode())
