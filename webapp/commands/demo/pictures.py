"""The pictures that demo customers send, drawn here: nobody's photographs."""

import io

from PIL import Image, ImageDraw

SIZE = (800, 600)
QUALITY = 82


def loading_bay():
    """A warehouse gate in grey light, with yellow posts."""
    picture, draw = _canvas("#b9c8d2")
    draw.polygon([(0, 280), (240, 150), (560, 150), (800, 280), (800, 560), (0, 560)], "#8498a6")
    draw.rectangle((140, 255, 660, 560), "#dde5ea")
    draw.rectangle((155, 300, 645, 560), "#5f7686")
    for top in range(315, 560, 36):
        draw.rectangle((155, top, 645, top + 14), "#728999")
    for left in (50, 715):
        draw.rectangle((left, 370, left + 26, 560), "#e0ae3c")
    draw.rectangle((0, 560, 800, 600), "#47545d")
    return _bytes(picture)


def cracked_lamp():
    """A table lamp with a crack through its shade."""
    picture, draw = _canvas("#e9e2d6")
    draw.rectangle((0, 470, 800, 600), "#b98f63")
    draw.polygon([(300, 110), (500, 110), (580, 300), (220, 300)], "#3f6ea8")
    draw.rectangle((390, 300, 410, 450), "#4a4a4a")
    draw.ellipse((310, 435, 490, 490), "#4a4a4a")
    crack = [(430, 112), (405, 165), (440, 210), (410, 255), (445, 300)]
    draw.line(crack, "#f4f0e8", 7, joint="curve")
    return _bytes(picture)


def receipt():
    """A till receipt on a desk."""
    picture, draw = _canvas("#6b5847")
    draw.rectangle((250, 40, 550, 570), "#fbfaf6")
    for top in range(120, 470, 34):
        draw.rectangle((280, top, 280 + 90 + top % 70, top + 9), "#9a9a96")
        draw.rectangle((470, top, 520, top + 9), "#9a9a96")
    draw.rectangle((280, 70, 520, 90), "#4c4c4a")
    draw.rectangle((280, 500, 520, 522), "#4c4c4a")
    return _bytes(picture)


def _canvas(colour):
    picture = Image.new("RGB", SIZE, colour)
    return picture, ImageDraw.Draw(picture)


def _bytes(picture):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
