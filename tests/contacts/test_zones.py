"""Numbers tell where their owners live, in Python and in the database alike."""

from zoneinfo import available_timezones

import pytest
from sqlalchemy import String, literal, select

from webapp.contacts import zones
from webapp.extensions import db

ZONES = {
    "351912345678": "Europe/Lisbon",
    "34600000258": "Europe/Madrid",
    "390612345678": "Europe/Rome",
    "353871234567": "Europe/Dublin",
    "212612345678": "Africa/Casablanca",
    "12125550100": "America/New_York",
    "14165550123": "America/Toronto",
    "12085550100": "America/Boise",
    "5511987654321": "America/Sao_Paulo",
    "5592987654321": "America/Manaus",
    "526641234567": "America/Tijuana",
    "5216641234567": "America/Tijuana",
    "5215512345678": "America/Mexico_City",
    "61412345678": "Australia/Sydney",
    "79031234567": "Europe/Moscow",
    "77012345678": "Asia/Almaty",
    "882": None,
    "": None,
    None: None,
}


@pytest.mark.parametrize(("digits", "zone"), ZONES.items())
def test_the_number_tells_the_zone_where_it_can(digits, zone):
    assert zones.of_number(digits) == zone


@pytest.mark.parametrize("digits", ZONES)
def test_the_database_reads_numbers_alike(app, digits):
    found = db.session.scalar(select(zones.of_column(literal(digits, String))))
    assert found == zones.of_number(digits)


def test_every_zone_it_tells_is_one():
    assert set(zones.table().values()) <= available_timezones()
