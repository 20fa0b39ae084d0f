"""What `python -m db check` looks at: versions, migrations, roles, and that no table is open to another tenant."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from db import editions, migrate, queries, roles

LEAST_POSTGRES = 17
LEAST_EXTENSIONS = {"timescaledb": (2, 19), "postgis": (3, 5)}
_HELSINKI_UTM_M = (385_611.3, 6_672_118.4)
_UTM_TOLERANCE_M = 1.0
_READABLE = ("SELECT", "INSERT", "UPDATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    subject: str
    is_right: bool
    detail: str


def run(connection: sa.Connection) -> list[Finding]:
    """Look at everything; what depends on something missing isn't looked at."""
    findings = [_postgres(connection), *_extensions(connection), _revision(connection), *_roles(connection)]
    if all(finding.is_right for finding in findings):
        findings += [_projection(connection), _edition(connection), _schema(connection), *isolation(connection)]
    connection.rollback()
    return findings


def isolation(connection: sa.Connection) -> list[Finding]:
    """Everything in our schemas that would show one tenant the rows of another, table by table and function by function."""
    return [*_tables(connection), *_functions(connection)]


def _postgres(connection: sa.Connection) -> Finding:
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    name = connection.exec_driver_sql("SHOW server_version").scalar_one()
    is_right = version // 10_000 >= LEAST_POSTGRES
    return Finding(
        subject="PostgreSQL", is_right=is_right, detail=name if is_right else f"{name}; {LEAST_POSTGRES} is needed"
    )


def _extensions(connection: sa.Connection) -> Iterator[Finding]:
    rows = connection.exec_driver_sql(queries.get("check_extensions"))
    installed: dict[str, str] = {row.extname: row.extversion for row in rows}
    for name, least in LEAST_EXTENSIONS.items():
        version = installed.get(name)
        needed = ".".join(map(str, least))
        if version is None:
            yield Finding(subject=name, is_right=False, detail="not in this database: run `python -m db upgrade`")
        else:
            is_right = tuple(int(part) for part in version.split(".")[:2]) >= least
            yield Finding(
                subject=name, is_right=is_right, detail=version if is_right else f"{version}; {needed} is needed"
            )


def _revision(connection: sa.Connection) -> Finding:
    current, head = migrate.current(connection), migrate.head()
    detail = (
        f"{current}" if current == head else f"{current or 'none'}; {head} is the newest: run `python -m db upgrade`"
    )
    return Finding(subject="migrations", is_right=current == head, detail=detail)


def _roles(connection: sa.Connection) -> Iterator[Finding]:
    found = {
        row["rolname"]: row
        for row in connection.exec_driver_sql(queries.get("check_roles"), {"roles": list(roles.ALL)}).mappings()
    }
    for role in roles.ALL:
        row = found.get(role)
        if row is None:
            yield Finding(subject=f"role {role}", is_right=False, detail="missing: run `python -m db upgrade`")
            continue
        powers = [name for name in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb") if row[name]]
        faults = [f"has {name.removeprefix('rol')}" for name in powers]
        faults += [f"may act as {other}" for other in row["member_of"]]
        if not row["rolcanlogin"]:
            faults.append("cannot log in")
        yield Finding(subject=f"role {role}", is_right=not faults, detail=", ".join(faults) or "as it should be")


def _projection(connection: sa.Connection) -> Finding:
    try:
        point = connection.exec_driver_sql(queries.get("check_projection")).one()
        off_m = math.dist(tuple(point), _HELSINKI_UTM_M)
        is_right, detail = off_m <= _UTM_TOLERANCE_M, f"off by {off_m:.2f} m"
    except sa.exc.DBAPIError as error:
        connection.rollback()
        is_right, detail = False, f"{error.orig}"
    hint = "" if is_right else "; does the server find PROJ's data (PROJ_DATA)?"
    return Finding(subject="PostGIS projections", is_right=is_right, detail=detail + hint)


def _edition(connection: sa.Connection) -> Finding:
    edition = editions.of(connection)
    what = "no compression, no policies" if edition is editions.Edition.APACHE else "compression and policies"
    return Finding(subject="TimescaleDB edition", is_right=True, detail=f"{edition}: {what}")


def _schema(connection: sa.Connection) -> Finding:
    differences = migrate.differences(connection)
    detail = "as the code says" if not differences else f"differs from the code: {differences}"
    return Finding(subject="schema", is_right=not differences, detail=detail)


def _tables(connection: sa.Connection) -> Iterator[Finding]:
    rows = connection.exec_driver_sql(queries.get("check_tables"), {"web": roles.WEB}).mappings()
    for row in rows:
        faults = list(_table_faults(row))
        yield Finding(
            subject=f"table {row['name']}", is_right=not faults, detail="; ".join(faults) or "tenants kept apart"
        )


def _table_faults(row: sa.RowMapping) -> Iterator[str]:
    granted = row["web_privileges"] or []
    if row["owner"] != roles.OWNER:
        yield f"belongs to {row['owner']}, not to {roles.OWNER}"
    if row["is_hypertable"]:
        if granted:
            yield f"{roles.WEB} may {', '.join(granted)}, and a hypertable has no row-level security"
        return
    if row["kind"] not in ("r", "p"):
        if granted:
            yield f"{roles.WEB} may {', '.join(granted)} on what isn't a table, and has its owner's rights there"
        return
    if not row["has_row_security"]:
        yield "row-level security is off"
    if not row["own_tenant_policies"]:
        yield f"no policy of {roles.WEB} goes by app.current_tenant()"
    for policy in row["open_policies"]:
        yield f"policy {policy} doesn't go by app.current_tenant()"
    if beyond := [privilege for privilege in granted if privilege not in _READABLE]:
        yield f"{roles.WEB} may {', '.join(beyond)}"


def _functions(connection: sa.Connection) -> Iterator[Finding]:
    for row in connection.exec_driver_sql(queries.get("check_functions"), {"web": roles.WEB}).mappings():
        faults = []
        if not row["has_fixed_path"]:
            faults.append("runs as its owner without a fixed search_path")
        if row["is_public"]:
            faults.append("everybody may call it")
        if row["is_web"] and not row["goes_by_tenant"]:
            faults.append(f"{roles.WEB} may call it, and it doesn't go by app.current_tenant()")
        yield Finding(
            subject=f"function {row['name']}", is_right=not faults, detail="; ".join(faults) or "as it should be"
        )
