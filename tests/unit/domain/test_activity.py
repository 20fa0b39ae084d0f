import datetime as dt

from domain import activity

TIME = dt.datetime(2026, 3, 1, 11, 59, 50, tzinfo=dt.UTC)


def test_a_leg_belongs_to_the_utc_hour_of_its_later_fix() -> None:
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))

    assert activity.hour_of(TIME) == dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)
    assert activity.hour_of(TIME.astimezone(zone)) == dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)
