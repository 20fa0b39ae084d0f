"""A private apt: own sources, lists and downloads beside the host's, which stays untouched; needs no rights."""

import os
import pwd
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from stack import deb822, debian_archive, errors

#: Called with the share of the current step that is done, 0 to 1.
Progress = Callable[[float], None]

_STATUS = re.compile(r"dlstatus:\d+:(?P<percent>[\d.]+):")

# The host's apt.conf.d is read before this file, so its proxies, credentials and certificates hold here as well; its
# hooks, pins and extra indexes must not.
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
#clear Acquire::IndexTargets::deb;
Acquire::IndexTargets::deb::Packages {{
  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
  flatMetaKey "Packages";
  ShortDescription "Packages";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
  flatDescription "$(RELEASE) Packages";
  Optional "false";
}};
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::http::Proxy::127.0.0.1 "DIRECT";
Acquire::Retries "3";
Dir::Etc::sourcelist "{folder}/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{folder}/cache/archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivateApt:
    """apt on a folder of its own; every index is checked against the archive's signature, every package against it."""

    folder: Path
    lock: int | None = None  #: descriptor of a held lock; apt holds it on if we are killed while it writes

    @property
    def downloads(self) -> Path:
        """Where packages arrive; what is here already is checked and not fetched again."""
        return self.folder / "packages"

    def prepare(self, archive: debian_archive.Archive, suite: str) -> None:
        """Write the private configuration."""
        for name in ("lists/partial", "cache/archives/partial", "packages"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").write_text("")
        (self.folder / "apt.conf").write_text(_CONFIGURATION.format(folder=self.folder, architecture=_architecture()))
        key = "".join(f"\n {line or '.'}" for line in archive.signed_by.strip().splitlines())
        signed_by = f"Signed-By:{key if chr(10) in archive.signed_by else ' ' + archive.signed_by}\n"
        (self.folder / "debian.sources").write_text(
            f"Types: deb\nURIs: {archive.uri}\nSuites: {suite}\nComponents: main\n"
            + (signed_by if archive.signed_by else "")
        )
        if os.geteuid() == 0:
            self._give_downloads_to_apt()

    def update(self, progress: Progress) -> None:
        """Fetch the index of the suite; downloads of an earlier run that it no longer names are deleted.

        Raises:
            EngineUnavailableError: the archive can't be reached, or its signature isn't by the given key.
        """
        self._get("update", progress=progress)
        for file in self.downloads.glob("*.deb"):
            if file.name not in self._current_files(file.name.partition("_")[0]):
                file.unlink()

    def download(self, packages: Iterable[str], progress: Progress) -> dict[str, Path]:
        """Fetch packages and return their files; a complete file is kept, a part of one is completed."""
        names = sorted(packages)
        self._get("download", *names, progress=progress)
        return {name: self._file(name) for name in names}

    def depends(self, package: str) -> list[str]:
        """Return the names that a downloaded package depends on."""
        command = ["dpkg-deb", "--field", str(self._file(package)), "Pre-Depends", "Depends"]
        said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        stanza = next(deb822.stanzas(said), {})
        return deb822.dependency_names(f"{stanza.get('pre-depends', '')}, {stanza.get('depends', '')}")

    def files(self, packages: Iterable[str]) -> dict[str, str]:
        """Return the file name, which carries the version, of each downloaded package."""
        return {name: self._file(name).name for name in packages}

    def _current_files(self, package: str) -> set[str]:
        command = ["apt-cache", "-c", str(self.folder / "apt.conf"), "--no-all-versions", "show", package]
        env = os.environ | debian_archive.UNTRANSLATED
        said = subprocess.run(command, check=False, capture_output=True, text=True, env=env, timeout=60).stdout
        return {
            f"{found['package']}_{found['version'].replace(':', '%3a')}_{found['architecture']}.deb"
            for found in deb822.stanzas(said)
        }

    def _file(self, package: str) -> Path:
        found = sorted(self.downloads.glob(f"{package}_*.deb"))
        if len(found) != 1:
            raise errors.EngineUnavailableError(f"apt left {len(found)} files for the package {package}")
        return found[0]

    def _get(self, *arguments: str, progress: Progress) -> None:
        command = ["apt-get", "-c", str(self.folder / "apt.conf"), "-q", "-o", "APT::Status-Fd=1", *arguments]
        with (
            tempfile.TemporaryFile("w+") as problems,
            subprocess.Popen(
                command,
                cwd=self.downloads,
                env=os.environ | debian_archive.UNTRANSLATED,
                pass_fds=() if self.lock is None else (self.lock,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=problems,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                match = _STATUS.match(line)
                if match:
                    progress(min(float(match["percent"]) / 100, 1.0))
            if process.wait() != 0:
                problems.seek(0)
                raise errors.EngineUnavailableError(explain(problems.read()))
        progress(1.0)

    def _give_downloads_to_apt(self) -> None:
        """Let apt drop its rights while it downloads, as it does for the host's own packages."""
        try:
            account = pwd.getpwnam("_apt")
        except KeyError:
            return
        os.chown(self.downloads, account.pw_uid, account.pw_gid)


def _architecture() -> str:
    command = ["dpkg", "--print-architecture"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def explain(problems: str) -> str:
    """Turn what apt-get said on failure into a message that says what to do."""
    said = "\n".join(line for line in problems.splitlines() if line.startswith(("E:", "W:"))) or problems.strip()
    if "NO_PUBKEY" in said or "not signed" in said or "isn't signed" in said:
        return (
            f"the Debian archive is not signed by a trusted key, so nothing was taken from it:\n{said}\n"
            "Update the package debian-archive-keyring, or point STACK_DEBIAN_KEYRING at a keyring that holds "
            "the keys of Debian 13."
        )
    return f"the Debian archive can't be read (STACK_DEBIAN_MIRROR names another):\n{said}"
