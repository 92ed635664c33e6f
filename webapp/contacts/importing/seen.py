"""Who was in the file before: a table of hashes of fixed size, 12 bytes a place.

A set of a million keys would take most of the memory a worker may use.
"""

from array import array
from hashlib import blake2b


class Seen:
    def __init__(self, keys):
        size = 1024
        while size < keys * 2:
            size *= 2
        self._mask = size - 1
        self._hashes = array("Q", bytes(8 * size))
        self._rows = array("I", bytes(4 * size))

    def first_row(self, keys):
        """The row that had one of these keys first, or 0."""
        for key in keys:
            number = self._rows[self._place(_hash(key))]
            if number:
                return number
        return 0

    def add(self, keys, row):
        for key in keys:
            hashed = _hash(key)
            place = self._place(hashed)
            if not self._rows[place]:
                self._hashes[place], self._rows[place] = hashed, row

    def _place(self, hashed):
        place = hashed & self._mask
        while self._rows[place] and self._hashes[place] != hashed:
            place = (place + 1) & self._mask
        return place

    def write(self, file):
        self._hashes.tofile(file)
        self._rows.tofile(file)

    def read(self, file):
        """What `write` wrote; ValueError if it is of another size."""
        size = self._mask + 1
        data = file.read(12 * size + 1)
        if len(data) != 12 * size:
            raise ValueError("another table")
        self._hashes, self._rows = array("Q", data[: 8 * size]), array("I", data[8 * size :])


def _hash(key):
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
