"""What the private engine is made of."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from stack import closure

#: Goes up with every change that makes an engine built before unfit.
REVISION = 1
SUITE = "trixie"
RELEASE = "debian13"

POSTGRES_BIN = "usr/lib/postgresql/17/bin"
POSTGRES_LIB = "usr/lib/postgresql/17/lib"
EXTENSIONS = "usr/share/postgresql/17/extension"
PROJ_DATA = "usr/share/proj"
ZONEINFO = "usr/share/zoneinfo"
MOSQUITTO = "usr/sbin/mosquitto"

#: Programs that get a wrapper; nothing else of bin/ is run.
PROGRAMS = (
    *(f"{POSTGRES_BIN}/{name}" for name in ("postgres", "initdb", "pg_ctl", "pg_isready", "psql")),
    *(f"{POSTGRES_BIN}/{name}" for name in ("pg_dump", "pg_restore", "pg_controldata", "pg_waldump", "pgbench")),
    MOSQUITTO,
    *(f"usr/bin/{name}" for name in ("mosquitto_passwd", "mosquitto_pub", "mosquitto_sub", "mosquitto_ctrl")),
)

#: Plug-ins nobody here loads, whose libraries are a compiler (LLVM), a raster library (GDAL) and the like.
UNWANTED = (
    f"{POSTGRES_LIB}/bitcode",
    f"{POSTGRES_LIB}/pgxs",
    *(f"{POSTGRES_LIB}/{name}" for name in ("llvmjit.so", "llvmjit_types.bc", "sepgsql.so")),
    *(f"{POSTGRES_LIB}/{name}-3.so" for name in ("postgis_raster", "postgis_sfcgal")),
)

#: Data that no ELF file names.
DATA_PACKAGES = ("proj-data", "tzdata")


def _is_program(binary: closure.Binary) -> bool:
    return binary.path in PROGRAMS


def _is_program_or_plug_in(binary: closure.Binary) -> bool:
    is_plug_in = str(PurePosixPath(binary.path).parent) == POSTGRES_LIB and binary.path not in UNWANTED
    return is_plug_in or _is_program(binary)


def _nothing(_binary: closure.Binary) -> bool:
    return False


ROOT_PACKAGES: Mapping[str, closure.Wanted] = {
    "postgresql-17": _is_program_or_plug_in,
    "postgresql-client-17": _is_program,
    "postgresql-17-timescaledb": _is_program_or_plug_in,
    "postgresql-17-postgis-3": _is_program_or_plug_in,
    "postgresql-17-postgis-3-scripts": _nothing,
    "mosquitto": _is_program,
    "mosquitto-clients": _is_program,
}
