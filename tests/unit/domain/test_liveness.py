import pytest

from domain import emergencies, liveness

OLD_S = emergencies.OLD_POSITION_S


@pytest.mark.parametrize(
    ("age_s", "moving", "state"),
    [
        (-5.0, True, "moving"),  # a device's clock may be ahead
        (liveness.STALE_S, False, "standing"),
        (liveness.STALE_S, None, "standing"),
        (liveness.STALE_S + 0.1, True, "stale"),
        (OLD_S, False, "stale"),
        (OLD_S + 0.1, True, "silent"),  # R56
        (None, None, "silent"),
    ],
)
def test_the_state_of_a_unit_goes_by_the_age_of_its_fix(
    *, age_s: float | None, moving: bool | None, state: str
) -> None:
    assert liveness.state(age_s=age_s, moving=moving) == state
