"""Ogg Opus, the only form in which WhatsApp shows a voice message as one.

The container: datatracker.ietf.org/doc/html/rfc3533, Opus in it: rfc7845.
"""

import io
import struct

VOICE_TYPE = "audio/ogg; codecs=opus"
HEAD = 64  # bytes of the first page that name the codec
TAIL = 65_307  # no page is longer, so the last one begins within these
RATE = 48_000  # positions are counted at this rate, whatever was recorded


def is_opus(content):
    """Whether the file begins as Ogg Opus does; it stands at its start afterwards."""
    content.seek(0)
    head = content.read(HEAD)
    content.seek(0)
    return head.startswith(b"OggS") and b"OpusHead" in head


def seconds_of(content):
    """How long it plays, rounded up, or None where its last page does not say."""
    content.seek(0)
    head = content.read(HEAD)
    start = head.find(b"OpusHead")
    content.seek(max(0, content.seek(0, io.SEEK_END) - TAIL))
    tail = content.read()
    content.seek(0)
    last = tail.rfind(b"OggS")
    if start < 0 or last < 0 or len(head) < start + 12 or len(tail) < last + 14:
        return None
    skipped = struct.unpack_from("<H", head, start + 10)[0]
    end = struct.unpack_from("<q", tail, last + 6)[0]
    played = end - skipped
    return -(-played // RATE) if 0 < played < 86_400 * RATE else None
