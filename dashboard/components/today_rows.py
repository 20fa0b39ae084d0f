"""The rows that the numbers of a day count."""

from typing import Any

import dash_ag_grid
from dash import dcc, html

from api import figures_desk
from dashboard import i18n
from dashboard.components import today_figures, unit_words
from dashboard.figures import bars

_M_PER_KM = 1000


def render(day: figures_desk.Today, *, zone: str) -> list[html.Section]:
    """A section with chart and rows for units, alerts and visits."""
    return [
        _section(today_figures.UNITS, i18n.text("Units"), bars.distance(day.units), _units(day, zone)),
        _section(today_figures.ALERTS, i18n.text("Alerts"), bars.answers(day, zone=zone), _alerts(day, zone)),
        _section(today_figures.VISITS, i18n.text("Geofence visits"), bars.visits(day.visits), _visits(day, zone)),
    ]


def _section(name: str, title: str, figure: Any, grid: dash_ag_grid.AgGrid) -> html.Section:
    chart = dcc.Graph(id=f"{name}-chart", figure=figure, config={"displayModeBar": False})
    is_empty = not figure.data[0].x
    return html.Section([html.H2(title), *([] if is_empty else [chart]), grid], id=name)


def _units(day: figures_desk.Today, zone: str) -> dash_ag_grid.AgGrid:
    rows = [
        {
            "name": unit.name,
            "person": unit.person or "",
            "state": unit_words.state(day.state_of(unit)),
            "fixes": unit.fixes,
            "km": round(unit.distance_m / _M_PER_KM, 1),
            "last": i18n.clock(unit.time, zone=zone) if unit.time else "",
        }
        for unit in day.units
    ]
    titles = {
        "name": i18n.text("Unit"),
        "person": i18n.text("Person"),
        "state": i18n.text("State"),
        "fixes": i18n.text("Fixes"),
        "km": i18n.text("km"),
        "last": i18n.text("Newest fix"),
    }
    return _grid("today-units-grid", titles, rows)


def _alerts(day: figures_desk.Today, zone: str) -> dash_ag_grid.AgGrid:
    rows = [
        {
            "raised": i18n.clock(alert.raised_at, zone=zone),
            "who": alert.person or alert.fob,
            "seconds": None if alert.answer_s is None else round(alert.answer_s),
            "by": alert.answered_by or "",
        }
        for alert in day.alerts
    ]
    titles = {
        "raised": i18n.text("Raised"),
        "who": i18n.text("Who"),
        "seconds": i18n.text("Seconds to the first answer"),
        "by": i18n.text("Answered by"),
    }
    return _grid("today-alerts-grid", titles, rows)


def _visits(day: figures_desk.Today, zone: str) -> dash_ag_grid.AgGrid:
    rows = [
        {
            "fence": fence.fence,
            "visits": fence.visits,
            "units": fence.units,
            "last": i18n.clock(fence.last_at, zone=zone),
        }
        for fence in day.visits
    ]
    titles = {
        "fence": i18n.text("Geofence"),
        "visits": i18n.text("Visits"),
        "units": i18n.text("Units"),
        "last": i18n.text("Last at"),
    }
    return _grid("today-visits-grid", titles, rows)


def _grid(name: str, titles: dict[str, str], rows: list[dict[str, Any]]) -> dash_ag_grid.AgGrid:
    return dash_ag_grid.AgGrid(
        id=name,
        columnDefs=[{"field": field, "headerName": title} for field, title in titles.items()],
        rowData=rows,
        columnSize="responsiveSizeToFit",
        dashGridOptions={
            "pagination": True,
            "paginationPageSize": 20,
            "domLayout": "autoHeight",
            "localeText": {"noRowsToShow": i18n.text("None.")},
        },
        style={"height": None},
    )
