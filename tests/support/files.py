"""Small files of the kinds people send."""

import io
import struct

from PIL import Image

PDF = b"%PDF-1.4\n" + bytes(200)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(400)
MOV = b"\x00\x00\x00\x14ftypqt  " + bytes(400)


def picture(form="JPEG", size=(1200, 800), mode="RGB", **options):
    content = io.BytesIO()
    colour = (0, 128, 128, 90) if mode == "RGBA" else "teal"
    Image.new(mode, size, colour).save(content, form, **options)
    return content.getvalue()


def noise(size=(1600, 1600), quality=95):
    """A JPEG that compresses badly."""
    content = io.BytesIO()
    Image.effect_noise(size, 120).convert("RGB").save(content, "JPEG", quality=quality)
    return content.getvalue()


def voice_note(seconds=3):
    """Two pages of Ogg Opus: what it is, and where it ends."""
    skipped = 312
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, skipped, 24000, 0, 0)
    return _page(2, 0, head) + _page(4, seconds * 48_000 + skipped, bytes(120))


def _page(flags, position, content):
    header = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, 7, 0, 0, 1)
    return header + bytes([len(content)]) + content
