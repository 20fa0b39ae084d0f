"""Streams of a receiver's sentences, right and wrong, for the property tests."""

from hypothesis import strategies as st

from gateway import sentence

_TIMES = st.builds(
    lambda hour, minute, second, tail: f"{hour:02d}{minute:02d}{second:02d}{tail}",
    st.sampled_from([0, 12, 23]),
    st.sampled_from([0, 59]),
    st.integers(55, 61),
    st.sampled_from(["", ".00", ".10", ".104", ".999", ".x"]),
)
_LATS = st.sampled_from(["", "4807.038", "0000.0", "9000.0", "9900.0", "nan"])
_LONS = st.sampled_from(["", "01131.000", "833.3", "18000.0", "19000.0"])
_NUMBERS = st.sampled_from(["", "0.0", "22.4", "999.9", "99.99", "-99.0", "1e9"])
_TALKERS = st.sampled_from(["GP", "GN", "GL", "II"])


def _rmc() -> st.SearchStrategy[str]:
    dates = st.sampled_from(["", "311225", "010126", "2208-1", "000000"])
    return st.builds(
        lambda talker, time, status, lat, lon, speed, course, date, mode: (
            f"{talker}RMC,{time},{status},{lat},N,{lon},W,{speed},{course},{date},,,{mode}"
        ),
        _TALKERS, _TIMES, st.sampled_from("AAAV"), _LATS, _LONS, _NUMBERS, _NUMBERS, dates, st.sampled_from(["A", "N", "S", "D"]),
    )  # fmt: skip


def _gga() -> st.SearchStrategy[str]:
    return st.builds(
        lambda talker, time, lat, lon, quality, satellites, hdop, alt: (
            f"{talker}GGA,{time},{lat},S,{lon},E,{quality},{satellites},{hdop},{alt},M,47.0,M,,"
        ),
        _TALKERS, _TIMES, _LATS, _LONS, st.sampled_from(["1", "2", "0", "6", "8", ""]), _NUMBERS, _NUMBERS, _NUMBERS,
    )  # fmt: skip


def _others() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(
            lambda lat, lon, time, status: f"GPGLL,{lat},N,{lon},E,{time},{status},A",
            _LATS,
            _LONS,
            _TIMES,
            st.sampled_from("AV"),
        ),
        st.builds(
            lambda time, lat, lon, mode: f"GNGNS,{time},{lat},N,{lon},E,{mode},9,0.9,35.0,47.0,,,V",
            _TIMES,
            _LATS,
            _LONS,
            st.sampled_from(["AA", "NN", "S", ""]),
        ),
        st.builds(lambda speed, course: f"GPVTG,{course},T,,M,{speed},N,{speed},K,A", _NUMBERS, _NUMBERS),
        st.builds(
            lambda mode, hdop: f"GPGSA,A,{mode},1,2,3,4,,,,,,,,,1.0,{hdop},1.0",
            st.sampled_from(["1", "2", "3", ""]),
            _NUMBERS,
        ),
        st.builds(lambda time: f"GPZDA,{time},31,12,2025,00,00", _TIMES),
        st.sampled_from(
            ["GPRMC", "GPGGA,1", "GPGSA,,", "GPVTG,,,,,", "GPRMC,,V,,,,,,,,,,N", "PQGSA,A,1", "GPZDA,,,,,"]
        ),
    )


sentences = st.one_of(_rmc(), _gga(), _others()).map(sentence.encode)
"""Any sentence that the assembler knows, with a right checksum."""

streams = st.lists(st.one_of(sentences, sentences, sentences, st.binary(max_size=12)), max_size=40).map(b"".join)
"""A line's bytes: sentences with noise between."""
