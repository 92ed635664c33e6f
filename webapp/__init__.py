"""Parley: a self-hosted WhatsApp contact centre. `create_app` is its table of contents."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    assets,
    config,
    database,
    errors,
    incoming,
    logs,
    models,
    request_ids,
    security,
    words,
)
from webapp.extensions import csrf, db, limiter, login, migrate, redis_clients, socketio, vault

__version__ = "0.1.0"


def create_app(settings=None):
    """The application; `settings` are laid over what the environment says."""
    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.config.from_mapping(config.load())
    app.config.from_mapping(settings or {}, VERSION=__version__)
    logs.init_app(app)
    incoming.init_app(app)
    request_ids.init_app(app)
    _extensions(app)
    _features(app)
    _pages(app)
    _front(app)
    return app


def _extensions(app):
    app.config.setdefault(
        "SQLALCHEMY_ENGINE_OPTIONS", database.engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    )
    app.config["RATELIMIT_STORAGE_URI"] = app.config["REDIS_URL"]
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 1, "socket_timeout": 2}
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True  # without Redis people can still sign in
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lasts as long as the sign-in
    vault.init_app(app)
    redis_clients.init_app(app)
    db.init_app(app)
    database.prepare(app)
    migrate.init_app(app, db, directory=f"{app.root_path}/../migrations")
    csrf.init_app(app)
    login.init_app(app)
    limiter.init_app(app)
    security.init_app(app)
    models.check()


def _features(app):
    from webapp import commands, health
    from webapp.about import routes as about
    from webapp.accounts import life_routes as accounts
    from webapp.alarms import rule_routes as alarms
    from webapp.alerting import routes as alerting
    from webapp.analytics import past_routes, steering_routes  # each adds to one blueprint
    from webapp.analytics import tv_routes as board
    from webapp.campaigns import following  # noqa: F401 - templates tell it when they leave
    from webapp.campaigns.messages import header_routes
    from webapp.campaigns.pages import life_routes as campaigns  # these too add to one blueprint
    from webapp.campaigns.pages import recipient_routes
    from webapp.campaigns.settings import rules_routes
    from webapp.campaigns.wizard import (
        audience_routes,
        message_routes,
        review_routes,
        schedule_routes,
    )
    from webapp.contacts import bulk_routes as contacts  # each of these adds to one blueprint
    from webapp.contacts import (
        contact_routes,
        duplicate_routes,
        import_routes,
        list_routes,
        merge_routes,
        opt_out_routes,
        privacy_routes,
        saved_filter_routes,
    )
    from webapp.inbox import passport_routes as passports
    from webapp.inbox import recontact_routes as inbox
    from webapp.live import push, socket
    from webapp.mail import routes as mail
    from webapp.message_templates import sample_routes, trying_routes
    from webapp.monitoring import routes as monitoring
    from webapp.outgoing_webhooks import routes as outgoing_webhooks
    from webapp.queues import routes as queues
    from webapp.reports import attempt_routes, cost_routes, disposition_routes
    from webapp.reports import file_routes as reports  # each of these adds to one blueprint
    from webapp.reports import schedule_routes as report_schedules
    from webapp.sandbox import routes as sandbox
    from webapp.settings import disposition_routes as settings
    from webapp.staff import bulk_routes as staff
    from webapp.tables import routes as tables
    from webapp.webhooks import payload_routes as payloads
    from webapp.webhooks import routes as webhooks

    features = (
        health,
        monitoring,
        staff,
        accounts,
        contacts,
        contact_routes,
        list_routes,
        opt_out_routes,
        duplicate_routes,
        import_routes,
        merge_routes,
        privacy_routes,
        saved_filter_routes,
        campaigns,
        recipient_routes,
        header_routes,
        audience_routes,
        message_routes,
        schedule_routes,
        review_routes,
        rules_routes,
        queues,
        inbox,
        passports,
        sample_routes,
        trying_routes,
        webhooks,
        payloads,
        alerting,
        alarms,
        mail,
        outgoing_webhooks,
        reports,
        past_routes,
        steering_routes,
        board,
        report_schedules,
        attempt_routes,
        cost_routes,
        disposition_routes,
        about,
        tables,
        settings,
    )
    for blueprint in dict.fromkeys(feature.bp for feature in features):
        app.register_blueprint(blueprint)
    if app.config["SANDBOX"]:
        app.register_blueprint(sandbox.bp)
    csrf.exempt(webhooks.bp)
    commands.init_app(app)
    socketio.init_app(
        app,
        async_mode=app.config["SOCKETIO_ASYNC_MODE"],
        message_queue=app.config["REDIS_URL"],
        channel=push.CHANNEL,
        transports=["websocket"],
        cors_allowed_origins=[app.config["PUBLIC_URL"]],
    )
    socket.init_app(app)


def _pages(app):
    from webapp import navigation

    assets.init_app(app)
    words.init_app(app)
    errors.init_app(app)
    navigation.init_app(app)


def _front(app):
    from webapp.analytics import front as board_front
    from webapp.analytics import socket as board_socket
    from webapp.live.front import Front as LiveFront
    from webapp.request_ids import RequestIds
    from webapp.webhooks.front import Front

    board = board_front.Front(LiveFront(app.wsgi_app))
    board_socket.init_app(app, board.newest)
    app.wsgi_app = RequestIds(Front(app, board))
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
