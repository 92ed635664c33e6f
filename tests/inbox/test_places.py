"""What people paste when they mean a place."""

import pytest

from webapp.inbox.places import place_in


@pytest.mark.parametrize(
    ("pasted", "place"),
    [
        ("41.1496, -8.6110", (41.1496, -8.611)),
        ("41.1496 -8.6110", (41.1496, -8.611)),
        ("https://www.openstreetmap.org/#map=17/41.1496/-8.6110", (41.1496, -8.611)),
        ("https://www.openstreetmap.org/?mlat=1.5&mlon=2.5#map=16/9/9", (1.5, 2.5)),
        ("https://www.google.com/maps/@41.1496,-8.6110,17z", (41.1496, -8.611)),
        (
            "https://www.google.com/maps/place/X/@41.1,-8.6,17z/data=!3m1!3d41.15!4d-8.61",
            (41.15, -8.61),
        ),
        ("https://maps.google.com/?q=41.1496,-8.6110", (41.1496, -8.611)),
        ("https://maps.google.com/?q=41.1496%2C-8.6110", (41.1496, -8.611)),
        ("https://maps.apple.com/?ll=41.1496,-8.6110&q=Porto", (41.1496, -8.611)),
        ("geo:41.1496,-8.6110?z=17", (41.1496, -8.611)),
        ("Harbour Street 4", None),
        ("91.0, 5.0", None),
        ("", None),
    ],
)
def test_coordinates_are_found_where_they_stand(pasted, place):
    assert place_in(pasted) == place
