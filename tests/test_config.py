"""Settings: what each accepts, and that a wrong one stops the start with its name."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from webapp import config, embedded

ROOT = Path(__file__).parents[1]
KEYS = {"SECRET_KEY": "s" * 48, "CREDENTIAL_KEYS": Fernet.generate_key().decode()}


@pytest.fixture
def load(tmp_path):
    return lambda **env: config.load({"DATA_DIR": str(tmp_path / "data"), **env})


def test_the_defaults_are_the_embedded_start(load, tmp_path):
    settings = load()

    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/data/parley.db"
    assert settings["REDIS_URL"] == embedded.redis_url(tmp_path / "data")
    assert settings["PUBLIC_URL"] == "http://localhost:5000"
    assert settings["META_API_URL"] == "https://graph.facebook.com"
    assert settings["META_API_VERSION"] == "v26.0"
    assert settings["SANDBOX"] is True
    assert settings["TRUSTED_PROXIES"] == 0


def test_a_command_beside_the_running_stack_finds_the_same_redis_and_keys(load):
    first, second = load(), load()

    assert first == second
    assert first["REDIS_URL"].startswith("redis://:")


def test_the_keys_are_made_once_and_only_their_owner_may_read_them(load, tmp_path):
    load()
    for name in ("keys.json", "redis.url"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600


def test_an_empty_variable_counts_as_unset(load):
    assert load(PUBLIC_URL="", SANDBOX=" ", DATABASE_URL="")["SANDBOX"] is True


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_uses_psycopg(load, scheme):
    settings = load(DATABASE_URL=f"{scheme}://u:p@db:5432/parley", **KEYS)

    assert settings["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://u:p@db:5432/parley"


@pytest.mark.parametrize("other", ["DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize("missing", list(KEYS))
def test_outside_the_embedded_start_a_missing_key_stops(load, other, missing):
    services = {"DATABASE_URL": "postgres://db/parley", "REDIS_URL": "redis://cache:6379/0"}
    given = {name: value for name, value in KEYS.items() if name != missing}

    with pytest.raises(config.ConfigError, match=f"^{missing}: is missing"):
        load(**{other: services[other]}, **given)


def test_several_credential_keys_are_kept_in_their_order(load):
    keys = [Fernet.generate_key().decode() for _ in range(2)]

    assert load(CREDENTIAL_KEYS=" , ".join(keys))["CREDENTIAL_KEYS"] == keys


def test_a_wrong_key_is_named_by_its_place_and_never_printed(load):
    with pytest.raises(config.ConfigError) as error:
        load(CREDENTIAL_KEYS=f"{KEYS['CREDENTIAL_KEYS']},hunter2")

    assert str(error.value) == "CREDENTIAL_KEYS: key 2 is not a Fernet key"


def test_outside_localhost_plain_http_is_refused_with_the_reason(load):
    with pytest.raises(config.ConfigError, match="PUBLIC_URL: must begin with https.*webhooks"):
        load(PUBLIC_URL="http://chat.example.com")


def test_behind_https_cookies_are_secure_and_the_sandbox_is_off(load):
    settings = load(PUBLIC_URL="https://chat.example.com/")

    assert settings["PUBLIC_URL"] == "https://chat.example.com"
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["SANDBOX"] is False
    assert load(PUBLIC_URL="https://chat.example.com", SANDBOX="on")["SANDBOX"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "²"),
        ("BIND_ADDRESS", "everywhere"),
        ("DATABASE_URL", "mysql://db/parley"),
        ("DATABASE_URL", "parley.db"),
        ("DATABASE_URL", "postgres://host:port/parley"),
        ("DATABASE_URL", "postgres://host"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://host:six/0"),
        ("PUBLIC_URL", "chat.example.com"),
        ("PUBLIC_URL", "https://chat.example.com/parley"),
        ("PUBLIC_URL", "https://chat.example.com:port"),
        ("SECRET_KEY", "short"),
        ("CREDENTIAL_KEYS", "secret"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "yes"),
        ("SANDBOX", "maybe"),
        ("META_API_URL", "graph.facebook.com"),
        ("META_API_URL", "http://graph.example.com"),
        ("META_API_VERSION", "26"),
        ("TWILIO_API_URL", "ftp://api.example.com"),
        ("TWILIO_CONTENT_API_URL", "https://"),
        ("SINCH_API_URL", "https://api.example.com?x=1"),
        ("SINCH_AUTH_URL", "https://a b"),
        ("KALEYRA_API_URL", "x"),
        ("ALLOW_PRIVATE_ADDRESSES", "perhaps"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "sixteen signs and a space"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "https://mail.example.com"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example.com:twentyfive"),
        ("SMTP_URL", "smtp://parley@mail.example.com"),
        ("SMTP_URL", "smtp://parley:pass/word@mail.example.com"),
        ("MAIL_FROM", "parley"),
        ("MAIL_FROM", "a@example.com, b@example.com"),
        ("PAYLOAD_RETENTION_DAYS", "0"),
        ("PAYLOAD_RETENTION_DAYS", "3651"),
        ("PAYLOAD_RETENTION_DAYS", "a month"),
        ("S3_BUCKET", "Not A Bucket"),
        ("S3_ENDPOINT_URL", "minio"),
        ("SOCKETIO_ASYNC_MODE", "eventlet"),
        ("WEB_CONCURRENCY", "0"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_value_outside_those_listed_stops_the_start_with_its_name(load, name, value):
    with pytest.raises(config.ConfigError, match=f"^{name}: ") as error:
        load(**{**KEYS, name: value})
    assert error.value.name == name


def test_the_region_chooses_the_address_of_sinch_and_kaleyra_unless_one_is_given(load):
    assert (load()["SINCH_API_URL"], load()["KALEYRA_API_URL"]) == ("", "")
    given = load(SINCH_API_URL="http://localhost:9001/", KALEYRA_API_URL="https://k.example.com")

    assert given["SINCH_API_URL"] == "http://localhost:9001"
    assert given["KALEYRA_API_URL"] == "https://k.example.com"


def test_private_addresses_are_allowed_only_where_the_environment_says_so(load):
    assert load()["ALLOW_PRIVATE_ADDRESSES"] is False
    assert load(ALLOW_PRIVATE_ADDRESSES="on")["ALLOW_PRIVATE_ADDRESSES"] is True


def test_payloads_are_kept_thirty_days_unless_told_otherwise(load):
    assert load()["PAYLOAD_RETENTION_DAYS"] == 30
    assert load(PAYLOAD_RETENTION_DAYS="365")["PAYLOAD_RETENTION_DAYS"] == 365


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.com",
        "smtp://parley:p%40ss@mail.example.com:587",
        "smtps://parley:secret@mail.example.com/",
    ],
)
def test_mail_goes_through_the_server_given(load, url):
    assert load()["SMTP_URL"] is None
    assert load(SMTP_URL=url)["SMTP_URL"] == url


def test_a_malformed_mail_server_does_not_show_its_password(load):
    with pytest.raises(config.ConfigError) as error:
        load(SMTP_URL="smtp://parley:hunter2@mail.example.com:port")
    assert "hunter2" not in str(error.value)


def test_mail_comes_from_one_address_with_or_without_a_name(load):
    assert load(PUBLIC_URL="https://chat.example.com")["MAIL_FROM"] == "parley@chat.example.com"
    assert load(MAIL_FROM="parley@example.com")["MAIL_FROM"] == "parley@example.com"
    named = load(MAIL_FROM="Parley <parley@example.com>")["MAIL_FROM"]
    assert named == "Parley <parley@example.com>"


def test_a_data_dir_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(config.ConfigError, match="^DATA_DIR: "):
        config.load({"DATA_DIR": str(tmp_path / "file" / "data")})


@pytest.mark.parametrize("content", ["", "{}", "[]", "{"])
def test_a_broken_key_file_stops_the_start_instead_of_being_replaced(load, tmp_path, content):
    load()
    (tmp_path / "data" / "keys.json").write_text(content)

    with pytest.raises(config.ConfigError, match="^DATA_DIR: its keys.json cannot be read"):
        load()
    assert (tmp_path / "data" / "keys.json").read_text() == content


def test_a_stand_in_for_a_provider_may_speak_http_on_this_machine(load):
    assert load(META_API_URL="http://127.0.0.1:9/graph/")["META_API_URL"] == (
        "http://127.0.0.1:9/graph"
    )


def test_every_setting_is_listed_in_the_example_and_the_readme(load):
    names = documented_names()
    derived = {"MEDIA_DIR", "SQLALCHEMY_DATABASE_URI"}
    read = {n for n in load() if not n.startswith("SESSION_COOKIE")} - derived
    readme = (ROOT / "README.md").read_text()

    assert names == read | {"DATABASE_URL", "REDIS_SERVER_BIN"}
    assert [name for name in names if f"`{name}`" not in readme] == []


def documented_names():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {line.lstrip("#").split("=")[0] for line in lines if "=" in line and " " not in line}
