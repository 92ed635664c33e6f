"""Who was in the file before: a table of hashes of fixed size, 12 bytes a place.

A set of a million keys would take most of the memory a worker may use.
"""

from array import array
from hashlib import blake2b

PIECE = 65_536


class Seen:
    def __init__(self, keys):
        """Never full, whatever comes: a search ends at an empty place."""
        self._size = size = keys + keys // 2 + 64
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
        place = hashed % self._size
        while self._rows[place] and self._hashes[place] != hashed:
            place = (place + 1) % self._size
        return place

    def write(self, file):
        for part in (self._hashes, self._rows):
            for start in range(0, len(part), PIECE):
                file.write(part[start : start + PIECE].tobytes())

    def read(self, file):
        """What `write` wrote; EOFError if it is of another size."""
        hashes, rows = array("Q"), array("I")
        for part in (hashes, rows):
            while len(part) < self._size:
                data = file.read(min(PIECE, self._size - len(part)) * part.itemsize)
                if not data or len(data) % part.itemsize:
                    raise EOFError
                part.frombytes(data)
        self._hashes, self._rows = hashes, rows


def _hash(key):
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
