"""The stack as a table: what runs, in the order in which each part needs the ones before it."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from db import roles
from db import settings as db_settings
from stack import addresses, broker, engine, errors, health, keys, postgres, program, settings


class Part(StrEnum):
    """What `up` can be asked for."""

    POSTGRES = "postgres"
    BROKER = "broker"
    MIGRATE = "migrate"
    SEED = "seed"
    INGEST = "ingest"
    BROKER_USERS = "broker-users"
    WEB = "web"


Child = postgres.Postgres | broker.Broker | program.Program


def table(
    choice: settings.Settings, programs: engine.Engine, known: keys.Keys, web_files: Mapping[str, str] | None = None
) -> Mapping[Part, Child]:
    """Describe every child, in starting order; none is started. `web_files` is the web server's part of the cache (WEB_*)."""
    places = addresses.of(known, choice)
    folder = choice.data_dir
    server = postgres.Postgres(
        programs=programs,
        folder=folder,
        port=known.postgres_port,
        databases=(addresses.DATABASE,),
        new_password=known.superuser,
    )
    message_broker = broker.Broker(
        programs=programs, folder=folder, port=known.broker_port, accounts=addresses.accounts(known)
    )
    vitals = health.vitals_file(folder)
    migration = {"DATABASE_URL": places.database_url} | _role_passwords(choice, known)
    children: dict[Part, Child] = {
        Part.POSTGRES: server,
        Part.BROKER: message_broker,
        Part.MIGRATE: program.Program(
            name="migrate",
            arguments=("db", "upgrade"),
            env=migration,
            folder=folder,
            once=True,
        ),
        Part.SEED: program.Program(
            name="seed", arguments=("db", "seed", "--demo"), env=migration, folder=folder, once=True
        ),
        Part.INGEST: program.Program(
            name=health.INGEST,
            arguments=("ingest", "run"),
            env=places.variables() | {"INGEST_HEALTH_FILE": str(vitals)},
            folder=folder,
            ready=lambda pid: not health.trouble_of_ingest(vitals, pid),
        ),
        Part.BROKER_USERS: program.Program(
            name="broker-users",
            arguments=(
                *("stack", "broker-users", "--watch"),
                *("--write", str(message_broker.users.path), "--broker", str(message_broker.configuration)),
            ),
            env=places.variables(),
            folder=folder,
        ),
        Part.WEB: program.Program(
            name=health.WEB,
            arguments=("dashboard", "run"),
            env=places.variables()
            | {
                "WEB_HOST": "127.0.0.1",
                "WEB_DEVICE_BROKER_HOST": "127.0.0.1",
                "WEB_DEVICE_BROKER_PORT": str(known.broker_port),
            }
            | dict(web_files or {}),
            folder=folder,
            port=known.web_port,
            ready=lambda _pid: health.answers(known.web_port),
        ),
    }
    if choice.database_url:
        # Someone's own database: it runs already, and nobody asked for invented companies in it.
        del children[Part.POSTGRES], children[Part.SEED]
    return children


def chosen(children: Mapping[Part, Child], parts: list[Part]) -> Mapping[Part, Child]:
    """Keep the wanted parts, all of them where none is named.

    Raises:
        StackError: a part is asked for that this stack doesn't have.
    """
    absent = [part for part in parts if part not in children]
    if absent:
        raise errors.StackError(f"no {', '.join(absent)} where DATABASE_URL names a database")
    return {part: child for part, child in children.items() if part in parts or not parts}


def without_own_address(choice: settings.Settings, known: keys.Keys | None) -> settings.Settings:
    """Forget a DATABASE_URL that is this stack's own, as it is in a shell that has read `python -m stack env`."""
    if known is not None and choice.database_url == addresses.own_database_url(known):
        return replace(
            choice, database_url=None, ingest_database_url=None, web_database_url=None, auth_database_url=None
        )
    return choice


def _role_passwords(choice: settings.Settings, known: keys.Keys) -> dict[str, str]:
    """The passwords that `db upgrade` sets: of the roles whose address nobody has given."""
    made = {
        roles.WEB: (choice.web_database_url, known.web),
        roles.BACKEND: (choice.ingest_database_url, known.backend),
        roles.AUTH: (choice.auth_database_url, known.auth),
    }
    return {
        db_settings.PASSWORD_VARIABLES[role]: password
        for role, (given, password) in made.items()
        if not (given and choice.database_url)
    }
