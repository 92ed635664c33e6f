"""Pictures: their size, a thumbnail, and another form where a provider wants one.

One made to fill the memory is left as a file.
"""

import io
import logging
import tempfile
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageOps

from webapp.inbox.file_types import PICTURES

log = logging.getLogger(__name__)

MOST_PIXELS = 50_000_000
THUMBNAIL = (480, 480)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
READABLE = (*FORMATS, "BMP", "TIFF", "AVIF")
THUMBNAIL_TYPE = "image/webp"
JPEG, PNG = "image/jpeg", "image/png"
# Tried one after the other until the file is small enough: (longest side, quality).
STEPS = ((4096, 88), (2560, 82), (1600, 76))
IN_MEMORY = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    thumbnail: io.BytesIO


@dataclass(frozen=True, slots=True)
class Form:
    """What a picture file is, without having decoded it."""

    mime_type: str
    width: int
    height: int
    animated: bool


def look_at(content, mime_type):
    """The Picture in this file, or None if it is none that can be shown small."""
    if mime_type not in PICTURES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _look(content)
    except Exception as error:
        # Decoders fail in many ways on what strangers send; the file itself stays available.
        log.info("no thumbnail: %s", type(error).__name__)
        return None
    finally:
        content.seek(0)


def form_of(content):
    """The Form of a picture Parley can read, or None."""
    try:
        with Image.open(content, formats=READABLE) as image:
            return Form(image.get_format_mimetype(), *image.size, getattr(image, "n_frames", 1) > 1)
    except Exception as error:
        log.info("not read as a picture: %s", type(error).__name__)
        return None
    finally:
        content.seek(0)


def converted(content, types, max_bytes):
    """(file, MIME type): the picture as one of these types, upright, small enough, without what
    the camera wrote into it; ValueError where that cannot be."""
    try:
        with Image.open(content, formats=READABLE) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError("This picture has too many pixels. Make it smaller first.")
            upright = ImageOps.exif_transpose(image)
            return _small_enough(upright, types, max_bytes)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("This picture cannot be read. It may be damaged.") from error
    finally:
        content.seek(0)


def _small_enough(image, types, max_bytes):
    see_through = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if see_through and PNG in types:
        drawn = _drawn(image.convert("RGBA"), "PNG", optimize=True)
        if drawn.seek(0, io.SEEK_END) <= max_bytes:
            return _at_start(drawn), PNG
        drawn.close()
    if JPEG not in types:
        raise ValueError("Pictures of this kind cannot be converted to what the provider takes.")
    flat = _on_white(image) if see_through else image.convert("RGB")
    for longest, quality in STEPS:
        flat.thumbnail((longest, longest))
        drawn = _drawn(flat, "JPEG", quality=quality, optimize=True)
        if drawn.seek(0, io.SEEK_END) <= max_bytes:
            return _at_start(drawn), JPEG
        drawn.close()
    raise ValueError("This picture is too large even when made smaller. Send it as a link.")


def _drawn(image, form, **options) -> BinaryIO:
    # A new image: whatever stood beside the pixels (place, camera, owner) stays behind.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller closes it
    bare.save(file, form, **options)
    return file


def _on_white(image):
    see_through = image.convert("RGBA")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(see_through, mask=see_through.getchannel("A"))
    return flat


def _at_start(file):
    file.seek(0)
    return file


def _look(content):
    with Image.open(content, formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            return None
        size = _upright(image)
        image.draft("RGB", THUMBNAIL)  # a JPEG is decoded small at once
        turned = ImageOps.exif_transpose(image)
        turned.thumbnail(THUMBNAIL)
        if turned.mode not in ("RGB", "RGBA"):
            turned = turned.convert("RGBA" if "transparency" in turned.info else "RGB")
        small = io.BytesIO()
        turned.save(small, "WEBP", quality=80)
        small.seek(0)
        return Picture(*size, small)


def _upright(image):
    """Width and height as shown: cameras store a turned picture and say so beside it."""
    sideways = image.getexif().get(0x0112) in (5, 6, 7, 8)
    return image.size[::-1] if sideways else image.size
