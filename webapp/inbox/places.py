"""Coordinates out of what people paste: map links of the usual makers, or the figures alone."""

import re
from urllib.parse import unquote

_N = r"(-?\d{1,3}(?:\.\d+)?)"
# A link's own pin comes before the middle of the map it happens to show.
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"!3d{_N}!4d{_N}",  # Google Maps: the place itself
        rf"[?&](?:q|query|ll|sll|destination|daddr|center)=(?:loc:)?{_N},\s*{_N}",
        rf"mlat={_N}&mlon={_N}",  # OpenStreetMap: the marker
        rf"#map=\d+(?:\.\d+)?/{_N}/{_N}",
        rf"@{_N},{_N}",  # Google Maps: the middle
        rf"^geo:{_N},{_N}",
        rf"^\(?{_N}\s*[,;\s]\s*{_N}\)?$",
    )
)


def place_in(text):
    """(latitude, longitude), or None where no coordinates stand."""
    text = unquote((text or "").strip())
    for pattern in _PATTERNS:
        found = pattern.search(text)
        if found:
            latitude, longitude = float(found[1]), float(found[2])
            if abs(latitude) <= 90 and abs(longitude) <= 180:
                return latitude, longitude
    return None
