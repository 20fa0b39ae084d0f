import pytest

from stack import deb822

SOURCES = """\
# Debian
Types: deb
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINB
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
# a remark within
URIs: http://archive.example/debian-security
"""


def test_paragraphs_fields_and_continued_lines_are_told_apart() -> None:
    first, second = deb822.stanzas(SOURCES)
    assert first["uris"] == "http://archive.example/debian"
    assert first["suites"] == "bookworm bookworm-updates"
    assert first["signed-by"].splitlines()[:4] == ["", "-----BEGIN PGP PUBLIC KEY BLOCK-----", ".", "mQINB"]
    assert second == {"types": "deb", "uris": "http://archive.example/debian-security"}


@pytest.mark.parametrize("text", ["", "\n\n \n", "# nothing\n", "no colon here\n"])
def test_text_without_fields_has_no_paragraph(text: str) -> None:
    assert list(deb822.stanzas(text)) == []


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("", []),
        (" , ", []),
        ("libc6 (>= 2.38), libssl3t64 (>= 3.0.0)", ["libc6", "libssl3t64"]),
        ("debconf (>= 0.5) | debconf-2.0, locales | locales-all", ["debconf", "debconf-2.0", "locales", "locales-all"]),
        ("python3:any, gcc [amd64], sphinx <!nodoc>, libc6, libc6", ["python3", "gcc", "sphinx", "libc6"]),
    ],
)
def test_names_are_taken_out_of_a_dependency_field(field: str, names: list[str]) -> None:
    assert deb822.dependency_names(field) == names
