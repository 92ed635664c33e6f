"""Every setting, read from the environment and checked in one place."""

import ipaddress
import os
import re
from email.utils import formataddr, getaddresses
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from webapp import embedded, opening_hours

LOG_LEVELS = ("debug", "info", "warning", "error")
ASYNC_MODES = ("threading", "gevent")
DATABASE_SCHEMES = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}


class ConfigError(Exception):
    """A setting nobody can start with; the message begins with the variable's name."""

    def __init__(self, name, reason):
        super().__init__(f"{name}: {reason}")
        self.name = name


def load(environ=None):
    """Settings for `app.config.from_mapping`; raises ConfigError for the first that is wrong."""
    env = _stripped(environ)
    where = _places(env)
    data_dir = where["DATA_DIR"]
    port = _integer(env, "PORT", 5000, 1, 65_535)
    public_url = _public_url(env, port)
    return {
        **where,
        "PORT": port,
        "BIND_ADDRESS": _bind_address(env),
        "PUBLIC_URL": public_url,
        "REDIS_URL": _redis_url(env, data_dir),
        "SECRET_KEY": _secret_key(env, data_dir),
        "CREDENTIAL_KEYS": _credential_keys(env, data_dir),
        "TRUSTED_PROXIES": _integer(env, "TRUSTED_PROXIES", 0, 0, 10),
        "SANDBOX": _flag(env, "SANDBOX", is_local(public_url)),
        "META_API_URL": _api_url(env, "META_API_URL", "https://graph.facebook.com"),
        "META_API_VERSION": _api_version(env),
        "TWILIO_API_URL": _api_url(env, "TWILIO_API_URL", "https://api.twilio.com"),
        "TWILIO_CONTENT_API_URL": _api_url(
            env, "TWILIO_CONTENT_API_URL", "https://content.twilio.com"
        ),
        # Empty: each account's region chooses the address.
        "SINCH_API_URL": _api_url(env, "SINCH_API_URL", ""),
        "SINCH_AUTH_URL": _api_url(env, "SINCH_AUTH_URL", "https://auth.sinch.com"),
        "KALEYRA_API_URL": _api_url(env, "KALEYRA_API_URL", ""),
        "ALLOW_PRIVATE_ADDRESSES": _flag(env, "ALLOW_PRIVATE_ADDRESSES", False),
        "SMTP_URL": _smtp_url(env),
        "MAIL_FROM": _mail_from(env, public_url),
        "OPENING_HOURS": _opening_hours(env),
        "METRICS_TOKEN": _metrics_token(env),
        "SILENCE_MINUTES": _integer(env, "SILENCE_MINUTES", 60, 0, 10_080),
        "PAYLOAD_RETENTION_DAYS": _integer(env, "PAYLOAD_RETENTION_DAYS", 30, 1, 3650),
        "SOCKETIO_ASYNC_MODE": _one_of(env, "SOCKETIO_ASYNC_MODE", "threading", ASYNC_MODES),
        "WEB_CONCURRENCY": _integer(env, "WEB_CONCURRENCY", 2, 1, 64),
        "LOG_LEVEL": _one_of(env, "LOG_LEVEL", "info", LOG_LEVELS),
        "SESSION_COOKIE_SECURE": public_url.startswith("https://"),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
    }


def places(environ=None):
    """Where the data are: all that backup and restore need, whatever the state of the keys."""
    return _places(_stripped(environ))


def is_local(url):
    """Whether an address leads to this machine only."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _stripped(environ):
    return {k: v.strip() for k, v in (os.environ if environ is None else environ).items()}


def _places(env):
    data_dir = _data_dir(env)
    return {
        "DATA_DIR": data_dir,
        "MEDIA_DIR": data_dir / "media",
        "SQLALCHEMY_DATABASE_URI": _database_url(env, data_dir),
        **_bucket(env),
    }


def _data_dir(env):
    path = Path(env.get("DATA_DIR") or "instance").absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError("DATA_DIR", f"{path} cannot be made: {error.strerror}") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigError("DATA_DIR", f"{path} cannot be written to")
    return path


def _database_url(env, data_dir):
    url = env.get("DATABASE_URL")
    if not url:
        return f"sqlite:///{data_dir / 'parley.db'}"
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in DATABASE_SCHEMES:
        raise ConfigError("DATABASE_URL", "must begin with postgresql:// or sqlite:///")
    if scheme == "sqlite":
        return f"sqlite:///{_sqlite_path(rest)}"
    if not _database_name(url):
        raise ConfigError("DATABASE_URL", "names no database, e.g. postgresql://host/parley")
    return f"{DATABASE_SCHEMES[scheme]}://{rest}"


def _database_name(url):
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ConfigError("DATABASE_URL", str(error)) from None
    return parts.path.strip("/")


def _sqlite_path(rest):
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or path.startswith(":memory:"):
        raise ConfigError("DATABASE_URL", "sqlite needs a file that all processes share")
    return Path(path).absolute()


def _redis_url(env, data_dir):
    url = env.get("REDIS_URL")
    if not url:
        return embedded.redis_url(data_dir)
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("redis", "rediss") and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        raise ConfigError("REDIS_URL", "must look like redis://host:6379/0 or rediss://…")
    return url


def _public_url(env, port):
    url = (env.get("PUBLIC_URL") or f"http://localhost:{port}").rstrip("/")
    _check_web_address("PUBLIC_URL", url)
    if urlsplit(url).path:
        raise ConfigError("PUBLIC_URL", "must end after the host: Parley has its host to itself")
    if not url.startswith("https://") and not is_local(url):
        raise ConfigError(
            "PUBLIC_URL",
            "must begin with https:// outside localhost: WhatsApp providers call webhooks by "
            "https only, and passwords would travel readable",
        )
    return url


def _api_url(env, name, default):
    url = (env.get(name) or default).rstrip("/")
    if not url:
        return ""
    _check_web_address(name, url)
    if not url.startswith("https://") and not is_local(url):
        raise ConfigError(name, "must begin with https:// outside localhost: tokens travel there")
    return url


def _check_web_address(name, url):
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        right = False
    if not right or parts.query or parts.fragment or re.search(r"\s", url):
        raise ConfigError(name, "must be a web address like https://chat.example.com")


def _api_version(env):
    version = env.get("META_API_VERSION") or "v26.0"
    if not re.fullmatch(r"v\d{1,3}\.\d{1,2}", version):
        raise ConfigError("META_API_VERSION", "must look like v26.0")
    return version


def _smtp_url(env):
    """Never part of the message what it holds: there may be a password in it."""
    url = env.get("SMTP_URL")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("smtp", "smtps") and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known or parts.path.strip("/") or parts.query or not _has_whole_login(parts):
        raise ConfigError(
            "SMTP_URL",
            "must look like smtp://user:password@host:587 (STARTTLS where the server offers it) or "
            "smtps://user:password@host:465; signs like @ and / in a password are written %40, %2F",
        )
    return url


def _has_whole_login(parts):
    return bool(parts.username) == bool(parts.password)


def _mail_from(env, public_url):
    text = env.get("MAIL_FROM")
    if not text:
        return f"parley@{urlsplit(public_url).hostname}"
    found = getaddresses([text])
    name, address = found[0] if len(found) == 1 else ("", "")
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", address):
        raise ConfigError("MAIL_FROM", "must be one e-mail address, like parley@example.com")
    return formataddr((name, address))


def _opening_hours(env):
    try:
        return opening_hours.parse(env.get("OPENING_HOURS") or "Mon-Fri 09:00-17:00 UTC")
    except ValueError as error:
        raise ConfigError("OPENING_HOURS", str(error)) from None


def _metrics_token(env):
    token = env.get("METRICS_TOKEN") or None
    if token and not re.fullmatch(r"[!-~]{16,}", token):
        raise ConfigError("METRICS_TOKEN", "needs at least 16 characters, none of them a space")
    return token


def _secret_key(env, data_dir):
    key = env.get("SECRET_KEY")
    if not key:
        _only_embedded(env, "SECRET_KEY")
        return _own_keys(data_dir)["secret_key"]
    if len(key) < 16:
        raise ConfigError(
            "SECRET_KEY", "is too short: at least 16 characters, 48 random ones are good"
        )
    return key


def _credential_keys(env, data_dir):
    text = env.get("CREDENTIAL_KEYS")
    if not text:
        _only_embedded(env, "CREDENTIAL_KEYS")
        return _own_keys(data_dir)["credential_keys"]
    keys = [key.strip() for key in text.split(",") if key.strip()]
    for place, key in enumerate(keys, start=1):
        if not embedded.is_fernet_key(key):
            # Never the key itself: this message ends up in logs.
            raise ConfigError("CREDENTIAL_KEYS", f"key {place} is not a Fernet key")
    return keys


def _own_keys(data_dir):
    try:
        return embedded.keys(data_dir)
    except (OSError, ValueError) as error:
        raise ConfigError(
            "DATA_DIR", f"its keys.json cannot be read ({error}): bring it back from a backup"
        ) from None


def _only_embedded(env, name):
    """Keys are made up only for the default start; elsewhere each process would make its own."""
    for other in ("DATABASE_URL", "REDIS_URL"):
        if env.get(other) and not env[other].startswith("sqlite:"):
            raise ConfigError(
                name,
                f"is missing; with {other} set it has to be given, the same to every process "
                "(README, Settings, says how to make one)",
            )


def _bind_address(env):
    address = env.get("BIND_ADDRESS") or "0.0.0.0"
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ConfigError("BIND_ADDRESS", "must be an IP address like 127.0.0.1") from None
    return address


def _bucket(env):
    bucket = env.get("S3_BUCKET") or None
    if bucket and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise ConfigError("S3_BUCKET", "is not a bucket's name")
    if bucket and find_spec("boto3") is None:
        raise ConfigError("S3_BUCKET", "needs boto3: install requirements-s3.txt as well")
    endpoint = env.get("S3_ENDPOINT_URL") or None
    if endpoint:
        _check_web_address("S3_ENDPOINT_URL", endpoint)
    return {
        "S3_BUCKET": bucket,
        "S3_ENDPOINT_URL": endpoint,
        "S3_REGION": env.get("S3_REGION") or None,
    }


def _integer(env, name, default, least, most):
    text = env.get(name) or str(default)
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise ConfigError(name, f"must be a whole number from {least} to {most}")
    return int(text)


def _flag(env, name, default):
    text = (env.get(name) or ("on" if default else "off")).lower()
    if text not in ("on", "off", "1", "0", "true", "false"):
        raise ConfigError(name, "must be on or off")
    return text in ("on", "1", "true")


def _one_of(env, name, default, choices):
    text = (env.get(name) or default).lower()
    if text not in choices:
        raise ConfigError(name, f"must be one of: {', '.join(choices)}")
    return text
