"""What the private engine is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from stack import closure

POSTGRES_BIN = "usr/lib/postgresql/17/bin"
POSTGRES_LIB = "usr/lib/postgresql/17/lib"
PROJ_DATA = "usr/share/proj"
ZONEINFO = "usr/share/zoneinfo"
MOSQUITTO = "usr/sbin/mosquitto"

#: The zone folder is compiled into the server as an absolute path of the host. This one, of at most the same length, is
#: relative to the data folder, where the server's start puts a link: a host without tzdata serves as well as any.
RELATIVE_ZONEINFO = "zoneinfo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """An engine: packages to start from, and what is done to their files."""

    name: str  #: of its folder; goes up with every change that makes an engine built before unfit
    suite: str
    #: Packages whose files' libraries are followed → the folder whose plug-ins count as well as the programs.
    roots: Mapping[str, str | None]
    packages_about: int  #: for the progress bar
    data: tuple[str, ...]  #: packages that no ELF file names
    programs: tuple[str, ...]  #: these get a wrapper; nothing else is run
    unwanted: tuple[str, ...]  #: taken out, and their libraries not followed
    links: Mapping[str, str]  #: what the packages' own installation scripts would link
    texts: Mapping[str, tuple[str, str]]  #: file → a text in it, and what replaces it

    def wants(self, package: str, binary: closure.Binary) -> bool:
        """Tell whether the libraries of a root package's file are followed."""
        if binary.path in self.programs:
            return True
        folder = self.roots[package]
        return str(PurePosixPath(binary.path).parent) == folder and binary.path not in self.unwanted


ENGINE = Recipe(
    name="debian13-r1",
    suite="trixie",
    roots={
        "postgresql-17": POSTGRES_LIB,
        "postgresql-client-17": None,
        "postgresql-17-timescaledb": POSTGRES_LIB,
        "postgresql-17-postgis-3": POSTGRES_LIB,
        "postgresql-17-postgis-3-scripts": None,
        "mosquitto": None,
        "mosquitto-clients": None,
    },
    packages_about=75,
    data=("proj-data", "tzdata"),
    programs=(
        *(f"{POSTGRES_BIN}/{name}" for name in ("postgres", "initdb", "pg_ctl", "pg_isready", "psql")),
        *(f"{POSTGRES_BIN}/{name}" for name in ("pg_dump", "pg_restore", "pg_controldata", "pg_waldump", "pgbench")),
        MOSQUITTO,
        *(f"usr/bin/{name}" for name in ("mosquitto_passwd", "mosquitto_pub", "mosquitto_sub", "mosquitto_ctrl")),
    ),
    # Their libraries are a compiler (LLVM), a raster library (GDAL) and the like.
    unwanted=(
        f"{POSTGRES_LIB}/bitcode",
        f"{POSTGRES_LIB}/pgxs",
        *(f"{POSTGRES_LIB}/{name}" for name in ("llvmjit.so", "llvmjit_types.bc", "sepgsql.so")),
        *(f"{POSTGRES_LIB}/{name}-3.so" for name in ("postgis_raster", "postgis_sfcgal")),
    ),
    links={"usr/share/postgresql/17/extension/postgis.control": "postgis-3.control"},
    texts={f"{POSTGRES_BIN}/postgres": ("/usr/share/zoneinfo", RELATIVE_ZONEINFO)},
)
