import pytest

from stack.town import roads


def test_a_street_without_a_limit_has_that_of_its_kind() -> None:
    road = roads.drivable({"highway": "residential"})

    assert road is not None
    assert road.limit_mps == pytest.approx(30 / 3.6)


def test_a_signed_limit_wins_over_the_kind() -> None:
    road = roads.drivable({"highway": "residential", "maxspeed": "20"})

    assert road is not None
    assert road.limit_mps == pytest.approx(20 / 3.6)


@pytest.mark.parametrize("text", ["none", "signals", "50 mph", "", "²"])
def test_a_limit_in_words_is_that_of_the_kind(text: str) -> None:
    road = roads.drivable({"highway": "primary", "maxspeed": text})

    assert road is not None
    assert road.limit_mps == pytest.approx(40 / 3.6)


@pytest.mark.parametrize(
    ("oneway", "directions"),
    [("yes", (True, False)), ("-1", (False, True)), ("no", (True, True)), (None, (True, True))],
)
def test_oneway_says_which_directions_are_driven(oneway: str | None, directions: tuple[bool, bool]) -> None:
    tags = {"highway": "tertiary"} | ({"oneway": oneway} if oneway else {})

    road = roads.drivable(tags)

    assert road is not None
    assert (road.forward, road.backward) == directions


def test_a_roundabout_is_one_way() -> None:
    road = roads.drivable({"highway": "tertiary", "junction": "roundabout"})

    assert road is not None
    assert not road.backward


def test_a_oneway_street_is_walked_both_ways() -> None:
    road = roads.walkable({"highway": "residential", "oneway": "yes"})

    assert road is not None
    assert road.forward
    assert road.backward


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "footway"},
        {"highway": "service", "access": "private"},
        {"highway": "service", "service": "parking_aisle"},
        {"highway": "residential", "motor_vehicle": "no"},
        {"highway": "pedestrian", "area": "yes"},
        {"building": "yes"},
    ],
)
def test_cars_are_kept_out_of(tags: dict[str, str]) -> None:
    assert roads.drivable(tags) is None


def test_a_special_permission_wins_over_a_general_ban() -> None:
    assert roads.drivable({"highway": "service", "access": "no", "motor_vehicle": "destination"}) is not None


def test_nobody_walks_indoors_or_on_a_building_site() -> None:
    assert roads.walkable({"highway": "footway", "indoor": "yes"}) is None
    assert roads.walkable({"highway": "construction"}) is None
