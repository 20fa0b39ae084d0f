import numpy as np

from stack.demo import places
from tests import town


def test_a_place_on_a_street_has_its_name() -> None:
    built = town.load()
    net = built.drive
    edge = np.flatnonzero(net.edge_name == built.names.index("Mannerheimintie"))[:1].astype(np.int32)
    lat, lon = built.ground.unflatten(*net.locate(edge, 0.5 * net.edge_length_m[edge]))

    assert places.Places(built).name(float(lat[0]), float(lon[0])) == "Mannerheimintie"


def test_a_place_far_from_all_streets_has_none() -> None:
    assert places.Places(town.load()).name(60.3, 25.1) == ""
