"""What a load balancer and the supervisor ask: is the process up, and can it serve."""

from flask import Blueprint, jsonify
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
        db.session.execute(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return jsonify(status="not ready", database="unreachable or not migrated"), 503
    try:
        redis_clients.hasty.ping()
    except RedisError:
        return jsonify(status="ready", redis="unreachable: pages work, live updates are delayed")
    return jsonify(status="ready")
