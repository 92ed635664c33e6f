"""The files of an import: the upload, its rows as lines of text, who was seen, what is left out."""

import contextlib
import tempfile

import orjson

from webapp import media_store

DRY, REAL = "d", "r"


def key(entry, part):
    """Every file's name begins with that of the upload: deleting one forgets none."""
    return f"{entry.storage_key.partition('.')[0]}-{part}"


def rows_key(entry):
    return key(entry, "rows")


def problems_key(entry, way, row):
    return key(entry, f"{way}{row}")


def seen_key(entry, way):
    return key(entry, f"seen-{way}")


class RowsFile:
    """Rows as lines of JSON, so that a run begins again anywhere, whatever the file was."""

    def __init__(self, entry):
        self._file = media_store.open(rows_key(entry))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def go_to(self, offset):
        self._file.seek(offset)

    def take(self, count):
        """[(number, cells)] of the next lines, and how many bytes they were."""
        rows, size = [], 0
        for _ in range(count):
            line = self._file.readline()
            if not line:
                break
            size += len(line)
            number, *cells = orjson.loads(line)
            rows.append((number, cells))
        return rows, size


@contextlib.contextmanager
def new_file():
    with tempfile.TemporaryFile(buffering=1024 * 1024) as file:
        yield file


def keep_problems(entry, way, row, problems):
    """Rows with what is wrong, under the place of their batch: one done again replaces it."""
    with new_file() as file:
        for number, cells, sentence in problems:
            file.write(orjson.dumps([number, sentence, *cells], option=orjson.OPT_APPEND_NEWLINE))
        file.seek(0)
        media_store.put(problems_key(entry, way, row), file)


def problems(entry, way, parts):
    """[number, sentence, *cells] of every row with a problem, in the order of the file."""
    for row in parts:
        with media_store.open(problems_key(entry, way, row)) as file:
            for line in file:
                yield orjson.loads(line)


def drop(entry, way, parts):
    media_store.drop([problems_key(entry, way, row) for row in parts])


def drop_all(entry):
    """Everything of an import that nobody needs any more."""
    for way, counts in ((REAL, entry.counts), (DRY, entry.dry_run or {})):
        drop(entry, way, counts.get("parts", ()))
        media_store.drop([seen_key(entry, way), rejects_key(entry, way)])
    media_store.drop([rows_key(entry), entry.storage_key])


def rejects_key(entry, way):
    ending = "xlsx" if entry.reading.get("format") == "xlsx" else "csv"
    return f"{key(entry, f'rejects-{way}')}.{ending}"
