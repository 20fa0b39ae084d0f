"""Which Debian archive the host's own apt uses, and which keyring it trusts for it."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stack import deb822, errors, settings

#: apt's words are parsed, so they must not be translated.
UNTRANSLATED = {"LC_ALL": "C.UTF-8"}

#: Suites that live at the same address as the one the engine is taken from.
_SUITES = {"bookworm", "trixie", "forky", "oldstable", "stable", "testing", "unstable", "sid"}
_DEFAULT_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+\S+")
_RELEASE_FILE = re.compile(r"'(?P<uri>[^']+?)/?/dists/(?P<suite>[^/']+)/InRelease'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A Debian archive and who signs it."""

    uri: str
    signed_by: str  #: path of a keyring, or an embedded key; empty: the keys that apt trusts for everything


def find(choice: settings.Settings) -> Archive:
    """Return the archive to fetch from: the settings' if given, else the host's.

    Raises:
        EngineUnavailableError: the host's apt knows no Debian archive and the settings name none.
    """
    if choice.debian_keyring is not None and not choice.debian_keyring.is_file():
        raise errors.StackError(f"STACK_DEBIAN_KEYRING={str(choice.debian_keyring)!r} is not a file")
    uri = choice.debian_mirror or host_uri()
    if uri is None:
        raise errors.EngineUnavailableError("apt on this system knows no Debian archive (set STACK_DEBIAN_MIRROR)")
    return Archive(uri=uri, signed_by=str(choice.debian_keyring) if choice.debian_keyring else host_key(uri))


def host_uri() -> str | None:
    """Return the address that apt on this machine uses for Debian; None where it knows none."""
    fields = "$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)"
    listed = _run("apt-get", "indextargets", "--format", fields, "Created-By: Packages")
    for line in listed.splitlines():
        origin, suite, component, uri = line.split("|", 3)
        if origin == "Debian" and suite in _SUITES and component == "main":
            return uri.rstrip("/")
    # No index has been fetched yet, or it was cleaned away: ask where apt would fetch it.
    return release_address(_run("apt-get", "update", "--print-uris"))


def release_address(printed: str) -> str | None:
    """Find the archive in the output of `apt-get update --print-uris`."""
    for match in _RELEASE_FILE.finditer(printed):
        if match["suite"] in _SUITES:
            return match["uri"].rstrip("/")
    return None


def host_key(uri: str) -> str:
    """Return the key that this machine demands for an address."""
    for text, is_stanza in _source_files():
        key = signed_by(text, uri=uri, is_stanza=is_stanza)
        if key:
            return key
    return str(_DEFAULT_KEYRING) if _DEFAULT_KEYRING.is_file() else ""


def signed_by(text: str, *, uri: str, is_stanza: bool) -> str | None:
    """Find the key that a sources file demands for an address, in either of apt's two formats."""
    for candidate, key in _stanza_keys(text) if is_stanza else _line_keys(text):
        if candidate.rstrip("/") == uri.rstrip("/") and key:
            return key
    return None


def _stanza_keys(text: str) -> Iterator[tuple[str, str]]:
    for stanza in deb822.stanzas(text):
        if stanza.get("enabled", "yes").lower() not in {"no", "false", "off", "0"}:
            for candidate in stanza.get("uris", "").split():
                yield candidate, stanza.get("signed-by", "")


def _line_keys(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = _ONE_LINE.match(line.strip())
        if match:
            options = dict(option.split("=", 1) for option in (match["options"] or "").split() if "=" in option)
            yield match["uri"], options.get("signed-by", "")


def _source_files() -> Iterator[tuple[str, bool]]:
    places = _run("apt-config", "shell", "list", "Dir::Etc::sourcelist/f", "parts", "Dir::Etc::sourceparts/d")
    named = dict(re.findall(r"^(list|parts)='([^']*)'$", places, re.MULTILINE))
    single = Path(named.get("list") or "/etc/apt/sources.list")
    folder = Path(named.get("parts") or "/etc/apt/sources.list.d")
    for path in [single, *(sorted(folder.iterdir()) if folder.is_dir() else [])]:
        if path.suffix in {".list", ".sources"} and path.is_file():
            yield path.read_text(errors="replace"), path.suffix == ".sources"


def _run(*command: str) -> str:
    env = os.environ | UNTRANSLATED
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, env=env, timeout=120).stdout
    except FileNotFoundError as error:
        raise errors.EngineUnavailableError(f"{command[0]} is missing: this is no Debian system") from error
