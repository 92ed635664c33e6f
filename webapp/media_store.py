"""Where files are kept: a folder, or an S3-compatible bucket that web and workers share."""

import logging
import os
import re
import shutil
import tempfile
from pathlib import Path

from flask import current_app

log = logging.getLogger(__name__)

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{2,80}(\.[a-z0-9]{1,10})?")
CHUNK = 1024 * 1024
IN_MEMORY = 4 * CHUNK
_MISSING = ("NoSuchKey", "404", "NotFound")


class NotThere(FileNotFoundError):
    """No file is kept under this key."""


def put(key, fileobj):
    """Keep what the file object holds from where it stands; a reader sees all of it or nothing."""
    _store().put(_checked(key), fileobj)


def open(key):
    """A binary file object that can seek; whoever asked for it closes it. Raises NotThere."""
    return _store().open(_checked(key))


def size(key):
    """In bytes. Raises NotThere."""
    return _store().size(_checked(key))


def delete(key):
    """Deleting what isn't there is no error."""
    _store().delete(_checked(key))


def drop(keys):
    """Delete what nobody refers to any more; one that stays costs room, never a page."""
    for key in keys:
        try:
            delete(key)
        except Exception:
            log.exception("file %s not deleted", key)


class Disk:
    """Files fan out over folders by the first letters of their keys."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def put(self, key, fileobj):
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as new:
            try:
                shutil.copyfileobj(fileobj, new, CHUNK)
                new.flush()
                os.fsync(new.fileno())
                os.replace(new.name, path)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise

    def open(self, key):
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise NotThere(key) from None

    def size(self, key):
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            raise NotThere(key) from None

    def delete(self, key):
        self._path(key).unlink(missing_ok=True)

    def _path(self, key):
        return self.folder / key[:2] / key[2:4] / key


class Bucket:
    """boto3 is an extra, so it is loaded only where a bucket is set."""

    def __init__(self, bucket, endpoint_url=None, region=None):
        import boto3
        from botocore.config import Config

        self.bucket = bucket
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 3, "mode": "standard"},
            # Checksums in trailers are Amazon's own; other makers' buckets refuse them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self.client = boto3.session.Session().client(
            "s3", endpoint_url=endpoint_url, region_name=region, config=config
        )

    def put(self, key, fileobj):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=fileobj)

    def open(self, key):
        """A copy of its own: readers seek, a connection can't."""
        copy = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the reader closes it
        try:
            with self._ask(self.client.get_object, key)["Body"] as body:
                shutil.copyfileobj(body, copy, CHUNK)
            copy.seek(0)
        except BaseException:
            copy.close()
            raise
        return copy

    def size(self, key):
        return self._ask(self.client.head_object, key)["ContentLength"]

    def delete(self, key):
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def _ask(self, call, key):
        from botocore.exceptions import ClientError

        try:
            return call(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise NotThere(key) from None
            raise


def _store():
    stores = current_app.extensions.setdefault("media_store", {})
    config = current_app.config
    place = (config["S3_BUCKET"], config["S3_ENDPOINT_URL"], config["S3_REGION"])
    if not place[0]:
        return Disk(config["MEDIA_DIR"])
    if place not in stores:
        stores[place] = Bucket(*place)
    return stores[place]


def _checked(key):
    """Keys are made by us, never from what a customer or provider named a file."""
    if not _KEY.fullmatch(key):
        raise ValueError("not a key of the media store")
    return key
