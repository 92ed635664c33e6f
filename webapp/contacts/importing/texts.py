"""The texts of a workbook, which its cells name by number: kept in a file, read in blocks."""

import struct
import tempfile
from array import array
from collections import OrderedDict

BLOCK = 32  # texts read at once: most cells name what stands beside the last one
IN_MEMORY = 12 * 1024 * 1024  # bytes of blocks kept
_LENGTH = struct.Struct("<I")


class Texts:
    def __init__(self):
        self._file = tempfile.TemporaryFile(buffering=1024 * 1024)  # noqa: SIM115 - see close
        self._starts = array("Q")  # of every block
        self._count = 0
        self._end = 0
        self._blocks = OrderedDict()
        self._held = 0

    def __len__(self):
        return self._count

    def add(self, text):
        if self._count % BLOCK == 0:
            self._starts.append(self._end)
        data = text.encode("utf-8", "replace")
        self._file.write(_LENGTH.pack(len(data)))
        self._file.write(data)
        self._end += _LENGTH.size + len(data)
        self._count += 1

    def get(self, number):
        """IndexError for a text that isn't there."""
        if not 0 <= number < self._count:
            raise IndexError(number)
        place, rest = divmod(number, BLOCK)
        block = self._blocks.get(place)
        if block is None:
            block = self._read(place)
        return block[1][rest]

    def close(self):
        self._file.close()

    def _read(self, place):
        start = self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self._starts) else self._end
        self._file.seek(start)
        data = self._file.read(end - start)
        texts, at = [], 0
        while at < len(data):
            (length,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size
            texts.append(data[at : at + length].decode())
            at += length
        block = (len(data) * 4 + 3_000, texts)
        self._blocks[place] = block
        self._held += block[0]
        while self._held > IN_MEMORY and len(self._blocks) > 1:
            self._held -= self._blocks.popitem(last=False)[1][0]
        return block
