"""A form with files as the body of a request, read piece by piece while it is sent."""

import io
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from .base import ProviderError

PIECE = 256 * 1024
LONGEST_UPLOAD = 180  # seconds; its answer and the message's own call have to fit into the job too


class Multipart:
    """Its length is known beforehand, so that it travels with a Content-Length."""

    def __init__(self, fields, files: Mapping[str, tuple[str, BinaryIO, str]]):
        self.boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={self.boundary}"
        self._parts = [(self._head(name, value), None, 0) for name, value in fields]
        for name, (filename, content, mime_type) in files.items():
            head = self._file_head(name, filename, mime_type)
            self._parts.append((head, content, _size_of(content)))
        self._end = f"--{self.boundary}--\r\n".encode()

    def __len__(self):
        parts = sum(len(head) + size + 2 * (size > 0) for head, _, size in self._parts)
        return parts + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        until = time.monotonic() + LONGEST_UPLOAD
        for head, content, size in self._parts:
            yield head
            if size:
                yield from _pieces(content, size, until)
                yield b"\r\n"
        yield self._end

    def _head(self, name, value):
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        return f"{head}\r\n\r\n{value}\r\n".encode("utf-8", "replace")

    def _file_head(self, name, filename, mime_type):
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        head += f'; filename="{_quoted(filename)}"\r\nContent-Type: {_quoted(mime_type)}\r\n\r\n'
        return head.encode("utf-8", "replace")


def _pieces(content, size, until):
    content.seek(0)
    while size:
        if time.monotonic() > until:
            raise ProviderError("Uploading the file took too long", permanent=False)
        piece = content.read(min(PIECE, size))
        if not piece:
            raise ProviderError("The file became shorter while it was sent", permanent=False)
        size -= len(piece)
        yield piece


def _size_of(content):
    return content.seek(0, io.SEEK_END)


def _quoted(text):
    # As browsers write it: html.spec.whatwg.org/multipage/form-control-infrastructure.html
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
