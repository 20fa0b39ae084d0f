"""The list of units beside the map: searched, filtered, read again every few seconds."""

import asyncio
import datetime as dt
from typing import Any

import dash
import dash_ag_grid
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, callback, dcc, html

from api import identity
from dashboard import attributes, i18n, ids, request_context
from dashboard.components import grid_words, unit_words
from domain import liveness

_REFRESH_MS = 5000
_MOST_ROWS = 500  #: more are found by searching, not by scrolling
_STATES = ("alert", *liveness.UnitState)

Json = dict[str, Any]


def render() -> html.Aside:
    """Search, filter and list; on a phone a sheet that its handle opens."""
    return html.Aside(
        id=ids.UNIT_SIDE,
        className="map-side",
        children=[
            html.Button(i18n.text("Units"), id=ids.UNIT_SIDE_HANDLE, className="map-side-handle", n_clicks=0),
            dmc.TextInput(
                id=ids.UNIT_SEARCH,
                placeholder=i18n.text("Search name, person, vehicle"),
                debounce=300,
                value="",
                **attributes.named({"aria-label": i18n.text("Search units")}),
            ),
            _filter(),
            html.Div(id=ids.UNIT_COUNT, className="quiet", role="status"),
            _grid(),
            dcc.Interval(id=ids.UNITS_REFRESH, interval=_REFRESH_MS),
        ],
        **attributes.named({"aria-label": i18n.text("Units")}),
    )


def _filter() -> dmc.Select:
    every = {"value": "", "label": i18n.text("All states")}
    return dmc.Select(
        id=ids.UNIT_STATE,
        data=[every, *({"value": state, "label": unit_words.state(state)} for state in _STATES)],
        value="",
        allowDeselect=False,
        **attributes.named({"aria-label": i18n.text("State")}),
    )


def _grid() -> dash_ag_grid.AgGrid:
    titles = {"name": i18n.text("Unit"), "who": i18n.text("Person"), "state": i18n.text("State")}
    return dash_ag_grid.AgGrid(
        id=ids.UNIT_LIST,
        columnDefs=[{"field": field, "headerName": title} for field, title in titles.items()],
        defaultColDef={"sortable": True, "resizable": True, "minWidth": 80},
        columnSize="responsiveSizeToFit",
        getRowId="params.data.id",
        rowData=[],
        dashGridOptions={
            "rowSelection": {"mode": "singleRow", "enableClickSelection": True, "checkboxes": False},
            "localeText": grid_words.words(),
            "animateRows": False,
        },
        style={"height": None},
    )


def rows(units: list[Json], alerts: list[Json], wanted_state: str) -> list[Json]:
    """The rows of a state, those in alarm first, then by name."""
    alarmed = {alert["device_id"] for alert in alerts}
    stated = [(unit, "alert" if unit["id"] in alarmed else unit["state"]) for unit in units]
    found = [(unit, state) for unit, state in stated if wanted_state in ("", state)]
    found.sort(key=lambda each: (each[1] != "alert", each[0]["name"]))
    return [
        {
            "id": str(unit["id"]),
            "name": unit["name"],
            "who": unit["person"] or unit["vehicle"] or unit["label"] or "",
            "state": unit_words.state(state),
        }
        for unit, state in found
    ]


@callback(
    Output(ids.UNIT_LIST, "rowData"),
    Output(ids.UNIT_COUNT, "children"),
    Input(ids.UNITS_REFRESH, "n_intervals"),
    Input(ids.UNIT_SEARCH, "value"),
    Input(ids.UNIT_STATE, "value"),
    State(ids.ALERTS_STORE, "data"),
)
async def show(_ticks: int | None, search: str | None, state: str | None, alerts: list[Json] | None) -> tuple[Any, str]:
    """Read the units again."""
    now = dt.datetime.now(dt.UTC)
    units = await asyncio.to_thread(request_context.desk().units, identity.current(), now, search or "")
    found = rows(units, alerts or [], state or "")
    count = i18n.plural("{count} unit", "{count} units", len(found))
    if len(found) > _MOST_ROWS:
        count = i18n.text("{count}, the first {shown} shown", count=count, shown=i18n.number(_MOST_ROWS))
    return found[:_MOST_ROWS], count


dash.clientside_callback(
    ClientsideFunction(namespace="driveops_map", function_name="chosen"),
    Output(ids.SELECTED_UNIT, "data", allow_duplicate=True),
    Input(ids.UNIT_LIST, "cellClicked"),
    Input(ids.UNIT_LIST, "selectedRows"),
    prevent_initial_call=True,
)
dash.clientside_callback(
    ClientsideFunction(namespace="driveops_map", function_name="toggle"),
    Output(ids.UNIT_SIDE, "className"),
    Input(ids.UNIT_SIDE_HANDLE, "n_clicks"),
)
