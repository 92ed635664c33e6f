"""Backup into one archive with checksums, and restore that verifies before it replaces anything."""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bin.databases import DatabaseProblem, database_for
from bin.light import ROOT
from webapp import config

FORMAT = 1
MANIFEST = "manifest.json"


class Refused(Exception):
    """Why nothing was done, for whoever typed the command."""


def main():
    arguments = _arguments()
    try:
        settings = config.places()
        database = database_for(settings["SQLALCHEMY_DATABASE_URI"])
        if arguments.verb == "backup":
            _backup(settings, database, arguments.file)
        else:
            _restore(settings, database, arguments.file)
    except (Refused, DatabaseProblem, config.ConfigError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename or 'The archive'}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


def _arguments():
    parser = argparse.ArgumentParser(prog=f"bin/{sys.argv[1]}")
    parser.add_argument("verb", choices=("backup", "restore"), help=argparse.SUPPRESS)
    optional = "?" if sys.argv[1] == "backup" else None
    parser.add_argument("file", nargs=optional, type=Path, help="the archive")
    arguments = parser.parse_args()
    arguments.file = arguments.file and arguments.file.absolute()
    # A relative DATA_DIR counts from here, as it does for bin/run.
    os.chdir(ROOT)
    return arguments


def _backup(settings, database, target):
    data_dir = settings["DATA_DIR"]
    target = target or data_dir / "backups" / f"parley-{_now()}.tar.gz"
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        draft = Path(folder) / "archive"
        # The database first: a medium its rows speak of was written before them.
        dump = Path(folder) / database.member
        database.save(dump)
        _pack(draft, {database.member: dump, **_files(settings)}, database.kind)
        os.replace(draft, target)
    print(f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB).")
    _say_what_is_elsewhere(settings)


def _files(settings):
    """Key file and media by their names in the archive."""
    keys = settings["DATA_DIR"] / "keys.json"
    found = {"keys.json": keys} if keys.exists() else {}
    media = settings["MEDIA_DIR"]
    for path in sorted(media.rglob("*")):
        if path.is_file():
            found[f"media/{path.relative_to(media)}"] = path
    return found


def _pack(draft, files, kind):
    # It holds keys and customers' words: for its owner only.
    draft.touch(mode=0o600)
    sums = {}
    with tarfile.open(draft, "w:gz", compresslevel=6) as archive:
        for name, path in files.items():
            sums[name] = _sha256(path)
            archive.add(path, arcname=name, recursive=False)
        manifest = draft.with_name(MANIFEST)
        manifest.write_text(
            json.dumps({"format": FORMAT, "made_at": _now(), "database": kind, "sha256": sums})
        )
        archive.add(manifest, arcname=MANIFEST)
    with open(draft, "rb+") as file:
        os.fsync(file.fileno())


def _say_what_is_elsewhere(settings):
    if os.environ.get("CREDENTIAL_KEYS"):
        print("CREDENTIAL_KEYS comes from the environment and is not in it: keep a copy elsewhere.")
    if settings["S3_BUCKET"]:
        print(f"Media in the bucket {settings['S3_BUCKET']} are not in it.")


def _restore(settings, database, source):
    data_dir = settings["DATA_DIR"]
    with (
        _stack_stopped(data_dir),
        tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as folder,
    ):
        unpacked = Path(folder)
        manifest = _unpack(source, unpacked)
        _verify(manifest, unpacked, database)
        database.refuse_if_used()
        aside = data_dir / f"before-restore-{_now()}"
        aside.mkdir(mode=0o700)
        database.replace(unpacked / database.member, aside)
        _exchange(settings["MEDIA_DIR"], unpacked / "media", aside / "media")
        if (unpacked / "keys.json").exists():
            _exchange(data_dir / "keys.json", unpacked / "keys.json", aside / "keys.json")
    print(f"Restored the backup of {manifest['made_at']}. What was here before is in {aside}.")


@contextmanager
def _stack_stopped(data_dir):
    """Holds the lock that bin/run holds, so that neither starts under the other."""
    with open(data_dir / "run.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"Parley is running on {data_dir}: stop it first.") from None
        yield


def _unpack(source, folder):
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                _unpack_member(archive, member, folder)
        manifest = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError as error:
        if Path(error.filename or "") == source:
            raise
        raise Refused(f"{source} is not a backup of Parley: it has no {MANIFEST}.") from None
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise Refused(f"{source} is damaged or no backup of Parley: {error}") from None
    if manifest.get("format") != FORMAT:
        raise Refused(f"{source} was written by another version of Parley.")
    return manifest


def _unpack_member(archive, member, folder):
    """A plain file below `folder`; Python 3.11.2, Debian's, has no extraction filter yet."""
    path = (folder / member.name).resolve()
    if not member.isfile() or not path.is_relative_to(folder.resolve()):
        raise Refused(f"The archive holds {member.name!r}, which no backup does.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with archive.extractfile(member) as source, open(path, "xb") as target:
        os.chmod(path, 0o600)
        shutil.copyfileobj(source, target)


def _verify(manifest, folder, database):
    if manifest["database"] != database.kind:
        raise Refused(
            f"This backup is of {manifest['database']}, but DATABASE_URL names {database.kind}."
        )
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found.pop(MANIFEST)
    if found.keys() != manifest["sha256"].keys() or database.member not in found:
        raise Refused("The archive is not complete: nothing was changed.")
    for name, path in found.items():
        if _sha256(path) != manifest["sha256"][name]:
            raise Refused(f"{name} in the archive is damaged: nothing was changed.")
    database.check(found[database.member])


def _exchange(place, new, aside):
    if place.exists():
        shutil.move(place, aside)
    if new.exists():
        shutil.move(new, place)


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _now():
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


if __name__ == "__main__":
    sys.exit(main())
