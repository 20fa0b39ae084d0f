"""Which fixes can go when there are too many: every second one, but for those where the way turns, stops or starts."""

from collections.abc import Sequence

from domain import geo, telemetry

TURN_DEG = 20.0


def dispensable(fixes: Sequence[telemetry.Fix]) -> list[int]:
    """The places of those to drop, ascending: of each stretch without a turn, a stop or a start every second one.

    The first and the last stay, so that stretches that are thinned one after the other still meet.
    """
    dropped: list[int] = []
    previous_went = True
    for place in range(1, len(fixes) - 1):
        if previous_went or is_landmark(fixes[place - 1], fixes[place], fixes[place + 1]):
            previous_went = False
            continue
        dropped.append(place)
        previous_went = True
    return dropped


def is_landmark(before: telemetry.Fix, fix: telemetry.Fix, after: telemetry.Fix) -> bool:
    """Something happens at this fix: the course changes by over 20°, or the vehicle stops or starts."""
    return any(
        _is_moving(first) != _is_moving(second) or _turn_deg(first, second) > TURN_DEG
        for first, second in ((before, fix), (fix, after))
    )


def _is_moving(fix: telemetry.Fix) -> bool:
    return fix.speed_mps is not None and fix.speed_mps >= telemetry.WANDERING_MPS


def _turn_deg(first: telemetry.Fix, second: telemetry.Fix) -> float:
    # Courses at rest are noise.
    if first.course_deg is None or second.course_deg is None or not (_is_moving(first) and _is_moving(second)):
        return 0.0
    return geo.turn_deg(first.course_deg, second.course_deg)
