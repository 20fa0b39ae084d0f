import datetime as dt

import pytest

from domain import fix_quality, geo, telemetry

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HERE = geo.Position(60.0, 24.0)
LIMITS = fix_quality.Thresholds()
FixFlag = fix_quality.FixFlag


@pytest.mark.parametrize(
    ("fix", "flags"),
    [
        (telemetry.Fix(time=NOW, position=HERE, hdop=0.9, accuracy_m=4.0), FixFlag(0)),
        (telemetry.Fix(time=NOW, position=HERE, hdop=10.1), FixFlag.INACCURATE),
        (telemetry.Fix(time=NOW, position=HERE, accuracy_m=151.0), FixFlag.INACCURATE),
        (telemetry.Fix(time=NOW, position=geo.Position(0.0, 0.0)), FixFlag.ZERO_ISLAND),
        (telemetry.Fix(time=NOW, position=geo.Position(0.0099, -0.0099)), FixFlag.ZERO_ISLAND),
        (telemetry.Fix(time=NOW, position=geo.Position(0.0, 24.0)), FixFlag(0)),
        (telemetry.Fix(time=LIMITS.floor - dt.timedelta(seconds=1), position=HERE), FixFlag.IMPOSSIBLE_DATE),
        (telemetry.Fix(time=NOW + dt.timedelta(seconds=300), position=HERE), FixFlag(0)),
        (telemetry.Fix(time=NOW + dt.timedelta(seconds=301), position=HERE), FixFlag.FUTURE),
        (
            telemetry.Fix(time=NOW + dt.timedelta(days=1), position=geo.Position(0, 0), hdop=99.0),
            FixFlag.FUTURE | FixFlag.ZERO_ISLAND | FixFlag.INACCURATE,
        ),
    ],
)
def test_what_is_wrong_with_a_fix_by_itself(fix: telemetry.Fix, flags: FixFlag) -> None:
    assert fix_quality.own_flags(fix, received_at=NOW, limits=LIMITS) == flags


def test_every_flag_has_a_word() -> None:
    assert fix_quality.reasons(sum(FixFlag)) == (
        *("inaccurate", "zero_island", "impossible_date", "future", "jump", "drift"),
    )
    assert fix_quality.reasons(0) == ()


def test_drift_is_not_bad() -> None:
    assert int(fix_quality.BAD | FixFlag.DRIFT) == sum(FixFlag)
    assert not fix_quality.BAD & FixFlag.DRIFT


def test_every_kind_of_device_has_thresholds() -> None:
    assert set(fix_quality.DEFAULTS) == {"gateway", "tracker", "phone"}
