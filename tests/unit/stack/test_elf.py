import contextlib
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack import elf

_HEADER = b"\x7fELF\x02\x01".ljust(32, b"\0")


def image(*, needed: list[str], soname: str | None = None, interpreter: str | None = None) -> bytes:
    """Write a dynamic ELF file by the book: header, three program headers, strings, dynamic section."""
    strings = b"\0"
    offsets = []
    for text in [*needed, *([soname] if soname else [])]:
        offsets.append(len(strings))
        strings += text.encode() + b"\0"
    start, base = 64 + 3 * 56, 0x400000
    entries = [(1, offset) for offset in offsets[: len(needed)]]
    entries += [(14, offsets[-1])] if soname else []
    entries += [(5, base + start), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    named = (interpreter or "").encode() + b"\0"
    end = start + len(strings) + len(dynamic) + len(named)
    segments = [(1, 0, base, end), (2, start + len(strings), 0, len(dynamic))]
    segments += [(3, end - len(named), 0, len(named))] if interpreter else [(0, 0, 0, 0)]
    table = b"".join(
        struct.pack("<IIQQQQQQ", kind, 0, offset, address, 0, size, size, 1) for kind, offset, address, size in segments
    )
    header = bytearray(_HEADER.ljust(64, b"\0"))
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, 3)
    return bytes(header) + table + strings + dynamic + named


@given(
    st.lists(st.from_regex(r"lib[a-z]{1,9}\.so\.[0-9]", fullmatch=True), max_size=8),
    st.none() | st.just("libself.so.1"),
    st.none() | st.just("/lib64/ld.so"),
)
def test_needs_name_and_loader_are_read(needed: list[str], soname: str | None, interpreter: str | None) -> None:
    expected = elf.Elf(needed=tuple(needed), soname=soname, interpreter=interpreter)
    assert elf.parse(image(needed=needed, soname=soname, interpreter=interpreter)) == expected


def test_this_very_interpreter_needs_a_c_library() -> None:
    read = elf.read(Path(sys.executable).resolve())
    assert read is not None
    assert "libc.so.6" in read.needed
    assert read.interpreter is not None


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + b"\0" * 90, b"\x7fEL"])
def test_what_is_no_64_bit_elf_file_is_not_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert elf.read(tmp_path / "file") is None


@given(st.data())
def test_a_damaged_file_is_said_to_be_damaged_and_nothing_worse(data: st.DataObject) -> None:
    whole = image(needed=["libone.so.1", "libtwo.so.2"], soname="libself.so.1", interpreter="/lib64/ld.so")
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    position = data.draw(st.integers(0, max(0, len(cut) - 1)))
    damaged = cut[:position] + data.draw(st.binary(max_size=8)) + cut[position + 8 :]
    with contextlib.suppress(ValueError):  # the one error that it may end in
        elf.parse(damaged)
