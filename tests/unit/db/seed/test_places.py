import itertools

import pytest
import shapely

from db.seed import names, places
from domain import geo

CENTRE = shapely.box(24.935, 60.164, 24.954, 60.179)
ALL = places.DEMO_PLACES + places.OTHER_PLACES


@pytest.mark.parametrize("place", ALL, ids=lambda place: place.name)
def test_every_place_is_a_sound_outline_in_the_centre(place: places.Place) -> None:
    polygon = shapely.Polygon(place.outline, place.holes)

    assert polygon.is_valid, shapely.is_valid_reason(polygon)
    assert CENTRE.contains(polygon)


@pytest.mark.parametrize("place", ALL, ids=lambda place: place.name)
def test_every_place_is_as_large_as_a_block_or_a_district(place: places.Place) -> None:
    west, south, east, north = shapely.Polygon(place.outline).bounds
    diagonal_m = geo.haversine_m(geo.Position(south, west), geo.Position(north, east))

    assert 80 < diagonal_m < 1_500


def test_a_company_has_no_two_places_of_one_name() -> None:
    for company in (places.DEMO_PLACES, places.OTHER_PLACES):
        assert len({place.name for place in company}) == len(company)


def test_names_are_drawn_from_every_pair_before_one_comes_again() -> None:
    pairs = set(itertools.product(names.FIRST_NAMES, names.LAST_NAMES))

    assert {names.full_name(number) for number in range(len(pairs))} == pairs
