"""Sizes and thumbnails of pictures; one made to fill the memory is left as a file."""

import io
import logging
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

from webapp.inbox.file_types import PICTURES

log = logging.getLogger(__name__)

MOST_PIXELS = 50_000_000
THUMBNAIL = (480, 480)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
THUMBNAIL_TYPE = "image/webp"


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    thumbnail: io.BytesIO


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
