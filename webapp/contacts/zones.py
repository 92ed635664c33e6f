"""In which time zone a number's owner is likely to live: by its first digits, in Python and SQL.

The phonenumbers library knows zones of numbers by their prefixes. Of a region with several zones,
where the digits do not tell which, the one most people live in is meant.
"""

import json
from collections import Counter, defaultdict
from functools import cache

from phonenumbers.tzdata import TIMEZONE_DATA
from sqlalchemy import String, cast, func, literal
from sqlalchemy.dialects.postgresql import JSONB

from webapp.database import is_postgresql

LONGEST = 6  # digits; what tells less than an area apart is left out
# Of several zones the first of these that is among them.
_MOST_PEOPLE = (
    "Europe/Moscow", "Asia/Almaty", "America/Mexico_City", "America/New_York", "America/Sao_Paulo",
    "America/St_Johns", "America/Los_Angeles", "America/Anchorage", "America/North_Dakota/Center",
    "Australia/Sydney", "Australia/Perth", "Asia/Jakarta", "Asia/Jayapura", "Asia/Ulaanbaatar",
    "Africa/Kinshasa", "America/Guayaquil", "Europe/Lisbon", "Europe/Madrid", "Europe/London",
    "Europe/Oslo", "Indian/Reunion", "Pacific/Auckland", "Pacific/Tahiti", "Pacific/Tarawa",
)  # fmt: skip
# Where the library names a neighbour's zone, with other rules for the summer, or one of few.
_OWN = {
    "1208": "America/Boise",
    "1605": "America/Chicago",
    "1701": "America/Chicago",
    "211": "Africa/Juba",
    "212": "Africa/Casablanca",
    "213": "Africa/Algiers",
    "218": "Africa/Tripoli",
    "353": "Europe/Dublin",
    "505": "America/Managua",
}


def of_number(digits):
    """An IANA name; None where the number tells nothing."""
    known = table()
    for length in range(min(LONGEST, len(digits or "")), 0, -1):
        if digits[:length] in known:
            return known[digits[:length]]
    return None


def of_column(phone):
    """The same as an expression: NULL where the number tells nothing."""
    return func.coalesce(*(_looked_up(func.substr(phone, 1, n)) for n in range(LONGEST, 0, -1)))


def _looked_up(prefix):
    known = literal(_as_json(), String)
    if is_postgresql():
        return cast(known, JSONB)[prefix].astext
    return func.json_extract(known, '$."' + prefix + '"')


@cache
def _as_json():
    return json.dumps(table())


@cache
def table():
    """{first digits: zone}; the longest that fits counts."""
    known = {code: _main(zones) for code, zones in TIMEZONE_DATA.items() if len(code) <= LONGEST}
    known |= {area: zone for area, zone in _split_areas() if area not in known}
    # Mexican numbers as WhatsApp writes them have a 1 behind their country's code.
    known |= {f"521{code[2:]}": known[code] for code in known if code[:2] == "52" and code[2:]}
    known = {code: zone for code, zone in known.items() if not code.startswith(tuple(_OWN))} | _OWN
    return {code: zone for code, zone in known.items() if zone != _nearest(known, code[:-1])}


def _split_areas():
    """North American areas in two zones, which the library knows only by longer prefixes."""
    areas = defaultdict(Counter)
    for code, zones in TIMEZONE_DATA.items():
        if code[0] == "1" and len(code) > 4:
            areas[code[:4]][_main(zones)] += 1
    return [(area, zones.most_common(1)[0][0]) for area, zones in areas.items()]


def _main(zones):
    return next((zone for zone in _MOST_PEOPLE if zone in zones), zones[0])


def _nearest(known, code):
    while code and code not in known:
        code = code[:-1]
    return known.get(code)
