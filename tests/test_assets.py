"""Static files: their address names their content, and what we ship is what was published."""

import subprocess
import sys
from pathlib import Path

from webapp import assets

ROOT = Path(__file__).parent.parent


def test_every_vendored_file_is_what_was_published():
    done = subprocess.run([sys.executable, ROOT / "bin/vendored"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "htmx.org" in done.stdout and "0BSD" in done.stdout


def test_every_vendored_script_is_listed_and_has_its_licence():
    listed = (ROOT / "bin/vendored").read_text()
    for script in [*ROOT.glob("static/vendor/*/*.js"), *ROOT.glob("tests/vendor/*/*.js")]:
        assert str(script.relative_to(ROOT)) in listed
        assert (script.parent / "LICENSE").exists()


def test_a_changed_file_changes_every_address(tmp_path):
    (tmp_path / "a.css").write_text("a {}")
    before = assets.digest_of(tmp_path)
    (tmp_path / "a.css").write_text("b {}")
    assert assets.digest_of(tmp_path) != before


def test_a_static_file_may_be_kept_for_a_year(app, client):
    with app.test_request_context():
        address = assets.asset("css/tokens.css")
    answer = client.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
