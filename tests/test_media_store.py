"""The same promises for a folder and for a bucket."""

import io
import os

import pytest

from tests.support.bucket_stub import BucketStub
from webapp import media_store
from webapp.media_store import Bucket, Disk, NotThere

KEY = "0123456789abcdef"


@pytest.fixture
def bucket(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    stub = BucketStub()
    yield stub
    stub.close()


@pytest.fixture(params=["disk", "bucket"])
def store(request, tmp_path):
    if request.param == "disk":
        return Disk(tmp_path)
    return Bucket("parley", request.getfixturevalue("bucket").url, "eu-central-1")


def read(store, key=KEY):
    with store.open(key) as content:
        return content.read()


def test_what_was_put_is_read_back(store):
    store.put(KEY, io.BytesIO(b"a picture"))
    assert read(store) == b"a picture"
    assert store.size(KEY) == 9


def test_what_is_opened_can_seek(store):
    store.put(KEY, io.BytesIO(b"a picture"))
    with store.open(KEY) as content:
        content.seek(2)
        assert content.read() == b"picture"


def test_a_large_file_comes_back_whole(store):
    large = os.urandom(6 * 1024 * 1024)
    store.put(KEY, io.BytesIO(large))
    assert read(store) == large


def test_putting_again_replaces(store):
    store.put(KEY, io.BytesIO(b"first"))
    store.put(KEY, io.BytesIO(b"second"))
    assert read(store) == b"second"


def test_what_is_not_there_says_so(store):
    with pytest.raises(NotThere):
        store.open(KEY)
    with pytest.raises(NotThere):
        store.size(KEY)


def test_deleting_is_final_and_deleting_nothing_no_error(store):
    store.put(KEY, io.BytesIO(b"x"))
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(NotThere):
        store.open(KEY)


def test_a_bucket_that_refuses_is_no_missing_file(bucket):
    bucket.refuse = 403
    with pytest.raises(Exception) as caught:
        Bucket("parley", bucket.url, "eu-central-1").size(KEY)
    assert not isinstance(caught.value, NotThere)


def test_a_write_that_breaks_off_leaves_nothing_behind(tmp_path):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        Disk(tmp_path).put(KEY, Broken())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_settings_choose_the_store(app, bucket, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "MEDIA_DIR", tmp_path)
        media_store.put(KEY, io.BytesIO(b"on disk"))
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [KEY]
        patch.setitem(app.config, "S3_BUCKET", "parley")
        patch.setitem(app.config, "S3_ENDPOINT_URL", bucket.url)
        patch.setitem(app.config, "S3_REGION", "eu-central-1")
        media_store.put(KEY, io.BytesIO(b"in a bucket"))
        assert list(bucket.objects.values()) == [b"in a bucket"]


@pytest.mark.parametrize("key", ["../etc/passwd", "", "a/b", "A B", "..", ".hidden", "x" * 200])
def test_a_key_that_could_be_a_path_is_refused(app, key):
    with pytest.raises(ValueError, match="not a key"):
        media_store.put(key, io.BytesIO(b"x"))
