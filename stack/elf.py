"""What an ELF file asks of the loader, read with the standard library alone."""

import struct
from dataclasses import dataclass
from pathlib import Path

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_SONAME = 0, 1, 5, 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Elf:
    """The dynamic section of one 64-bit little-endian file (the byte order of both supported architectures)."""

    needed: tuple[str, ...]
    soname: str | None
    interpreter: str | None


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def read(path: Path) -> Elf | None:
    """Return the file's needs, or None where it is no dynamic ELF file (a script, a static program, data)."""
    with path.open("rb") as file:
        if file.read(6) != b"\x7fELF\x02\x01":
            return None
        file.seek(0)
        return parse(file.read())


def parse(image: bytes) -> Elf | None:
    """Read a whole ELF image.

    Raises:
        ValueError: the image is cut short or its tables point outside it.
    """
    try:
        segments = _segments(image)
        dynamic = next((s for s in segments if s.kind == _PT_DYNAMIC), None)
        if dynamic is None:
            return None
        entries = _dynamic_entries(image, dynamic)
        names = _file_offset(segments, next(value for tag, value in entries if tag == _DT_STRTAB))
        interpreter = next((s for s in segments if s.kind == _PT_INTERP), None)
        return Elf(
            needed=tuple(_text(image, names + value) for tag, value in entries if tag == _DT_NEEDED),
            soname=next((_text(image, names + value) for tag, value in entries if tag == _DT_SONAME), None),
            interpreter=None if interpreter is None else _text(image, interpreter.offset),
        )
    except (struct.error, StopIteration, IndexError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError("damaged ELF file") from error


def _segments(image: bytes) -> list[_Segment]:
    (table,) = struct.unpack_from("<Q", image, 32)
    entry_size, count = struct.unpack_from("<HH", image, 54)
    found = []
    for index in range(count):
        kind, _flags, offset, address, _physical, size = struct.unpack_from(
            "<IIQQQQ", image, table + index * entry_size
        )
        found.append(_Segment(kind, offset, address, size))
    return found


def _dynamic_entries(image: bytes, dynamic: _Segment) -> list[tuple[int, int]]:
    entries = []
    for position in range(dynamic.offset, dynamic.offset + dynamic.size, 16):
        tag, value = struct.unpack_from("<QQ", image, position)
        if tag == _DT_NULL:
            break
        entries.append((tag, value))
    return entries


def _file_offset(segments: list[_Segment], address: int) -> int:
    load = next(s for s in segments if s.kind == _PT_LOAD and s.address <= address < s.address + s.size)
    return address - load.address + load.offset


def _text(image: bytes, start: int) -> str:
    end = image.find(b"\0", start)
    if not 0 <= start < end:
        raise IndexError
    return image[start:end].decode()
