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


@pytest.mark.parametrize(
    ("online", "told_age_s", "heard_age_s", "link"),
    [
        (None, None, None, "unknown"),
        (True, 5.0, None, "alive"),  # no fix, as in a garage
        (True, 90_000.0, 90_000.0, "alive"),  # the broker would have said so
        (False, 60.0, None, "lost"),
        (False, 60.0, 60.0, "lost"),
        (False, 60.0, 59.0, "alive"),  # back again, its status not yet
        (None, None, liveness.LINK_S, "alive"),
        (None, None, liveness.LINK_S + 0.1, "lost"),
    ],
)
def test_the_link_goes_by_the_brokers_word_and_by_receipts(
    *, online: bool | None, told_age_s: float | None, heard_age_s: float | None, link: str
) -> None:
    assert liveness.link(online=online, told_age_s=told_age_s, heard_age_s=heard_age_s) == link
