"""Parley: a self-hosted WhatsApp contact centre. `create_app` is its table of contents."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import assets, config, database, errors, incoming, logs, models, security, words
from webapp.extensions import csrf, db, limiter, login, migrate, redis_clients, socketio, vault

__version__ = "0.1.0"


def create_app(settings=None):
    """The application; `settings` are laid over what the environment says."""
    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.config.from_mapping(config.load())
    app.config.from_mapping(settings or {}, VERSION=__version__)
    logs.init_app(app)
    incoming.init_app(app)
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
    from webapp.alerting import routes as alerting
    from webapp.contacts import bulk_routes as contacts  # each of these adds to one blueprint
    from webapp.contacts import (
        contact_routes,
        duplicate_routes,
        import_routes,
        list_routes,
        merge_routes,
        opt_out_routes,
        privacy_routes,
    )
    from webapp.inbox import passport_routes as passports
    from webapp.inbox import recontact_routes as inbox
    from webapp.live import push, socket
    from webapp.message_templates import sample_routes, trying_routes
    from webapp.queues import routes as queues
    from webapp.sandbox import routes as sandbox
    from webapp.settings import routes as settings
    from webapp.staff import bulk_routes as staff
    from webapp.tables import routes as tables
    from webapp.webhooks import payload_routes as payloads
    from webapp.webhooks import routes as webhooks

    features = (
        health,
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
        queues,
        inbox,
        passports,
        sample_routes,
        trying_routes,
        webhooks,
        payloads,
        alerting,
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
    from webapp.webhooks.front import Front

    app.wsgi_app = Front(app, app.wsgi_app)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
