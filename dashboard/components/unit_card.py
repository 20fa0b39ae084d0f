"""The card of the unit that is selected, in the list or on the map."""

import asyncio
import datetime as dt
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, callback, html

from api import desk, identity
from dashboard import attributes, i18n, ids, request_context
from dashboard.components import unit_words

_MOST_EVENTS = 8

Json = dict[str, Any]


def render() -> html.Section:
    """The card, hidden until a unit is selected."""
    return html.Section(
        id=ids.UNIT_CARD,
        hidden=True,
        children=dmc.Paper(
            withBorder=True,
            shadow="md",
            p="sm",
            children=[
                dmc.Group(
                    justify="space-between",
                    children=[
                        dmc.Switch(id=ids.FOLLOW_SWITCH, label=i18n.text("Follow"), checked=False, size="sm"),
                        dmc.Switch(id=ids.FLAWED_SWITCH, label=i18n.text("Flawed fixes"), checked=False, size="sm"),
                        dmc.ActionIcon(
                            "✕",
                            variant="subtle",
                            color="gray",
                            id=ids.UNIT_CARD_CLOSE,
                            n_clicks=0,
                            **attributes.named({"aria-label": i18n.text("Close")}),
                        ),
                    ],
                ),
                html.Div(id=ids.UNIT_CARD_BODY),
            ],
        ),
        **attributes.named({"aria-label": i18n.text("Selected unit")}),
    )


def content(unit: Json, *, zone: str) -> list[Any]:
    """What the card says of a unit."""
    facts = {
        i18n.text("State"): unit_words.state(unit["state"]),
        i18n.text("Link"): unit_words.link(unit["link"]),
        i18n.text("Speed"): unit_words.speed(unit["speed_mps"]),
        i18n.text("Age of the position"): unit_words.age(unit["age_s"]),
        i18n.text("Person"): unit["person"],
        i18n.text("Vehicle"): unit["vehicle"],
        i18n.text("Battery"): None if unit["battery_pct"] is None else f"{i18n.number(unit['battery_pct'])} %",
        i18n.text("GPS"): unit_words.gps(unit["gps"]),
        i18n.text("Not yet sent"): i18n.number(unit["backlog"]) if unit["backlog"] else None,
    }
    listed = [part for name, value in facts.items() if value for part in (html.Dt(name), html.Dd(value))]
    title = html.H2([unit["name"], html.Small(f" {unit['label']}") if unit["label"] else None])
    return [title, html.Dl(listed), html.H3(i18n.text("Last events")), _events(unit["events"], zone)]


def _events(events: list[Json], zone: str) -> html.Ol | html.P:
    if not events:
        return html.P(i18n.text("None."), className="quiet")
    return html.Ol([html.Li(_event(event, zone)) for event in events[:_MOST_EVENTS]])


def _event(event: Json, zone: str) -> list[Any]:
    at = i18n.clock(dt.datetime.fromisoformat(event["time"]), zone=zone)
    said: list[Any] = [f"{at} · {unit_words.event(event['kind'])} · {event['text']}"]
    if event["reason"]:
        said.append(html.Small(unit_words.reason(event["reason"]), className="event-reason"))
    if event["corrected_at"]:
        when = i18n.clock(dt.datetime.fromisoformat(event["corrected_at"]), zone=zone)
        said.append(html.Small(i18n.text("corrected at {time}", time=when), className="event-corrected"))
    return said


@callback(
    Output(ids.UNIT_CARD_BODY, "children"),
    Output(ids.UNIT_CARD, "hidden"),
    Input(ids.SELECTED_UNIT, "data"),
    Input(ids.UNITS_REFRESH, "n_intervals"),
)
async def show(device_id: int | None, _ticks: int | None) -> tuple[list[Any], bool]:
    """Read the selected unit again; a unit that is gone has no card."""
    if device_id is None:
        return [], True
    signed_in, now = identity.current(), dt.datetime.now(dt.UTC)
    try:
        unit = await asyncio.to_thread(request_context.desk().unit_card, signed_in, device_id, now)
    except desk.UnitNotFoundError:
        return [html.P(i18n.text("This unit is no longer in service."))], False
    return content(unit, zone=signed_in.time_zone), False


dash.clientside_callback(
    ClientsideFunction(namespace="driveops_map", function_name="select"),
    Output(ids.UNIT_CARD, "data-unit"),
    Input(ids.SELECTED_UNIT, "data"),
)
dash.clientside_callback(
    ClientsideFunction(namespace="driveops_map", function_name="follow"),
    Output(ids.UNIT_CARD, "data-following"),
    Input(ids.FOLLOW_SWITCH, "checked"),
)
dash.clientside_callback(
    ClientsideFunction(namespace="driveops_map", function_name="flawed"),
    Output(ids.UNIT_CARD, "data-flawed"),
    Input(ids.FLAWED_SWITCH, "checked"),
)
dash.clientside_callback(
    ClientsideFunction(namespace="driveops_map", function_name="close"),
    Output(ids.SELECTED_UNIT, "data"),
    Output(ids.FOLLOW_SWITCH, "checked"),
    Input(ids.UNIT_CARD_CLOSE, "n_clicks"),
    prevent_initial_call=True,
)
