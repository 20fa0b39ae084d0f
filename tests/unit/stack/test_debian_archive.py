import pytest

from stack import debian_archive, private_apt

URI = "http://archive.example/debian"

STANZAS = f"""\
Types: deb
URIs: {URI}-security
Suites: bookworm-security
Signed-By: /keys/security.gpg

Enabled: no
Types: deb
URIs: {URI}
Suites: bookworm
Signed-By: /keys/disabled.gpg

Types: deb
URIs: http://other.example/x {URI}/
Suites: bookworm
Signed-By: /keys/debian.gpg
"""
LINES = f"""\
# deb [signed-by=/keys/old.gpg] {URI} bookworm main
deb-src [signed-by=/keys/source.gpg] {URI} bookworm main
deb http://other.example/x bookworm main
deb [arch=amd64 signed-by=/keys/debian.gpg] {URI} bookworm main
"""


@pytest.mark.parametrize(("text", "is_stanza"), [(STANZAS, True), (LINES, False)])
def test_the_key_of_an_address_is_found_in_both_formats(text: str, *, is_stanza: bool) -> None:
    assert debian_archive.signed_by(text, uri=URI, is_stanza=is_stanza) == "/keys/debian.gpg"
    assert debian_archive.signed_by(text, uri="http://third.example", is_stanza=is_stanza) is None


def test_an_address_without_a_key_of_its_own_has_none() -> None:
    assert debian_archive.signed_by(f"deb {URI} bookworm main", uri=URI, is_stanza=False) is None


def test_the_archive_is_found_where_apt_would_fetch_from() -> None:
    printed = (
        "'http://third.example/tools/dists/nodistro/InRelease' x 0 \n"
        f"'{URI}-security/dists/bookworm-security/InRelease' y 0 \n"
        f"'{URI}/dists/bookworm-updates/InRelease' z 0 \n"
        f"'{URI}/dists/bookworm/InRelease' z 0 \n"
    )
    assert debian_archive.release_address(printed) == URI
    assert debian_archive.release_address("") is None


def test_the_host_s_archive_has_an_address_and_a_key() -> None:
    """On a Debian machine; elsewhere the fetch itself says that there is none."""
    uri = debian_archive.host_uri()
    if uri is not None:
        assert "://" in uri or uri.startswith("mirror")
        assert debian_archive.host_key(uri)


@pytest.mark.parametrize(
    "said",
    [
        "W: GPG error: the signatures couldn't be verified: NO_PUBKEY 6ED0E7B82643E131\nE: 'x InRelease' is not signed.",
        "E: The repository 'x' isn't signed",
    ],
)
def test_an_untrusted_archive_is_explained_with_the_way_out(said: str) -> None:
    told = private_apt.explain(said)
    assert "not signed by a trusted key" in told
    assert "STACK_DEBIAN_KEYRING" in told
    assert said.splitlines()[-1] in told


def test_any_other_failure_is_passed_on_without_apt_s_small_talk() -> None:
    told = private_apt.explain("Reading package lists...\nE: Failed to fetch x  Could not connect")
    assert "Could not connect" in told
    assert "Reading" not in told
    assert "STACK_DEBIAN_MIRROR" in told
