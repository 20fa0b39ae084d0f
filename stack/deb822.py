"""The two text formats of the Debian packaging tools that the engine reads: stanzas and dependency fields."""

import re
from collections.abc import Iterator

Stanza = dict[str, str]


def stanzas(text: str) -> Iterator[Stanza]:
    """Yield each paragraph as field → value; field names lower-case, continued lines joined by newlines."""
    current: Stanza = {}
    field = ""
    for line in text.splitlines():
        if not line.strip():
            if current:
                yield current
            current, field = {}, ""
        elif line.startswith("#"):
            continue
        elif line[0] in " \t":
            if field:
                current[field] = f"{current[field]}\n{line.strip()}"
        else:
            name, colon, value = line.partition(":")
            field = name.strip().lower() if colon else ""
            if field:
                current[field] = value.strip()
    if current:
        yield current


def dependency_names(field: str) -> list[str]:
    """Return the package names of a Depends field in order, alternatives one after the other, without versions."""
    wanted = re.sub(r"\([^)]*\)|\[[^]]*\]|<[^>]*>", "", field)
    names = (re.split(r"[\s:]", name.strip())[0] for name in re.split(r"[,|]", wanted))
    return list(dict.fromkeys(name for name in names if name))
