"""Values of the domain for the property tests of the wire."""

import datetime as dt

from hypothesis import strategies as st

from domain import geo, telemetry
from domain.wire import fixes

_FIRST_MS, _LAST_MS = 631_152_000_000, 7_258_118_400_000  # 1990 to 2200
times = st.integers(_FIRST_MS, _LAST_MS).map(
    lambda ms: dt.datetime.fromtimestamp(ms // 1000, dt.UTC).replace(microsecond=ms % 1000 * 1000)
)
positions = st.builds(geo.Position, st.floats(-90, 90), st.floats(-180, 180))


def optional(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high)


fix_values = st.builds(
    telemetry.Fix,
    time=times,
    position=positions,
    mode=st.sampled_from(telemetry.FixMode),
    alt_m=optional(*fixes.ALT_RANGE_M),
    speed_mps=optional(*fixes.SPEED_RANGE_MPS),
    course_deg=optional(*fixes.COURSE_RANGE_DEG),
    hdop=optional(*fixes.HDOP_RANGE),
    satellites=st.none() | st.integers(0, 255),
    accuracy_m=optional(*fixes.ACCURACY_RANGE_M),
    odometer_m=optional(*fixes.ODOMETER_RANGE_M),
)
seqs = st.integers(0, fixes.HIGHEST_SEQ)
numbered_fixes = st.builds(fixes.Numbered, seq=seqs, fix=fix_values)
fobs = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=64)
presses = st.builds(
    telemetry.Press,
    id=st.uuids(),
    time=times,
    clock=st.sampled_from(telemetry.Clock),
    fob=fobs,
    kind=st.sampled_from(telemetry.PressKind),
    seq=seqs,
    battery_pct=optional(0, 100),
    fix=st.none() | fix_values,
    fix_age_s=optional(0, 1e6),
)
statuses = st.builds(
    telemetry.Status,
    time=times,
    online=st.booleans(),
    version=st.sampled_from(["", "0.1.0"]),
    backlog=st.integers(0, 10**9),
    gps=st.sampled_from(telemetry.GpsState),
    ports=st.dictionaries(fobs, st.sampled_from(["open", "missing"]), max_size=4),
    fobs=st.dictionaries(
        fobs,
        st.builds(telemetry.FobState, battery_pct=optional(0, 100), rssi_dbm=optional(-150, 0), seen=st.none() | times),
        max_size=4,
    ),
    battery_pct=optional(0, 100),
    uptime_s=optional(0, 1e9),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
