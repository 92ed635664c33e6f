"""No log shows an address that lets somebody in."""

import runpy
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from tests.support.procfile import Procfile
from tests.support.stack import wait_for
from webapp.logs import hide_tokens

ROOT = Path(__file__).parents[1]
ADDRESSES = [
    "/webhooks/kaleyra/Tok-en_1?from=15550142233&body=Hi+there",
    "/webhooks/meta/Tok-en_1",
    "/files/Tok-en_1.x.y",
    "/board/tv/Tok-en_1/now",
]


@pytest.fixture
def access_log():
    found = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    return found["logger_class"](Config())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_the_access_log_shows_neither_token_nor_query(access_log, method, address):
    path, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "RAW_URI": address,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://chat.example{address}",
    }
    answer = SimpleNamespace(status="200 OK", sent=0, headers=[])
    asked = SimpleNamespace(headers=[("REFERER", f"https://chat.example{address}")])

    atoms = access_log.atoms(answer, asked, environ, timedelta(seconds=1))
    told = " ".join(map(str, atoms.values()))
    assert "Tok-en_1" not in told and "15550142233" not in told
    assert atoms["r"].startswith(f"{method} /")


def test_other_requests_are_logged_as_they_are(access_log):
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/inbox/5?show=mine",
        "PATH_INFO": "/inbox/5",
        "QUERY_STRING": "show=mine",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    answer = SimpleNamespace(status="200 OK", sent=0, headers=[])
    atoms = access_log.atoms(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    assert (atoms["r"], atoms["q"]) == ("GET /inbox/5?show=mine HTTP/1.1", "show=mine")


@pytest.mark.parametrize("address", ADDRESSES)
def test_our_own_log_shows_no_token(address):
    line = {"event": f"Exception on {address} [GET]", "exception": f'File "{address}"', "n": 1}
    told = repr(hide_tokens(None, "error", line))
    assert "Tok-en_1" not in told and "15550142233" not in told
    assert "Exception on /" in told


@pytest.mark.slow
def test_a_running_server_with_an_access_log_keeps_tokens_out_of_it(tmp_path, redis_server):
    database = f"sqlite:///{tmp_path / 'parley.db'}"
    settings = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": "--access-logfile -"}
    processes = Procfile(tmp_path, database, redis_server.url, **settings)
    processes.flask("db", "upgrade")
    path = processes.seed()["webhook_path"]
    processes.start("web")
    try:
        processes.wait_until_ready()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{processes.url}{path}?from=15550142233", timeout=20)
        wait_for(lambda: "GET /webhooks/meta/…" in processes.log("web"))
    finally:
        processes.stop()
    log = processes.log("web")
    assert path not in log and "15550142233" not in log
