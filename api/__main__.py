"""`python -m api`: what the API looks like from outside."""

import json

import typer

from api import application, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

# Nothing connects while the schema is written: any address does.
_ANY = {
    "WEB_DATABASE_URL": "postgresql://localhost/driveops",
    "WEB_AUTH_DATABASE_URL": "postgresql://localhost/driveops",
    "WEB_MQTT_URL": "mqtt://localhost",
}


@app.callback()
def api() -> None:
    """The web server's API; `python -m dashboard run` serves it."""


@app.command()
def openapi() -> None:
    """Print the API as an OpenAPI document."""
    made = application.create(settings.Settings.from_env(_ANY))
    typer.echo(json.dumps(made.openapi(), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    app()
