import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import sentence

RMC = sentence.encode("GPRMC,100000.00,A,5000.0,N,01000.0,E,1.0,10.0,010626,,,A").rstrip()
GLL = sentence.encode("GPGLL,4916.45,N,12311.12,W,225444,A").rstrip()


@pytest.mark.parametrize(
    ("stream", "addresses"),
    [
        (RMC + GLL, [b"GPRMC", b"GPGLL"]),
        (RMC + b"\r\r\n" + GLL, [b"GPRMC", b"GPGLL"]),
        (b"$$" + RMC, [b"GPRMC"]),
        (b"\x00\xff$\x00" + RMC, [b"GPRMC"]),
        (RMC[:30] + GLL, [b"GPGLL"]),
        (RMC[:-2] + RMC[-2:].lower(), [b"GPRMC"]),
        (RMC + b"7F", [b"GPRMC"]),
        (b"$" + b"A" * 10_000 + GLL, [b"GPGLL"]),
    ],
    ids=["glued", "CR CR LF", "two dollars", "binary", "cut off", "lower case", "digits behind", "endless"],
)
def test_a_sentence_is_found_in_whatever_stands_around_it(stream: bytes, addresses: list[bytes]) -> None:
    assert [fields[0] for fields in sentence.Framer().feed(stream)] == addresses


@pytest.mark.parametrize(
    ("stream", "count"),
    [
        (RMC[:-2] + b"00\r\n", "bad_checksum"),
        (RMC[:-1] + b"\r\n", "bad_checksum"),
        (RMC[:-3] + b"\r\n", "no_checksum"),
        (RMC[:20] + GLL, "broken"),
        (RMC.replace(b"5000", b"50\x0000"), "broken"),
        (b"$" + b"A" * 1_000 + b"\r\n", "broken"),
    ],
)
def test_what_is_refused_is_counted(stream: bytes, count: str) -> None:
    framer = sentence.Framer()

    taken = [fields for fields in framer.feed(stream) if fields[0] == b"GPRMC"]

    assert taken == []
    assert getattr(framer.counts, count) == 1


def test_a_missing_checksum_is_taken_where_it_is_allowed() -> None:
    framer = sentence.Framer(require_checksum=False)

    assert framer.feed(b"$GPGLL,1,N\r\n") == [[b"GPGLL", b"1", b"N"]]
    assert framer.counts.good == 1


def test_a_wrong_checksum_is_refused_even_where_a_missing_one_is_allowed() -> None:
    assert sentence.Framer(require_checksum=False).feed(b"$GPGLL,1,N*00\r\n") == []


@given(
    st.lists(
        st.sampled_from([RMC, GLL, RMC[:-1], b"$", b"*", b"\r\n", b"\x00", b"*4", b"A" * 260]) | st.binary(max_size=9)
    ),
    st.data(),
)
def test_the_pieces_in_which_a_stream_arrives_make_no_difference(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    whole, pieces = sentence.Framer(), sentence.Framer()

    expected = whole.feed(stream)
    found = [
        fields for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) for fields in pieces.feed(stream[a:b])
    ]

    assert found == expected
    assert pieces.counts == whole.counts


@given(st.binary(max_size=300).filter(lambda body: len(body) <= sentence.LONGEST_BODY))
def test_the_folded_checksum_is_the_xor_of_all_bytes(body: bytes) -> None:
    expected = 0
    for byte in body:
        expected ^= byte

    assert sentence.checksum(body) == expected


@given(st.lists(st.binary(max_size=500), max_size=50))
def test_no_more_than_one_unfinished_sentence_is_kept(chunks: list[bytes]) -> None:
    framer = sentence.Framer()
    for chunk in chunks:
        framer.feed(b"$" + chunk)
        assert len(framer._rest) <= sentence.LONGEST_BODY + len(b"$*h")
