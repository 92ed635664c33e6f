"""What a load balancer and the supervisor ask: is the process up, and can it serve."""

from functools import cache
from pathlib import Path

from flask import Blueprint, current_app, jsonify
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import db, redis_clients
from webapp.staff.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz():
    return jsonify(status="up")


@bp.get("/readyz")
@public
def readyz():
    """200 only where the database is migrated and reachable; Redis is reported, not required."""
    try:
        at = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return jsonify(status="not ready", database="unreachable or not migrated"), 503
    # Tables of a later version are fine: while an update rolls out the former one still serves.
    if at is None or at < _newest_migration(current_app.root_path):
        return jsonify(status="not ready", database="not migrated"), 503
    try:
        redis_clients.hasty.ping()
    except RedisError:
        return jsonify(status="ready", redis="unreachable: pages work, live updates are delayed")
    return jsonify(status="ready")


@cache
def _newest_migration(root_path):
    """The number all files of migrations begin with; Alembic itself is 9 MB that web never uses."""
    versions = Path(root_path).parent / "migrations" / "versions"
    return max(path.name[:4] for path in versions.glob("[0-9]*.py"))
